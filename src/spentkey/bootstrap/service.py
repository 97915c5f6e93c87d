"""Builds the service: context, slots, and the engine that the settings choose."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from spentkey.bootstrap.context import context_with
from spentkey.bootstrap.settings import needs_desk
from spentkey.bootstrap.storage import Storage, engine_for, storage_for
from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Result
from spentkey.core.rules import TenantRules
from spentkey.core.task import TaskRef
from spentkey.http.sessions import use_small_buffers
from spentkey.observe.observer import Observers
from spentkey.ports.queue import Engine
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Clock, Ids, Meter, Progress
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.story import work_on
from spentkey.system import SystemClock, SystemIds, allow_many_files
from spentkey.worker.concurrency import SlotClock, SlotLocks, Slots
from spentkey.worker.local import once
from spentkey.worker.narrowing import Narrowing
from spentkey.worker.routing import Router

Trying = Callable[[TaskRef, Context], Awaitable[Result]]
"""One try at a task with this context: the story, or the observed story."""


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

    async def once(self) -> list[Result]:
        """Work on every task that is open now: one run for guard G8."""
        return await once(self.router, self.slots, lambda ref: work_on(ref, self.context))


@dataclass(frozen=True)
class Service:
    """An engine, and the context that it works with."""

    engine: Engine
    context: Context


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
        yield Worker(context, slots, router, storage, time)


@asynccontextmanager
async def service_for(
    settings: Settings,
    progress: Progress,
    trying: Trying = work_on,
    *,
    use_proxies: bool = True,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Service]:
    """The engine of one machine, or of several where `engine.database_url` is set."""
    async with worker_for(settings, progress, use_proxies=use_proxies, clock=clock, meter=meter) as worker:
        run_window = RunWindow(worker.clock, SystemIds(), settings.engine.poll_s)

        async def work(ref: TaskRef) -> Result:
            return await trying(ref, replace(worker.context, run=run_window.current()))

        async with engine_for(settings, worker.storage, worker.router, work, worker.slots, worker.clock) as engine:
            yield Service(engine, worker.context)


HOUR_S = 3600.0


DAY_S = 86400.0


def observed(observers: Observers) -> Trying:
    """The story as work for an engine; the observer hears of it."""

    async def trying(ref: TaskRef, context: Context) -> Result:
        attempt = context.ids.new()
        with observers.working(ref, attempt):
            try:
                result = await work_on(ref, context, attempt)
            except Exception as problem:
                observers.crashed(ref, problem)
                raise
            observers.ended(result)
        return result

    return trying


async def watch_own_credentials(context: Context, clock: Clock, tell: Callable[[str, float | None], None]) -> None:
    """Once an hour, say for each tenant how many days the automation's own secret lives; None where it is not known."""
    while True:
        for tenant in context.rules.tenants:
            tell(tenant.name, await _days_left(context, tenant))
        await clock.sleep(HOUR_S)


async def verify_every_day(context: Context, clock: Clock, tell: Callable[[str], None]) -> None:
    """Read the whole chain once a day. A fault is told; from then on the evidence itself refuses every removal."""
    while True:
        await clock.sleep(DAY_S)
        try:
            count = await context.evidence.verify()
        except SpentkeyError as problem:
            tell(f"the evidence does not verify: {problem}")
        else:
            tell(f"the evidence verifies, {count} records")


async def _days_left(context: Context, tenant: TenantRules) -> float | None:
    try:
        directory = await context.directories.open(tenant)
        application = (await directory.look(directory.client_id)).application
    except SpentkeyError:
        return None
    now = context.clock.now()
    ends = application.live_secret_ends(now) if application is not None else []
    return (ends[0] - now).total_seconds() / DAY_S if ends else None
