"""Evidence in a file: JSON Lines, append-only, each record flushed to the disk before the next step is taken.

Several processes may share the file: each append holds an advisory lock, reads what others appended since, and
continues the chain from there. A last line that a crash left torn is cut off, and the cut is put on record.
"""

import asyncio
import fcntl
import json
import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import GENESIS, Facts, History, follows, history, seal
from spentkey.core.outcome import Refused
from spentkey.core.radius import Radius
from spentkey.ports import Clock, Question

FILE, LOCK = "evidence.jsonl", "evidence.lock"


def _settle_names(directory: Path) -> None:
    """Flush the directory itself, so that a new file does not vanish with its name in a power cut."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class JsonLinesEvidence:
    """The `EvidenceLog` port on a file in the state directory."""

    def __init__(self, directory: Path, clock: Clock, *, read_only: bool = False) -> None:
        self._file, self._lock_file, self._clock = directory / FILE, directory / LOCK, clock
        self._guard = threading.Lock()
        self._offset, self._seq, self._hash = 0, 0, GENESIS
        self._by_task: dict[int, list[Facts]] = {}
        self._intended: dict[str, set[str]] = {}
        self._results: list[Facts] = []
        self._radius = Radius()
        self._read_only = read_only
        if not read_only:
            self._prepare(directory)

    def _prepare(self, directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_file.touch(mode=0o600)
            self._file.touch(mode=0o600)
            _settle_names(directory)
        except OSError as problem:
            raise EvidenceBroken(f"the state directory {directory} cannot be used ({problem.strerror})") from None

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record; when this returns it is on the disk."""
        await asyncio.to_thread(self._append, what, facts)

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask and append while the lock is held, so that processes cannot pass a limit together."""
        return await asyncio.to_thread(self._append_unless, refuse, what, facts)

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the records of every process."""
        return await asyncio.to_thread(self._ask, question)

    async def history(self, task: int) -> History:
        """All records about a task, whichever process wrote them."""
        return await asyncio.to_thread(self._history, task)

    async def removals(self, app_id: str) -> frozenset[str]:
        """The key ids of the application that an intent on record names."""
        return await asyncio.to_thread(self._removals, app_id)

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results of every process, newest first."""
        return await asyncio.to_thread(self._recent, limit, before)

    def _recent(self, limit: int, before: int | None) -> list[Facts]:
        with self._up_to_date():
            earlier = (one for one in reversed(self._results) if before is None or one["seq"] < before)
            return list(islice(earlier, limit))

    def _ask(self, question: Question) -> Refused | None:
        with self._up_to_date():
            return question(self._radius)

    def _append_unless(self, refuse: Question, what: str, facts: Facts) -> Refused | None:
        if self._read_only:
            raise EvidenceBroken("this command reads evidence and writes none")
        with self._locked() as file:
            self._catch_up(file)
            refused = refuse(self._radius)
            if refused is None:
                self._write(file, what, facts)
            return refused

    def _append(self, what: str, facts: Facts) -> None:
        if self._read_only:
            raise EvidenceBroken("this command reads evidence and writes none")
        with self._locked() as file:
            self._catch_up(file)
            self._write(file, what, facts)

    def _history(self, task: int) -> History:
        with self._up_to_date():
            return history(self._by_task.get(task, []), task)

    def _removals(self, app_id: str) -> frozenset[str]:
        with self._up_to_date():
            return frozenset(self._intended.get(app_id, set()))

    @contextmanager
    def _up_to_date(self) -> Generator[None]:
        """Know every record that any process wrote so far."""
        if self._read_only:
            with self._guard:
                self._read_without_a_trace()
                yield
        else:
            with self._locked() as file:
                self._catch_up(file)
                yield

    def _read_without_a_trace(self) -> None:
        """Read what is complete, without a lock, a new file, or a mended end."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return
        except OSError as problem:
            raise EvidenceBroken(f"{self._file} cannot be read ({problem.strerror})") from None
        self._not_shorter(len(content))
        self._take_all(content[self._offset :])

    @contextmanager
    def _locked(self) -> Generator[int]:
        """Hold the file open and locked against other processes and other threads of this one."""
        with self._guard:
            try:
                lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as problem:
                raise EvidenceBroken(f"{self._file} cannot be opened ({problem.strerror})") from None
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield file
            except OSError as problem:
                raise EvidenceBroken(f"{self._file} cannot be written ({problem.strerror})") from None
            finally:
                os.close(file)
                os.close(lock)

    def _catch_up(self, file: int) -> None:
        """Read what was appended since, check that it continues the chain, and mend a torn end."""
        size = os.fstat(file).st_size
        self._not_shorter(size)
        torn = self._take_all(os.pread(file, size - self._offset, self._offset))
        if torn:
            os.ftruncate(file, self._offset)
            self._write(file, "torn-line-cut", {"bytes": len(torn)})

    def _not_shorter(self, size: int) -> None:
        if size < self._offset:
            raise EvidenceBroken(f"{self._file} has become shorter: records are missing, nothing is removed")

    def _take_all(self, new: bytes) -> bytes:
        """Take every complete line; what follows the last line feed comes back."""
        *complete, torn = new.split(b"\n")
        for line in complete:
            self._take(line)
        return torn

    def _take(self, line: bytes) -> None:
        try:
            sealed = follows(line.decode("utf-8"), self._hash, self._seq)
        except UnicodeDecodeError:
            sealed = None
        if sealed is None:
            raise EvidenceBroken(f"{self._file}: record {self._seq} does not continue the chain, nothing is removed")
        self._keep(json.loads(sealed.line), sealed.hash, len(line) + 1)

    def _keep(self, record: Facts, digest: str, size: int) -> None:
        self._offset, self._seq, self._hash = self._offset + size, self._seq + 1, digest
        if isinstance(record.get("task"), int):
            self._by_task.setdefault(record["task"], []).append(record)
        self._radius.note(record)
        if record.get("what") == "result":
            self._results.append(record)
        if record.get("what") == "intent":
            self._intended.setdefault(str(record.get("app_id")), set()).add(str(record.get("key_id")))

    def _write(self, file: int, what: str, facts: Facts) -> None:
        sealed = seal(self._hash, self._seq, self._clock.now(), what, facts)
        line = sealed.line.encode() + b"\n"
        written = os.pwrite(file, line, self._offset)
        if written != len(line):
            raise EvidenceBroken(f"{self._file}: the disk took only a part of a record")
        os.fsync(file)
        self._keep(json.loads(sealed.line), sealed.hash, len(line))
