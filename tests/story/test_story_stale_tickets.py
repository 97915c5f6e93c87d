"""The story on real parts: reads of a ticket that are older than what was written to it."""

import pytest
from fault_rules import fault
from real_simulator import RealSimulator
from worlds import TASK, parameters, world

STALE = fault("ivanti", "task-query", "stale", times=1, params={"reads": 2})


async def test_a_closed_task_that_shows_as_open_is_not_closed_again(sim: RealSimulator) -> None:
    """Two stale reads, then the truth: the recorded result is given again, and nothing is written."""
    await sim.run(TASK)
    sim.faults(STALE)
    again = await sim.run(TASK)
    task = sim.task(TASK)
    assert (again.outcome, again.ticket.value) == ("removed", "closed")
    assert (len(task["notes"]), len(task["writes"]), task["minutes"]) == (1, 1, 1)


async def test_a_task_handed_over_that_shows_as_ours_is_not_handed_over_again(sim: RealSimulator) -> None:
    """Two stale reads, then the truth: it is not ours any more."""
    sim.reset(world(parameters(SecretType="Key")))
    await sim.run(TASK)
    sim.faults(STALE)
    again = await sim.run(TASK)
    task = sim.task(TASK)
    assert (again.outcome, again.ticket.value, again.exit_code) == ("not-ours", "untouched", 2)
    assert (len(task["notes"]), len(task["writes"]), task["minutes"]) == (1, 1, 1)


@pytest.mark.parametrize("fields", [{"OwnerTeam": "Spentkey", "Owner": "", "Status": "Logged"}])
async def test_a_task_that_people_give_back_is_worked_on_again(sim: RealSimulator, fields: dict[str, str]) -> None:
    """All reads agree that it is ours again, so it gets its second note and its second hand-over."""
    sim.reset(world(parameters(SecretType="Key")))
    await sim.run(TASK)
    sim.faults(fault("ivanti", "task-query", "edit-task", times=1, params={"fields": fields}))
    again = await sim.run(TASK)
    task = sim.task(TASK)
    assert (again.outcome, again.ticket.value, again.guard) == ("refused", "handed-off", "G1")
    assert (len(task["notes"]), len(task["writes"]), task["minutes"]) == (2, 2, 2)


async def test_a_note_that_one_look_does_not_show_is_not_written_again(sim: RealSimulator) -> None:
    """The first try wrote the note and could not close; the look of the second is older than the note."""
    sim.faults(fault("ivanti", "note-read", "503"))
    first = await sim.run(TASK)
    sim.faults(fault("ivanti", "note-query", "stale", times=1, params={"reads": 1}))
    second = await sim.run(TASK)
    assert (first.ticket.value, second.ticket.value) == ("open", "closed")
    assert len(sim.task(TASK)["notes"]) == 1
