"""Places: so many in a lane, given back while somebody waits, and no work broken off when it stops."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from spentkey.core.errors import Stopping, Who
from spentkey.system import SystemClock
from spentkey.worker.concurrency import PATIENCE_S, PlacedClock, PlacedTurns, Places
from support_core import ManualClock

LANE = "production"


class FreeTurns:
    """The `Turns` port with nobody else about."""

    @asynccontextmanager
    async def task(self, number: int) -> AsyncGenerator[None]:
        """Had at once."""
        del number
        yield

    @asynccontextmanager
    async def turn(self, app_id: str) -> AsyncGenerator[None]:
        """Had at once."""
        del app_id
        yield


async def settle() -> None:
    """Let everybody go as far as they can."""
    for _ in range(20):
        await asyncio.to_thread(int)


async def test_a_lane_has_so_many_places_and_another_lane_its_own() -> None:
    """Who comes third waits; in the other lane nobody does."""
    places, inside = Places(2), list[str]()
    gate = asyncio.Event()

    async def work(name: str, lane: str) -> None:
        async with places.place(lane):
            inside.append(name)
            await gate.wait()

    working = [asyncio.create_task(work(name, LANE)) for name in "abc"]
    working.append(asyncio.create_task(work("d", "onderwijs")))
    await settle()
    seen = list(inside)
    gate.set()
    await asyncio.gather(*working)
    assert (seen, places.busy(LANE)) == (["a", "b", "d"], 0)


async def test_who_sleeps_gives_the_place_to_the_next() -> None:
    """And works on when it is free again."""
    places = Places(1)
    clock, order = PlacedClock(ManualClock(), places), list[str]()

    async def sleeper() -> None:
        async with places.place(LANE):
            order.append("sleeps")
            await clock.sleep(60)
            order.append("woke")

    async def other() -> None:
        async with places.place(LANE):
            order.append("other")

    await asyncio.gather(sleeper(), other())
    assert (sorted(order), order[0], places.busy(LANE)) == (["other", "sleeps", "woke"], "sleeps", 0)


async def test_who_comes_back_goes_before_who_has_not_begun() -> None:
    """Work under way is finished first."""
    places, order = Places(1), list[str]()
    gate, leave = asyncio.Event(), asyncio.Event()

    async def returning() -> None:
        async with places.place(LANE):
            async with places.given_back():
                await gate.wait()
            order.append("back")

    async def holder() -> None:
        async with places.place(LANE):
            gate.set()
            await settle()
            leave.set()

    async def fresh() -> None:
        await gate.wait()
        async with places.place(LANE):
            order.append("fresh")

    await asyncio.gather(returning(), holder(), fresh())
    assert order == ["back", "fresh"]


async def test_who_comes_back_does_not_wait_for_ever() -> None:
    """With the only place held by somebody who waits for it, it goes on after a second: no deadlock."""
    places, lock = Places(1), asyncio.Lock()
    begun = asyncio.Event()

    async def first() -> None:
        async with places.place(LANE), lock, places.given_back():
            await begun.wait()

    async def second() -> None:
        async with places.place(LANE):
            begun.set()
            async with lock:
                pass

    async with asyncio.timeout(10 * PATIENCE_S):
        await asyncio.gather(first(), second())
    assert places.busy(LANE) == 0


async def test_a_task_without_a_place_sleeps_as_ever() -> None:
    """Commands for one task have no places."""
    clock = ManualClock()
    await PlacedClock(clock, Places(1)).sleep(5)
    assert clock.slept == [5]


async def test_who_sleeps_wakes_at_once_to_stop() -> None:
    """With an error that blames nobody; the place is free."""
    places = Places(1)
    clock = PlacedClock(SystemClock(), places)

    async def sleeper() -> None:
        async with places.place(LANE):
            await clock.sleep(3600)

    sleeping = asyncio.create_task(sleeper())
    await settle()
    places.stop()
    with pytest.raises(Stopping) as stopped:
        async with asyncio.timeout(5):
            await sleeping
    assert (stopped.value.who, places.busy(LANE)) == (Who.NOBODY, 0)


async def test_who_waits_for_a_place_does_not_begin_any_more() -> None:
    """Nor does anybody who comes after the stop."""
    places, gate = Places(1), asyncio.Event()

    async def holder() -> None:
        async with places.place(LANE):
            await gate.wait()

    async def waiter() -> None:
        async with places.place(LANE):
            raise AssertionError("it began")

    holding = asyncio.create_task(holder())
    await settle()
    waiting = asyncio.create_task(waiter())
    await settle()
    places.stop()
    for late in (waiting, waiter()):
        with pytest.raises(Stopping):
            await late
    gate.set()
    await holding


async def test_a_waiter_that_is_cancelled_loses_no_place() -> None:
    """The next one gets it."""
    places, gate = Places(1), asyncio.Event()

    async def work() -> None:
        async with places.place(LANE):
            await gate.wait()

    holding, waiting = asyncio.create_task(work()), asyncio.create_task(work())
    await settle()
    waiting.cancel()
    gate.set()
    await asyncio.gather(holding, waiting, return_exceptions=True)
    async with asyncio.timeout(1), places.place(LANE):
        assert places.busy(LANE) == 1


async def test_who_waits_for_a_turn_holds_no_place() -> None:
    """Two tasks about one application, one place: a third about another is worked on meanwhile."""
    places, order = Places(1), list[str]()
    clock, turns = PlacedClock(SystemClock(), places), PlacedTurns(FreeTurns(), places)
    gate = asyncio.Event()

    async def first() -> None:
        async with places.place(LANE), turns.turn("a"), places.given_back():
            await gate.wait()

    async def second() -> None:
        async with places.place(LANE), turns.turn("a"):
            order.append("second")

    async def third() -> None:
        async with places.place(LANE), turns.turn("b"), turns.task(1):
            order.append("third")
            gate.set()

    async with asyncio.timeout(10):
        await asyncio.gather(first(), second(), third())
    assert (order, clock.places.busy(LANE)) == (["third", "second"], 0)


async def test_a_turn_that_comes_after_the_stop_is_not_used() -> None:
    """Whoever waited for it comes to an end."""
    places, gate = Places(2), asyncio.Event()
    turns = PlacedTurns(FreeTurns(), places)

    async def first() -> None:
        async with places.place(LANE), turns.turn("a"):
            await gate.wait()

    async def second() -> None:
        async with places.place(LANE), turns.turn("a"):
            raise AssertionError("it began")

    one, two = asyncio.create_task(first()), asyncio.create_task(second())
    await settle()
    places.stop()
    gate.set()
    await one
    with pytest.raises(Stopping):
        await two
