"""The service desk: where tasks come from, and where each one ends."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from spentkey.core.notes import AddedNote, NewNote
from spentkey.core.reason import Reason
from spentkey.core.task import Applied, Change, Request, Task, TaskRef


@dataclass(frozen=True)
class Note:
    """A note as the desk shows it."""

    subject: str
    body: str
    note_id: str = ""
    """The desk's id of it, where it gives one."""
    by_us: bool = False
    """Whether the desk says that our own user wrote it."""


@dataclass(frozen=True)
class NewRequest:
    """A request that is to be opened for one credential."""

    values: Mapping[str, str]
    """The four parameters and those of the tenant's `when`, by the desk's names."""
    tenant: str
    key_id: str
    number: int = 1
    """One more than the requests that there are for it: what the desk may call the new one by."""
    follows: str | None = None
    """The earlier request that it is opened anew for."""
    team: str | None = None


@dataclass(frozen=True)
class FoundRequest:
    """A request that asks for a credential, whoever opened it and whatever became of it."""

    reference: str
    """The desk's own, as people know it."""
    is_open: bool
    asks: Request
    task: Task | None = None
    """None while its task is not there."""
    ended: datetime | None = None
    """When it was closed, as far as the desk tells."""
    awaits_approval: bool = False
    """Whether its task is not with us only because nobody has approved it so far."""


class SentState(StrEnum):
    """What is known of a request right after it was sent."""

    TAKEN = "taken"
    REFUSED = "refused"
    LOST = "lost"


@dataclass(frozen=True)
class Sent:
    """How the sending of a request ended. Refused: for sure nothing was made."""

    state: SentState
    reference: str | None = None
    reason: Reason | None = None
    missing: tuple[str, ...] = field(default=())
    """The parameters that the desk says, in its reply, it has not kept."""


BeforeOpening = Callable[[Mapping[str, str]], Awaitable[None]]
"""Awaited right before a request is sent, with everything that it says; what it raises ends it without sending."""


class TicketReader(Protocol):
    """What reading notes back needs of a service desk; raises as that does."""

    async def find(self, ref: TaskRef) -> Task | None:
        """The task of that reference, or None."""
        ...

    async def notes(self, task: Task) -> Sequence[Note]:
        """The notes on the task, whoever wrote them."""
        ...


class ServiceDesk(Protocol):
    """A service desk. Raises `DeskRefused` when it does not let us in, and `Outage` when it cannot be read."""

    async def find(self, ref: TaskRef) -> Task | None:
        """The task of that reference, or None."""
        ...

    async def queue(self) -> list[Task]:
        """The open tasks that are with us, in the order in which they are to be taken."""
        ...

    async def request(self, task: Task) -> Request:
        """What the task asks for, by the desk's own names; a parameter that cannot be read is a fault in it."""
        ...

    async def begin(self, task: Task) -> None:
        """Work on the task begins, maybe again: a desk may keep what it says now. Not called by who only reads."""
        ...

    async def notes(self, task: Task) -> Sequence[Note]:
        """The notes on the task, whoever wrote them."""
        ...

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note with that marker in its body hangs on the task."""
        ...

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        """Write the note once; a write whose reply was lost is looked up before it is repeated.

        A note that the desk keeps otherwise than it was written is there all the same: `warnings` say so.
        """
        ...

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        """What closes the task. Nothing is asked or written.

        `begun` holds the facts of a close or hand-over of this assignment that an earlier try began and whose end is
        not on record: a desk that adds to what it reads keeps the sum that was begun.
        """
        ...

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        """What gives the task to people; `begun` as for `closing`."""
        ...

    async def apply(self, task: Task, change: Change) -> Applied:
        """Write the change and read it back.

        A close took when a fresh read shows the task ended, a hand-over when it is not with us any more; what came out
        otherwise than written is a warning. Where the reply was lost, an end that need not be ours is `EndedByOthers`.
        Raises `WriteRefused` when the desk does not take it.
        """
        ...

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        """What the task shows of a change whose end is not on record; None where it does not show that it took.

        `begun` are the change's facts. A close: the task is ended, and by us as far as can be told. A hand-over: the
        task is with others, or is with us again and shows that it was given back.
        """
        ...

    async def time(self) -> datetime | None:
        """The desk's own clock, in UTC; None where it shows none."""
        ...

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        """Every request that asks for that credential, open or closed, whoever opened it; and those of `also` that exist.

        Raises where one that may be such a request cannot be read: what was not read whole is not acted on.
        """
        ...

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        """Send the request a single time, after `before`; whatever does not say plainly what happened is `lost`.

        What it raises was raised before anything was sent.
        """
        ...
