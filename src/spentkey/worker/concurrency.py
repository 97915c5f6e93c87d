"""Slots: so many tasks work at once in each route. A task that waits for time or for a lock releases its slot.

A route is a tenant, so that a tenant whose systems are slow or away does not delay the others. Verification,
Retry-After and the pause between two writes need no slot. A task that returns from a wait goes before tasks that have
not begun. After a second it takes one slot too many: it may hold something, such as the sign-in, for which all others
wait.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from spentkey.core.errors import Stopping
from spentkey.core.step_reasons import STOPPED_BETWEEN, STOPPING
from spentkey.core.task import TaskRef
from spentkey.ports.locks import Locks
from spentkey.ports.runtime import Clock
from spentkey.storage.named_locks import NamedLocks

PATIENCE_S = 1.0
"""How long a task that returns from a wait waits for a free slot, in seconds."""
UNDER_WAY = 16
"""How many tasks of a route may be under way for each of its slots; most of them wait.

A removal is busy for some 2 s at 100 ms an answer, and takes 27 s with its verification.
"""


@dataclass
class _Limit:
    busy: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])
    returning: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])


@dataclass
class _Held:
    """One slot, and how many parts of its task wait at this moment."""

    limit: _Limit
    away: int = 0


_held: ContextVar[_Held | None] = ContextVar("place", default=None)


class Slots:
    """The slots of one process."""

    def __init__(self, per_queue: int) -> None:
        self.per_queue = per_queue
        self.stopping = asyncio.Event()
        """Set once, when all work is to stop at a safe point."""
        self._limits: defaultdict[str, _Limit] = defaultdict(_Limit)

    def busy(self, queue: str) -> int:
        """How many tasks work in that route at this moment."""
        return self._limits[queue].busy

    def stop(self) -> None:
        """End all waits; a task between two waits goes on to its next one."""
        self.stopping.set()
        for limit in self._limits.values():
            while limit.waiting:
                self._tell(limit.waiting.popleft(), Stopping(STOPPING()))

    def go_on(self) -> None:
        """Raise `Stopping` when it is time to stop."""
        if self.stopping.is_set():
            raise Stopping(STOPPED_BETWEEN())

    @asynccontextmanager
    async def hold(self, queue: str) -> AsyncGenerator[None]:
        """Wait for a slot in that route, first come, first served, and hold it."""
        held = _Held(self._limits[queue])
        await self._take(held.limit)
        token = _held.set(held)
        try:
            yield
        finally:
            _held.reset(token)
            self._leave(held.limit)

    @asynccontextmanager
    async def released(self) -> AsyncGenerator[None]:
        """Release the slot of the present task, if it has one, for the time of this block."""
        held = _held.get()
        if held is None:
            yield
            return
        held.away += 1
        if held.away == 1:
            self._leave(held.limit)
        try:
            yield
        finally:
            held.away -= 1
            if held.away == 0:
                await self._come_back(held.limit)

    async def _take(self, limit: _Limit) -> None:
        self.go_on()
        if limit.busy < self.per_queue and not limit.waiting and not limit.returning:
            limit.busy += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        limit.waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._leave(limit)
            raise

    async def _come_back(self, limit: _Limit) -> None:
        """Take a slot before any new task; one is taken in any case, so that it can be released again."""
        if limit.busy >= self.per_queue:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            limit.returning.append(waiter)
            try:
                await asyncio.wait({waiter}, timeout=PATIENCE_S)
            finally:
                if not waiter.done() or waiter.cancelled():
                    waiter.cancel()
                    limit.busy += 1
            return
        limit.busy += 1

    def _leave(self, limit: _Limit) -> None:
        limit.busy -= 1
        for waiters in (limit.returning, limit.waiting):
            while waiters and limit.busy < self.per_queue:
                if self._tell(waiters.popleft(), None):
                    limit.busy += 1

    @staticmethod
    def _tell(waiter: asyncio.Future[None], problem: Stopping | None) -> bool:
        if waiter.done():
            return False
        if problem is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(problem)
        return True


@dataclass(frozen=True)
class SlotClock:
    """The `Clock` port for tasks in slots: a sleeping task releases its slot, and wakes at once on a stop."""

    clock: Clock
    slots: Slots

    def now(self) -> datetime:
        """The present time."""
        return self.clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait without a slot; raises `Stopping` when the service is being stopped."""
        if _held.get() is None:
            await self.clock.sleep(seconds)
            return
        self.slots.go_on()
        async with self.slots.released():
            await until_set(self.slots.stopping, self.clock.sleep, seconds)
        self.slots.go_on()


async def until_set(
    event: asyncio.Event, sleep: Callable[[float], Coroutine[None, None, None]], seconds: float
) -> None:
    """Sleep, but not beyond the moment when `event` is set."""
    sleeping, waiting = asyncio.ensure_future(sleep(seconds)), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({sleeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in (sleeping, waiting):
            one.cancel()


class SlotLocks:
    """The `Locks` port for tasks in slots: a task that waits for a lock releases its slot.

    Inside this process it waits here; for other processes the locks themselves wait, by the clock above.
    """

    def __init__(self, locks: Locks, slots: Slots) -> None:
        self._locks, self._slots = locks, slots
        self._here = NamedLocks()

    @asynccontextmanager
    async def task(self, ref: TaskRef) -> AsyncGenerator[None]:
        """One worker on a task."""
        async with self._alone(f"task {ref}"), self._locks.task(ref):
            yield

    @asynccontextmanager
    async def application(self, app_id: str) -> AsyncGenerator[None]:
        """One writer on an application."""
        async with self._alone(f"application {app_id}"), self._locks.application(app_id):
            yield

    @asynccontextmanager
    async def canary(self, tenant: str, route: str) -> AsyncGenerator[None]:
        """One unproven removal in a tenant, by a route."""
        async with self._alone(f"canary {route} {tenant}"), self._locks.canary(tenant, route):
            yield

    @asynccontextmanager
    async def opening(self, name: str) -> AsyncGenerator[None]:
        """One process that opens a request of that name."""
        async with self._alone(f"opening {name}"), self._locks.opening(name):
            yield

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncGenerator[None]:
        async with self._here.hold(name, self._slots.released):
            self._slots.go_on()
            yield
