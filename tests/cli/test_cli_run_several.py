"""`spentkey run` with several tasks, and what an interrupted command still says."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from commands import BIN, QUICK, against, environment, fits
from fault_rules import fault
from queue_worlds import GONE_TASK, LIVE_TASK, SECRET_TASK, TAKEN_TASK, queue_world
from real_simulator import RealSimulator
from worlds import EXPIRED_SECRET

NAMED = (GONE_TASK, SECRET_TASK)


def texts(*numbers: int) -> list[str]:
    """Tasks as they are typed."""
    return [str(number) for number in numbers]


def test_several_tasks_are_worked_on_in_the_order_in_which_they_are_named(sim: RealSimulator, tmp_path: Path) -> None:
    """One object as `work --once` prints it; the others of the queue are left alone."""
    sim.reset(queue_world())
    ended = against(sim, tmp_path, "run", *texts(*NAMED), "--json")
    fits(ended.json(), "run-many.schema.json")
    assert (ended.code, ended.err) == (0, "")
    assert [one["task"] for one in ended.json()["tasks"]] == texts(*NAMED)
    assert ended.json()["summary"]["tickets"] == {"closed": 2}
    assert sim.task(LIVE_TASK)["notes"] == []


@pytest.mark.parametrize(
    ("numbers", "code"), [((SECRET_TASK, LIVE_TASK), 3), ((SECRET_TASK, TAKEN_TASK), 0), ((TAKEN_TASK,), 2)]
)
def test_the_exit_code_of_several_is_that_of_a_round(
    sim: RealSimulator, tmp_path: Path, numbers: tuple[int, ...], code: int
) -> None:
    """3 if one was handed over, 0 beside one that is somebody else's; of a single task its own, as ever."""
    sim.reset(queue_world())
    assert against(sim, tmp_path, "run", *texts(*numbers), "--json").code == code


def test_a_task_that_is_named_twice_is_worked_on_once(sim: RealSimulator, tmp_path: Path) -> None:
    """Its result stands once in the object."""
    sim.reset(queue_world())
    ended = against(sim, tmp_path, "run", *texts(SECRET_TASK, SECRET_TASK), "--json")
    assert [one["task"] for one in ended.json()["tasks"]] == texts(SECRET_TASK)
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]


def test_one_wrong_reference_and_none_is_begun(sim: RealSimulator, tmp_path: Path) -> None:
    """Each wrong one has its line; nobody is asked, and nothing is kept."""
    ended = against(sim, tmp_path, "run", "40021", "forty", "0", "--json")
    assert ended.code == 2
    assert ended.complaints() == [
        f"spentkey: task: '{text}' is not a task of [ivanti], such as 40021" for text in ("forty", "0")
    ]
    assert (sim.journal(), sim.state.exists()) == ([], False)


def read_until(process: subprocess.Popen[str], *wanted: tuple[int, str]) -> list[str]:
    """Read stderr until it has a line with each of these tasks and words."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line.rstrip("\n"))
        if all(any(str(task) in one and word in one for one in lines) for task, word in wanted):
            return lines
    raise AssertionError(lines)


def started(sim: RealSimulator, home: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command under way."""
    command = [str(BIN / "spentkey"), *arguments, "--config", str(sim.config)]
    return subprocess.Popen(command, cwd=home, env=environment(home, **QUICK), stdout=-1, stderr=-1, text=True)


@pytest.mark.parametrize("command", [("run", *texts(*NAMED)), ("work", "--once")], ids=" ".join)
def test_an_interrupted_command_says_what_ended_and_what_is_pending(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Exit 130; the results so far on stdout, and on stderr each task that was under way."""
    sim.reset(queue_world(*NAMED))
    sim.faults(fault("graph", "removePassword", "hang", "after", params={"seconds": 3}))
    with started(sim, tmp_path, *command) as process:
        read_until(process, (GONE_TASK, "closed"), (SECRET_TASK, "remove"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    sim.faults()
    assert process.returncode == 130
    assert str(GONE_TASK) in out
    assert str(SECRET_TASK) not in out
    *_, pending, last = err.splitlines()
    assert pending == f"spentkey: {SECRET_TASK} was under way (remove); the next run goes on from there"
    assert last == "spentkey: interrupted; open tasks stay open and are found again"


def test_a_program_gets_the_object_of_what_ended(sim: RealSimulator, tmp_path: Path) -> None:
    """With --json: the same object as at the end, with the tasks that came so far."""
    sim.reset(queue_world(*NAMED))
    sim.faults(fault("graph", "removePassword", "hang", "after", params={"seconds": 3}))
    with started(sim, tmp_path, "run", *texts(*NAMED), "--json") as process:
        while "removePassword" not in sim.writes():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    sim.faults()
    fits(json.loads(out), "run-many.schema.json")
    assert (process.returncode, [one["task"] for one in json.loads(out)["tasks"]]) == (130, texts(GONE_TASK))


def test_a_worker_that_is_stopped_says_what_it_did(sim: RealSimulator, tmp_path: Path) -> None:
    """It ends with the counts of what ended, and no empty screen."""
    sim.reset(queue_world(*NAMED))
    with started(sim, tmp_path, "work") as process:
        read_until(process, *((number, "closed") for number in NAMED))
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.splitlines()[-1] == "2 tasks: 1 removed, 1 already-gone."
