"""The story told again after a crash: what the task itself shows is put on record, once."""

from evidence_store import lines_in, put_lines
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


async def test_a_close_that_never_took_is_not_recorded(sim: RealSimulator) -> None:
    """It was begun, and the task was then closed by somebody else: that is no close of ours."""
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
    assert (result.outcome, result.ticket.value, result.exit_code) == ("not-ours", "untouched", 2)
    assert closed(sim) == []


async def test_a_plan_records_no_close(sim: RealSimulator) -> None:
    """`plan` writes nothing anywhere, also where a run would have something to make up for."""
    await sim.run(TASK)
    crash_before(sim, "closed")
    before = sim.evidence()
    assert (await sim.plan(TASK)).action.value == "pass"
    assert sim.evidence() == before
