"""No secret leaves its place: canaries stand in every secret, and every output is searched for them."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus

import pytest
from commands import BIN, QUICK, Ended, against, environment
from fault_rules import fault
from process_seen import environment_seen, files_seen
from real_simulator import RealSimulator
from signed_texts import texts_to_search
from worlds import APP, AUTOMATION, CANARIES, TASK, certificate_parameters, document, parameters, world

RUN = ("run", str(TASK))
WRONG = "canary-of-somebody-else-3Vc"
SAID = f"AADSTS7000215: Invalid client secret {CANARIES['automation secret']} provided. {CANARIES['pfx password']}"
ECHO = {"body": {"error": "invalid_client", "error_description": SAID, "error_codes": [7000215]}}


def with_entry(asked: list[list[Any]], title: str, password: str) -> dict[str, Any]:
    """A world where one entry holds a password that does not fit."""
    made = world(asked)
    for entry in made["passwordstate"]["entries"]:
        if entry["title"] == title:
            entry["password"] = password
    return made


CERTIFICATE = certificate_parameters()
WORLDS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], int]] = {
    "a secret is removed": (world(), [], 0),
    "a certificate is removed": (world(CERTIFICATE), [], 0),
    "a guard refuses": (world(parameters(SecretType="Password")), [], 3),
    "sign-in is refused": (with_entry(parameters(), "Sys_Azure_AppRegs_PR", WRONG), [], 4),
    "sign-in is refused and repeats the secret": (
        world(),
        [fault("login", "token", "401", object=AUTOMATION, params=ECHO)],
        4,
    ),
    "the application's sign-in is refused": (
        world(CERTIFICATE),
        [fault("login", "token", "401", object=APP, params=ECHO)],
        3,
    ),
    "sign-in shows a page": (world(), [fault("login", "token", "html")], 4),
    "the vault shows a page": (world(CERTIFICATE), [fault("passwordstate", "search", "html", nth=2)], 4),
    "the vault answers half": (world(), [fault("passwordstate", "search", "garbage")], 4),
    "the database refuses the log-in": (with_entry(CERTIFICATE, "sys_pws_ansible_read", WRONG), [], 4),
    "the database says 18456": (world(CERTIFICATE), [fault("sql", "login", "18456")], 4),
    "a database password that the driver cannot take": (
        with_entry(CERTIFICATE, "sys_pws_ansible_read", f"{WRONG}\0{WRONG}"),
        [],
        4,
    ),
    "no password opens the PFX": (world(CERTIFICATE, documents=[document(501, "new", WRONG)]), [], 3),
    "the proof is rejected": (world(CERTIFICATE), [fault("graph", "removeKey", "401", params=ECHO)], 3),
    "Ivanti refuses the key": (world(), [fault("ivanti", "task-query", "401", params=ECHO)], 4),
    "Ivanti refuses the close and leaks": (world(), [fault("ivanti", "task-write", "403", params=ECHO)], 4),
    "Graph shows a page": (world(), [fault("graph", "batch", "html")], 4),
    "Graph is lost for words": (world(), [fault("graph", "removePassword", "500", params=ECHO)], 3),
}


def forms(secret: str) -> Iterator[str]:
    """A secret as it stands, and as it would look inside an address, JSON, hexadecimal or base64."""
    raw = secret.encode()
    yield from {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], raw.hex()}
    for offset in range(3):  # wherever it begins, whole groups of three bytes look the same in base64
        middle = raw[(3 - offset) % 3 :]
        whole = base64.b64encode(middle[: len(middle) // 3 * 3]).decode()
        yield from {whole, base64.urlsafe_b64encode(middle[: len(middle) // 3 * 3]).decode()}


FORMS = {form for secret in (*CANARIES.values(), WRONG) for form in forms(secret)}
TOKEN_MARKS = ("eyJ", "Bearer ", "BEGIN PRIVATE", "rest_api_key=")
"""How every token, assertion and proof begins (`{"` in base64), and how keys are put into headers and files."""
CERTIFICATES = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\n\s]+-----END CERTIFICATE-----")
"""Everybody may see them, and any three letters can stand in their base64."""


def found(text: str) -> list[str]:
    """What of all this stands in a text."""
    open_text = CERTIFICATES.sub("", text)
    return [form for form in (*FORMS, *TOKEN_MARKS) if form in open_text]


def sent_tokens(sim: RealSimulator) -> set[str]:
    """Assertions and proofs that were really sent, from the simulator's journal."""
    bodies = [entry["body"] for entry in sim.journal() if entry["route"] in ("token", "removeKey")]
    forms_of = (parse_qs(body).get("client_assertion", []) for body in bodies if not body.startswith("{"))
    proofs = (json.loads(body).get("proof", "") for body in bodies if body.startswith("{"))
    return {token for tokens in forms_of for token in tokens} | {proof for proof in proofs if proof}


def everything_that_stays(sim: RealSimulator, ended: Ended, home: Path) -> str:
    """Both outputs, every file that a run leaves, and what the service desk now holds."""
    state = sim.config.parent / "state"
    files = [file for folder in (home, state) for file in folder.rglob("*") if file.is_file()]
    kept = texts_to_search(files)
    return "\n".join([ended.out, ended.err, json.dumps(sim.truth()["ivanti"], ensure_ascii=False), *kept])


OFTEN = (
    "a secret is removed",
    "a certificate is removed",
    "sign-in is refused and repeats the secret",
    "a database password that the driver cannot take",
    "no password opens the PFX",
    "the proof is rejected",
    "Ivanti refuses the close and leaks",
)


@pytest.mark.parametrize(
    "scenario", [pytest.param(one, marks=() if one in OFTEN else pytest.mark.long) for one in WORLDS]
)
def test_no_canary_is_found_anywhere(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """Neither in outputs, nor in evidence, nor in notes, nor in any file, and no token either."""
    small_world, rules, code = WORLDS[scenario]
    sim.reset(small_world)
    sim.faults(*rules)
    ended = against(sim, tmp_path, *RUN, TMPDIR=str(tmp_path))
    left = everything_that_stays(sim, ended, tmp_path)
    assert code == ended.code, ended.err
    assert found(left) == []
    assert not any(token in left for token in sent_tokens(sim))
    assert "Traceback" not in ended.err


LEAKS = [
    fault(system, route, status, params=ECHO)
    for system, routes in (
        ("ivanti", ("task-query", "params-query", "note-create", "note-read", "task-write", "task-read")),
        ("passwordstate", ("search", "document")),
        ("login", ("token",)),
        ("graph", ("batch", "batch:read-application", "removeKey", "read-application")),
    )
    for route in routes
    for status in ("401", "500")
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: f"{leak['route']} {leak['kind']}")
async def test_what_a_server_says_in_an_error_goes_nowhere(
    sim: RealSimulator, tmp_path: Path, leak: dict[str, Any]
) -> None:
    """Bodies of errors may hold keys and session internals: no result, evidence or note repeats them."""
    sim.reset(world(CERTIFICATE))
    sim.faults(leak)
    result = await sim.run(TASK)
    assert result.exit_code in (3, 4)
    assert found(everything_that_stays(sim, Ended(0, json.dumps(result.as_json()), ""), tmp_path)) == []


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["a certificate is removed", "sign-in is refused and repeats the secret"])
def test_no_canary_is_found_in_json(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """The object for programs says no more than the table for people."""
    small_world, rules, code = WORLDS[scenario]
    sim.reset(small_world)
    sim.faults(*rules)
    ended = against(sim, tmp_path, *RUN, "--json")
    assert code == ended.code
    assert found(everything_that_stays(sim, ended, tmp_path)) == []


def test_the_search_finds_what_it_looks_for(sim: RealSimulator, tmp_path: Path) -> None:
    """The secrets were really used, and a canary in any of its forms would have been seen."""
    sim.reset(world(CERTIFICATE))
    against(sim, tmp_path, *RUN)
    journal = json.dumps(sim.journal())
    assert quote_plus(CANARIES["automation secret"]) in journal
    assert len(sent_tokens(sim)) == 2
    assert all(found(token) for token in sent_tokens(sim))
    for secret in CANARIES.values():
        for prefix in ("", "x", "xy"):
            assert found(base64.b64encode(f"{prefix}{secret}zzz".encode()).decode())


def test_a_bug_shows_no_secret(sim: RealSimulator, tmp_path: Path) -> None:
    """A traceback holds no values: here a package that is loaded at the end is broken, which nobody expects."""
    sim.reset(world(CERTIFICATE))
    (tmp_path / "rich.py").write_text("raise ValueError\n")
    command = [str(BIN / "spentkey"), *RUN, "--config", str(sim.config)]
    variables = environment(tmp_path, **QUICK, PYTHONPATH=str(tmp_path))
    process = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "Traceback" in process.stderr
    assert process.stderr.splitlines()[-1].startswith("spentkey: this is a bug in Spentkey")
    assert found(process.stderr) == []


def test_nothing_secret_is_seen_from_outside_while_it_works(sim: RealSimulator, tmp_path: Path) -> None:
    """The process list, its environment and its temporary files, while `removeKey` is under way."""
    sim.reset(world(CERTIFICATE))
    sim.faults(fault("graph", "removeKey", "hang", "after", params={"seconds": 1}))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [str(BIN / "spentkey"), *RUN, "--json", "--config", str(sim.config)]
    variables = environment(tmp_path, **QUICK, TMPDIR=str(temporary))
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=-1, stderr=-1, text=True) as process:
        while "removeKey" not in sim.writes():
            assert process.poll() is None
        own = Path("/proc", str(process.pid))
        seen = (own / "cmdline").read_text() + environment_seen(process.pid)
        opened = files_seen(process.pid)
        assert process.poll() is None
        process.communicate(timeout=30)
    assert "spentkey" in seen
    assert found(seen) == []
    assert list(temporary.iterdir()) == []
    assert not [name for name in opened if name.endswith((".pfx", ".p12", ".pem")) or "secrets" in name]
