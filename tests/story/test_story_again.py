"""The story told again after a crash: what the task itself shows is put on record, once."""

from evidence_store import lines_in, put_lines
from fault_rules import fault
from real_simulator import RealSimulator
from worlds import TASK


def crash_before(sim: RealSimulator, what: str) -> None:
    """Leave the evidence as a process leaves it that died before it wrote the first record of this kind."""
    kinds = [record["what"] for record in sim.evidence()]
    put_lines(sim.state, lines_in(sim.state)[: kinds.index(what)])


def closed(sim: RealSimulator) -> list[str | None]:
    """The records of closes: how each was found out, None where the run that closed wrote it."""
    return [record.get("found") for record in sim.evidence() if record["what"] == "closed"]


async def test_a_close_whose_record_a_crash_swallowed_is_recorded_by_the_next_run(sim: RealSimulator) -> None:
    """The evidence must not end with a close that was begun, when the task shows that it took."""
    first = await sim.run(TASK)
    crash_before(sim, "closed")
    second = await sim.run(TASK)
    assert (second.outcome, second.ticket, second.evidence) == (first.outcome, first.ticket, first.evidence)
    assert closed(sim) == ["the task shows it"]
    assert [record["minutes"] for record in sim.evidence() if record["what"] == "closed"] == ["1"]


async def test_a_close_that_is_on_record_is_not_recorded_again(sim: RealSimulator) -> None:
    """Reruns of a finished task write nothing, whoever put its close on record."""
    await sim.run(TASK)
    crash_before(sim, "closed")
    await sim.run(TASK)
    before = sim.evidence()
    await sim.run(TASK)
    assert sim.evidence() == before
    assert closed(sim) == ["the task shows it"]


async def test_a_task_that_is_closed_shows_the_recorded_result_whoever_owns_it_now(sim: RealSimulator) -> None:
    """A desk may show another owner than the one that was written."""
    await sim.run(TASK)
    crash_before(sim, "closed")
    moved = {
        "system": "ivanti",
        "route": "task-query",
        "kind": "edit-task",
        "params": {"fields": {"Owner": "an.other"}},
    }
    sim.faults(moved)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "closed", 0)


async def test_a_close_that_never_took_before_a_hand_over_is_no_close_of_ours(sim: RealSimulator) -> None:
    """It was handed over instead, and people closed it: the recorded result is not shown as ours."""
    sim.faults(fault("ivanti", "task-write", "403", nth=1))
    first = await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="1")
    kinds = [record["what"] for record in sim.evidence()]
    assert (first.ticket.value, sim.task(TASK)["owner_team"]) == ("handed-off", "Systeemsoftware")
    assert ("closing" in kinds, closed(sim)) == (True, [])
    sim.faults({**fault("ivanti", "task-query", "edit-task"), "params": {"fields": {"Status": "Completed"}}})
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("not-ours", "untouched", 2)


async def test_a_plan_records_no_close(sim: RealSimulator) -> None:
    """`plan` writes nothing anywhere, also where a run would have something to make up for."""
    await sim.run(TASK)
    crash_before(sim, "closed")
    before = sim.evidence()
    assert (await sim.plan(TASK)).action.value == "pass"
    assert sim.evidence() == before
