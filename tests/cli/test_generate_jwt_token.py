"""The seed's script as a process, by its environment, and its tokens in the hands of plain `urllib`."""

import json
import ssl
import urllib.request
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from commands import BIN, Ended, ended, environment
from real_simulator import RealSimulator
from worlds import APP, CANARIES, EXPIRED_CERT, OBJECT, TENANT, certificate_parameters, document, world

PASSWORD = CANARIES["pfx password"]
DOCUMENTS = {"new": 501, "old": 502, "stranger": 503, "curve": 504}
ASSERTION, PROOF = "client_assertion", "pop"


def ask(sim: RealSimulator, url: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """One request with what Python itself brings."""
    context = ssl.create_default_context(cafile=str(sim.config.parent / "ca.pem"))
    request = urllib.request.Request(url, data, {name.replace("_", "-"): value for name, value in headers.items()})  # noqa: S310
    try:
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310
            return answer.status, answer.read()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read()


@pytest.fixture
def pfx(sim: RealSimulator, tmp_path: Path) -> dict[str, Path]:
    """The PFX files of the world, as the vault gives them."""
    sim.reset(world(certificate_parameters(), documents=[document(number, name) for name, number in DOCUMENTS.items()]))
    vault = sim.url_of("vault")
    files: dict[str, Path] = {}
    for name, number in DOCUMENTS.items():
        url = f"{vault}/api/document/password/{number}"
        files[name] = tmp_path / f"{name}.pfx"
        files[name].write_bytes(ask(sim, url, APIKey=CANARIES["vault key"])[1])
    return files


def variables(sim: RealSimulator, kind: str, file: Path, **changes: str | None) -> dict[str, str]:
    """What the playbook sets for that kind of token; None leaves a variable out."""
    authority = sim.settings().tenants["production"].authority
    given: dict[str, str | None] = {
        "TOKEN_TYPE": kind,
        "PFX_PATH": str(file),
        "PFX_PASSWORD": PASSWORD,
        "TENANT_ID": TENANT,
        **({"CLIENT_ID": APP, "AUTHORITY": authority} if kind == ASSERTION else {"SUB_ID": APP, "ISS_ID": OBJECT}),
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def generate(sim: RealSimulator, home: Path, kind: str, file: Path, **changes: str | None) -> Ended:
    """Run the script; its outputs never hold the password."""
    given = environment(home, **variables(sim, kind, file, **changes))
    message = ended([str(BIN / "generate_jwt_token.py")], home, given)
    assert PASSWORD not in message.out + message.err
    assert "Traceback" not in message.err
    return message


def token_of(message: Ended) -> str:
    """The token, which stands alone on stdout."""
    assert (message.code, message.err) == (0, "")
    (line,) = message.out.splitlines()
    assert line.count(".") == 2
    return line


def sign_in(sim: RealSimulator, assertion: str) -> tuple[int, dict[str, Any]]:
    """Ask for the application's own token, as the seed's playbook does."""
    place = sim.settings().tenants["production"]
    form = {
        "client_id": APP,
        "scope": f"{place.graph_url}/.default",
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    status, body = ask(sim, f"{place.authority}/{TENANT}/oauth2/v2.0/token", urlencode(form).encode())
    return status, cast("dict[str, Any]", json.loads(body))


def remove_key(sim: RealSimulator, token: str, proof: str) -> int:
    """Call `removeKey`, as the seed's playbook does; the status."""
    url = f"{sim.settings().tenants['production'].graph_url}/v1.0/applications/{OBJECT}/removeKey"
    body = json.dumps({"keyId": EXPIRED_CERT, "proof": proof}).encode()
    return ask(sim, url, body, Authorization=f"Bearer {token}", Content_Type="application/json")[0]


def test_both_tokens_together_remove_a_certificate(sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path]) -> None:
    """The assertion signs in as the application; with that token the proof removes exactly the one key."""
    status, answer = sign_in(sim, token_of(generate(sim, tmp_path, ASSERTION, pfx["new"])))
    assert status == 200
    proof = token_of(generate(sim, tmp_path, PROOF, pfx["new"]))
    assert remove_key(sim, answer["access_token"], proof) == 204
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]


def test_the_tokens_are_not_interchangeable(sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path]) -> None:
    """A proof does not sign in, an assertion is no proof, and another issuer proves nothing."""
    assertion = token_of(generate(sim, tmp_path, ASSERTION, pfx["new"]))
    proof = token_of(generate(sim, tmp_path, PROOF, pfx["new"]))
    other = token_of(generate(sim, tmp_path, PROOF, pfx["new"], ISS_ID=TENANT))
    assert sign_in(sim, proof)[0] in (400, 401)
    token = sign_in(sim, assertion)[1]["access_token"]
    assert [remove_key(sim, token, wrong) for wrong in (assertion, other)] == [401, 401]
    assert sim.removals() == []


def test_a_certificate_of_nobody_does_not_sign_in(sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path]) -> None:
    """The script signs what it is given; Entra knows the certificates."""
    assert sign_in(sim, token_of(generate(sim, tmp_path, ASSERTION, pfx["stranger"])))[0] == 401


@pytest.mark.parametrize("kind", [ASSERTION, PROOF])
def test_what_may_be_left_out_has_a_default(
    sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path], kind: str
) -> None:
    """AUTHORITY is the public cloud and AUD that of removeKey; an empty one counts as left out."""
    assert token_of(generate(sim, tmp_path, kind, pfx["new"], AUTHORITY=None, AUD=None))
    assert token_of(generate(sim, tmp_path, kind, pfx["new"], AUTHORITY="", AUD=""))


def refused(message: Ended, name: str) -> None:
    """Exit 2, nothing on stdout, and one line that names the variable."""
    assert (message.code, message.out) == (2, "")
    (line,) = message.err.splitlines()
    assert line.startswith("generate_jwt_token.py: ")
    assert name in line


NEEDED = {
    ASSERTION: ("TOKEN_TYPE", "PFX_PATH", "PFX_PASSWORD", "TENANT_ID", "CLIENT_ID"),
    PROOF: ("TENANT_ID", "SUB_ID", "ISS_ID"),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NEEDED.items() for name in names])
def test_a_missing_variable_is_named(
    sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path], kind: str, name: str
) -> None:
    """Each that the kind of token needs."""
    missing: dict[str, str | None] = {name: None}
    refused(generate(sim, tmp_path, kind, pfx["new"], **missing), name)


UNFIT = {
    "an unknown kind": ("TOKEN_TYPE", "access_token"),
    "another spelling": ("TOKEN_TYPE", "POP"),
    "blank": ("TENANT_ID", "   "),
    "no UUID": ("CLIENT_ID", "sales"),
    "two UUIDs": ("CLIENT_ID", f"{APP} {APP}"),
    "no such file": ("PFX_PATH", "/nowhere/x.pfx"),
    "a directory": ("PFX_PATH", "/"),
    "a wrong password": ("PFX_PASSWORD", "guessed"),
    "no password": ("PFX_PASSWORD", ""),
}


@pytest.mark.parametrize("scenario", UNFIT)
def test_a_variable_that_does_not_fit_is_named(
    sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path], scenario: str
) -> None:
    """One line; the value of a password is not in it."""
    name, value = UNFIT[scenario]
    message = generate(sim, tmp_path, ASSERTION, pfx["new"], **{name: value})
    refused(message, name if name != "PFX_PASSWORD" else "no password at hand")


@pytest.mark.parametrize(
    ("file", "message"), [("old", "not valid now"), ("curve", "not an RSA key"), ("text", "not a readable PFX")]
)
@pytest.mark.parametrize("kind", [ASSERTION, PROOF])
def test_a_file_that_cannot_sign_is_refused(
    sim: RealSimulator, tmp_path: Path, pfx: dict[str, Path], kind: str, file: str, message: str
) -> None:
    """Expired, of another sort, or no PFX at all."""
    (tmp_path / "text.pfx").write_text("-----BEGIN CERTIFICATE-----")
    refused(generate(sim, tmp_path, kind, {**pfx, "text": tmp_path / "text.pfx"}[file]), message)
