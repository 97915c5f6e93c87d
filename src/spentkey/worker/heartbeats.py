"""Heartbeats: a record each `checkpoint_every` by one of all processes that share the store, and a checkpoint over it.

So nobody can cut off the end of a log and say that nothing happened meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from spentkey.core.errors import PROBLEMS, known
from spentkey.core.heartbeat import due_after, refuse_early
from spentkey.core.limits import BlastRadius
from spentkey.core.records import HeartbeatRecord
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.runtime import Clock
from spentkey.worker.concurrency import until_set

RETRY_S = 60.0
"""After how many seconds a heartbeat that could not be put on record is tried once more."""


@dataclass(frozen=True)
class Heartbeats:
    """The heartbeats of one process; `make` makes a checkpoint, and tells by itself what becomes of it."""

    evidence: EvidenceLog
    clock: Clock
    every: timedelta
    make: Callable[[], Awaitable[None]]
    failed: Callable[[str], None]

    async def beat(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. The first one ever is due after a whole interval; else when the last one is old enough."""
        first = self.clock.now() + self.every
        while not stop.is_set():
            try:
                wait_s = await self._beat_if_due(first)
            except PROBLEMS as problem:
                self.failed(f"no heartbeat: {known(problem)}")
                wait_s = min(RETRY_S, self.every.total_seconds())
            except Exception as problem:  # noqa: BLE001  # a bug here must end neither the work nor the heartbeats
                self.failed(f"no heartbeat: a bug in Spentkey, {type(problem).__name__}")
                wait_s = min(RETRY_S, self.every.total_seconds())
            await until_set(stop, self.clock.sleep, wait_s)

    async def _beat_if_due(self, first: datetime) -> float:
        """Put one on record if it is time; gives after how many seconds to look again."""
        now = self.clock.now()
        due = await self._due(now) or first
        if now < due:
            return (due - now).total_seconds()
        record = HeartbeatRecord(round(self.every.total_seconds()))
        refused = await self.evidence.append_unless(
            lambda blast_radius: refuse_early(blast_radius, now, self.every), record.what, record.facts()
        )
        if refused is not None and refused.until is not None:  # another process was quicker, and signs
            return (refused.until - now).total_seconds()
        await self.make()
        return self.every.total_seconds()

    async def _due(self, now: datetime) -> datetime | None:
        found: list[datetime | None] = []

        def look(blast_radius: BlastRadius) -> None:
            found.append(due_after(blast_radius, now, self.every))

        await self.evidence.ask(look)
        return found[0]
