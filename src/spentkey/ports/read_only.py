"""Ports in a narrower form: a vault whose PFX the caller brings, a service desk that is only read, locks for readers."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from spentkey.core.evidence import Facts
from spentkey.core.history import History
from spentkey.core.notes import NewNote
from spentkey.core.outcome import Refused
from spentkey.core.task import Parameter, Task
from spentkey.ports.evidence import EvidenceLog, Question
from spentkey.ports.runtime import Call, Meter
from spentkey.ports.service_desk import TaskChange, TaskDesk


@dataclass(frozen=True)
class ReadOnlyDesk:
    """The `TaskDesk` port that reads and takes writes without making them."""

    desk: TaskDesk

    async def find(self, number: int) -> Task | None:
        """The task."""
        return await self.desk.find(number)

    async def queue(self) -> list[Task]:
        """The open tasks."""
        return await self.desk.queue()

    async def parameters(self, task: Task) -> tuple[Parameter, ...]:
        """The parameters."""
        return await self.desk.parameters(task)

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether the note is there."""
        return await self.desk.has_note(task, marker)

    async def add_note(self, task: Task, note: NewNote) -> None:
        """Write nothing."""

    async def change(self, task: Task, change: TaskChange) -> None:
        """Write nothing."""


class NoLocks:
    """The `Locks` port for callers that only read: nobody waits, and no lock is taken."""

    @asynccontextmanager
    async def task(self, number: int) -> AsyncGenerator[None]:
        """At once."""
        del number
        yield

    @asynccontextmanager
    async def application(self, app_id: str) -> AsyncGenerator[None]:
        """At once."""
        del app_id
        yield


class ReadOnlyEvidence:
    """Reads the evidence and writes none."""

    def __init__(self, evidence: EvidenceLog) -> None:
        self._evidence = evidence

    async def append(self, what: str, facts: dict[str, object]) -> None:
        """Write nothing."""

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, object]) -> Refused | None:
        """Write nothing; whether it would be refused is asked all the same."""
        del what, facts
        return await self._evidence.ask(refuse)

    async def ask(self, question: Question) -> Refused | None:
        """Ask the recent past."""
        return await self._evidence.ask(question)

    async def history(self, task: int) -> History:
        """What is on record about the task."""
        return await self._evidence.history(task)

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int]]:
        """What is on record about the application."""
        return await self._evidence.removals(app_id)

    async def verify(self) -> int:
        """Check the whole chain."""
        return await self._evidence.verify()

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results."""
        return await self._evidence.recent(limit, before)


class NoProgress:
    """A `Progress` port that shows nothing: a plan is no work."""

    def step(self, task: int, step: str, detail: str = "") -> None:
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


UNMEASURED: Meter = Unmeasured()
