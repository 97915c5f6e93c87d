"""A state directory of version 0.1: the first command that works takes it over; those that only read leave it."""

from pathlib import Path

import pytest
from commands import against
from evidence_store import evidence_in, lines_in, records_in, turn_into_0_1
from file_of_0_1 import FILE as OLD
from real_simulator import RealSimulator
from worlds import EXPIRED_SECRET, TASK, world

from spentkey.storage.sqlite.store import FILE as STORE
from spentkey.storage.sqlite.take_over import LEFT, TAKEN

TASK_ARGUMENT = str(TASK)


@pytest.fixture
def sim(simulator_process: RealSimulator) -> RealSimulator:
    """With one task and no state directory."""
    simulator_process.reset(world())
    return simulator_process


@pytest.mark.parametrize("command", [["plan"], ["plan", TASK_ARGUMENT], ["check"]])
def test_who_only_reads_leaves_the_file_as_it_is(sim: RealSimulator, tmp_path: Path, command: list[str]) -> None:
    """No store is made; what the file says counts."""
    against(sim, tmp_path, "run", TASK_ARGUMENT)
    turn_into_0_1(sim.state)
    before = (sim.state / OLD).read_bytes()
    ended = against(sim, tmp_path, *command, "--json")
    assert ended.code == 0, ended.err
    assert {one.name for one in sim.state.iterdir()} == {OLD, "evidence.lock", "locks"}
    assert (sim.state / OLD).read_bytes() == before
    if command == ["check"]:
        assert "the next command that works takes evidence.jsonl over into spentkey.db" in ended.out


def test_what_was_recorded_is_found_again(sim: RealSimulator, tmp_path: Path) -> None:
    """A task that 0.1 closed shows its recorded result; its file is kept, and a line is in its place."""
    first = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    lines = turn_into_0_1(sim.state)
    again = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    assert (again.code, again.json()) == (0, first.json())
    assert [record["what"] for record in records_in(sim.state)][-1] == "took-over"
    assert lines_in(sim.state)[:-1] == lines
    assert (sim.state / OLD).read_bytes() == LEFT
    assert (sim.state / TAKEN).read_text("utf-8").splitlines() == lines


async def test_a_stop_of_0_1_still_stands(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing is removed until it is lifted; lifting it takes the file over."""
    await evidence_in(sim.state).append("survivor-lost", {"task": 1, "lost": []})
    turn_into_0_1(sim.state)
    held = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    assert (held.code, held.json()["guard"], sim.removals()) == (4, "G8", [])
    turn_into_0_1(sim.state)
    assert against(sim, tmp_path, "resume", "--why", "looked into").out == "the stop is lifted\n"
    assert against(sim, tmp_path, "run", TASK_ARGUMENT).code == 0
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_file_of_0_1_that_does_not_verify_is_left_and_removes_nothing(
    sim: RealSimulator, tmp_path: Path, command: str
) -> None:
    """The task says why; no store is made beside it."""
    against(sim, tmp_path, "run", TASK_ARGUMENT)
    turn_into_0_1(sim.state)
    sim.post_reset(world())
    changed = (sim.state / OLD).read_bytes().replace(b'"confirmed"', b'"presumed"')
    (sim.state / OLD).write_bytes(changed)
    ended = against(sim, tmp_path, command, TASK_ARGUMENT, "--json")
    assert "record 6 does not continue the chain" in ended.out + ended.err
    assert ((sim.state / OLD).read_bytes(), (sim.state / STORE).exists(), sim.removals()) == (changed, False, [])


def test_a_take_over_is_told_while_it_runs(sim: RealSimulator, tmp_path: Path) -> None:
    """One line before, one after, on stderr."""
    against(sim, tmp_path, "run", TASK_ARGUMENT)
    turn_into_0_1(sim.state)
    told = against(sim, tmp_path, "work", "--once").err.splitlines()
    assert told[0] == f"taking over the evidence of version 0.1 from {sim.state / OLD}"
    assert told[1] == "9 records were taken over and verified"
