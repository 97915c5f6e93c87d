"""Work side by side, and work that must be alone in its process: each goes on in its turn, and neither waits for ever."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from spentkey.core.errors import Stopping
from spentkey.core.step_reasons import STOPPED_BETWEEN
from spentkey.worker.concurrency import Slots


class Gate:
    """Lets tasks in together, or one alone. Who waits has no slot, and ends when the service stops.

    Who wants to be alone waits for those inside, and whoever comes after that waits too; then these go in before the
    next one that wants to be alone.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._inside, self._alone = 0, False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._waiting_to_be_alone: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def beside(self) -> AsyncGenerator[None]:
        """Work beside others."""
        if self._alone or self._waiting_to_be_alone:
            await self._wait(self._waiting, self._leave)
        else:
            self._inside += 1
        try:
            yield
        finally:
            self._leave()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Work while nobody else does."""
        if self._inside or self._alone or self._waiting_to_be_alone:
            await self._wait(self._waiting_to_be_alone, self._leave_alone)
        else:
            self._alone = True
        try:
            yield
        finally:
            self._leave_alone()

    async def _wait(self, queue: deque[asyncio.Future[None]], leave: Callable[[], None]) -> None:
        """Wait until it is let in; who is let in and cannot come any more leaves at once."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        stopping = asyncio.ensure_future(self._slots.stopping.wait())
        try:
            async with self._slots.released():
                await asyncio.wait({waiter, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._slots.stopping.is_set():
                raise Stopping(STOPPED_BETWEEN())
        except BaseException:
            if waiter.done():
                leave()
            else:
                queue.remove(waiter)
                self._let_in()
            raise
        finally:
            stopping.cancel()

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _leave_alone(self) -> None:
        self._alone = False
        self._admit_waiting()
        self._let_in()

    def _admit_waiting(self) -> None:
        while self._waiting:
            self._inside += 1
            self._waiting.popleft().set_result(None)

    def _let_in(self) -> None:
        if self._alone:
            return
        if not self._waiting_to_be_alone:
            self._admit_waiting()
        elif not self._inside:
            self._alone = True
            self._waiting_to_be_alone.popleft().set_result(None)
