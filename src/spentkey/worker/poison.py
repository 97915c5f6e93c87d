"""What becomes of a task that ends the program: it is found by its mark, tried alone, and after two deaths handed over.

Each try is marked while it is under way. A start finds the marks of a process that died: each of those tasks is a suspect,
and tried when nothing else is, so that the next death tells which one it was. A try that ends clears its task.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from spentkey.core.errors import SpentkeyError
from spentkey.core.history import History
from spentkey.core.outcome import Failed, Result, TicketState
from spentkey.core.poison import DEATHS, DEATHS_UNTOUCHED, LEFT_ALONE, REST, hands_over
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Clock, Ids
from spentkey.ports.try_marks import TryMarks
from spentkey.worker.alone import Gate
from spentkey.worker.concurrency import Slots

T = TypeVar("T")
Story = Callable[[TaskRef, str], Awaitable[Result]]
"""One try at a task, under this id."""
GiveUp = Callable[[TaskRef, str, int], Awaitable[Result]]
"""Its hand-over after so many deaths."""
logger = logging.getLogger(__name__)


class MarkedWork:
    """Work on tasks of which none can end the program again and again."""

    def __init__(
        self,
        story: Story,
        give_up: GiveUp,
        history: Callable[[TaskRef], Awaitable[History]],
        marks: TryMarks,
        slots: Slots,
        clock: Clock,
        ids: Ids,
        others_first_s: float,
    ) -> None:
        self._story, self._give_up, self._history = story, give_up, history
        self._marks, self._slots, self._clock, self._ids = marks, slots, clock, ids
        self._others_first_s = others_first_s
        self._gate = Gate(slots)

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Look first at what a process before this one left behind; a stop, or an orderly end, leaves nothing."""
        await self._look_back()
        stopped = asyncio.create_task(self._until_told_to_stop())
        try:
            yield
        finally:
            stopped.cancel()
            await asyncio.gather(stopped, return_exceptions=True)
            await self._safely(self._marks.end_all())

    async def __call__(self, ref: TaskRef) -> Result:
        """Try the task beside others, or alone where it is a suspect."""
        await self._look_back()
        deaths = await self._deaths(ref)
        if deaths is None:
            async with self._gate.beside():
                return await self._marked(ref, self._story)
        if deaths >= DEATHS_UNTOUCHED:
            return self._left_alone(ref, deaths)
        await self._clock.sleep(self._others_first_s)  # so that others are done before it may end the program again
        async with self._gate.alone():
            logger.warning("task %s is tried alone: the program died while it was worked on", ref)
            if deaths >= DEATHS and hands_over(deaths, asked=await self._asked(ref)):
                return await self._marked(ref, lambda task, attempt: self._give_up(task, attempt, deaths), last=True)
            return await self._marked(ref, self._story)

    async def _marked(self, ref: TaskRef, story: Story, *, last: bool = False) -> Result:
        """A try that was broken off or did nothing, and a hand-over that did not come about, clear nothing."""
        attempt, cleared = self._ids.new(), not last
        await self._safely(self._marks.begin(ref, attempt))
        try:
            result = await story(ref, attempt)
            cleared = result.ticket is not TicketState.OPEN or (
                not last and result.guard != "G9" and not self._slots.stopping.is_set()
            )
        except asyncio.CancelledError:
            cleared = False
            raise
        finally:
            await self._safely(self._marks.end(ref, attempt, cleared=cleared))
        return result

    async def _look_back(self) -> None:
        for mark in await self._safely(self._marks.left_behind()) or ():
            counts = mark.alone and not await self._recorded(mark.task, mark.attempt)
            logger.warning("the program died while task %s was worked on%s", mark.task, " alone" if counts else "")
            await self._safely(self._marks.settle(mark, counts=counts))

    async def _deaths(self, ref: TaskRef) -> int | None:
        """None for a task that is tried beside others.

        A try of another machine that had begun to write is taken over at once: reads decide, and its death would not
        count. One that had not may be what ended that machine's program.
        """
        deaths = await self._safely(self._marks.deaths(ref))
        if deaths is None:
            elsewhere = await self._safely(self._marks.elsewhere(ref)) or ()
            unexplained = [attempt for attempt in elsewhere if not await self._recorded(ref, attempt)]
            return 0 if unexplained else None
        return deaths

    async def _recorded(self, ref: TaskRef, attempt: str) -> bool:
        """Whether that try wrote a record: then the task was read and judged, and what it did is decided by reads."""
        history = await self._safely(self._history(ref))
        return history is None or any(record.get("attempt") == attempt for record in history.records)

    async def _asked(self, ref: TaskRef) -> bool:
        history = await self._safely(self._history(ref))
        return history is None or history.asked_in_assignment

    def _left_alone(self, ref: TaskRef, deaths: int) -> Result:
        reason = LEFT_ALONE(deaths=deaths)
        logger.error("task %s is left alone: %s", ref, reason)
        until = self._clock.now() + REST
        return Result(ref, Failed.name, TicketState.OPEN, reason=reason, not_before=until)

    async def _until_told_to_stop(self) -> None:
        await self._slots.stopping.wait()
        await self._safely(self._marks.end_all())

    async def _safely(self, asking: Awaitable[T]) -> T | None:
        """Marks only say what to be careful with: without them the work goes on as it would."""
        try:
            return await asking
        except SpentkeyError as problem:
            logger.warning("the marks of tasks under way cannot be used: %s", problem)
            return None
