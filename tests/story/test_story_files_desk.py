"""The story with a folder as service desk and a folder of secrets as vault, against the simulator's tenants over TLS."""

import asyncio
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidence_store import lines_in, put_lines
from fault_rules import chain_is_whole, fault
from files_desk import CERTIFICATE, NAME, FilesDeskOn, files_desk_on
from real_simulator import RealSimulator
from support_settings import toml
from waiting import a_look
from worlds import (
    APP,
    AUTOMATION,
    CANARIES,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_SECRET,
    certificate_parameters,
    document,
    world,
)

from spentkey.core.outcome import Result

Said = tuple[str, str | None, str, int]


@pytest.fixture
def desk(sim: RealSimulator, tmp_path: Path) -> FilesDeskOn:
    """Two folders, empty but for the log-ins of the tenants."""
    return files_desk_on(sim, tmp_path)


def ended_as(result: Result) -> Said:
    """How it ended: outcome, guard, ticket, exit code."""
    return result.outcome, result.guard, result.ticket.value, result.exit_code


def removed(sim: RealSimulator) -> list[str]:
    """What is really gone."""
    return [one["key_id"] for one in sim.removals()]


def writes(sim: RealSimulator) -> list[str]:
    """What was asked of Graph to be written."""
    return [one for one in sim.writes() if one != "token"]


def untouched(sim: RealSimulator, desk: FilesDeskOn) -> bool:
    """Whether nothing was removed or written anywhere that people see."""
    return removed(sim) == [] and writes(sim) == [] and desk.log() == []


async def test_an_expired_secret_is_removed_and_the_request_closed(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Exactly the one; the log has the first sight, the note and the close, the request stays as people wrote it."""
    before = desk.ask().read_bytes()
    result = await desk.run()
    assert (ended_as(result), result.attribution) == (("removed", None, "closed", 0), "confirmed")
    assert removed(sim) == [EXPIRED_SECRET]
    seen, note, closed = desk.log()
    assert [one["version"] for one in (seen, note, closed)] == [1, 2, 3]
    assert (seen["what"], note["subject"], closed["status"], closed["owner"]) == (
        ("seen", "Expired credential removed", "closed", "spentkey")
    )
    assert note["body"].splitlines()[0] == closed["body"] == "Expired secret for Sales removed"
    assert (desk.requests / f"{NAME}.toml").read_bytes() == before
    assert {record["task"] for record in desk.evidence()} == {NAME}


@pytest.mark.parametrize(("approved_by", "recorded"), [("p.peters", "p.peters"), ("Piet Peters", None)])
async def test_the_intent_says_who_approved(desk: FilesDeskOn, approved_by: str, recorded: str | None) -> None:
    """By a login id; a name does not go on record, and the file says it anyway."""
    desk.ask(approved_by=approved_by)
    await desk.run()
    (intent,) = [one for one in desk.evidence() if one["what"] == "intent"]
    assert [intent[name] for name in ("request", "requested_by", "approved_by")] == [NAME, None, recorded]


@pytest.mark.parametrize("name", ["{}.pfx", "{}.P12", "{}.2026.pfx"])
async def test_an_expired_certificate_is_removed_with_a_proof(sim: RealSimulator, desk: FilesDeskOn, name: str) -> None:
    """Signed by the live certificate, whose file lies in the folder of secrets."""
    desk.ask(**CERTIFICATE)
    desk.put_pfx(sim, name.format(APP))
    result = await desk.run()
    assert (ended_as(result), result.route, removed(sim)) == (
        ("removed", None, "closed", 0),
        "removeKey",
        [EXPIRED_CERT],
    )


async def test_of_several_files_the_one_that_fits_signs(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Beside it: the expired certificate, one with a wrong password, one that may not be read, and no PFX at all."""
    sim.reset(world(certificate_parameters(), documents=[document(501, "new"), document(502, "old")]))
    desk.ask(**CERTIFICATE)
    desk.put_pfx(sim, f"{APP}.c.pfx")
    desk.put_pfx(sim, f"{APP}.b.pfx", 502)
    desk.put_pfx(sim, f"{APP}.a.pfx", mode=0o644)
    desk.put_pfx(sim, f"{APP}.d.pfx")
    desk.put(f"{APP}.d.pfx.password", b"wrong")
    desk.put(f"{APP}.e.pfx", b"no PFX")
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)
    assert removed(sim) == [EXPIRED_CERT]


async def test_an_empty_password_opens_a_file_without_one(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """With an empty file for it, or with none."""
    sim.reset(world(certificate_parameters(), documents=[document(501, "new", "")]))
    desk.ask(**CERTIFICATE)
    desk.put_pfx(sim, f"{APP}.pfx")
    desk.put(f"{APP}.pfx.password", b"\n")
    assert (await desk.plan()).result.reason is None
    (desk.secrets / f"{APP}.pfx.password").unlink()
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)


SIGNERS: dict[str, tuple[str, Said]] = {
    "none": ("the folder of secrets has neither", ("failed", None, "handed-off", 3)),
    "expired": ("the certificate is not valid now", ("failed", None, "handed-off", 3)),
    "locked": ("no password at hand opens the file", ("failed", None, "handed-off", 3)),
    "no PFX": ("is not a readable PFX", ("failed", None, "handed-off", 3)),
    "huge": ("the file is larger than 1000000 bytes", ("failed", None, "handed-off", 3)),
    "not readable": ("may be read by everybody; chmod o-r it", ("failed", None, "open", 4)),
    "password not readable": (".pfx.password may be read by everybody", ("failed", None, "open", 4)),
}


@pytest.mark.parametrize("scenario", SIGNERS)
async def test_without_a_signer_nothing_is_removed(sim: RealSimulator, desk: FilesDeskOn, scenario: str) -> None:
    """Handed over with the reason; a wrong mode is the operator's, and the request waits."""
    sim.reset(world(certificate_parameters(), documents=[document(501, "new"), document(502, "old")]))
    desk.ask(**CERTIFICATE)
    file = f"{APP}.pfx"
    if scenario != "none":
        desk.put_pfx(sim, file, 502 if scenario == "expired" else 501)
    match scenario:
        case "locked":
            desk.put(f"{file}.password", b"wrong")
        case "no PFX":
            desk.put(file, b"no PFX")
        case "huge":
            desk.put(file, b"\x30" * 1_000_001)
        case "not readable":
            (desk.secrets / file).chmod(0o644)
        case "password not readable":
            (desk.secrets / f"{file}.password").chmod(0o644)
        case _:
            pass
    result = await desk.run()
    reason, wanted = SIGNERS[scenario]
    assert (ended_as(result), reason in (result.reason or ""), removed(sim)) == (wanted, True, [])


async def test_without_a_vault_a_certificate_is_handed_over(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """A tenant signs in by the settings then; a secret is removed all the same."""
    tenants = {"production": {"client_id": AUTOMATION}}
    desk.config.write_text(without_vault(desk.config.read_text("utf-8"), tenants), "utf-8")
    desk.ask("certificate", **CERTIFICATE)
    result = await desk.run("certificate")
    assert (ended_as(result), removed(sim)) == (("failed", None, "handed-off", 3), [])
    assert "no vault is configured" in (result.reason or "")
    desk.ask("secret")
    assert ended_as(await desk.run("secret")) == ("removed", None, "closed", 0)


def without_vault(text: str, tenants: dict[str, dict[str, str]]) -> str:
    """The same configuration with log-ins in place of the entries of a vault."""
    values = tomllib.loads(text)
    del values["secrets"]
    del values["tenants"]["onderwijs"]
    for name, more in tenants.items():
        del values["tenants"][name]["entry"]
        values["tenants"][name] |= {**more, "client_secret": CANARIES["automation secret"]}
    return "".join(f"{name} = {toml(value)}\n" for name, value in values.items())


async def test_a_request_that_nobody_approved_is_left_alone(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Nothing is asked, written or recorded; the reason says who must approve, and with that it goes on."""
    desk.ask(approved_by=None)
    result = await desk.run()
    assert ended_as(result) == ("not-ours", None, "untouched", 2)
    assert result.reason == (f"the request is not approved: whoever may approve it sets approved_by in {NAME}.toml")
    assert (untouched(sim, desk), sim.journal(), desk.evidence()) == (True, [], [])
    desk.ask()
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)


async def test_an_approval_that_is_taken_back_before_the_removal_holds_it_up(
    sim: RealSimulator, desk: FilesDeskOn
) -> None:
    """The request is read again just before (G7)."""
    desk.ask()
    result = await changed_at(sim, desk, lambda: desk.ask(approved_by=None))
    assert (ended_as(result), removed(sim), desk.told()) == (("refused", "G7", "untouched", 4), [], ["seen"])


async def changed_at(
    sim: RealSimulator, desk: FilesDeskOn, does: Callable[[], object], request: str = "batch", when: str = "before"
) -> Result:
    """A run in which something happens while Graph is asked for that the first time."""
    sim.faults(fault("graph", request, "hang", when, nth=1, times=1, params={"seconds": 0.3}))
    running = asyncio.ensure_future(desk.run())
    while not any(one["fault"] for one in await asyncio.to_thread(sim.journal)):
        await a_look()
    does()
    return await running


MEDDLING: dict[str, Callable[[FilesDeskOn], object]] = {
    "another SecretID": lambda desk: desk.ask(SecretID=LIVE_SECRET),
    "another text of the same meaning": lambda desk: desk.ask(AppDisplayName="sales"),
    "a name more": lambda desk: desk.ask(Remarks="x"),
    "no TOML any more": lambda desk: desk.ask().write_text("[request"),
    "the file went away": lambda desk: desk.ask().unlink(),
    "closed by somebody": lambda desk: desk.say(what="status", status="closed"),
    "taken by somebody": lambda desk: desk.say(what="status", status="handed-off", owner="an.other"),
    "a log that somebody edited": lambda desk: (desk.requests / f"{NAME}.log").write_text("x\n"),
}


@pytest.mark.parametrize("scenario", MEDDLING)
async def test_a_request_that_changes_before_the_removal_is_left_alone(
    sim: RealSimulator, desk: FilesDeskOn, scenario: str
) -> None:
    """G7, while the application was looked at: nothing is removed, and nothing more is written to the log."""
    desk.ask()
    logs: list[bytes] = []

    def meddle() -> None:
        MEDDLING[scenario](desk)
        logs.append((desk.requests / f"{NAME}.log").read_bytes())

    result = await changed_at(sim, desk, meddle)
    assert (ended_as(result), removed(sim), writes(sim)) == (("refused", "G7", "untouched", 4), [], [])
    assert logs == [(desk.requests / f"{NAME}.log").read_bytes()]


async def test_a_change_after_the_first_sight_is_refused_for_good(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Between two tries, whatever it says now; the first text is the one that counts, and it still serves."""
    desk.ask()
    sim.faults(fault("graph", "batch", "html"))
    assert ended_as(await desk.run()) == ("failed", None, "open", 4)
    sim.faults()
    desk.ask(SecretID=LIVE_SECRET)
    for _ in range(2):
        result = await desk.run()
        assert ended_as(result) == ("refused", "G7", "untouched", 4)
        assert f"ask again in a file with another name than {NAME}.toml" in (result.reason or "")
    assert (removed(sim), desk.told()) == ([], ["seen"])
    assert (await desk.plan()).action.value == "leave"
    desk.ask()
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)


HANDED: dict[str, tuple[dict[str, Any], str]] = {
    "a live secret": ({"SecretID": LIVE_SECRET}, "G5"),
    "no text": ({"SecretID": 33333333}, "G1"),
    "a date": ({"SecretType": True}, "G1"),
    "nothing": ({"SecretID": None}, "G1"),
    "no such tenant": ({"Onderwijs": "Perhaps"}, "G2"),
    "another name": ({"AppDisplayName": "Payroll"}, "G3"),
}


@pytest.mark.parametrize("scenario", HANDED)
async def test_what_a_guard_refuses_is_handed_over(sim: RealSimulator, desk: FilesDeskOn, scenario: str) -> None:
    """With a note that says why; a rerun leaves it alone, and writes nothing."""
    changes, guard = HANDED[scenario]
    desk.ask(**changes)
    assert ended_as(await desk.run()) == ("refused", guard, "handed-off", 3)
    assert (removed(sim), desk.told()) == ([], ["seen", "note", "handed-off"])
    before = desk.everything()
    again = await desk.run()
    assert (ended_as(again), again.reason) == (("not-ours", None, "untouched", 2), "the request is handed-off")
    assert desk.everything() == before


async def test_what_a_person_gives_back_is_worked_on_again(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """By a line `open`: a new assignment, with a note of its own; and closed once it can be."""
    desk.ask(**CERTIFICATE)
    for number in (1, 2):
        assert ended_as(await desk.run())[2:] == ("handed-off", 3)
        desk.say(what="status", status="open")
        assert len([one for one in desk.log() if one["what"] == "note"]) == number
    desk.put_pfx(sim, f"{APP}.pfx")
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)
    assert desk.told() == ["seen", *["note", "handed-off", "open"] * 2, "note", "closed"]
    assert [one["what"] for one in desk.evidence()].count("handed-over") == 2


async def test_a_hand_over_whose_record_a_crash_swallowed_is_seen_after_it_was_given_back(
    sim: RealSimulator, desk: FilesDeskOn
) -> None:
    """The log shows that it took, so the next note is of a new assignment."""
    desk.ask(SecretID=LIVE_SECRET)
    await desk.run()
    kinds = [record["what"] for record in desk.evidence()]
    put_lines(desk.state, lines_in(desk.state)[: kinds.index("handed-over")])
    desk.say(what="status", status="open")
    assert ended_as(await desk.run()) == ("refused", "G5", "handed-off", 3)
    marks = [one["body"].split("assignment=")[1][0] for one in desk.log() if one["what"] == "note"]
    assert (marks, desk.told()[-1]) == (["1", "2"], "handed-off")


async def test_a_closed_request_shows_its_recorded_result(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Also without the request's file being sound any more; nothing is written anywhere."""
    desk.ask()
    first = await desk.run()
    before, asked = desk.everything(), len(sim.journal())
    assert await desk.run() == first
    assert (desk.everything(), len(sim.journal())) == (before, asked)
    desk.ask().write_text("[request")
    assert await desk.run() == first


async def test_a_close_whose_record_a_crash_swallowed_is_recorded_by_the_next_run(
    sim: RealSimulator, desk: FilesDeskOn
) -> None:
    """The log shows it, and gets no second line."""
    desk.ask()
    first = await desk.run()
    kinds = [record["what"] for record in desk.evidence()]
    put_lines(desk.state, lines_in(desk.state)[: kinds.index("closed")])
    second = await desk.run()
    assert (second.outcome, second.ticket, second.evidence) == (first.outcome, first.ticket, first.evidence)
    assert [one.get("found") for one in desk.evidence() if one["what"] == "closed"] == ["the task shows it"]
    assert desk.told() == ["seen", "note", "closed"]


async def test_a_close_that_a_power_cut_tore_is_written_again(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Half a line is none: the request is open, and the removal is not asked for a second time."""
    desk.ask()
    await desk.run()
    log = desk.requests / f"{NAME}.log"
    log.write_bytes(log.read_bytes()[:-20])
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)
    assert (desk.told(), len(removed(sim))) == (["seen", "note", "closed"], 1)


async def test_two_at_once_remove_once_and_close_once(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """They share the state: the second waits for the first, or gives up after a while (G9)."""
    desk.ask()
    ended = {ended_as(one) for one in await asyncio.gather(desk.run(), desk.run())}
    assert ended <= {("removed", None, "closed", 0), ("refused", "G9", "open", 4)}
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)
    assert (removed(sim), desk.told()) == ([EXPIRED_SECRET], ["seen", "note", "closed"])
    assert chain_is_whole(desk.state)


async def test_two_without_a_common_state_close_once(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """The log itself lets only one line of each kind stand, though they know nothing of one another."""
    desk.ask()
    ended = await asyncio.gather(desk.run(), desk.run(SPENTKEY_STATE__DIRECTORY="other"))
    assert {one.outcome for one in ended} <= {"removed", "already-gone", "refused"}
    assert removed(sim) == [EXPIRED_SECRET]
    assert desk.told().count("closed") == 1


FOLDERS = {
    "away": "No such file or directory",
    "open to everybody": "everybody may write to",
    "a file": "is no folder",
}


@pytest.mark.parametrize("scenario", FOLDERS)
async def test_a_folder_that_cannot_be_used_leaves_the_request_alone(
    sim: RealSimulator, desk: FilesDeskOn, scenario: str
) -> None:
    """The operator must act; nothing is taken for a request that does not exist, and nothing is asked of Graph."""
    desk.ask()
    match scenario:
        case "open to everybody":
            desk.requests.chmod(0o777)
        case _:
            desk.requests.rename(desk.folder / "elsewhere")
            desk.requests.touch() if scenario == "a file" else None
    result = await desk.run()
    assert ended_as(result) == ("failed", None, "untouched", 4)
    assert FOLDERS[scenario] in (result.reason or "")
    assert sim.journal() == []


async def test_a_folder_that_goes_away_after_the_removal_leaves_the_request_open(
    sim: RealSimulator, desk: FilesDeskOn
) -> None:
    """What was removed stays known; when the folder is back the request is closed, and nothing is asked twice."""
    desk.ask()
    away = desk.folder / "elsewhere"
    result = await changed_at(sim, desk, lambda: desk.requests.rename(away), "removePassword", "after")
    assert (ended_as(result), removed(sim)) == (("removed", None, "open", 4), [EXPIRED_SECRET])
    assert "the ticket could not be written" in (result.reason or "")
    away.rename(desk.requests)
    assert ended_as(await desk.run()) == ("removed", None, "closed", 0)
    assert (desk.told(), writes(sim).count("removePassword")) == (["seen", "note", "closed"], 1)


async def test_a_log_that_people_must_mend_leaves_the_rest_alone(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Not ours, with its line; another request goes on."""
    desk.ask()
    desk.say(what="status", status="open", version=7)
    desk.ask("other")
    result = await desk.run()
    assert (ended_as(result), result.reason) == (
        ("not-ours", None, "untouched", 2),
        f"{NAME}.log: line 1 is not as Spentkey writes it",
    )
    assert ended_as(await desk.run("other")) == ("removed", None, "closed", 0)


LOGINS: dict[str, tuple[str, str]] = {
    "no password": ("password", "No such file or directory"),
    "an empty password": ("password", "is empty"),
    "an open password": ("password", "may be read by everybody"),
    "a wrong password": ("password", ""),
    "no user name": ("username", "No such file or directory"),
}


@pytest.mark.parametrize("scenario", LOGINS)
async def test_a_login_that_does_not_serve_leaves_the_request_open(
    sim: RealSimulator, desk: FilesDeskOn, scenario: str
) -> None:
    """The operator must act, and is told which file it is; nothing is removed."""
    desk.ask()
    ending, reason = LOGINS[scenario]
    file = desk.secrets / f"Sys_Azure_AppRegs_PR.{ending}"
    match scenario:
        case "an empty password" | "a wrong password":
            file.write_text("" if "empty" in scenario else "canary-wrong-3Df")
        case "an open password":
            file.chmod(0o644)
        case _:
            file.unlink()
    result = await desk.run()
    assert (ended_as(result), removed(sim)) == (("failed", None, "open", 4), [])
    assert reason in (result.reason or "")
    assert "canary" not in (result.reason or "")


async def test_a_plan_writes_nothing_anywhere(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Not even that the request was seen."""
    desk.ask()
    desk.ask("certificate", **CERTIFICATE)
    before = desk.everything()
    assert [(await desk.plan(name)).action.value for name in (NAME, "certificate")] == ["remove", "hand-off"]
    assert (desk.everything(), untouched(sim, desk), desk.state.exists()) == (before, True, False)


async def test_no_secret_is_in_what_a_run_leaves(sim: RealSimulator, desk: FilesDeskOn) -> None:
    """Logs, evidence and results of a removal, a hand-over and a failed sign-in."""
    desk.ask("certificate", **CERTIFICATE)
    desk.ask("live", SecretID=LIVE_SECRET)
    desk.ask("later")
    desk.put_pfx(sim, f"{APP}.pfx")
    results = [await desk.run(name) for name in ("certificate", "live")]
    sim.faults(fault("login", "token", "401"))
    results.append(await desk.run("later"))
    files = [one for one in desk.folder.rglob("*") if one.is_file() and one.parent != desk.secrets]
    texts = [one.read_bytes().decode("utf-8", "replace") for one in files]
    left = "\n".join([*texts, *(json.dumps(one.as_json()) for one in results)])
    assert [name for name, secret in CANARIES.items() if secret in left] == []
    assert [one.ticket.value for one in results] == ["closed", "handed-off", "open"]
    assert desk.log("live") != []
