"""Guard G9 on one machine: locks for tasks and applications, as advisory locks on files in the state directory.

The kernel frees the locks of a process that dies at once. Inside one process named locks come first, so that waiting
costs nothing. Writes to one application are spaced, because Graph refuses those that come close together
(github.com/nais/azurerator/issues/448). The files are empty and stay: deleting a lock while another process waits for it
is not safe on a network file system.
"""

import hashlib
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from spentkey.core.errors import Busy, EvidenceBroken
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Clock
from spentkey.storage.files.flock import tries_to_lock
from spentkey.storage.named_locks import NamedLocks
from spentkey.storage.reasons import HELD_BY_PROCESS

POLL_S = 0.5
"""How often a lock that another process holds is tried, in seconds."""


PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


def _as_file_name(text: str) -> str:
    """The text itself where it can stand in a file's name, else its hash."""
    return text if PLAIN.fullmatch(text) else f"sha256-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


class FileLocks:
    """The `Locks` port for all processes that share a state directory."""

    def __init__(self, directory: Path, clock: Clock, spacing_s: float, patience_s: float) -> None:
        self._directory, self._clock = directory / "locks", clock
        self._spacing_s, self._patience_s = spacing_s, patience_s
        self._here = NamedLocks()

    @asynccontextmanager
    async def task(self, ref: TaskRef) -> AsyncGenerator[None]:
        """One worker on a task."""
        async with self._held(f"task-{_as_file_name(ref)}"):
            yield

    @asynccontextmanager
    async def application(self, app_id: str) -> AsyncGenerator[None]:
        """One writer on an application, and a pause of `spacing_s` after the one before."""
        async with self._held(f"app-{app_id}") as file:
            pause = self._pause_left(file)
            if pause > 0:
                await self._clock.sleep(pause)
            try:
                yield
            finally:
                now = self._clock.now().timestamp()
                os.utime(file, (now, now))

    @asynccontextmanager
    async def canary(self, tenant: str, route: str) -> AsyncGenerator[None]:
        """One unproven removal in a tenant, by a route."""
        async with self._held(f"canary-{_as_file_name(f'{route}-{tenant}')}"):
            yield

    @asynccontextmanager
    async def opening(self, name: str) -> AsyncGenerator[None]:
        """One process that opens a request of that name."""
        async with self._held(f"opening-{_as_file_name(name)}"):
            yield

    def _pause_left(self, file: int) -> float:
        """How much of the pause is left; a file that was never written to has size 0 and asks for none."""
        status = os.fstat(file)
        if status.st_size == 0:
            try:
                os.write(file, b"used\n")
            except OSError as problem:
                raise EvidenceBroken(f"{self._directory} cannot be written ({problem.strerror})") from None
            return 0.0
        since = self._clock.now() - datetime.fromtimestamp(status.st_mtime, UTC)
        return min(self._spacing_s, self._spacing_s - since.total_seconds())

    @asynccontextmanager
    async def _held(self, name: str) -> AsyncGenerator[int]:
        async with self._here.hold(name):
            file = self._open(name)
            try:
                await self._lock(file, name)
                yield file
            finally:
                os.close(file)

    def _open(self, name: str) -> int:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(
                self._directory / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as problem:
            raise EvidenceBroken(f"the lock {name} in {self._directory} cannot be used ({problem.strerror})") from None

    async def _lock(self, file: int, name: str) -> None:
        def given_up(waited_s: float) -> Busy:
            return Busy(HELD_BY_PROCESS(name=name, seconds=f"{waited_s:.0f}"))

        for pause_s in tries_to_lock(file, self._patience_s, POLL_S, POLL_S, given_up):
            await self._clock.sleep(pause_s)
