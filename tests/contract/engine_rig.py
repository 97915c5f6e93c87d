"""What the engines' contract is tried with: a desk of tasks in memory, work that a test steers, and either engine."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support_core import ONDERWIJS, PRODUCTION, REQUEST_RULES, parameters, task
from waiting import a_look, until_so

from spentkey.core.errors import SpentkeyError, Stopping
from spentkey.core.notes import AddedNote, NewNote
from spentkey.core.outcome import Result, TicketState
from spentkey.core.secret import Secret
from spentkey.core.task import Applied, Change, FaultKind, Request, Task, TaskRef
from spentkey.ports.locks import Locks
from spentkey.ports.queue import Engine
from spentkey.ports.service_desk import BeforeOpening, FoundRequest, NewRequest, Note, Sent
from spentkey.storage.files.locks import FileLocks
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.locks import LeaseLocks
from spentkey.storage.postgres.schema import prepare
from spentkey.system import SystemClock
from spentkey.worker.concurrency import SlotClock, SlotLocks, Slots
from spentkey.worker.local import LocalEngine
from spentkey.worker.procrastinate_queue import DistributedEngine, prepare_queue
from spentkey.worker.routing import Router

POLL_S, TAKE_OVER_S, SOON_S = 0.2, 3.0, 20.0
APPS = [f"22222222-2222-4222-8222-{number:012d}" for number in range(100)]


def refs(*numbers: int) -> list[TaskRef]:
    """Tasks of a desk that numbers them."""
    return [TaskRef(str(number)) for number in numbers]


def result(ref: TaskRef, ticket: TicketState = TicketState.CLOSED, **more: object) -> Result:
    """How a task ended."""
    return Result(task=ref, outcome="failed", ticket=ticket, **more)  # pyright: ignore[reportArgumentType]


@dataclass
class MemoryDesk:
    """The `ServiceDesk` port with tasks in memory; an engine only reads."""

    tasks: dict[TaskRef, Task] = field(default_factory=dict[TaskRef, Task])
    asked: dict[TaskRef, Request] = field(default_factory=dict[TaskRef, Request])
    problem: SpentkeyError | None = None
    reads: int = 0

    def add(self, ref: TaskRef, app: int = 0, *, onderwijs: str = "No", **changes: object) -> None:
        """One open task about that application."""
        self.tasks[ref] = task(ref=ref, **changes)
        self.asked[ref] = parameters(AppID=APPS[app], Onderwijs=onderwijs)

    async def find(self, ref: TaskRef) -> Task | None:
        self._read()
        return self.tasks.get(ref)

    async def queue(self) -> list[Task]:
        self._read()
        return [self.tasks[ref] for ref in sorted(self.tasks, key=lambda ref: (len(ref), ref))]

    async def request(self, task: Task) -> Request:
        self._read()
        return self.asked[task.ref]

    def _read(self) -> None:
        self.reads += 1
        if self.problem is not None:
            raise self.problem

    async def begin(self, task: Task) -> None:
        raise NotImplementedError

    async def notes(self, task: Task) -> Sequence[Note]:
        raise NotImplementedError

    async def has_note(self, task: Task, marker: str) -> bool:
        raise NotImplementedError

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        raise NotImplementedError

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        raise NotImplementedError

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        raise NotImplementedError

    async def apply(self, task: Task, change: Change) -> Applied:
        raise NotImplementedError

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        raise NotImplementedError

    async def time(self) -> datetime | None:
        raise NotImplementedError

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        raise NotImplementedError

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        raise NotImplementedError


Act = Callable[[TaskRef], Awaitable[Result]]


@dataclass
class Rig:
    """One process: an engine with its places, and a record of what was worked on, when."""

    desk: MemoryDesk
    slots: Slots
    clock: SlotClock
    locks: Locks
    acts: dict[TaskRef, Act] = field(default_factory=dict[TaskRef, Act])
    started: list[TaskRef] = field(default_factory=list[TaskRef])
    ended: list[TaskRef] = field(default_factory=list[TaskRef])
    most_in_app: Counter[str] = field(default_factory=Counter[str])
    _in_app: Counter[str] = field(default_factory=Counter[str])
    engine: Engine = field(init=False)

    async def work(self, ref: TaskRef) -> Result:
        """Do what the test wants with a task, in its turns, as the story does; a task that ended leaves the desk."""
        try:
            async with self.locks.task(ref):
                named = self.desk.asked.get(ref, Request()).value("AppID")
                app = "" if isinstance(named, FaultKind) else named
                async with self.locks.application(app):
                    self.started.append(ref)
                    self._in_app[app] += 1
                    self.most_in_app[app] = max(self.most_in_app[app], self._in_app[app])
                    try:
                        message = await self.acts.get(ref, _close)(ref)
                    finally:
                        self._in_app[app] -= 1
        except Stopping as problem:
            return result(ref, TicketState.OPEN, outage=True, reason=str(problem))
        if message.ticket is not TicketState.OPEN:
            self.desk.tasks.pop(ref, None)
        self.ended.append(ref)
        return message

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[asyncio.Event]:
        """The engine at work; it is stopped at the end, which must not take long."""
        stop = asyncio.Event()
        serving = asyncio.create_task(self.engine.serve(stop))
        try:
            yield stop
        finally:
            stop.set()
            async with asyncio.timeout(SOON_S):
                await serving

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so, for as long as a busy machine may need."""
        await until_so(condition, SOON_S)

    async def until_empty(self) -> None:
        """Wait until the engine holds nothing."""
        async with asyncio.timeout(SOON_S):
            while await self.engine.queued():
                await a_look()


async def _close(ref: TaskRef) -> Result:
    return result(ref)


class ClockApart(SystemClock):
    """The clock of a machine that is off; time passes on it as on any other."""

    def __init__(self, wrong_by: timedelta) -> None:
        self._wrong_by = wrong_by

    def now(self) -> datetime:
        return super().now() + self._wrong_by


@dataclass
class Maker:
    """Makes rigs of one kind, which share a desk and what is kept."""

    kind: str
    folder: Path
    database: str
    stack: AsyncExitStack
    desk: MemoryDesk = field(default_factory=MemoryDesk)

    async def rig(self, concurrency: int = 4, spacing_s: float = 0.0, clock_s: float = 0.0) -> Rig:
        """One process more, on a machine whose clock is off by `clock_s`."""
        machine = ClockApart(timedelta(seconds=clock_s))
        slots = Slots(concurrency)
        clock = SlotClock(machine, slots)
        router = Router(self.desk, REQUEST_RULES, (PRODUCTION, ONDERWIJS))
        if self.kind == "local":
            rig = Rig(self.desk, slots, clock, SlotLocks(FileLocks(self.folder, clock, spacing_s, 60), slots))
            rig.engine = LocalEngine(router, rig.work, slots, machine, POLL_S)
            return rig
        database = await self.stack.enter_async_context(opened(Secret(self.database)))
        await prepare(database)
        await prepare_queue(database)
        leases = LeaseLocks(database, clock, f"rig {id(slots)}", TAKE_OVER_S, spacing_s, 60)
        keeping = asyncio.create_task(leases.keep(SystemClock()))
        self.stack.callback(keeping.cancel)
        rig = Rig(self.desk, slots, clock, SlotLocks(leases, slots))
        engine = DistributedEngine(database, router, rig.work, slots, machine, POLL_S, TAKE_OVER_S)
        await engine.open()
        rig.engine = engine
        return rig
