"""The check-up of the state directory: it can be written, and the evidence in it verifies. Nothing is written."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from spentkey.core.errors import EvidenceBroken, Misconfigured, SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.ports.runtime import Clock
from spentkey.storage.sqlite.before_take_over import evidence_to_read
from spentkey.storage.sqlite.container import SYSTEM, Surroundings, lasting
from spentkey.storage.sqlite.location import refuse_a_network, refuse_unfit
from spentkey.storage.sqlite.store import FILE
from spentkey.storage.sqlite.take_over import OLD, is_needed

FIX = "give the account that runs spentkey its own directory: install -d -m 0700 -o ACCOUNT DIRECTORY; see state.directory"

LEAST_FREE = 4 * 1024 * 1024
"""Room that a day's work may need, in bytes: some 1,000 removals, and the journal of a transaction."""


@dataclass(frozen=True)
class StateCheck:
    """What must be in place on this machine."""

    directory: Path
    clock: Clock
    seen: Surroundings

    async def findings(self) -> AsyncIterator[Finding]:
        """Look at the directory, whether it lasts, then at the chain."""
        yield await asyncio.to_thread(self._directory)
        if (lasts := await asyncio.to_thread(lasting, self.directory, self.seen)) is not None:
            yield lasts
        yield await self._evidence()
        message = "none; without engine.database_url several machines cannot share limits and locks"
        yield Finding(SYSTEM, "database", FindingState.OK, message)

    def _directory(self) -> Finding:
        what = f"directory {self.directory}"
        there = next(place for place in (self.directory, *self.directory.parents) if place.exists())
        try:
            refuse_unfit(self.directory)
            refuse_a_network(there)
        except Misconfigured as problem:
            return Finding(SYSTEM, what, FindingState.FAIL, str(problem).removeprefix("state.directory: "), FIX)
        if not os.access(there, os.W_OK | os.X_OK):
            return Finding(SYSTEM, what, FindingState.FAIL, f"{there} cannot be written", FIX)
        if full := _why_full(os.statvfs(there)):
            return Finding(SYSTEM, what, FindingState.FAIL, f"{there} {full}", "make room on that file system")
        message = "can be written" if there == self.directory else f"will be made in {there}"
        return Finding(SYSTEM, what, FindingState.OK, message)

    async def _evidence(self) -> Finding:
        try:
            old = await asyncio.to_thread(is_needed, self.directory)
            kept = evidence_to_read(self.directory, self.clock)
            length = await kept.verify()
            await asyncio.to_thread(kept.close)
        except EvidenceBroken as problem:
            fix = "keep the state directory as it is, find out what changed it, and start with a new one"
            return Finding(SYSTEM, "evidence", FindingState.FAIL, str(problem), fix)
        except SpentkeyError as problem:
            return Finding(SYSTEM, "evidence", FindingState.FAIL, str(problem), "then run spentkey check again")
        later = f"; the next command that works takes {OLD} over into {FILE}" if old else ""
        message = f"the chain verifies; records: {length}" if length else "none yet"
        return Finding(SYSTEM, "evidence", FindingState.OK, message + later)


def _why_full(seen: os.statvfs_result) -> str:
    """Why a file system takes no more records, as far as that shows without writing one; empty where it does."""
    if seen.f_flag & os.ST_RDONLY:
        return "is on a file system that is mounted read-only"
    free = seen.f_bavail * seen.f_frsize
    if free < LEAST_FREE:
        return f"has {free // 1024} KB of room, and {LEAST_FREE // 1024} are needed"
    if seen.f_files and not seen.f_favail:
        return "has no room for another file (no inodes)"
    return ""
