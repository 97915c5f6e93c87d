"""The engine of one process: each task once at a time, those left open later, and an end when it is asked for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from real_simulator import QuickClock
from spentkey.core.errors import Outage
from spentkey.core.outcome import Result, TicketState
from spentkey.engine.polling import PollingEngine
from spentkey.engine.port import Stage


class SlowClock(QuickClock):
    """Time that moves with each sleep, and lets others go on in between."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        for _ in range(5):
            await asyncio.to_thread(int)


@dataclass
class Desk:
    """Tasks that are open, and how the next tries at them end."""

    open: list[int]
    ends: dict[int, list[TicketState]] = field(default_factory=dict[int, list[TicketState]])
    away: int = 0
    begun: list[int] = field(default_factory=list[int])
    under_way: int = 0
    most: int = 0
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    async def queue(self) -> Sequence[int]:
        """The open tasks, or an outage."""
        if self.away:
            self.away -= 1
            raise Outage("Ivanti is away")
        return list(self.open)

    async def work(self, number: int) -> Result:
        """One try, which takes until the test lets it go on."""
        self.begun.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.hold.wait()
        self.under_way -= 1
        ticket = self.ends.get(number, []).pop(0) if self.ends.get(number) else TicketState.CLOSED
        if ticket is not TicketState.OPEN and number in self.open:
            self.open.remove(number)
        return Result(str(number), "removed", ticket)


async def until(engine: PollingEngine, desk: Desk, begun: int) -> None:
    """Serve until so many tries were begun, then ask it to stop and let everything end."""
    stop = asyncio.Event()
    serving = asyncio.ensure_future(engine.serve(stop))
    async with asyncio.timeout(20):
        while len(desk.begun) < begun and not serving.done():
            await asyncio.to_thread(int)
        stop.set()
        desk.hold.set()
        await serving


def engine_of(desk: Desk, concurrency: int = 4) -> PollingEngine:
    """An engine on that desk, with a clock that never waits."""
    return PollingEngine(desk.queue, desk.work, SlowClock(), concurrency)


async def test_open_tasks_are_found_and_worked_on_once() -> None:
    """However often they are polled while they are under way."""
    desk = Desk([1, 2, 3])
    await until(engine_of(desk), desk, 3)
    assert sorted(desk.begun) == [1, 2, 3]


async def test_an_offer_of_what_is_held_changes_nothing() -> None:
    """Queued or at work, it is there already."""
    desk = Desk([])
    engine = engine_of(desk)
    assert [await engine.offer(5) for _ in range(5)] == [True, False, False, False, False]
    await until(engine, desk, 1)
    assert (desk.begun, list(await engine.queued())) == ([5], [])


async def test_no_more_than_the_concurrency_at_once() -> None:
    """The others wait for a place."""
    desk = Desk(list(range(20)))
    desk.hold.set()
    await until(engine_of(desk, 3), desk, 20)
    assert (sorted(desk.begun), desk.most <= 3) == (list(range(20)), True)


async def test_a_task_that_stays_open_is_tried_again_later() -> None:
    """After the pause; polling in between does not bring it forward."""
    desk = Desk([1], {1: [TicketState.OPEN, TicketState.OPEN]})
    desk.hold.set()
    engine = engine_of(desk)
    engine.retry_s = 0.0
    await until(engine, desk, 3)
    assert desk.begun == [1, 1, 1]


async def test_an_offer_brings_a_waiting_task_forward() -> None:
    """What waits says until when, and goes first when somebody asks for it."""
    desk = Desk([1], {1: [TicketState.OPEN]})
    desk.hold.set()
    engine = engine_of(desk)
    await until(engine, desk, 1)
    (waiting,) = await engine.queued()
    assert (waiting.stage, waiting.tries, waiting.due is not None) == (Stage.LATER, 1, True)
    assert await engine.offer(1)
    assert [one.stage for one in await engine.queued()] == [Stage.QUEUED]


async def test_a_desk_that_is_away_is_asked_again() -> None:
    """Nothing ends because of it."""
    desk = Desk([1], away=3)
    desk.hold.set()
    await until(engine_of(desk), desk, 1)
    assert (desk.begun, desk.away) == ([1], 0)


async def test_a_bug_in_one_task_does_not_end_the_others() -> None:
    """The others are done; the bug is raised when it stops."""
    desk = Desk([1, 2])
    desk.hold.set()
    engine = engine_of(desk)
    real = engine.work

    async def work(number: int) -> Result:
        if number == 1:
            raise ZeroDivisionError
        return await real(number)

    engine.work = work
    with pytest.raises(ZeroDivisionError):
        await until(engine, desk, 1)
    assert desk.begun == [2]


async def test_work_under_way_is_brought_to_its_end() -> None:
    """A stop in the middle waits for it, and begins nothing more."""
    desk = Desk([1, 2, 3])
    engine = engine_of(desk, 1)
    await until(engine, desk, 1)
    assert (len(desk.begun), desk.under_way) == (1, 0)
