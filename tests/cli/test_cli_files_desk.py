"""`check`, `plan`, `run` and `work --once` as processes, with folders as service desk and vault."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from commands import QUICK, Ended, fits, spentkey
from fault_rules import chain_is_whole, fault
from files_desk import CERTIFICATE, NAME, FilesDeskOn, files_desk_on
from real_simulator import RealSimulator
from worlds import APP, CANARIES, EXPIRED_CERT, EXPIRED_SECRET, LIVE_SECRET


@pytest.fixture
def desk(sim: RealSimulator, tmp_path: Path) -> FilesDeskOn:
    """The two folders, with a signing file."""
    made = files_desk_on(sim, tmp_path / "files")
    made.put_pfx(sim, f"{APP}.pfx")
    return made


def command(desk: FilesDeskOn, *arguments: str, **more: str) -> Ended:
    """Run it in an empty home; nothing of a secret is printed, whatever it does."""
    home = desk.folder.parent / "home"
    home.mkdir(exist_ok=True)
    ended = spentkey(*arguments, "--config", str(desk.config), home=home, **(QUICK | more))
    assert [name for name, secret in CANARIES.items() if secret in ended.out + ended.err] == []
    assert "Traceback" not in ended.err
    return ended


def findings(ended: Ended, system: str) -> list[tuple[str, str, str]]:
    """What a check found of a system; the object fits its schema."""
    told = ended.json()
    fits(told, "check.schema.json")
    return [(one["what"], one["state"], one["message"]) for one in told["findings"] if one["system"] == system]


def removed(sim: RealSimulator) -> set[str]:
    """What is really gone."""
    return {one["key_id"] for one in sim.removals()}


def test_check_finds_two_sound_folders(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """The requests, the log-ins by their titles, the signing files; exit 0, and nothing is written."""
    desk.ask()
    desk.ask("waits", approved_by=None)
    before = desk.everything()
    ended = command(desk, "check", "--json")
    assert (ended.code, desk.everything(), sim.writes()) == (0, before, [])
    assert findings(ended, "files") == [
        (f"directory {desk.requests}", "ok", "can be read and written"),
        ("queue", "ok", "1 of 2 requests can be worked on, 1 wait for approval"),
    ]
    assert findings(ended, "secrets") == [
        ("directory", "ok", f"{desk.secrets} can be read"),
        ("entry Sys_Azure_AppRegs_PR", "ok", "found"),
        ("entry Sys_Azure_OND_Admin", "ok", "found"),
        ("signing files", "ok", "1 PFX files"),
    ]


def test_check_names_the_requests_that_it_cannot_read(desk: FilesDeskOn) -> None:
    """As warnings: the others are worked on. A file that only looks like a request is one, too."""
    desk.ask()
    desk.ask("broken").write_text("[request")
    desk.ask("open").chmod(0o666)
    desk.ask("edited")
    (desk.requests / "edited.log").write_text("closed\n")
    desk.ask("New Request")
    ended = command(desk, "check", "--json")
    assert (ended.code, [one for one in findings(ended, "files") if one[1] == "warn"]) == (
        0,
        [
            ("file New Request.toml", "warn", "is not read: no name of a request"),
            ("request broken", "warn", "broken.toml is not valid TOML (at end of document)"),
            ("request edited", "warn", "edited.log: line 1 is not as Spentkey writes it"),
            ("request open", "warn", "open.toml may be written by everybody; chmod o-w it"),
        ],
    )
    assert "request broken: broken.toml is not valid TOML" in command(desk, "check").out


def _no_requests(desk: FilesDeskOn) -> None:
    desk.requests.rename(desk.folder / "elsewhere")


def _open_requests(desk: FilesDeskOn) -> None:
    desk.requests.chmod(0o777)


def _no_secrets(desk: FilesDeskOn) -> None:
    desk.secrets.rename(desk.folder / "elsewhere")


def _open_secret(desk: FilesDeskOn) -> None:
    (desk.secrets / "Sys_Azure_AppRegs_PR.password").chmod(0o644)


def _no_login(desk: FilesDeskOn) -> None:
    (desk.secrets / "Sys_Azure_OND_Admin.username").unlink()


def _no_client_id(desk: FilesDeskOn) -> None:
    desk.put("Sys_Azure_AppRegs_PR.username", b"svc")


FAILS = {
    "no folder of requests": (_no_requests, "files", "cannot be used (No such file or directory)"),
    "requests that everybody may write": (_open_requests, "files", "everybody could approve; chmod o-w it"),
    "no folder of secrets": (_no_secrets, "secrets", "cannot be read (No such file or directory)"),
    "a password that everybody may read": (_open_secret, "secrets", "may be read by everybody; chmod o-r it"),
    "a log-in that is missing": (_no_login, "secrets", "Sys_Azure_OND_Admin.username cannot be read"),
    "a user name that is no client id": (_no_client_id, "secrets", "the user name is no client id"),
}


@pytest.mark.parametrize("scenario", FAILS)
def test_check_fails_for_what_the_operator_must_mend(desk: FilesDeskOn, scenario: str) -> None:
    """Exit 2, with what is wrong and what mends it."""
    spoil, system, message = FAILS[scenario]
    spoil(desk)
    ended = command(desk, "check", "--json")
    assert ended.code == 2
    failed = [one for one in findings(ended, system) if one[1] == "fail"]
    assert [message in one[2] for one in failed] == [True]
    assert all(one["fix"] for one in ended.json()["findings"] if one["state"] == "fail")


def test_a_plan_writes_nothing_in_any_folder(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Of the whole queue and of one request, of what would be removed, handed over and passed by."""
    desk.ask()
    desk.ask("certificate", **CERTIFICATE)
    desk.ask("live", SecretID=LIVE_SECRET)
    desk.ask("waits", approved_by=None)
    before = desk.everything()
    told = command(desk, "plan", "--json").json()
    fits(told, "plan.schema.json")
    assert {one["task"]: one["would"] for one in told["tasks"]} == {
        NAME: "remove",
        "certificate": "remove",
        "live": "hand-off",
    }
    one = command(desk, "plan", "waits", "--json").json()["tasks"][0]
    assert (one["would"], "approved_by in waits.toml" in one["reason"]) == ("pass", True)
    assert command(desk, "plan").code == 0
    assert (desk.everything(), desk.state.exists(), sim.writes(), removed(sim)) == (before, False, [], set())


@pytest.mark.parametrize("name", [NAME, "certificate"])
def test_a_run_removes_and_closes(sim: RealSimulator, desk: FilesDeskOn, name: str) -> None:
    """The object fits its schema, stderr is silent, and a second run shows the same."""
    desk.ask(name, **(CERTIFICATE if name == "certificate" else {}))
    ended = command(desk, "run", name, "--json")
    assert (ended.code, ended.err) == (0, "")
    told = ended.json()
    fits(told, "result.schema.json")
    assert (told["task"], told["outcome"], told["ticket"]) == (name, "removed", "closed")
    assert removed(sim) == {EXPIRED_CERT if name == "certificate" else EXPIRED_SECRET}
    before = desk.everything()
    assert command(desk, "run", name, "--json") == ended
    assert desk.everything() == before
    assert "and this is the recorded result." in command(desk, "run", name).out


def test_a_run_for_people_names_the_request(desk: FilesDeskOn) -> None:
    """In its table and in its steps."""
    desk.ask()
    ended = command(desk, "run", NAME, COLUMNS="160")
    assert (ended.code, NAME in ended.out, "Sales" in ended.out) == (0, True, True)
    assert all(NAME in one for one in ended.err.splitlines())


ENDS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "not approved": ({"approved_by": None}, 2, "not-ours", "untouched"),
    "approved by nobody": ({"approved_by": "\u200b"}, 2, "not-ours", "untouched"),
    "handed over by a guard": ({"SecretID": LIVE_SECRET}, 3, "refused", "handed-off"),
    "nothing of a request": (
        {"AppDisplayName": None, "AppID": None, "SecretID": None, "SecretType": None, "Onderwijs": None},
        2,
        "not-ours",
        "untouched",
    ),
}


@pytest.mark.parametrize("scenario", ENDS)
def test_the_exit_code_says_how_it_ended(sim: RealSimulator, desk: FilesDeskOn, scenario: str) -> None:
    """By the table of outcomes, with a reason; nothing is removed."""
    changes, code, outcome, ticket = ENDS[scenario]
    desk.ask(**changes)
    ended = command(desk, "run", NAME, "--json")
    told = ended.json()
    assert (ended.code, told["outcome"], told["ticket"], bool(told["reason"])) == (code, outcome, ticket, True)
    assert (removed(sim), desk.log() == []) == (set(), code == 2)


@pytest.mark.parametrize("text", ["../sales", "a/b", ".hidden", "a b", "", "é"])
def test_a_text_that_no_request_is_called_is_refused(sim: RealSimulator, desk: FilesDeskOn, text: str) -> None:
    """Exit 2 with an example; no system is asked."""
    asked = len(sim.journal())
    for verb in ("run", "plan"):
        ended = command(desk, verb, text)
        assert (ended.code, len(ended.complaints())) == (2, 1)
        assert "is not a task of [files], such as sales-2026-07" in ended.err
    assert len(sim.journal()) == asked


def test_a_request_that_is_not_there_is_exit_2(desk: FilesDeskOn) -> None:
    """There is an object all the same, and no log of it; another case is another name."""
    desk.ask()
    for name in ("other", NAME.upper()):
        ended = command(desk, "run", name, "--json")
        assert (ended.code, ended.json()["outcome"]) == (2, "not-ours")
    assert [one.name for one in desk.requests.iterdir()] == [f"{NAME}.toml"]


def test_work_goes_through_the_approved_requests(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Two are done, one is handed over; what waits, is broken or changed is not in it and stays as it is."""
    desk.ask()
    desk.ask("certificate", **CERTIFICATE)
    desk.ask("live", SecretID=LIVE_SECRET)
    desk.ask("waits", approved_by=None)
    desk.ask("broken").write_text("[request")
    desk.ask("changed")
    desk.say("changed", what="seen", request_sha256="0" * 64)
    ended = command(desk, "work", "--once", "--json")
    told = ended.json()
    fits(told, "run-many.schema.json")
    assert (ended.code, {one["task"]: one["ticket"] for one in told["tasks"]}) == (
        3,
        {NAME: "closed", "certificate": "closed", "live": "handed-off"},
    )
    assert removed(sim) == {EXPIRED_SECRET, EXPIRED_CERT}
    assert (desk.log("waits"), desk.log("broken"), len(desk.log("changed"))) == ([], [], 1)
    assert chain_is_whole(desk.state)
    before = desk.everything()
    again = command(desk, "work", "--once", "--json")
    assert (again.code, again.json()["tasks"], desk.everything()) == (0, [], before)


@pytest.mark.parametrize("scenario", ["no folder of requests", "requests that everybody may write"])
def test_work_on_a_folder_that_cannot_be_used_is_exit_4(desk: FilesDeskOn, scenario: str) -> None:
    """It is not taken for an empty queue."""
    FAILS[scenario][0](desk)
    ended = command(desk, "work", "--once", "--json")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (4, "", 1)
    assert "files.directory: " in ended.err


def test_no_secret_is_anywhere_but_in_its_folder(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """After removals, a hand-over, a refused sign-in and a wrong password: logs, evidence, home."""
    desk.ask()
    desk.ask("certificate", **CERTIFICATE)
    desk.ask("live", SecretID=LIVE_SECRET)
    command(desk, "work", "--once", "--json", SPENTKEY_SERVICE__LOG_LEVEL="debug")
    sim.faults(fault("login", "token", "401"))
    desk.ask("later")
    desk.put(f"{APP}.b.pfx.password", CANARIES["pki password"].encode())
    assert command(desk, "run", "later", "--json").code == 4
    files = [one for one in desk.folder.parent.rglob("*") if one.is_file() and one.parent != desk.secrets]
    left = {one.name: one.read_bytes().decode("utf-8", "replace") for one in files}
    assert {f"{NAME}.log", "later.toml"} <= left.keys()
    assert [name for name, text in left.items() for secret in CANARIES.values() if secret in text] == []
    found = [name for name, text in left.items() if re.search(r"PRIVATE KEY|eyJ[\w-]{20,}\.|Bearer ", text)]
    assert found == ["signing.key"], "of ours, the key of the evidence alone lies in its own file"
    assert all(json.loads(one) for one in left[f"{NAME}.log"].splitlines())
