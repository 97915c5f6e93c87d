"""The suite for an engine: what keeps the queue and works on it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from spentkey.core.outcome import Result, TicketState
from spentkey.core.task import TaskRef
from spentkey.ports.queue import Engine, Stage
from spentkey.testing.running import with_rig

FIRST, SECOND = TaskRef("INC-1"), TaskRef("INC-2")
SOON_S = 20.0


class QueueRig(Protocol):
    """An engine whose work the test decides."""

    @property
    def engine(self) -> Engine:
        """The engine that is held against the suite."""
        ...

    @property
    def worked_on(self) -> list[TaskRef]:
        """The tasks on which work began, in that order."""
        ...

    def work(self, does: Callable[[TaskRef], Awaitable[Result]]) -> None:
        """Let this be what is done with a task, in place of closing it at once."""
        ...

    async def file(self, ref: TaskRef) -> None:
        """An open task at the service desk."""
        ...


class QueueContract(ABC):
    """What every engine does."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[QueueRig]:
        """An engine with an empty queue that polls at least each second."""

    def test_a_task_that_is_offered_often_is_worked_on_once(self) -> None:
        """One of the offers puts it on the queue."""

        async def do(rig: QueueRig) -> None:
            offered = [await rig.engine.offer(FIRST) for _ in range(5)]
            assert offered == [True, False, False, False, False]
            assert [(one.task, one.stage) for one in await rig.engine.queued()] == [(FIRST, Stage.QUEUED)]
            async with _serving(rig):
                await _until_empty(rig)
            assert rig.worked_on == [FIRST]

        with_rig(self.rig(), do)

    def test_open_tasks_are_found_without_an_offer(self) -> None:
        """The queue of the desk is polled."""

        async def do(rig: QueueRig) -> None:
            await rig.file(FIRST)
            await rig.file(SECOND)
            async with _serving(rig):
                await _until(lambda: len(rig.worked_on) >= 2)
                await _until_empty(rig)
            assert sorted(rig.worked_on) == [FIRST, SECOND]

        with_rig(self.rig(), do)

    def test_a_task_that_is_left_open_waits_for_its_next_try(self) -> None:
        """It says when that is, and an offer brings it forward."""

        async def do(rig: QueueRig) -> None:
            async def leave(ref: TaskRef) -> Result:
                open_yet = rig.worked_on.count(ref) == 1
                return Result(ref, "failed", TicketState.OPEN if open_yet else TicketState.CLOSED)

            rig.work(leave)
            await rig.engine.offer(FIRST)
            async with _serving(rig):
                await _until_stage(rig, Stage.LATER)
                (held,) = await rig.engine.queued()
                assert held.due is not None
                await rig.engine.offer(FIRST)
                await _until_empty(rig)
            assert rig.worked_on == [FIRST, FIRST]

        with_rig(self.rig(), do)

    def test_stopping_waits_for_what_is_under_way(self) -> None:
        """It is not broken off, and nothing new begins."""

        async def do(rig: QueueRig) -> None:
            ended, go_on = list[TaskRef](), asyncio.Event()

            async def slowly(ref: TaskRef) -> Result:
                await go_on.wait()
                ended.append(ref)
                return Result(ref, "removed", TicketState.CLOSED)

            rig.work(slowly)
            await rig.engine.offer(FIRST)
            stop = asyncio.Event()
            serving = asyncio.create_task(rig.engine.serve(stop))
            await _until(lambda: bool(rig.worked_on))
            stop.set()
            go_on.set()
            async with asyncio.timeout(SOON_S):
                await serving
            assert (ended, rig.worked_on) == ([FIRST], [FIRST])

        with_rig(self.rig(), do)

    def test_a_bug_in_one_task_does_not_end_the_work_on_others(self) -> None:
        """It waits for another try."""

        async def do(rig: QueueRig) -> None:
            async def meets_a_bug(ref: TaskRef) -> Result:
                if ref == FIRST:
                    raise ZeroDivisionError
                return Result(ref, "removed", TicketState.CLOSED)

            rig.work(meets_a_bug)
            await rig.engine.offer(FIRST)
            await rig.engine.offer(SECOND)
            async with _serving(rig):
                await _until(lambda: {FIRST, SECOND} <= set(rig.worked_on))
                await _until_stage(rig, Stage.LATER)
                assert [one.task for one in await rig.engine.queued()] == [FIRST]

        with_rig(self.rig(), do)


@asynccontextmanager
async def _serving(rig: QueueRig) -> AsyncGenerator[None]:
    stop = asyncio.Event()
    serving = asyncio.create_task(rig.engine.serve(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(SOON_S):
            await serving


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():
            await asyncio.sleep(0.01)


async def _until_empty(rig: QueueRig) -> None:
    async with asyncio.timeout(SOON_S):
        while await rig.engine.queued():
            await asyncio.sleep(0.01)


async def _until_stage(rig: QueueRig, stage: Stage) -> None:
    async with asyncio.timeout(SOON_S):
        while [one.stage for one in await rig.engine.queued()] != [stage]:
            await asyncio.sleep(0.01)
