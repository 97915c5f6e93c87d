"""`spentkey pause` as a process: what the API's pause does, beside whatever is stopped already."""

from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from evidence_store import evidence_in
from real_simulator import RealSimulator
from worlds import TASK

LOST: dict[str, Any] = {"task": 40021, "tenant": "production", "route": "removePassword", "app_id": "a", "lost": []}


def pause(sim: RealSimulator, home: Path, *arguments: str) -> Ended:
    """Run the command on the simulator's configuration."""
    return spentkey("pause", "--config", str(sim.config), *arguments, home=home)


def paused(sim: RealSimulator) -> list[dict[str, Any]]:
    """The records of pauses, by who and why."""
    return [{"who": one["who"], "why": one["why"]} for one in sim.evidence() if one["what"] == "paused"]


async def test_a_pause_holds_every_task_up_until_it_is_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """Who and why are on record, and in the reason of each task that stays open."""
    message = pause(sim, tmp_path, "--who", "duty officer", "--why", "change of keys")
    assert (message.code, message.out.splitlines()[0], message.err) == (0, "everything is paused", "")
    assert message.out.endswith(" by duty officer: change of keys\n")
    held = await sim.run(TASK)
    assert (held.guard, held.ticket.value, held.exit_code) == ("G8", "open", 4)
    assert message.out.splitlines()[1] == held.reason
    assert paused(sim) == [{"who": "duty officer", "why": "change of keys"}]
    spentkey("resume", "--config", str(sim.config), "--why", "done", home=tmp_path)
    assert (await sim.run(TASK)).ticket.value == "closed"


async def test_json_says_what_is_stopped(sim: RealSimulator, tmp_path: Path) -> None:
    """The second time by the same person nothing more is put on record."""
    told = [pause(sim, tmp_path, "--who", "ops", "--why", why, "--json").json() for why in ("first", "second")]
    for one in told:
        fits(one, "pause.schema.json")
    assert [one["paused"] for one in told] == [True, False]
    assert [one["stopped"].endswith(" by ops: first") for one in told] == [True, True]
    assert paused(sim) == [{"who": "ops", "why": "first"}]


async def test_a_pause_stands_beside_a_stop_and_beside_a_pause_of_somebody_else(
    sim: RealSimulator, tmp_path: Path
) -> None:
    """None of them is lost with another one."""
    await evidence_in(sim.state).append("survivor-lost", LOST)
    told = [pause(sim, tmp_path, "--who", who, "--why", "x", "--json").json() for who in ("ops", "night shift")]
    assert [one["paused"] for one in told] == [True, True]
    assert "another credential was lost" in told[0]["stopped"]
    left = spentkey("resume", "--config", str(sim.config), "--why", "y", "--stop", "1", "--json", home=tmp_path).json()
    assert {one["id"] for one in left["left"]} == {"0", "2"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Missing option '--why'"),
        (["--why", " \u200b "], "--why: say in a few words why everything is paused"),
        (["--why", "x", "--who", " "], "--who: say who pauses"),
        (["--why", "x", "40021"], "unexpected extra argument"),
    ],
)
async def test_without_a_reason_and_a_name_nothing_is_paused(
    sim: RealSimulator, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    """Exit 2."""
    message = pause(sim, tmp_path, *arguments)
    assert (message.code, complaint in message.complaints()[-1], sim.evidence()) == (2, True, [])


def test_a_missing_configuration_is_one_line(tmp_path: Path) -> None:
    """It names the file that was looked for."""
    message = spentkey("pause", "--why", "x", home=tmp_path)
    (line,) = message.complaints()
    assert (message.code, "spentkey.toml" in line) == (2, True)
