"""One machine: tasks at the same time, turns on one application, and a bug in one task."""

import asyncio
from collections.abc import Awaitable

import pytest

from real_simulator import QuickClock
from spentkey.engine.local import LocalTurns, in_parallel

APP, OTHER = "22222222-2222-4222-8222-222222222222", "22222222-2222-4222-8222-333333333333"


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


async def test_one_application_is_written_to_by_one_task_at_a_time() -> None:
    """The second waits as long as the first holds its turn, and then has it."""
    turns = LocalTurns(QuickClock(), 5)

    async def second() -> None:
        async with turns.turn(APP):
            pass

    async with turns.turn(APP):
        waiting = asyncio.create_task(second())
        done, _ = await asyncio.wait({waiting}, timeout=0.05)
        assert done == set()
    async with asyncio.timeout(1):
        await waiting


async def test_two_applications_do_not_wait_for_one_another() -> None:
    """Turns are for each application."""
    clock = QuickClock()
    turns = LocalTurns(clock, 5)
    async with asyncio.timeout(1), turns.turn(APP), turns.turn(OTHER):
        assert clock.sleeps == []


async def test_writes_to_one_application_are_spaced() -> None:
    """The pause counts from the end of the last turn, and time that has passed anyway is not waited for again."""
    clock = QuickClock()
    turns = LocalTurns(clock, 5)
    async with turns.turn(APP):
        await clock.sleep(60)
    assert clock.sleeps == [60]
    async with turns.turn(APP):
        assert clock.sleeps == [60, 5]
    await clock.sleep(3)
    async with turns.turn(APP):
        assert clock.sleeps == [60, 5, 3, 2]


async def test_a_first_turn_waits_for_nobody() -> None:
    """There is no pause before the first write."""
    clock = QuickClock()
    async with LocalTurns(clock, 5).turn(APP):
        assert clock.sleeps == []


async def test_a_turn_is_given_back_when_its_holder_fails() -> None:
    """An exception does not lock the application for the rest of the run, and the pause still counts."""
    clock = QuickClock()
    turns = LocalTurns(clock, 5)
    with pytest.raises(ZeroDivisionError):
        async with turns.turn(APP):
            raise ZeroDivisionError
    async with asyncio.timeout(1), turns.turn(APP):
        assert clock.sleeps == [5]
