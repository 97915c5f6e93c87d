"""The check-up of the state directory: it can be written, and the evidence in it verifies. Nothing is written."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from spentkey.core.errors import EvidenceBroken
from spentkey.core.finding import Finding, FindingState
from spentkey.ports.runtime import Clock
from spentkey.storage.files.container import SYSTEM, Surroundings, lasting
from spentkey.storage.files.evidence import FILE, JsonLinesEvidence

FIX = "give the account that runs spentkey its own directory: install -d -m 0700 -o ACCOUNT DIRECTORY; see state.directory"


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
        if not os.access(there, os.W_OK | os.X_OK):
            return Finding(SYSTEM, what, FindingState.FAIL, f"{there} cannot be written", FIX)
        message = "can be written" if there == self.directory else f"will be made in {there}"
        return Finding(SYSTEM, what, FindingState.OK, message)

    async def _evidence(self) -> Finding:
        kept = JsonLinesEvidence(self.directory, self.clock, read_only=True)
        try:
            await kept.history(0)
        except EvidenceBroken as problem:
            fix = f"keep {FILE} as it is, find out what changed it, and start with a new state directory"
            return Finding(SYSTEM, "evidence", FindingState.FAIL, str(problem), fix)
        message = "the chain verifies" if (self.directory / FILE).exists() else "none yet"
        return Finding(SYSTEM, "evidence", FindingState.OK, message)
