"""One machine: tasks at the same time, and a bug in one of them."""

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

import pytest
from real_simulator import QuickClock

from spentkey.core.errors import OUT_OF_MEMORY
from spentkey.worker.concurrency import Slots
from spentkey.worker.local import LocalEngine, in_parallel
from spentkey.worker.routing import Router


class Crowd:
    """Counts how many are at work at once; nobody leaves before `wanted` have been there together."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.now, self.most, self.came = wanted, 0, 0, 0
        self._together = asyncio.Event()

    async def work(self, number: int) -> int:
        """Come, wait for the others, leave."""
        self.now, self.came = self.now + 1, self.came + 1
        await asyncio.to_thread(int)  # whoever else may come, comes now
        self.most = max(self.most, self.now)
        if self.now >= self.wanted:
            self._together.set()
        await self._together.wait()
        self.now -= 1
        return number * 10


async def within_a_second(work: Awaitable[list[int]]) -> list[int]:
    """Fail rather than hang when the tasks wait for one another."""
    async with asyncio.timeout(1):
        return await work


async def test_results_come_in_the_order_of_the_numbers() -> None:
    """Whoever ends first."""
    assert await in_parallel([3, 1, 2], Crowd(1).work, 16) == [30, 10, 20]


async def test_no_tasks_are_no_results() -> None:
    """An empty queue is no error."""
    assert await in_parallel([], Crowd(1).work, 16) == []


async def test_tasks_are_worked_on_at_the_same_time() -> None:
    """Twenty-four tasks that all wait for one another end, so all of them are under way at once."""
    crowd = Crowd(24)
    await within_a_second(in_parallel(list(range(24)), crowd.work, 24))
    assert crowd.most == 24


async def test_no_more_than_the_configured_number_are_under_way() -> None:
    """The rest waits for a place."""
    crowd = Crowd(4)
    await within_a_second(in_parallel(list(range(12)), crowd.work, 4))
    assert (crowd.most, crowd.came) == (4, 12)


async def test_one_after_the_other_is_possible() -> None:
    """A concurrency of one."""
    crowd = Crowd(1)
    await in_parallel([1, 2, 3], crowd.work, 1)
    assert crowd.most == 1


async def test_a_bug_in_one_task_does_not_end_the_others() -> None:
    """They are all worked on; then the bug is raised, and not hidden."""
    done: list[int] = []

    async def work(number: int) -> int:
        if number == 1:
            raise ZeroDivisionError("a bug")
        done.append(number)
        return number

    with pytest.raises(ZeroDivisionError, match="a bug"):
        await in_parallel([1, 2, 3, 4], work, 2)
    assert done == [2, 3, 4]


class ShortOfMemory:
    """A desk whose first look at the queue finds no memory left; the second one stops the engine."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.looks, self.stop = 0, stop

    async def queue(self) -> list[Any]:
        self.looks += 1
        if self.looks == 1:
            raise MemoryError
        self.stop.set()
        return []


async def test_polling_goes_on_when_memory_ran_out_once(caplog: pytest.LogCaptureFixture) -> None:
    """The service would else live on, and never look at the queue again."""
    stop = asyncio.Event()
    desk, anything = ShortOfMemory(stop), cast("Any", None)
    router = Router(cast("Any", desk), anything, ())
    engine = LocalEngine(router, anything, Slots(1), QuickClock(), 60.0)
    async with asyncio.timeout(5):
        await engine.serve(stop)
    assert desk.looks == 2
    assert f"the queue cannot be read: {OUT_OF_MEMORY()}" in caplog.text
