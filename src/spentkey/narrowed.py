"""Ports in a narrower form: a vault whose PFX the caller brings, a service desk that is only read, turns for readers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from spentkey.core.notes import NewNote
from spentkey.core.task import Parameter, Task
from spentkey.ports import TaskChange, TaskDesk


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


class ReadersTurns:
    """The `Turns` port for those who only read: nobody waits, and no lock is made."""

    @asynccontextmanager
    async def task(self, number: int) -> AsyncGenerator[None]:
        """At once."""
        del number
        yield

    @asynccontextmanager
    async def turn(self, app_id: str) -> AsyncGenerator[None]:
        """At once."""
        del app_id
        yield
