"""Ports in a narrower form: a vault whose PFX the caller brings, a service desk that is only read, locks for readers."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spentkey.core.evidence import Facts
from spentkey.core.history import History
from spentkey.core.notes import AddedNote, NewNote
from spentkey.core.outcome import Refused
from spentkey.core.task import Applied, Change, Request, Task, TaskRef
from spentkey.core.tree import EMPTY, TreeHead
from spentkey.ports.evidence import EvidenceLog, FactsUpon, Question, Told, untold
from spentkey.ports.runtime import Call, Meter, Progress
from spentkey.ports.service_desk import BeforeOpening, FoundRequest, NewRequest, Note, Sent, SentState, ServiceDesk


@dataclass(frozen=True)
class ReadOnlyDesk:
    """The `ServiceDesk` port that reads and takes writes without making them."""

    desk: ServiceDesk

    async def find(self, ref: TaskRef) -> Task | None:
        """The task."""
        return await self.desk.find(ref)

    async def queue(self) -> list[Task]:
        """The open tasks."""
        return await self.desk.queue()

    async def request(self, task: Task) -> Request:
        """What it asks for."""
        return await self.desk.request(task)

    async def begin(self, task: Task) -> None:
        """Keep nothing."""

    async def notes(self, task: Task) -> Sequence[Note]:
        """Its notes."""
        return await self.desk.notes(task)

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether the note is there."""
        return await self.desk.has_note(task, marker)

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        """Write nothing."""
        del task, note
        return AddedNote()

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        """What would close it."""
        return self.desk.closing(task, resolution, begun)

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        """What would hand it over."""
        return self.desk.handing_over(task, begun)

    async def apply(self, task: Task, change: Change) -> Applied:
        """Write nothing."""
        del task, change
        return Applied()

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        """Whether a change took."""
        return self.desk.took(task, begun)

    async def time(self) -> datetime | None:
        """The desk's clock."""
        return await self.desk.time()

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        """The requests for a credential."""
        return await self.desk.requests_for(key_id, also)

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        """Open nothing."""
        del new, before
        return Sent(SentState.REFUSED)


class NoLocks:
    """The `Locks` port for callers that only read: nobody waits, and no lock is taken."""

    @asynccontextmanager
    async def task(self, ref: TaskRef) -> AsyncGenerator[None]:
        """At once."""
        del ref
        yield

    @asynccontextmanager
    async def application(self, app_id: str) -> AsyncGenerator[None]:
        """At once."""
        del app_id
        yield

    @asynccontextmanager
    async def canary(self, tenant: str, route: str) -> AsyncGenerator[None]:
        """At once."""
        del tenant, route
        yield

    @asynccontextmanager
    async def opening(self, name: str) -> AsyncGenerator[None]:
        """At once."""
        del name
        yield


class ReadOnlyEvidence:
    """Reads the evidence and writes none."""

    def __init__(self, evidence: EvidenceLog) -> None:
        self._evidence = evidence

    async def append(self, what: str, facts: dict[str, object]) -> None:
        """Write nothing."""

    async def append_upon(self, what: str, facts: FactsUpon) -> TreeHead:
        """Write nothing."""
        del what, facts
        return TreeHead(0, EMPTY)

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, object]) -> Refused | None:
        """Write nothing; whether it would be refused is asked all the same."""
        del what, facts
        return await self._evidence.ask(refuse)

    async def ask(self, question: Question) -> Refused | None:
        """Ask the recent past."""
        return await self._evidence.ask(question)

    async def history(self, task: int | str) -> History:
        """What is on record about the task."""
        return await self._evidence.history(task)

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int | str]]:
        """What is on record about the application."""
        return await self._evidence.removals(app_id)

    async def verify(self, tell: Told = untold) -> int:
        """Check the whole chain."""
        return await self._evidence.verify(tell)

    async def openings(
        self, *, key_id: str | None = None, since: datetime | None = None, state: str | None = None
    ) -> Sequence[Facts]:
        """The requests that were opened."""
        return await self._evidence.openings(key_id=key_id, since=since, state=state)

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results."""
        return await self._evidence.recent(limit, before)

    async def ended(self, attempt: str) -> Facts | None:
        """How that try ended."""
        return await self._evidence.ended(attempt)


class NoProgress:
    """A `Progress` port that shows nothing: a plan is no work."""

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Say nothing."""

    def tell(self, message: str) -> None:
        """Say nothing."""


class Unmeasured:
    """A `Meter` port that counts nothing."""

    def call(self, system: str, route: str, client_request_id: str | None = None) -> AbstractContextManager[Call]:
        """Count nothing."""
        del system, route, client_request_id
        return nullcontext(Call())

    def throttled(self, system: str) -> None:
        """Count nothing."""

    def left_out(self, system: str, what: str, problem: str) -> None:
        """Count nothing."""


@dataclass(frozen=True)
class LeftOut:
    """Something that cannot be read; `what` is its kind, `problem` names it."""

    system: str
    what: str
    problem: str


class TellsLeftOut(Unmeasured):
    """A `Meter` port that counts nothing; it tells people what cannot be read and keeps it for a program, each once."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._told = progress, dict[LeftOut, None]()

    @property
    def told(self) -> Sequence[LeftOut]:
        """What was left out so far."""
        return tuple(self._told)

    def left_out(self, system: str, what: str, problem: str) -> None:
        """Say it, the first time."""
        one = LeftOut(system, what, problem)
        if one not in self._told:
            self._told[one] = None
            self._progress.tell(problem)


UNMEASURED: Meter = Unmeasured()
