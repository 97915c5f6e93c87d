"""The state of each rate limit in the state directory, one file each, so that all processes of one machine share it.

The wall clock is the one clock that all of them have. Where it went back since a file was written, the time that the
file names goes back as far, so that a clock which was wrong for a while holds nothing up.
"""

import hashlib
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.http.rate_limit import LocalRates, State, Step
from spentkey.ports.runtime import Clock
from spentkey.storage.files.flock import tries_to_lock
from spentkey.storage.named_locks import NamedLocks

FIRST_POLL_S, POLL_S, PATIENCE_S = 0.002, 0.05, 30.0
"""A file is held for a moment only; a process that is stopped while it holds one is not waited for without end."""
_LONGEST = 64
_WRITTEN = re.compile(rb"(\d{1,20}) (\d{1,17})\n", re.ASCII)


class FileRates:
    """The `RateStates` of all processes that share a state directory.

    Who only reads makes no file, and has rates of its own where there is none or it may not be written.
    """

    def __init__(self, directory: Path, clock: Clock, *, read_only: bool = False) -> None:
        self._directory, self._clock, self._read_only = directory / "rates", clock, read_only
        self._here, self._alone = NamedLocks(), LocalRates(clock)

    async def advance(self, name: str, step: Step) -> float:
        """One step under the file's lock, and how many seconds away its time is."""
        async with self._held(name) as file:
            if file is None:
                return await self._alone.advance(name, step)
            now = int(self._clock.now().timestamp() * 1000)
            (lasts, *_), at = step(_read(file, now), now)
            self._write(file, int(lasts), now)
            return (at - now) / 1000

    @asynccontextmanager
    async def _held(self, name: str) -> AsyncGenerator[int | None]:
        async with self._here.hold(name):
            file = self._open(hashlib.sha256(name.encode()).hexdigest()[:32])
            if file is None:
                yield None
                return
            try:
                for pause_s in tries_to_lock(file, PATIENCE_S, FIRST_POLL_S, POLL_S, lambda _: self._given_up(name)):
                    await self._clock.sleep(pause_s)
                yield file
            finally:
                os.close(file)

    def _given_up(self, name: str) -> Outage:
        return Outage(f"another process holds the rate {name} in {self._directory}")

    def _open(self, name: str) -> int | None:
        how = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            if not self._read_only:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                how |= os.O_CREAT
            return os.open(self._directory / name, how, 0o600)
        except OSError as problem:
            if self._read_only:
                return None
            raise EvidenceBroken(f"{self._directory} cannot be written ({problem.strerror})") from None

    def _write(self, file: int, lasts: int, now: int) -> None:
        text = f"{lasts} {now}\n".encode()
        try:
            os.pwrite(file, text, 0)
            os.ftruncate(file, len(text))
        except OSError as problem:
            raise EvidenceBroken(f"{self._directory} cannot be written ({problem.strerror})") from None


def _read(file: int, now: int) -> State | None:
    """What is stored, by the present time; None where nothing is, or what a crash left half written."""
    found = _WRITTEN.fullmatch(os.pread(file, _LONGEST, 0))
    if found is None:
        return None
    lasts, written = int(found[1]), int(found[2])
    return (float(lasts - max(0, written - now) * 1000),)
