"""Builds the service: context, slots, and the engine that the settings choose."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from spentkey.bootstrap.checkpoints import IN_THE_LOG, HearsOfCheckpoints, signing
from spentkey.bootstrap.context import context_with
from spentkey.bootstrap.exports import Exporting, exporting
from spentkey.bootstrap.notices import notifying
from spentkey.bootstrap.settings import needs_desk
from spentkey.bootstrap.storage import Storage, engine_for, storage_for
from spentkey.bootstrap.timestamps import stamping
from spentkey.core.errors import PROBLEMS, known
from spentkey.core.history import History
from spentkey.core.outcome import Result
from spentkey.core.rules import TenantRules
from spentkey.core.task import TaskRef, recorded
from spentkey.http.sessions import use_small_buffers
from spentkey.observe.notify import Heard, unheard
from spentkey.observe.observer import Observers
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.queue import Engine
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Clock, Ids, Meter, Progress
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.steps.give_up import give_up
from spentkey.story import work_on
from spentkey.system import SystemClock, SystemIds, allow_many_files
from spentkey.worker.concurrency import SlotClock, SlotLocks, Slots
from spentkey.worker.local import once
from spentkey.worker.narrowing import Narrowing
from spentkey.worker.poison import MarkedWork
from spentkey.worker.routing import Router

Story = Callable[[TaskRef, Context, str], Awaitable[Result]]
"""What is done with a task under the id of this try: its story, or its hand-over."""
Trying = Callable[[Story, TaskRef, Context, str], Awaitable[Result]]
"""One try at a task with this context: the story alone, or observed."""


async def unobserved(story: Story, ref: TaskRef, context: Context, attempt: str) -> Result:
    """The story alone."""
    return await story(ref, context, attempt)


@dataclass
class RunWindow:
    """The runs of a service, by which guard G8 counts: one for each poll interval of a process."""

    clock: Clock
    ids: Ids
    length_s: float
    _current: str = ""
    _ends: float = 0.0

    def current(self) -> str:
        """The id of the present run."""
        now = self.clock.monotonic()
        if now >= self._ends:
            self._current, self._ends = self.ids.new(), now + self.length_s
        return self._current


@dataclass(frozen=True)
class Worker:
    """A context whose work takes slots, and the router that chooses the slots."""

    context: Context
    slots: Slots
    router: Router
    storage: Storage
    clock: Clock

    poll_s: float

    async def once(self, stop: asyncio.Event | None = None, trying: Trying = unobserved) -> list[Result]:
        """Work on every task that is open now, or until `stop` is set: one run for guard G8."""
        work = self.marked(trying, lambda: self.context.run)
        stopping = asyncio.create_task(self._stop_when(stop or asyncio.Event()))
        try:
            async with work.watching():
                return await once(self.router, self.slots, work)
        finally:
            stopping.cancel()

    async def _stop_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.slots.stop()

    def marked(self, trying: Trying, run: Callable[[], str]) -> MarkedWork:
        """Work on tasks, each try of which is marked while it is under way."""

        async def story(ref: TaskRef, attempt: str) -> Result:
            return await trying(work_on, ref, replace(self.context, run=run()), attempt)

        async def hand_over(ref: TaskRef, attempt: str, deaths: int) -> Result:
            handing_over = partial(work_on, how=partial(give_up, deaths=deaths))
            return await trying(handing_over, ref, replace(self.context, run=run()), attempt)

        async def history(ref: TaskRef) -> History:
            return await self.context.evidence.history(recorded(ref, self.context.rules.desk.numbers))

        marks, clock = self.storage.tries, self.context.clock
        return MarkedWork(story, hand_over, history, marks, self.slots, clock, self.context.ids, self.poll_s)


@dataclass(frozen=True)
class Service:
    """An engine, and the context that it works with."""

    engine: Engine
    context: Context
    tree: EvidenceTree
    export: Exporting


def prepare_process() -> None:
    """For `work` and `serve`, whose process is our own: as many open files as allowed, and smaller TLS buffers."""
    allow_many_files()
    use_small_buffers()


@asynccontextmanager
async def worker_for(
    settings: Settings,
    progress: Progress,
    *,
    use_proxies: bool = True,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Worker]:
    """A context that releases its slot while it waits."""
    needs_desk(settings)
    slots, time = Slots(settings.engine.concurrency), clock or SystemClock()
    placed = SlotClock(time, slots)
    async with (
        storage_for(settings, placed, progress=progress) as storage,
        context_with(storage, settings, progress, placed, use_proxies=use_proxies, meter=meter) as bare,
    ):
        context = replace(bare, locks=SlotLocks(storage.locks, slots))
        narrowing = Narrowing(context.evidence, context.directories, context.rules.tenants, context.clock)
        router = Router(context.desk, context.rules.request, context.rules.tenants, narrowing.when_due)
        yield Worker(context, slots, router, storage, time, settings.engine.poll_s)


@asynccontextmanager
async def service_for(
    settings: Settings,
    progress: Progress,
    trying: Trying = unobserved,
    *,
    use_proxies: bool = True,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
    notified: Heard = unheard,
    signed: HearsOfCheckpoints = IN_THE_LOG,
) -> AsyncGenerator[Service]:
    """The engine of one machine, or of several where `engine.database_url` is set; notices, where they are wanted; checkpoints."""
    async with worker_for(settings, progress, use_proxies=use_proxies, clock=clock, meter=meter) as worker:
        run_window = RunWindow(worker.clock, SystemIds(), settings.engine.poll_s)
        work = worker.marked(trying, run_window.current)
        async with (
            work.watching(),
            engine_for(settings, worker.storage, worker.router, work, worker.slots, worker.clock) as engine,
            stamping(settings, worker.storage.tree, worker.clock, progress.tell, meter=meter, use_proxies=use_proxies),
            notifying(
                settings,
                worker.storage,
                worker.context,
                worker.clock,
                SystemIds(),
                notified,
                meter=meter,
                use_proxies=use_proxies,
            ),
            signing(settings, worker.storage, worker.clock, signed),
        ):
            export = exporting(settings, worker.storage, worker.clock)
            yield Service(engine, worker.context, worker.storage.tree, export)


HOUR_S = 3600.0


DAY_S = 86400.0


def observed(observers: Observers) -> Trying:
    """The story as work for an engine; the observer hears of it."""

    async def trying(story: Story, ref: TaskRef, context: Context, attempt: str) -> Result:
        with observers.working(ref, attempt):
            try:
                result = await story(ref, context, attempt)
            except Exception as problem:
                observers.crashed(ref, problem)
                raise
            observers.ended(result)
        return result

    return trying


DaysLeft = Callable[[str, str, float | None], None]
"""Hears the name of a tenant, the kind of the automation's own credential (empty where not even that is known), and the
days until it ends: infinite for a kind that does not end, None where it is not known."""


async def watch_own_credentials(context: Context, clock: Clock, tell: DaysLeft) -> None:
    """Once an hour, say for each tenant how many days the automation's own credential lives."""
    while True:
        for tenant in context.rules.tenants:
            tell(tenant.name, *await _days_left(context, tenant))
        await clock.sleep(HOUR_S)


async def verify_every_day(context: Context, clock: Clock, tell: Callable[[str], None]) -> None:
    """Read the whole chain once a day. A fault is told; from then on the evidence itself refuses every removal."""
    while True:
        await clock.sleep(DAY_S)
        try:
            count = await context.evidence.verify()
        except PROBLEMS as problem:
            tell(f"the evidence does not verify: {known(problem)}")
        else:
            tell(f"the evidence verifies, {count} records")


async def _days_left(context: Context, tenant: TenantRules) -> tuple[str, float | None]:
    try:
        own = await (await context.directories.open(tenant)).own_credential()
    except PROBLEMS:
        return "", None
    if not own.kind.ends:
        return own.kind.value, math.inf
    left = None if own.ends is None else (own.ends - context.clock.now()).total_seconds() / DAY_S
    return own.kind.value, left
