"""One machine: the service desk is the durable queue, and asyncio works on several tasks at once.

A crash loses nothing: the next start finds the open tasks again and reads what is true.
"""

import asyncio
import heapq
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from spentkey.core.errors import PROBLEMS, known
from spentkey.core.task import TaskRef
from spentkey.ports.queue import Queued, Stage
from spentkey.ports.runtime import Clock
from spentkey.worker.after_try import AfterTry, Done, MoveTo, RetryIn, Tries, Work
from spentkey.worker.backoff import OTHERWISE
from spentkey.worker.concurrency import UNDER_WAY, Slots, until_set
from spentkey.worker.routing import UNSORTED, Route, Router

T = TypeVar("T")
K = TypeVar("K")
logger = logging.getLogger(__name__)


async def in_parallel(refs: Sequence[K], work: Callable[[K], Awaitable[T]], concurrency: int) -> list[T]:
    """Work on all tasks, at most `concurrency` at once; the results come in the order in which they were given.

    A bug in one task does not end the others: it is raised when all are done.
    """
    slots = asyncio.Semaphore(concurrency)
    done: dict[K, T] = {}

    async def one(ref: K) -> None:
        async with slots:
            done[ref] = await work(ref)

    ended = await asyncio.gather(*(one(ref) for ref in refs), return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return [done[ref] for ref in refs]


async def once(router: Router, slots: Slots, work: Callable[[TaskRef], Awaitable[T]]) -> list[T]:
    """Work on every task that is open now, each route by itself; the results come in the order in which they were given."""
    await router.before_poll()
    tasks = await router.desk.queue()
    routes = await in_parallel(range(len(tasks)), lambda at: router.route(tasks[at]), slots.per_queue)
    queues: dict[str, list[TaskRef]] = {}
    for task, route in zip(tasks, routes, strict=True):
        queues.setdefault((route or UNSORTED).queue, []).append(task.ref)

    async def in_queue(queue: str) -> list[tuple[TaskRef, T]]:
        async def one(ref: TaskRef) -> tuple[TaskRef, T]:
            async with slots.hold(queue):
                return ref, await work(ref)

        return await in_parallel(queues[queue], one, UNDER_WAY * slots.per_queue)

    ended = await asyncio.gather(*(in_queue(queue) for queue in queues), return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    done = dict(pair for end in ended if not isinstance(end, BaseException) for pair in end)
    return [done[task.ref] for task in tasks]


@dataclass
class _Entry:
    """A task in the queue."""

    task: TaskRef
    route: Route = UNSORTED
    routed: bool = False
    stage: Stage = Stage.QUEUED
    due: float = 0.0
    tries: int = 0


class LocalEngine:
    """The `Engine` port for one process; several on one machine share locks and limits, and find the same tasks."""

    def __init__(self, router: Router, work: Work, slots: Slots, clock: Clock, poll_s: float) -> None:
        self._router, self._slots, self._clock, self._poll_s = router, slots, clock, poll_s
        self._tries = Tries(router, work, slots, clock, poll_s)
        self._entries: dict[TaskRef, _Entry] = {}
        self._ready: dict[str, deque[_Entry]] = {queue: deque() for queue in router.queues}
        self._parked: dict[str, deque[_Entry]] = {}
        self._later: list[tuple[float, TaskRef]] = []
        self._locked: set[str] = set()
        self._under_way: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def offer(self, task: TaskRef) -> bool:
        """Put a task on the queue; False when it is there already, and one that waits for later is brought forward."""
        entry = self._entries.get(task)
        if entry is None:
            self._add(_Entry(task))
            return True
        if entry.stage is Stage.LATER:
            self._make_ready(entry)
        return False

    async def queued(self) -> Sequence[Queued]:
        """Every task that this process holds."""
        return [self._shown(entry) for entry in self._entries.values()]

    def _shown(self, entry: _Entry) -> Queued:
        wait = timedelta(seconds=max(0.0, entry.due - self._clock.monotonic()))
        due = self._clock.now() + wait if entry.stage is Stage.LATER else None
        return Queued(entry.task, entry.stage, due, entry.tries)

    async def serve(self, stop: asyncio.Event) -> None:
        """Poll and work until `stop` is set; then tasks that wait end, and the others go on to their next wait."""
        polling = asyncio.create_task(self._poll_on())
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._news.clear()
                wait_s = self._start_what_may()
                if not self._news.is_set():
                    news = asyncio.create_task(self._news.wait())
                    await asyncio.wait({news, stopped}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
                    news.cancel()
        finally:
            polling.cancel()
            stopped.cancel()
            self._slots.stop()
            await asyncio.gather(polling, *self._running, return_exceptions=True)

    async def _poll_on(self) -> None:
        wait_s = self._poll_s
        while True:
            try:
                await self.poll()
            except PROBLEMS as problem:
                logger.warning("the queue cannot be read: %s", known(problem))
                wait_s = min(OTHERWISE * self._poll_s, 2 * wait_s)
            else:
                wait_s = self._poll_s
            await until_set(self._slots.stopping, self._clock.sleep, wait_s)

    async def poll(self) -> None:
        """Look at the queue team once, and take on what is not held yet."""
        async for some in self._router.new_in_queue(self._entries, self._slots.per_queue):
            for ref, route in some:
                if ref not in self._entries:
                    self._add(_Entry(ref, route, routed=True))

    def _add(self, entry: _Entry) -> None:
        self._entries[entry.task] = entry
        self._make_ready(entry)

    def _make_ready(self, entry: _Entry) -> None:
        entry.stage = Stage.QUEUED
        self._ready[entry.route.queue].append(entry)
        self._news.set()

    def _start_what_may(self) -> float | None:
        """Start every task that may; gives after how many seconds to look again if nothing happens before."""
        now = self._clock.monotonic()
        while self._later and self._later[0][0] <= now:
            due, task = heapq.heappop(self._later)
            entry = self._entries.get(task)
            if entry is not None and entry.stage is Stage.LATER and entry.due == due:
                self._make_ready(entry)
        waits = [wait for queue in self._ready if (wait := self._start_in(queue)) is not None]
        if self._later:
            waits.append(self._later[0][0] - now)
        return min(waits, default=None)

    def _start_in(self, queue: str) -> float | None:
        ready, most = self._ready[queue], UNDER_WAY * self._slots.per_queue
        while ready and self._under_way[queue] < most:
            lock = ready[0].route.lock
            if lock is not None and lock in self._locked:
                self._parked.setdefault(lock, deque()).append(ready.popleft())
                continue
            wait_s = self._tries.wait_s(ready[0].task, queue)
            if wait_s > 0:
                return wait_s
            self._start(ready.popleft())
        return None

    def _start(self, entry: _Entry) -> None:
        entry.stage = Stage.WORKING
        self._under_way[entry.route.queue] += 1
        if entry.route.lock is not None:
            self._locked.add(entry.route.lock)
        running = asyncio.create_task(self._run(entry), name=f"task {entry.task}")
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run(self, entry: _Entry) -> None:
        route = entry.route
        self._ended(entry, route, await self._tries.after_try(entry.task, route, routed=entry.routed))

    def _ended(self, entry: _Entry, route: Route, after: AfterTry) -> None:
        self._under_way[route.queue] -= 1
        self._release(route.lock)
        match after:
            case Done():
                del self._entries[entry.task]
            case MoveTo(found):
                entry.route, entry.routed = found, True
                self._make_ready(entry)
            case RetryIn(seconds):
                entry.stage, entry.due = Stage.LATER, self._clock.monotonic() + seconds
                entry.tries += 1
                heapq.heappush(self._later, (entry.due, entry.task))
        self._news.set()

    def _release(self, lock: str | None) -> None:
        """Let the next task of the application go to the front of its queue."""
        if lock is None:
            return
        self._locked.discard(lock)
        waiting = self._parked.get(lock)
        if waiting:
            self._ready[waiting[0].route.queue].appendleft(waiting.popleft())
        if not waiting:
            self._parked.pop(lock, None)
