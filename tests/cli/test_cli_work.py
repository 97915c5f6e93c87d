"""`spentkey work --once` as a process: the whole queue, at the same time, and one exit code for all."""

import re
from pathlib import Path
from typing import Any

import pytest
from commands import against, fits
from fault_rules import chain_is_whole, fault
from queue_worlds import (
    CERTIFICATE_TASK,
    GONE_TASK,
    LIVE_TASK,
    SECRET_TASK,
    TAKEN_TASK,
    UNSUPPORTED_TASK,
    queue_world,
)
from real_simulator import RealSimulator
from worlds import EXPIRED_CERT, EXPIRED_SECRET, world

GOOD = (SECRET_TASK, CERTIFICATE_TASK, GONE_TASK)
BAD = (LIVE_TASK, UNSUPPORTED_TASK)
AWAY = [fault("passwordstate", "document", "html")]
CASES: dict[str, tuple[tuple[int, ...], list[dict[str, Any]], int]] = {
    "all closed": (GOOD, [], 0),
    "one is somebody else's": ((*GOOD, TAKEN_TASK), [], 0),
    "some handed over": ((*GOOD, *BAD), [], 3),
    "one left open": ((*GOOD, *BAD), AWAY, 4),
}


@pytest.mark.parametrize("scenario", CASES)
def test_the_worst_ending_is_the_exit_code(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """4 if any task is left open, else 3 if any was handed over, else 0; every task is in the object."""
    numbers, rules, code = CASES[scenario]
    sim.reset(queue_world(*numbers))
    sim.faults(*rules)
    ended = against(sim, tmp_path, "work", "--once", "--json")
    told = ended.json()
    fits(told, "run-many.schema.json")
    assert (code, "") == (ended.code, ended.err)
    assert sorted(numbers) == [int(one["task"]) for one in told["tasks"]]
    assert len(numbers) == told["summary"]["tasks"]
    wanted = {EXPIRED_SECRET} | (set[str]() if rules else {EXPIRED_CERT})
    assert wanted == {one["key_id"] for one in sim.removals()}
    assert chain_is_whole(sim.config.parent / "state")


def test_a_second_round_finds_nothing_left(sim: RealSimulator, tmp_path: Path) -> None:
    """What was closed or handed over does not come back, and is not written to again."""
    sim.reset(queue_world())
    assert against(sim, tmp_path, "work", "--once").code == 3
    writes = sim.writes()
    again = against(sim, tmp_path, "work", "--once", "--json")
    assert again.code == 0
    assert [one["outcome"] for one in again.json()["tasks"]] == ["not-ours"]
    assert writes == sim.writes()


def numbered(made: dict[str, Any], *odd: int) -> dict[str, Any]:
    """The world with the numbers of these tasks gone from what the desk shows."""
    made["ivanti"]["task_fields"] = ["AssignmentID"]
    for task in made["ivanti"]["tasks"]:
        task["fields"] = {"AssignmentID": None if task["number"] in odd else task["number"]}
    return made


def test_a_task_without_a_number_is_named_and_the_others_are_done(sim: RealSimulator, tmp_path: Path) -> None:
    """It has no result of its own, so the object names it, and the run was not whole."""
    sim.reset(numbered(queue_world(SECRET_TASK, GONE_TASK), GONE_TASK))
    ended = against(sim, tmp_path, "work", "--once", "--json")
    told = ended.json()
    fits(told, "run-many.schema.json")
    assert [(one["task"], one["outcome"]) for one in told["tasks"]] == [(str(SECRET_TASK), "removed")]
    (left,) = told["left_out"]
    assert (left["system"], left["what"]) == ("Ivanti", "task")
    assert re.search(r"record [0-9A-F]{32}, whose AssignmentID", left["problem"])
    assert ended.code == 4


def test_a_queue_that_was_read_whole_leaves_nothing_out(sim: RealSimulator, tmp_path: Path) -> None:
    """The list is there, and empty."""
    sim.reset(numbered(queue_world(SECRET_TASK)))
    ended = against(sim, tmp_path, "work", "--once", "--json")
    assert (ended.code, ended.json()["left_out"]) == (0, [])


def test_an_empty_queue_is_done_at_once(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit 0 and an object without tasks."""
    sim.reset(world(task={"owner_team": "Servicedesk"}))
    ended = against(sim, tmp_path, "work", "--once", "--json")
    assert (ended.code, ended.json()["tasks"]) == (0, [])
    fits(ended.json(), "run-many.schema.json")


def test_two_tasks_about_one_application_take_turns(sim: RealSimulator, tmp_path: Path) -> None:
    """A secret and a certificate of one application: the second removal is sent after the first was verified."""
    sim.reset(queue_world(SECRET_TASK, CERTIFICATE_TASK) | {"entra": {"write_spacing_s": 0.2}})
    ended = against(sim, tmp_path, "work", "--once", "--json", SPENTKEY_POLICY__WRITE_SPACING_S="0.3")
    assert ended.code == 0
    removals = [entry for entry in sim.journal() if entry["route"] in ("removePassword", "removeKey")]
    assert [entry["status"] for entry in removals] == [204, 204]
    first, second = (entry["n"] for entry in removals)
    between = [
        entry["route"]
        for entry in sim.journal()
        if first < entry["n"] < second and "keyCredentials" not in entry["path"]
    ]
    assert between.count("read-application") == 3


def test_tasks_run_at_the_same_time(sim: RealSimulator, tmp_path: Path) -> None:
    """On stderr other tasks begin before the first one has ended."""
    sim.reset(queue_world())
    lines = [line.split()[:2] for line in against(sim, tmp_path, "work", "--once").err.splitlines()]
    first_end = next(place for place, (_, step) in enumerate(lines) if step in ("closed", "handed-off", "untouched"))
    begun = {number for number, step in lines[:first_end] if step == "task"}
    assert len(begun) > 3


def test_a_queue_that_cannot_be_read_is_one_line(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit 4; the next round tries again."""
    sim.faults(fault("ivanti", "task-query", "401"))
    ended = against(sim, tmp_path, "work", "--once", "--json")
    (line,) = ended.complaints()
    assert (ended.code, "ivanti.api_key" in line) == (4, True)
