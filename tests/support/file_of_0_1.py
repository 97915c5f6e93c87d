"""The evidence file as version 0.1 kept it: what a process of that version appends, and what it refuses."""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Any

from spentkey.ports.runtime import Clock
from spentkey.storage.chain import Chain

FILE, LOCK = "evidence.jsonl", "evidence.lock"


class FileOf01:
    """One process of 0.1. It reads the whole file under its lock, cuts a torn line, and appends behind it."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._file, self._lock, self._clock = directory / FILE, directory / LOCK, clock
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.touch(mode=0o600)
        self._file.touch(mode=0o600)

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record, flushed to the disk; raises `EvidenceBroken` when a line does not continue the chain."""
        await asyncio.to_thread(self._append, what, facts)

    def _append(self, what: str, facts: dict[str, Any]) -> None:
        with self._lock.open("r+b") as lock, self._file.open("r+b") as file:
            fcntl.flock(lock, fcntl.LOCK_EX)
            chain, whole = self._read(file.read())
            file.seek(whole)
            file.truncate()
            (sealed,) = chain.following(self._clock.now(), [(what, facts)])
            file.write(sealed.record_line.encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, content: bytes) -> tuple[Chain, int]:
        """The chain of the complete lines, and how many bytes they are."""
        chain, (*complete, torn) = Chain(str(self._file)), content.split(b"\n")
        for line in complete:
            chain.take(line.decode("utf-8"))
        return chain, len(content) - len(torn)
