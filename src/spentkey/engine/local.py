"""One machine: Ivanti is the durable queue, and asyncio works on several tasks at once.

A crash loses nothing: the next run finds the open tasks again and reads what is true. Inside one process, tasks of one
application take turns, because Graph refuses writes to one application that come close together
(github.com/nais/azurerator/issues/448).
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from spentkey.ports import Clock

T = TypeVar("T")


async def in_parallel(numbers: Sequence[int], work: Callable[[int], Awaitable[T]], concurrency: int) -> list[T]:
    """Work on all tasks, at most `concurrency` at once; the results come in the order of the numbers.

    A bug in one task does not end the others: it is raised when all are done.
    """
    places = asyncio.Semaphore(concurrency)
    done: dict[int, T] = {}

    async def one(number: int) -> None:
        async with places:
            done[number] = await work(number)

    ended = await asyncio.gather(*(one(number) for number in numbers), return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return [done[number] for number in numbers]


class LocalTurns:
    """The `Turns` port inside one process."""

    def __init__(self, clock: Clock, spacing_s: float) -> None:
        self._clock, self._spacing_s = clock, spacing_s
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, app_id: str) -> AsyncGenerator[None]:
        """Wait until the last holder is done, and for the rest of the pause after it."""
        async with self._locks[app_id]:
            pause = self._free_at.get(app_id, 0.0) - self._clock.monotonic()
            if pause > 0:
                await self._clock.sleep(pause)
            try:
                yield
            finally:
                self._free_at[app_id] = self._clock.monotonic() + self._spacing_s
