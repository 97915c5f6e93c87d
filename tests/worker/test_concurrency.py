"""Places: so many in a lane, given back while somebody waits, and no work broken off when it stops."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from support_core import ManualClock

from spentkey.core.errors import Stopping, Who
from spentkey.core.task import TaskRef
from spentkey.system import SystemClock
from spentkey.worker.concurrency import PATIENCE_S, SlotClock, SlotLocks, Slots

QUEUE = "production"


class FreeTurns:
    """The `Turns` port with nobody else about."""

    @asynccontextmanager
    async def task(self, ref: TaskRef) -> AsyncGenerator[None]:
        """Had at once."""
        del ref
        yield

    @asynccontextmanager
    async def application(self, app_id: str) -> AsyncGenerator[None]:
        """Had at once."""
        del app_id
        yield

    @asynccontextmanager
    async def canary(self, tenant: str, route: str) -> AsyncGenerator[None]:
        """Had at once."""
        del tenant, route
        yield

    @asynccontextmanager
    async def opening(self, name: str) -> AsyncGenerator[None]:
        """Had at once."""
        del name
        yield


async def settle() -> None:
    """Let everybody go as far as they can."""
    for _ in range(20):
        await asyncio.to_thread(int)


async def test_a_lane_has_so_many_places_and_another_lane_its_own() -> None:
    """Who comes third waits; in the other lane nobody does."""
    slots, inside = Slots(2), list[str]()
    gate = asyncio.Event()

    async def work(name: str, queue: str) -> None:
        async with slots.hold(queue):
            inside.append(name)
            await gate.wait()

    working = [asyncio.create_task(work(name, QUEUE)) for name in "abc"]
    working.append(asyncio.create_task(work("d", "onderwijs")))
    await settle()
    seen = list(inside)
    gate.set()
    await asyncio.gather(*working)
    assert (seen, slots.busy(QUEUE)) == (["a", "b", "d"], 0)


async def test_who_sleeps_gives_the_place_to_the_next() -> None:
    """And works on when it is free again."""
    slots = Slots(1)
    clock, order = SlotClock(ManualClock(), slots), list[str]()

    async def sleeper() -> None:
        async with slots.hold(QUEUE):
            order.append("sleeps")
            await clock.sleep(60)
            order.append("woke")

    async def other() -> None:
        async with slots.hold(QUEUE):
            order.append("other")

    await asyncio.gather(sleeper(), other())
    assert (sorted(order), order[0], slots.busy(QUEUE)) == (["other", "sleeps", "woke"], "sleeps", 0)


async def test_who_comes_back_goes_before_who_has_not_begun() -> None:
    """Work under way is finished first."""
    slots, order = Slots(1), list[str]()
    gate, leave = asyncio.Event(), asyncio.Event()

    async def returning() -> None:
        async with slots.hold(QUEUE):
            async with slots.released():
                await gate.wait()
            order.append("back")

    async def holder() -> None:
        async with slots.hold(QUEUE):
            gate.set()
            await settle()
            leave.set()

    async def fresh() -> None:
        await gate.wait()
        async with slots.hold(QUEUE):
            order.append("fresh")

    await asyncio.gather(returning(), holder(), fresh())
    assert order == ["back", "fresh"]


async def test_who_comes_back_does_not_wait_for_ever() -> None:
    """With the only place held by somebody who waits for it, it goes on after a second: no deadlock."""
    slots, lock = Slots(1), asyncio.Lock()
    begun = asyncio.Event()

    async def first() -> None:
        async with slots.hold(QUEUE), lock, slots.released():
            await begun.wait()

    async def second() -> None:
        async with slots.hold(QUEUE):
            begun.set()
            async with lock:
                pass

    async with asyncio.timeout(10 * PATIENCE_S):
        await asyncio.gather(first(), second())
    assert slots.busy(QUEUE) == 0


async def test_a_task_without_a_place_sleeps_as_ever() -> None:
    """Commands for one task have no places."""
    clock = ManualClock()
    await SlotClock(clock, Slots(1)).sleep(5)
    assert clock.slept == [5]


async def test_who_sleeps_wakes_at_once_to_stop() -> None:
    """With an error that blames nobody; the place is free."""
    slots = Slots(1)
    clock = SlotClock(SystemClock(), slots)

    async def sleeper() -> None:
        async with slots.hold(QUEUE):
            await clock.sleep(3600)

    sleeping = asyncio.create_task(sleeper())
    await settle()
    slots.stop()
    with pytest.raises(Stopping) as stopped:
        async with asyncio.timeout(5):
            await sleeping
    assert (stopped.value.who, slots.busy(QUEUE)) == (Who.NOBODY, 0)


async def test_who_waits_for_a_place_does_not_begin_any_more() -> None:
    """Nor does anybody who comes after the stop."""
    slots, gate = Slots(1), asyncio.Event()

    async def holder() -> None:
        async with slots.hold(QUEUE):
            await gate.wait()

    async def waiter() -> None:
        async with slots.hold(QUEUE):
            raise AssertionError("it began")

    holding = asyncio.create_task(holder())
    await settle()
    waiting = asyncio.create_task(waiter())
    await settle()
    slots.stop()
    for late in (waiting, waiter()):
        with pytest.raises(Stopping):
            await late
    gate.set()
    await holding


async def test_a_waiter_that_is_cancelled_loses_no_place() -> None:
    """The next one gets it."""
    slots, gate = Slots(1), asyncio.Event()

    async def work() -> None:
        async with slots.hold(QUEUE):
            await gate.wait()

    holding, waiting = asyncio.create_task(work()), asyncio.create_task(work())
    await settle()
    waiting.cancel()
    gate.set()
    await asyncio.gather(holding, waiting, return_exceptions=True)
    async with asyncio.timeout(1), slots.hold(QUEUE):
        assert slots.busy(QUEUE) == 1


@pytest.mark.parametrize("canary", [False, True])
async def test_who_waits_for_a_turn_holds_no_place(canary: bool) -> None:
    """Two tasks about one application, or two canaries, one place: a third about another is worked on meanwhile."""
    slots, order = Slots(1), list[str]()
    clock, locks = SlotClock(SystemClock(), slots), SlotLocks(FreeTurns(), slots)
    gate = asyncio.Event()

    def lock(name: str) -> AbstractAsyncContextManager[None]:
        return locks.canary(name, "removeKey") if canary else locks.application(name)

    async def first() -> None:
        async with slots.hold(QUEUE), lock("a"), slots.released():
            await gate.wait()

    async def second() -> None:
        async with slots.hold(QUEUE), lock("a"):
            order.append("second")

    async def third() -> None:
        async with slots.hold(QUEUE), lock("b"), locks.task(TaskRef("SCTASK0010001")):
            order.append("third")
            gate.set()

    async with asyncio.timeout(10):
        await asyncio.gather(first(), second(), third())
    assert (order, clock.slots.busy(QUEUE)) == (["third", "second"], 0)


async def test_a_turn_that_comes_after_the_stop_is_not_used() -> None:
    """Whoever waited for it comes to an end."""
    slots, gate = Slots(2), asyncio.Event()
    locks = SlotLocks(FreeTurns(), slots)

    async def first() -> None:
        async with slots.hold(QUEUE), locks.application("a"):
            await gate.wait()

    async def second() -> None:
        async with slots.hold(QUEUE), locks.application("a"):
            raise AssertionError("it began")

    one, two = asyncio.create_task(first()), asyncio.create_task(second())
    await settle()
    slots.stop()
    gate.set()
    await one
    with pytest.raises(Stopping):
        await two
