"""`spentkey resume` as a process: who and why on record, one object, and no lift without a reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from evidence_store import evidence_in, lines_in, put_lines
from real_simulator import RealSimulator

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
    assert (REASON in lifted.pop("stopped"), lifted) == (True, {"resumed": True})
    assert again == {"stopped": None, "resumed": False}


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
