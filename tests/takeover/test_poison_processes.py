"""A task that kills the program: real processes die, the others' tasks are done, and people get the one that kills."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import QUICK, against, environment, forked
from fault_rules import fault
from fleet_world import FIRST, app_id, fleet_world
from hang_up import hang_up_heard
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from waiting import until

DEADLY = Path(__file__).parents[1] / "support" / "deadly.py"
POISON = FIRST + 1
"""The task about the second application of the world."""
SETTINGS = {**QUICK, "SPENTKEY_ENGINE__POLL_S": "0.2", "SPENTKEY_POLICY__MAX_REMOVALS_PER_RUN": "1000"}
DEADLY_SETTINGS = {**SETTINGS, "DEADLY_APP": app_id(2), "DEADLY_AT": "look"}
DIED = -signal.SIGKILL


def started(sim: RealSimulator, home: Path, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    """A worker that dies of the poison."""
    variables = {**DEADLY_SETTINGS, **more}
    with (home / "log.txt").open("a") as log, hang_up_heard():
        return subprocess.Popen(
            [sys.executable, str(DEADLY), *arguments, "--config", str(sim.config)],
            cwd=home,
            env=environment(home, **variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
        )


def ended(sim: RealSimulator, home: Path, **more: str) -> int:
    """One `work --once`; gives its exit code."""
    variables = environment(home, **{**DEADLY_SETTINGS, **more})
    run = forked(("work", "--once", "--config", str(sim.config)), home, variables, changed_by="deadly")
    with (home / "log.txt").open("a") as log:
        log.write(run.out + run.err)
    return run.code


def state_of(sim: RealSimulator, number: int) -> tuple[str, int]:
    """The team of a task, and how many notes it has."""
    task = sim.task(number)
    return task["owner_team"], len(task["notes"])


def closed(sim: RealSimulator) -> set[int]:
    """The tasks that were closed."""
    return {int(number) for number, one in sim.truth()["ivanti"]["tasks"].items() if one["status"] == "Completed"}


def suspects(sim: RealSimulator) -> list[tuple[Any, ...]]:
    """What the store holds against tasks."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(sim.state / "spentkey.db")) as connection:
        marks = connection.execute("SELECT task, alone FROM spentkey_tries ORDER BY task").fetchall()
        return [*marks, *connection.execute("SELECT task, deaths FROM spentkey_suspects ORDER BY task").fetchall()]


@pytest.fixture
def small(sim: RealSimulator) -> RealSimulator:
    """Eight simple tasks and the harder ones of the fleet's world; one of them kills."""
    sim.reset(fleet_world())
    return sim


EXPECTED_CLOSED = len(fleet_world()["ivanti"]["tasks"]) - 3
"""All but the poison and the two that guards refuse."""


def test_work_once_hands_the_task_over_after_two_lonely_deaths(small: RealSimulator, tmp_path: Path) -> None:
    """It died with others first, which counts for nothing, then twice alone; the fourth run tells people."""
    codes = [ended(small, tmp_path) for _ in range(4)]
    assert codes == [DIED, DIED, DIED, 3]
    assert state_of(small, POISON) == ("Systeemsoftware", 1)
    (note,) = small.task(POISON)["notes"]
    assert note["body"].startswith("working on it ended the program 2 times in a row")
    assert "Spentkey removed nothing" in note["body"]
    assert len(closed(small)) == EXPECTED_CLOSED
    assert POISON not in closed(small)
    assert [
        one for one in suspects(small) if one[1]
    ] == []  # one that ended as the program died is kept, without a death


def test_the_directory_is_not_touched_by_the_hand_over(small: RealSimulator, tmp_path: Path) -> None:
    """Neither the request's parameters nor the application are read in the run that hands it over."""
    for _ in range(3):
        ended(small, tmp_path)
    before = len(small.journal())
    assert ended(small, tmp_path) == 3
    systems = {entry["system"] for entry in small.journal()[before:]}
    assert "passwordstate" not in systems or closed(small)  # others may still be worked on in that run
    assert [one["outcome"] for one in small.evidence() if one["what"] == "handing-over" and one["task"] == POISON] == [
        "failed"
    ]


def test_a_task_that_was_alone_already_needs_two_deaths(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing else was under way, so the first death counts."""
    made = fleet_world()
    made["ivanti"]["tasks"] = [one for one in made["ivanti"]["tasks"] if one["number"] == POISON]
    sim.reset(made)
    assert [ended(sim, tmp_path) for _ in range(3)] == [DIED, DIED, 3]
    assert state_of(sim, POISON) == ("Systeemsoftware", 1)


def test_work_that_is_started_again_and_again_comes_to_rest(small: RealSimulator, tmp_path: Path) -> None:
    """As systemd does it: every other task is done, the deadly one is handed over, and nothing dies any more."""
    deaths = restarted_until_done(small, tmp_path)
    assert deaths == 3
    assert state_of(small, POISON) == ("Systeemsoftware", 1)
    assert len(closed(small)) == EXPECTED_CLOSED
    assert suspects(small) == []


def test_several_machines_hand_it_over_as_well(small: RealSimulator, postgres: RealPostgres, tmp_path: Path) -> None:
    """The marks are in the database; each start counts what died on its own machine."""
    database = postgres.database()
    more = {"SPENTKEY_ENGINE__DATABASE_URL": database, "SPENTKEY_ENGINE__TAKE_OVER_S": "2"}
    deaths = restarted_until_done(small, tmp_path, **more)
    assert deaths == 3
    assert state_of(small, POISON) == ("Systeemsoftware", 1)
    assert len(closed(small)) == EXPECTED_CLOSED
    assert postgres.rows(database, "SELECT * FROM spentkey_tries") == []
    assert postgres.rows(database, "SELECT * FROM spentkey_suspects") == []


def restarted_until_done(sim: RealSimulator, home: Path, **more: str) -> int:
    """Start `work` whenever it has died, until no task is open; gives how often it died."""
    deaths = 0
    process = started(sim, home, "work", **more)
    try:

        def done() -> bool | None:
            nonlocal deaths, process
            if process.poll() is not None:
                assert process.returncode == DIED, (home / "log.txt").read_text()
                deaths += 1
                process = started(sim, home, "work", **more)
            open_yet = {
                number
                for number, one in sim.truth()["ivanti"]["tasks"].items()
                if one["owner_team"] == "Spentkey" and one["status"] != "Completed"
            }
            return None if open_yet else True

        until(done, 100, lambda: (home / "log.txt").read_text()[-3000:])
    finally:
        process.terminate()
        process.wait(40)
    return deaths


def test_where_a_removal_was_asked_for_reads_decide(small: RealSimulator, tmp_path: Path) -> None:
    """It dies of the answer to the removal: the next run finds the credential gone, and closes the task."""
    codes = [ended(small, tmp_path, DEADLY_AT="removed") for _ in range(2)]
    assert codes[0] == DIED
    assert codes[1] in (0, 3)
    assert POISON in closed(small)


def test_a_task_whose_hand_over_kills_as_well_is_left_alone(sim: RealSimulator, tmp_path: Path) -> None:
    """It dies when the desk's task is read; after five deaths nothing of it is touched, and the rest is worked on."""
    made = fleet_world()
    made["ivanti"]["tasks"] = [one for one in made["ivanti"]["tasks"] if one["number"] in (POISON, FIRST)]
    sim.reset(made)
    deadly = {"DEADLY_AT": "find", "DEADLY_TASK": str(POISON)}
    codes = [ended(sim, tmp_path, **deadly) for _ in range(7)]
    assert codes == [DIED] * 6 + [4]
    assert state_of(sim, POISON) == ("Spentkey", 0)
    assert closed(sim) == {FIRST}


@contextmanager
def hanging(sim: RealSimulator, home: Path, *arguments: str) -> Generator["subprocess.Popen[str]"]:
    """A worker whose request about an application hangs."""
    sim.faults(fault("graph", "batch", "hang", "before", nth=1, times=1, params={"seconds": 20}))
    process = started(sim, home, *arguments, DEADLY_AT="never")
    try:
        until(
            lambda: any(entry["fault"] == "hang before" for entry in sim.journal()) or None,
            60,
            lambda: (home / "log.txt").read_text()[-2000:],
        )
        yield process
    finally:
        process.kill()
        process.wait(10)


def only_poison() -> dict[str, Any]:
    """A world whose only task is the poison."""
    made = fleet_world()
    made["ivanti"]["tasks"] = [one for one in made["ivanti"]["tasks"] if one["number"] == POISON]
    return made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("arguments", [("work",), ("work", "--once")])
def test_a_stop_is_no_death_even_where_a_kill_follows(
    sim: RealSimulator, tmp_path: Path, arguments: tuple[str, ...], number: int
) -> None:
    """A service that takes too long to stop is killed by the supervisor; no task is to blame for that."""
    sim.reset(only_poison())
    with hanging(sim, tmp_path, *arguments) as process:
        assert [one for one, _ in suspects(sim)] == [str(POISON)]
        os.kill(process.pid, number)
        until(lambda: suspects(sim) == [] or None, 20)
        process.kill()
    sim.faults()
    assert ended(sim, tmp_path, DEADLY_AT="never") == 0
    assert "alone" not in (tmp_path / "log.txt").read_text()


def test_a_death_makes_a_suspect_and_a_try_that_ends_clears_it(sim: RealSimulator, tmp_path: Path) -> None:
    """The next run tries it alone, ends it, and nothing is left against it."""
    sim.reset(only_poison())
    with hanging(sim, tmp_path, "work", "--once") as process:
        process.kill()
        process.wait(10)
        assert suspects(sim) == [(str(POISON), 1)]  # the mark of the try
    sim.faults()
    assert ended(sim, tmp_path, DEADLY_AT="never") == 0
    assert "tried alone" in (tmp_path / "log.txt").read_text()
    assert suspects(sim) == []


def test_run_neither_marks_nor_counts(sim: RealSimulator, tmp_path: Path) -> None:
    """A person who kills a run blames nobody."""
    sim.reset(only_poison())
    for _ in range(3):
        with hanging(sim, tmp_path, "run", str(POISON)):
            assert suspects(sim) == []
    sim.faults()
    assert against(sim, tmp_path, "work", "--once", **SETTINGS).code == 0
