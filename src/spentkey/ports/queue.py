"""The engine's port: what the service needs of whatever keeps the queue, on one machine or on several."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from spentkey.core.task import TaskRef


class Stage(StrEnum):
    """Where a task stands in the engine's queue."""

    QUEUED = "queued"
    WORKING = "working"
    LATER = "later"


@dataclass(frozen=True)
class Queued:
    """One task that the engine holds; `due` is when a task that waits is tried again."""

    task: TaskRef
    stage: Stage
    due: datetime | None = None
    tries: int = 0
    worker: str | None = None


class Engine(Protocol):
    """Keeps the queue and works on it. One task is worked on once, however often and by whomever it is offered."""

    async def offer(self, task: TaskRef) -> bool:
        """Put a task on the queue, to be worked on as soon as a slot is free; False when it is there already.

        The reference is only a hint: the story reads the task itself. One that waits for later is brought forward.
        """
        ...

    async def queued(self) -> Sequence[Queued]:
        """Every task that the engine holds now, of every process that shares the queue."""
        ...

    async def serve(self, stop: asyncio.Event) -> None:
        """Poll the queue team and work on what is open until `stop` is set; then bring all work to a safe point.

        A safe point is a pause between two requests, never the middle of a write; a restart goes on from there.
        """
        ...
