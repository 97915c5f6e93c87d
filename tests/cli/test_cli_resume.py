"""`spentkey resume` as a process: who and why on record, one object, and no lift without a reason."""

import json
import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from commands import BIN, Ended, environment, fits, spentkey
from evidence_store import evidence_in, lines_in, put_lines
from real_simulator import RealSimulator

from spentkey.cli.resume import lift_stops
from spentkey.storage.sqlite.evidence import SqliteEvidence

REASON = "because another credential was lost in the work on task 40021"


async def stop(sim: RealSimulator) -> None:
    """Put a lost survivor on record, as the verification of a removal does."""
    await evidence_in(sim.state).append("survivor-lost", {"task": 40021, "lost": []})


def resume(sim: RealSimulator, home: Path, *arguments: str) -> Ended:
    """Run the command on the simulator's configuration."""
    return spentkey("resume", "--config", str(sim.config), *arguments, home=home)


def resumed(sim: RealSimulator) -> list[dict[str, Any]]:
    """The records of lifted stops, by who and why."""
    return [{"who": one["who"], "why": one["why"]} for one in sim.evidence() if one["what"] == "resumed"]


async def test_a_stop_is_lifted_once_with_who_and_why(sim: RealSimulator, tmp_path: Path) -> None:
    """The second time there is nothing to lift, and nothing more is put on record."""
    await stop(sim)
    message = [resume(sim, tmp_path, "--who", "duty officer", "--why", "rotated by hand") for _ in range(2)]
    assert [(one.code, one.out, one.err) for one in message] == [
        (0, "the stop is lifted\n", ""),
        (0, "nothing is stopped\n", ""),
    ]
    assert resumed(sim) == [{"who": "duty officer", "why": "rotated by hand"}]
    assert sim.journal() == []


async def test_json_says_what_was_stopped_and_that_it_is_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """One object that fits its schema, with the reason of the stop."""
    await stop(sim)
    lifted = resume(sim, tmp_path, "--why", "x", "--json").json()
    again = resume(sim, tmp_path, "--why", "x", "--json").json()
    for told in (lifted, again):
        fits(told, "resume.schema.json")
    assert (REASON in lifted.pop("stopped"), lifted) == (True, {"resumed": True, "lifted": ["0"], "left": []})
    assert again == {"stopped": None, "resumed": False, "lifted": [], "left": []}


LOST: dict[str, Any] = {"task": 40021, "tenant": "production", "route": "removePassword", "app_id": "a", "lost": []}


async def two_stops(sim: RealSimulator) -> None:
    """A lost survivor whose stop is not of everything, and a pause beside it."""
    await evidence_in(sim.state).append("survivor-lost", LOST)
    await evidence_in(sim.state).append("paused", {"who": "ops", "why": "change of keys"})


async def test_one_stop_is_lifted_by_its_id_and_others_stand_on(sim: RealSimulator, tmp_path: Path) -> None:
    """They are shown with all that they are; on record stand the ids of both."""
    await two_stops(sim)
    lifted = resume(sim, tmp_path, "--why", "x", "--stop", "0", "--json").json()
    fits(lifted, "resume.schema.json")
    (left,) = lifted["left"]
    assert (lifted["resumed"], lifted["lifted"]) == (True, ["0"])
    assert (left["id"], left["scope"], left["kind"], left["why"]) == ("1", "everything", "paused", "change of keys")
    assert f"removals on application {LOST['app_id']} are stopped" in lifted["stopped"]
    (record,) = [one for one in sim.evidence() if one["what"] == "resumed"]
    assert (record["stops"], record["left"]) == (["0"], ["1"])


async def test_without_a_terminal_all_that_stands_is_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """A script lifts what its start read; and in words it says how many."""
    await two_stops(sim)
    message = resume(sim, tmp_path, "--why", "x")
    assert (message.code, message.out) == (0, "2 stops are lifted\n")


async def test_several_stops_may_be_named(sim: RealSimulator, tmp_path: Path) -> None:
    """Each with an option of its own; what stands on is said in words."""
    await two_stops(sim)
    await evidence_in(sim.state).append("paused", {"who": "night shift", "why": "y"})
    message = resume(sim, tmp_path, "--why", "x", "--stop", "1", "--stop", "0")
    assert message.out.startswith("2 stops are lifted\nstill stopped: everything is paused")
    assert message.out.endswith("by night shift: y\n")


@pytest.mark.parametrize("stops", [["7"], ["0", "7"], [""], ["everything"], ["0,1"]])
async def test_a_stop_that_does_not_stand_is_named_and_nothing_is_lifted(
    sim: RealSimulator, tmp_path: Path, stops: list[str]
) -> None:
    """Exit 2, with the ids of those that stand."""
    await two_stops(sim)
    message = resume(sim, tmp_path, "--why", "x", *(word for one in stops for word in ("--stop", one)))
    (line,) = message.complaints()
    assert (message.code, f"no stop has the id {stops[-1]}" in line, "0, 1" in line) == (2, True, True)
    assert resumed(sim) == []


async def test_a_stop_may_be_named_where_nothing_is_stopped(sim: RealSimulator, tmp_path: Path) -> None:
    """That is a mistake too."""
    message = resume(sim, tmp_path, "--why", "x", "--stop", "0")
    assert (message.code, "those that stand: none" in message.err) == (2, True)


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_stop_that_is_made_meanwhile_is_not_lifted(
    sim: RealSimulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """Exit 4: nobody has seen it. The other one stands as well, so that whoever looks again sees both."""
    await stop(sim)
    append = SqliteEvidence.append_unless

    async def just_before(log: SqliteEvidence, *arguments: Any) -> Any:
        await log.append("survivor-lost", LOST)
        return await append(log, *arguments)

    monkeypatch.setattr(SqliteEvidence, "append_unless", just_before)
    monkeypatch.delenv("SPENTKEY_TESTS_FOLDER", raising=False)
    code = await lift_stops(sim.config, "ops", "x", (), as_json=as_json)
    shown = capsys.readouterr()
    assert (code, "what nobody has seen is not lifted" in shown.err, resumed(sim)) == (4, True, [])
    if as_json:
        told = json.loads(shown.out)
        fits(told, "resume.schema.json")
        assert (told["resumed"], told["lifted"], [one["id"] for one in told["left"]]) == (False, [], ["0", "1"])


async def test_a_named_stop_is_lifted_whatever_is_made_meanwhile(
    sim: RealSimulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The new one is left, and said."""
    await stop(sim)
    append, made = SqliteEvidence.append_unless, list[str]()

    async def just_before(log: SqliteEvidence, *arguments: Any) -> Any:
        if not made:
            made.append("one")
            await log.append("survivor-lost", LOST)
        return await append(log, *arguments)

    monkeypatch.setattr(SqliteEvidence, "append_unless", just_before)
    monkeypatch.delenv("SPENTKEY_TESTS_FOLDER", raising=False)
    code = await lift_stops(sim.config, "ops", "x", ("0",), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (code, told["lifted"], {one["id"] for one in told["left"]}) == (0, ["0"], {"1"})


@pytest.mark.parametrize(
    ("answer", "lifted", "code"),
    [("0", ["0"], 0), ("0 1", ["0", "1"], 0), ("all", ["0", "1"], 0), ("none", [], 0), ("", [], 0), ("7\n1", ["1"], 0)],
)
async def test_on_a_terminal_it_lists_the_stops_and_asks(
    sim: RealSimulator, tmp_path: Path, answer: str, lifted: list[str], code: int
) -> None:
    """What is not chosen is left; the answer may be given again."""
    await two_stops(sim)
    shown, ended = on_a_terminal(sim, tmp_path, answer)
    assert "0  application:a: removals on application a are stopped" in shown
    assert "1  everything: everything is paused" in shown
    assert (ended, [one["stops"] for one in sim.evidence() if one["what"] == "resumed"]) == (
        code,
        [lifted] if lifted else [],
    )


def on_a_terminal(sim: RealSimulator, home: Path, answer: str) -> tuple[str, int]:
    """What the command shows to somebody who answers on a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    command = [str(BIN / "spentkey"), "resume", "--config", str(sim.config), "--who", "ops", "--why", "x"]
    process = subprocess.Popen(command, cwd=home, env=environment(home), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    shown = b""
    with suppress(OSError):  # the terminal ends with the process
        while some := os.read(ours, 65536):
            shown += some
    os.close(ours)
    return shown.decode(), process.wait()


async def test_who_is_the_user_of_the_process_unless_said(sim: RealSimulator, tmp_path: Path) -> None:
    """The name that the machine knows."""
    await stop(sim)
    message = spentkey(
        *("resume", "--config", str(sim.config), "--why", "x"), home=tmp_path, stdin=None, LOGNAME="operator-7"
    )
    assert (message.code, resumed(sim)) == (0, [{"who": "operator-7", "why": "x"}])


async def test_control_characters_do_not_reach_the_record(sim: RealSimulator, tmp_path: Path) -> None:
    """Whoever reads the evidence on a terminal sees one line."""
    await stop(sim)
    resume(sim, tmp_path, "--who", "a\x1b[31mb\n", "--why", " looked\tinto\x07 ")
    assert resumed(sim) == [{"who": "a[31mb", "why": "lookedinto"}]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Missing option '--why'"),
        (["--why"], "Option '--why' requires an argument"),
        (["--why", ""], "--why: say in a few words"),
        (["--why", " \x00\u200b "], "--why: say in a few words"),
        (["--why", "x", "--who", " "], "--who: say who lifts the stop"),
        (["--why", "x", "40021"], "unexpected extra argument"),
        (["--why", "x", "--force"], "No such option"),
    ],
)
async def test_without_a_reason_and_a_name_nothing_is_lifted(
    sim: RealSimulator, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    """Exit 2, and the stop stands."""
    await stop(sim)
    command = [one.replace("\x00", "\x01") for one in arguments]  # no operating system passes a NUL on
    message = resume(sim, tmp_path, *command)
    lines = message.complaints()
    assert (message.code, complaint in lines[-1]) == (2, True)
    assert resumed(sim) == []


async def test_evidence_that_does_not_verify_is_not_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit 4; the file stays as it is for people to look at."""
    await stop(sim)
    (record,) = sim.evidence()
    put_lines(sim.state, [json.dumps({**record, "task": 1}, sort_keys=True, separators=(",", ":"))])
    before = lines_in(sim.state)
    message = resume(sim, tmp_path, "--why", "x")
    (line,) = message.complaints()
    assert (message.code, "record 0 is not the one that was there" in line, lines_in(sim.state)) == (4, True, before)


def test_a_missing_configuration_is_one_line(tmp_path: Path) -> None:
    """It names the file that was looked for."""
    message = spentkey("resume", "--why", "x", home=tmp_path)
    (line,) = message.complaints()
    assert (message.code, "spentkey.toml" in line) == (2, True)
