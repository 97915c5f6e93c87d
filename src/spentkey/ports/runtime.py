"""What the story needs from its runtime. Tests and adapters pass the same contract suite.

Unless said otherwise every method may raise `Outage` (wait and try again), and every write has been read back when
its method returns.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from spentkey.core.finding import Finding
from spentkey.core.task import TaskRef


class Clock(Protocol):
    """Time, as the machine tells it; tests pass one that never waits."""

    def now(self) -> datetime:
        """The present time in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Progress(Protocol):
    """Shows progress: on a terminal, in a log, or not at all."""

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """The task has reached that step of the story."""
        ...

    def tell(self, message: str) -> None:
        """Something takes long that belongs to no task."""
        ...


@dataclass
class Call:
    """One request to an outside system, under way; its sender reports how it ended."""

    status: str = "none"
    """The status of the answer; `none` while there is no answer."""
    usable: bool = True
    """False where a page for people came instead of the answer."""


class Meter(Protocol):
    """Counts and times requests to outside systems: for metrics, a log, traces, or not at all."""

    def call(self, system: str, route: str, client_request_id: str | None = None) -> AbstractContextManager[Call]:
        """One request, from its first byte to its answer; `route` names no object."""
        ...

    def throttled(self, system: str) -> None:
        """The system answered 429: too many requests."""
        ...

    def left_out(self, system: str, what: str, problem: str) -> None:
        """Something of that kind cannot be read, and is left out; `problem` names it."""
        ...


BeforeTry = Callable[[], Awaitable[None]]
"""Awaited before every try of a write, the first one too; what it raises ends the write without that try."""


async def allowed() -> None:
    """Let a write go out whenever it is its time: it has no other condition."""


class Ids(Protocol):
    """Random identifiers, passed in so that tests can repeat them."""

    def new(self) -> str:
        """A fresh UUID in its canonical form."""
        ...


@dataclass(frozen=True)
class Probe:
    """A cheap look at one system, for readiness; `calls` is how real calls to it are metered, where they are."""

    system: str
    look: Callable[[], Awaitable[object]]
    calls: str | None = None
    only_connects: bool = False
    """Whether the look proves no more than a connection, so that a refused log-in stays known until a real call."""


class Checker(Protocol):
    """Looks whether everything that Spentkey needs of one system is in place, and writes nothing."""

    def findings(self) -> AsyncIterator[Finding]:
        """One finding after the other, as they are made."""
        ...
