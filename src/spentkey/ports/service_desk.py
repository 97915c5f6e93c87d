"""The service desk."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from spentkey.core.notes import NewNote
from spentkey.core.task import Parameter, Task


@dataclass(frozen=True)
class TaskChange:
    """What one write sets on a task; a field that is None is left alone."""

    status: str
    owner: str
    minutes: Decimal
    owner_team: str | None = None
    resolution: str | None = None


class TaskDesk(Protocol):
    """The service desk (Ivanti). Raises `DeskRefused` when the key is refused."""

    async def find(self, number: int) -> Task | None:
        """The task with that AssignmentID, or None."""
        ...

    async def queue(self) -> list[Task]:
        """The tasks of the queue team whose status is open."""
        ...

    async def parameters(self, task: Task) -> tuple[Parameter, ...]:
        """The request parameters of the task's service request."""
        ...

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note with that marker in its body hangs on the task."""
        ...

    async def add_note(self, task: Task, note: NewNote) -> None:
        """Write the note once; a write whose reply was lost is looked up before it is repeated."""
        ...

    async def change(self, task: Task, change: TaskChange) -> None:
        """Write the change and read it back; raises `Outage` when it did not take."""
        ...
