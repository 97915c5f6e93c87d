"""Locks inside one process, by name. Between processes, files or leases lock as well."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from weakref import WeakValueDictionary


class NamedLocks:
    """A lock for each name in use; one without holder and waiters is forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(
        self, name: str, while_waiting: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    ) -> AsyncGenerator[None]:
        """Hold the lock of that name; `while_waiting` is entered only where it is not free at once."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        if lock.locked():
            async with while_waiting():
                await lock.acquire()
        else:
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()
