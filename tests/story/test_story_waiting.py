"""The story on real parts: what guard G8 holds up waits, and a plan says so."""

from typing import Any

import pytest
from evidence_store import evidence_in
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import APP, EXPIRED_SECRET, REF, TASK, parameters, world

from spentkey.bootstrap.context import context_for
from spentkey.core.outcome import Result
from spentkey.story import work_on

UNSUPPORTED = parameters(SecretType="Password")
TWO_TRIES = {"SPENTKEY_POLICY__MAX_ATTEMPTS": "2"}
LIMITS = pytest.mark.parametrize("limit", ["PER_APP", "PER_HOUR"])


def ends(result: Result) -> tuple[str, str, str | None]:
    """Outcome, ticket and guard."""
    return result.outcome, result.ticket.value, result.guard


async def on_record(sim: RealSimulator, what: str, count: int = 1, **facts: Any) -> None:
    """Put records into the evidence, as earlier tries do."""
    for number in range(count):
        await evidence_in(sim.state).append(what, {"task": 1 + number, "assignment": 1, "run": "x", **facts})


async def test_a_stop_never_hands_a_task_over(sim: RealSimulator) -> None:
    """However often a timer tries, and however few tries are allowed: the task waits, and then it is done."""
    await on_record(sim, "survivor-lost", lost=[])
    held = [await sim.run(TASK, None, **TWO_TRIES) for _ in range(4)]
    assert {ends(one) for one in held} == {("refused", "open", "G8")}
    assert (sim.task(TASK)["notes"], sim.writes()) == ([], [])
    await on_record(sim, "resumed", who="duty officer", why="looked into")
    assert ends(await sim.run(TASK, None, **TWO_TRIES)) == ("removed", "closed", None)


async def test_a_limit_never_hands_a_task_over(sim: RealSimulator) -> None:
    """It is taken up again as soon as there is room."""
    await on_record(sim, "intent", app_id="another")
    limit = {"SPENTKEY_POLICY__MAX_REMOVALS_PER_HOUR": "1", **TWO_TRIES}
    held = [await sim.run(TASK, None, **limit) for _ in range(4)]
    assert {ends(one) for one in held} == {("refused", "open", "G8")}
    assert ends(await sim.run(TASK, None, **TWO_TRIES)) == ("removed", "closed", None)


async def test_waiting_is_no_try(sim: RealSimulator) -> None:
    """After waiting, a task has as many tries as any other."""
    await on_record(sim, "survivor-lost", lost=[])
    for _ in range(3):
        await sim.run(TASK)
    assert [record["outage"] for record in sim.evidence() if record["what"] == "result"] == [True] * 3


async def test_a_hand_over_that_waits_keeps_its_outcome(sim: RealSimulator) -> None:
    """Again and again open, with the guard that refused and the limit in the reason; then handed over, with one note."""
    sim.reset(world(UNSUPPORTED))
    await on_record(sim, "handing-over")
    limit = {"SPENTKEY_POLICY__MAX_HANDOVERS_PER_HOUR": "1", **TWO_TRIES}
    held = [await sim.run(TASK, None, **limit) for _ in range(3)]
    assert {ends(one) for one in held} == {("refused", "open", "G1")}
    assert all("G8: 1 hand-overs in an hour are allowed" in (one.reason or "") for one in held)
    assert ends(await sim.run(TASK)) == ("refused", "handed-off", "G1")
    assert len(sim.task(TASK)["notes"]) == 1


async def test_a_plan_says_that_everything_is_stopped(sim: RealSimulator) -> None:
    """Every task would be left, with the way on."""
    await on_record(sim, "survivor-lost", lost=[])
    plan = await sim.plan(TASK)
    assert (plan.action.value, plan.result.guard) == ("leave", "G8")
    assert "spentkey resume" in (plan.result.reason or "")


@LIMITS
async def test_a_plan_says_which_limit_would_hold_a_task_up(sim: RealSimulator, limit: str) -> None:
    """Counted as a run counts; nothing is put on record by asking."""
    await on_record(sim, "intent", app_id="another" if limit == "PER_HOUR" else APP)
    before = sim.evidence()
    plan = await sim.plan(TASK, **{f"SPENTKEY_POLICY__MAX_REMOVALS_{limit}": "1"})
    assert (plan.action.value, plan.result.guard) == ("leave", "G8")
    assert (await sim.plan(TASK, **{f"SPENTKEY_POLICY__MAX_REMOVALS_{limit}": "2"})).action.value == "remove"
    assert sim.evidence() == before


async def test_a_plan_says_when_a_hand_over_would_wait(sim: RealSimulator) -> None:
    """As the run does: left open, with the outcome as it is."""
    sim.reset(world(UNSUPPORTED))
    await on_record(sim, "handing-over", 2)
    limit = {"SPENTKEY_POLICY__MAX_HANDOVERS_PER_HOUR": "2"}
    plan, done = await sim.plan(TASK, **limit), await sim.run(TASK, None, **limit)
    assert (plan.action.value, done.ticket.value) == ("leave", "open")
    assert (plan.result.guard, plan.result.reason) == (done.guard, done.reason)
    assert (await sim.plan(TASK, SPENTKEY_POLICY__MAX_HANDOVERS_PER_HOUR="3")).action.value == "hand-off"


async def test_a_plan_does_not_use_up_a_limit(sim: RealSimulator) -> None:
    """Nor does it take a turn: what was planned often can still be done."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        for _ in range(3):
            await sim.plan(TASK, SPENTKEY_POLICY__MAX_REMOVALS_PER_RUN="1")
        assert ends(await work_on(REF, context)) == ("removed", "closed", None)
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
