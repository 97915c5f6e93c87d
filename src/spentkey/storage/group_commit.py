"""Appends that come while one is being written go with the next: one lock and one flush of the disk for all of them.

Each still waits until what holds its own record is on the disk. So a slow disk makes groups larger, and not queues longer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 100
"""How many go together at most."""
Ends = Sequence[BaseException | None]


class GroupCommit(Generic[T]):
    """Collects items and passes them to `write`, which returns a result for each, or raises for all of them."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[Ends]]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Return when the item is written; raises what went wrong otherwise."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._until_none_waits())
        await done

    async def _until_none_waits(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                _tell([done for _, done in some], await self._ends([item for item, _ in some]))
        finally:
            self._writing = None

    async def _ends(self, items: Sequence[T]) -> Ends:
        try:
            return await self._write(items)
        except Exception as problem:  # noqa: BLE001  # it is raised where each item came from
            return [problem] * len(items)


def _tell(waiting: Sequence[asyncio.Future[None]], ends: Ends) -> None:
    for done, end in zip(waiting, ends, strict=True):
        if done.done():
            continue
        if end is None:
            done.set_result(None)
        else:
            done.set_exception(end)
