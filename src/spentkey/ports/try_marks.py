"""Marks of tries that are under way, by which the next start knows what the program was working on when it died."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spentkey.core.task import TaskRef


@dataclass(frozen=True)
class TryMark:
    """A try that was under way when its process died; `alone` where it was the only one in that process."""

    task: TaskRef
    attempt: str
    alone: bool


class TryMarks(Protocol):
    """The marks of one process, and what those of dead processes led to. They are no evidence, and outlive no reboot.

    A task is a suspect while it may be what ended a program: then it is tried alone.
    """

    async def begin(self, task: TaskRef, attempt: str) -> None:
        """A try is under way in this process."""
        ...

    async def end(self, task: TaskRef, attempt: str, *, cleared: bool) -> None:
        """That try has ended, and the program lives; `cleared` where it shows that the task is no suspect."""
        ...

    async def end_all(self) -> None:
        """Told to stop: however this process ends from here on, no task is to blame."""
        ...

    async def left_behind(self) -> Sequence[TryMark]:
        """The tries of processes that died on this machine since it started; each is left until it is settled."""
        ...

    async def settle(self, mark: TryMark, *, counts: bool) -> None:
        """Make the task a suspect, once for each mark, and count the death where it counts."""
        ...

    async def deaths(self, task: TaskRef) -> int | None:
        """How many deaths in a row count against a suspect; None for a task that is none."""
        ...

    async def elsewhere(self, task: TaskRef) -> Sequence[str]:
        """The tries of other machines at the task that may have died; only those machines can tell."""
        ...


class NoMarks:
    """The `TryMarks` port where nothing can be marked, or nobody asks."""

    async def begin(self, task: TaskRef, attempt: str) -> None:
        """Mark nothing."""

    async def end(self, task: TaskRef, attempt: str, *, cleared: bool) -> None:
        """Nothing was marked."""

    async def end_all(self) -> None:
        """Nothing was marked."""

    async def left_behind(self) -> Sequence[TryMark]:
        """None."""
        return ()

    async def settle(self, mark: TryMark, *, counts: bool) -> None:
        """Nothing was marked."""

    async def deaths(self, task: TaskRef) -> int | None:
        """No task is a suspect."""
        del task
        return None

    async def elsewhere(self, task: TaskRef) -> Sequence[str]:
        """None."""
        del task
        return ()
