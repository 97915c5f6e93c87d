"""One machine, until stopped: polls the queue team and works on what is open, each task once at a time.

Ivanti is the durable queue, so what this holds is only in memory: a restart polls and finds the same tasks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Result, TicketState
from spentkey.engine.port import Queued, Stage
from spentkey.ports import Clock


@dataclass
class PollingEngine:
    """The `Engine` port in one process, without a database."""

    open_tasks: Callable[[], Awaitable[Sequence[int]]]
    work: Callable[[int], Awaitable[Result]]
    clock: Clock
    concurrency: int
    poll_s: float = 60.0
    retry_s: float = 300.0
    _held: dict[int, Queued] = field(default_factory=dict[int, Queued])
    _working: dict[int, "asyncio.Task[None]"] = field(default_factory=dict[int, "asyncio.Task[None]"])
    _bugs: list[Exception] = field(default_factory=list[Exception])
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def offer(self, task: int) -> bool:
        """Put it on the queue; one that waits for later is brought forward."""
        before = self._held.get(task)
        if before is not None and before.stage is not Stage.LATER:
            return False
        self._held[task] = Queued(task, Stage.QUEUED, tries=before.tries if before else 0)
        self._wake.set()
        return True

    async def queued(self) -> Sequence[Queued]:
        """What is held, in the order in which it came."""
        return tuple(self._held.values())

    async def serve(self, stop: asyncio.Event) -> None:
        """Poll and work until `stop` is set; what is under way is brought to its end."""
        helpers = [asyncio.ensure_future(one) for one in (self._poll(), self._tick())]
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                self._begin()
                waking = asyncio.ensure_future(self._wake.wait())
                done, _ = await asyncio.wait((stopping, waking, *helpers), return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                for helper in done & set(helpers):
                    await helper  # it never ends by itself: this raises what ended it
            for under_way in tuple(self._working.values()):
                await under_way
            if self._bugs:
                raise self._bugs[0]
        finally:
            for one in (*helpers, stopping, *self._working.values()):
                one.cancel()

    def _begin(self) -> None:
        """Begin as many as there are places for."""
        for one in tuple(self._held.values()):
            if one.stage is Stage.QUEUED and len(self._working) < self.concurrency:
                self._held[one.task] = replace(one, stage=Stage.WORKING, tries=one.tries + 1)
                self._working[one.task] = asyncio.ensure_future(self._try(one.task))

    async def _try(self, task: int) -> None:
        """One try. A task that stays open is tried again later; every other one is let go."""
        try:
            result = await self.work(task)
            if result.ticket is TicketState.OPEN:
                self._later(task)
            else:
                del self._held[task]
        except Exception as bug:  # noqa: BLE001  # one task's bug does not end the others; it is raised at the end
            self._bugs.append(bug)
            self._later(task)
        finally:
            del self._working[task]
            self._wake.set()

    def _later(self, task: int) -> None:
        due = self.clock.now() + timedelta(seconds=self.retry_s)
        self._held[task] = replace(self._held[task], stage=Stage.LATER, due=due)

    async def _poll(self) -> None:
        """Offer what is open; a service desk that is away is asked again at the next poll."""
        while True:
            with suppress(SpentkeyError):
                for task in await self.open_tasks():
                    if task not in self._held:
                        await self.offer(task)
            await self.clock.sleep(self.poll_s)

    async def _tick(self) -> None:
        """Bring forward what is due."""
        while True:
            await self.clock.sleep(1)
            now = self.clock.now()
            for one in tuple(self._held.values()):
                if one.stage is Stage.LATER and one.due is not None and one.due <= now:
                    await self.offer(one.task)
