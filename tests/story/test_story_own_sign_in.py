"""A tenant that is signed in to without a secret: by a certificate, by a token of a cluster, as a managed identity."""

from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from own_sign_in import (
    HEADER,
    IDENTITY,
    PASSWORD,
    certificate,
    federated_token,
    own_world,
    put_pfx,
    signs_in_by,
)
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import AUTOMATION, EXPIRED_SECRET, REF, TASK

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings
from spentkey.core.credential import OwnCredential
from spentkey.core.outcome import Result
from spentkey.story import work_on

CLIENT = f'client_id = "{AUTOMATION}"\n'
IN_FILE = f'{CLIENT}certificate = {{ file = "own.pfx" }}\ncertificate_password = {{ env = "PFX_PASSWORD" }}'
BY_TOKEN = f'{CLIENT}federated_token_file = "token"'


async def run(sim: RealSimulator, folder: Path, ways: str) -> tuple[Result, OwnCredential | None]:
    """One task, and what the automation says that it signed in with, where it could."""
    file = signs_in_by(sim, folder, ways)
    where = {"SPENTKEY_STATE__DIRECTORY": str(folder / "state"), "PFX_PASSWORD": PASSWORD}
    settings = load_settings(file, {**sim.environment, **where})
    async with context_for(settings, Steps(), use_proxies=True, clock=QuickClock()) as context:
        result = await work_on(REF, context)
        signed_in = result.exit_code == 0
        own = await (await context.directories.open(context.rules.tenants[0])).own_credential() if signed_in else None
    return result, own


def removed(sim: RealSimulator, result: Result) -> None:
    """The task is closed, and just that secret is gone."""
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "closed", 0), result.reason
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]


def left_open(sim: RealSimulator, result: Result, why: str) -> None:
    """It is the operator's to mend, the reason says what, and nothing was removed or said to people."""
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "open", 4), result.reason
    assert why in (result.reason or "")
    assert sim.writes() == []


def token_requests(sim: RealSimulator) -> int:
    """How often sign-in was asked."""
    return [entry["route"] for entry in sim.journal() if entry["system"] == "login"].count("token")


async def test_a_certificate_in_a_file_signs_in(sim: RealSimulator, tmp_path: Path) -> None:
    """Its end is the own credential's."""
    found = certificate()
    sim.reset(own_world(found))
    put_pfx(tmp_path / "own.pfx", found)
    result, own = await run(sim, tmp_path, IN_FILE)
    removed(sim, result)
    assert own is not None
    assert (own.kind, own.ends) == ("certificate", found.not_valid_after_utc)


async def test_a_certificate_in_the_vault_signs_in(sim: RealSimulator, tmp_path: Path) -> None:
    """The PFX document of the entry, opened by the entry's password."""
    made = own_world(certificates=[{"certificate": "new"}])
    made["passwordstate"]["entries"].append(
        {"id": 1250, "list": 8620, "title": "Spentkey certificate", "username": "", "password": PASSWORD}
    )
    made["passwordstate"]["documents"].append(
        {"id": 601, "owner": 1250, "name": "own.pfx", "content": {"pfx": {"certificate": "new", "password": PASSWORD}}}
    )
    sim.reset(made)
    result, own = await run(sim, tmp_path, f'{CLIENT}certificate = {{ entry = "Spentkey certificate" }}')
    removed(sim, result)
    assert own is not None
    assert own.kind == "certificate"


async def test_an_entry_without_a_document_is_named(sim: RealSimulator, tmp_path: Path) -> None:
    """The title stands in the reason."""
    sim.reset(own_world())
    result, _ = await run(sim, tmp_path, f'{CLIENT}certificate = {{ entry = "Sys_Azure_OND_Admin" }}')
    left_open(sim, result, "Sys_Azure_OND_Admin has no PFX document")


async def test_an_expired_certificate_is_told_before_anything_is_sent(sim: RealSimulator, tmp_path: Path) -> None:
    """Sign-in is not asked at all."""
    found = certificate(end=timedelta(days=-1))
    sim.reset(own_world(found))
    put_pfx(tmp_path / "own.pfx", found)
    result, _ = await run(sim, tmp_path, IN_FILE)
    left_open(sim, result, f"own.pfx ended on {found.not_valid_after_utc:%Y-%m-%d}")
    assert token_requests(sim) == 0


async def test_a_certificate_that_is_not_registered_is_refused(sim: RealSimulator, tmp_path: Path) -> None:
    """By sign-in, whose number is in the reason."""
    sim.reset(own_world(certificate()))
    put_pfx(tmp_path / "own.pfx", certificate())
    result, _ = await run(sim, tmp_path, IN_FILE)
    left_open(sim, result, "AADSTS700027")


@pytest.mark.parametrize("mode", [0o644, 0o620])
async def test_a_certificate_that_others_can_take_is_not_used(sim: RealSimulator, tmp_path: Path, mode: int) -> None:
    """Whoever reads it is the automation."""
    sim.reset(own_world())
    put_pfx(tmp_path / "own.pfx", certificate(), mode)
    result, _ = await run(sim, tmp_path, IN_FILE)
    left_open(sim, result, "own.pfx can be ")
    assert token_requests(sim) == 0


@pytest.mark.parametrize("around", [("", ""), ("\ufeff", "\n"), ("  ", "\r\n\r\n")])
async def test_a_token_of_a_cluster_signs_in(sim: RealSimulator, tmp_path: Path, around: tuple[str, str]) -> None:
    """A byte order mark and blanks around it do not matter; it does not end."""
    sim.reset(own_world())
    (tmp_path / "token").write_text(around[0] + federated_token(sim) + around[1], encoding="utf-8")
    result, own = await run(sim, tmp_path, BY_TOKEN)
    removed(sim, result)
    assert own is not None
    assert (own.kind, own.ends) == ("federated-token", None)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"issuer": "https://cluster.example/other"}, 700211),
        ({"audience": "api://somebody"}, 700212),
        ({"subject": "system:serviceaccount:ops:Spentkey"}, 700213),
    ],
)
async def test_a_token_for_somebody_else_is_refused(
    sim: RealSimulator, tmp_path: Path, changes: dict[str, str], number: int
) -> None:
    """With a plain cause, and without the token."""
    sim.reset(own_world())
    token = federated_token(sim, **changes)
    (tmp_path / "token").write_text(token)
    result, _ = await run(sim, tmp_path, BY_TOKEN)
    left_open(sim, result, f"AADSTS{number}")
    assert "federated credential" in (result.reason or "")
    assert token not in (result.reason or "")


async def test_an_application_without_federated_credentials_is_told_so(sim: RealSimulator, tmp_path: Path) -> None:
    """AADSTS70025."""
    sim.reset(own_world(federated=[]))
    (tmp_path / "token").write_text(federated_token(sim))
    result, _ = await run(sim, tmp_path, BY_TOKEN)
    left_open(sim, result, "AADSTS70025")


async def test_a_token_that_has_ended_is_not_sent(sim: RealSimulator, tmp_path: Path) -> None:
    """Whatever renews the file has stopped, which sign-in would not say."""
    sim.reset(own_world())
    (tmp_path / "token").write_text(federated_token(sim, seconds=-600))
    result, _ = await run(sim, tmp_path, BY_TOKEN)
    left_open(sim, result, "whatever renews that file has stopped")
    assert token_requests(sim) == 0


@pytest.mark.parametrize("header", [None, "another"])
async def test_without_the_header_there_is_no_token(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str | None
) -> None:
    """Another one is refused by the endpoint; none at all is the configuration's fault."""
    sim.reset(own_world())
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sim.control}/msi/token")
    monkeypatch.delenv("IDENTITY_HEADER", raising=False)
    if header is None:
        with pytest.raises(Exception, match="IDENTITY_HEADER: is not set"):
            await run(sim, tmp_path, "managed_identity = true")
        return
    monkeypatch.setenv("IDENTITY_HEADER", header)
    result, _ = await run(sim, tmp_path, "managed_identity = true")
    left_open(sim, result, "no such identity is assigned to this machine")


@pytest.mark.parametrize("more", ["", f'\nclient_id = "{IDENTITY}"'])
async def test_a_managed_identity_signs_in(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    """Without any credential of ours; a proxy in the environment gets neither the request nor its header."""
    sim.reset(own_world())
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sim.control}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    result, own = await run(sim, tmp_path, f"managed_identity = true{more}")
    removed(sim, result)
    assert own is not None
    assert (own.kind, own.ends, token_requests(sim)) == ("managed-identity", None, 0)


async def test_another_identity_than_the_one_that_is_meant_is_refused(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine has none with that client id."""
    sim.reset(own_world())
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sim.control}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    result, _ = await run(sim, tmp_path, f'managed_identity = true\nclient_id = "{AUTOMATION}"')
    left_open(sim, result, "no such identity is assigned to this machine")


async def test_an_identity_of_another_tenant_is_refused(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token says whose it is."""
    made = own_world()
    made["tenants"][1]["managed_identities"] = made["tenants"][0].pop("managed_identities")
    sim.reset(made)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sim.control}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    result, _ = await run(sim, tmp_path, "managed_identity = true")
    assert (result.outcome, result.guard, result.exit_code) == ("refused", "G2", 3)
    assert sim.removals() == []


async def test_a_token_for_another_identity_than_was_asked_for_is_not_used(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint that does not know `client_id` gives the machine's first one."""
    sim.reset(own_world())

    async def first(request: web.Request) -> web.Response:
        query = {name: value for name, value in request.query.items() if name != "client_id"}
        sent = {"X-IDENTITY-HEADER": request.headers["X-IDENTITY-HEADER"]}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{sim.control}/msi/token", params=query, headers=sent) as answer,
        ):
            return web.json_response(await answer.json(), status=answer.status)

    app = web.Application()
    app.router.add_get("/token", first)
    async with TestServer(app) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", str(server.make_url("/token")))
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        result, _ = await run(sim, tmp_path, f'managed_identity = true\nclient_id = "{AUTOMATION}"')
    assert (result.outcome, result.guard, sim.removals()) == ("refused", "G2", [])


@pytest.mark.parametrize("way", ["certificate", "token", "identity"])
async def test_nothing_that_signs_in_is_kept(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Not in the evidence, nor anywhere else in the state directory, nor on the ticket."""
    found = certificate()
    sim.reset(own_world(found))
    put_pfx(tmp_path / "own.pfx", found)
    token = federated_token(sim)
    (tmp_path / "token").write_text(token)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sim.control}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    ways = {"certificate": IN_FILE, "token": BY_TOKEN, "identity": "managed_identity = true"}
    removed(sim, (await run(sim, tmp_path, ways[way]))[0])
    files = [one for one in (tmp_path / "state").rglob("*") if one.is_file()]
    assert len(files) >= 1
    kept = b"".join(one.read_bytes() for one in files) + repr(sim.task(TASK)).encode()
    assert [one for one in (PASSWORD, HEADER, token, token.split(".")[2], "eyJ") if one.encode() in kept] == []
