"""Evidence in a file: JSON Lines, append-only, each record flushed to the disk before the next step is taken.

Several processes may share the file: each append holds an advisory lock, reads what others appended since, and
continues the chain from there. A last line that a crash left torn is cut off, and the cut is put on record.

In memory stands only where the records of each task are; a record is read again when it is asked for, and must be the
one that was checked.
"""

import asyncio
import hashlib
import json
import os
import threading
from array import array
from bisect import bisect_left
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.evidence import Facts
from spentkey.core.history import History, history
from spentkey.core.outcome import Refused
from spentkey.core.records import RecordKind, TornLineCutRecord
from spentkey.ports.evidence import Question
from spentkey.ports.runtime import Clock
from spentkey.storage.chain import READS_ONLY, Chain
from spentkey.storage.durable import flush_names
from spentkey.storage.files.flock import tries_to_lock
from spentkey.storage.group_commit import Ends, GroupCommit

FILE, LOCK = "evidence.jsonl", "evidence.lock"
AT_ONCE = 1 << 20
"""How much of the file is read at once, in bytes."""
PATIENCE_S = 60.0
"""How long another process may hold the lock: an append takes milliseconds, so one that holds it longer was stopped."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.05


def _mark(record_line: bytes) -> int:
    """Eight bytes by which a line that was checked is known again."""
    return int.from_bytes(hashlib.sha256(record_line).digest()[:8])


class JsonLinesEvidence:
    """The `EvidenceLog` port on a file in the state directory."""

    def __init__(
        self, directory: Path, clock: Clock, *, read_only: bool = False, patience_s: float = PATIENCE_S
    ) -> None:
        self._file, self._lock_file, self._clock = directory / FILE, directory / LOCK, clock
        self._patience_s = patience_s
        self._guard = threading.Lock()
        self._chain, self._offset = Chain(str(self._file)), 0
        self._by_task: dict[int, array[int]] = {}
        self._intended: dict[str, dict[str, list[int]]] = {}
        self._results: array[int] = array("Q")
        self._read_only = read_only
        self._together = GroupCommit[tuple[str, Facts]](self._append_all)
        if not read_only:
            self._prepare(directory)

    def _prepare(self, directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_file.touch(mode=0o600)
            self._file.touch(mode=0o600)
            flush_names(directory)
        except OSError as problem:
            raise EvidenceBroken(f"the state directory {directory} cannot be used ({problem.strerror})") from None

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record; when this returns it is on the disk."""
        await self._together.add((what, facts))

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask and append while the lock is held, so that processes cannot pass a limit together."""
        return await asyncio.to_thread(self._append_unless, refuse, what, facts)

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the records of every process."""
        return await asyncio.to_thread(self._ask, question)

    async def history(self, task: int) -> History:
        """All records about a task, whichever process wrote them."""
        return await asyncio.to_thread(self._history, task)

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int]]:
        """The key ids of the application that an intent on record names, each with the tasks of those intents."""
        return await asyncio.to_thread(self._removals, app_id)

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results of every process, newest first."""
        return await asyncio.to_thread(self._recent, limit, before)

    def _recent(self, limit: int, before: int | None) -> list[Facts]:
        with self._up_to_date() as file:
            seqs = self._results[3::4]
            end = len(seqs) if before is None else bisect_left(seqs, before)
            positions = [self._results[4 * at : 4 * at + 3] for at in range(max(0, end - limit), end)]
            return [record for place in reversed(positions) for record in self._read_again(file, place)]

    def _ask(self, question: Question) -> Refused | None:
        with self._up_to_date():
            return question(self._chain.blast_radius)

    def _append_unless(self, refuse: Question, what: str, facts: Facts) -> Refused | None:
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        with self._locked() as file:
            self._catch_up(file)
            refused = refuse(self._chain.blast_radius)
            if refused is None:
                self._write(file, [(what, facts)])
            return refused

    async def _append_all(self, wanted: Sequence[tuple[str, Facts]]) -> Ends:
        await asyncio.to_thread(self._append, wanted)
        return [None] * len(wanted)

    def _append(self, wanted: Sequence[tuple[str, Facts]]) -> None:
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        with self._locked() as file:
            self._catch_up(file)
            self._write(file, wanted)

    def _history(self, task: int) -> History:
        with self._up_to_date() as file:
            return history(list(self._read_again(file, self._by_task.get(task, array("Q")))), task)

    def _read_again(self, file: int | None, positions: "array[int]") -> Iterator[Facts]:
        """Read records again by offset, length and mark."""
        for offset, length, mark in zip(positions[::3], positions[1::3], positions[2::3], strict=True):
            record_line = os.pread(file, length, offset) if file is not None else b""
            if _mark(record_line) != mark:
                raise EvidenceBroken(f"{self._file}: the record at byte {offset} is not the one that was there")
            yield json.loads(record_line)

    def _removals(self, app_id: str) -> Mapping[str, Sequence[int]]:
        with self._up_to_date():
            return {key_id: tuple(tasks) for key_id, tasks in self._intended.get(app_id, {}).items()}

    @contextmanager
    def _up_to_date(self) -> Generator[int | None]:
        """Know every record that any process wrote so far; gives the open file, None where there is none."""
        if self._read_only:
            with self._guard, self._without_a_trace() as file:
                yield file
        else:
            with self._locked() as file:
                self._catch_up(file)
                yield file

    @contextmanager
    def _without_a_trace(self) -> Generator[int | None]:
        """Read what is complete, without a lock, a new file, or a mended end."""
        try:
            file = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield None
            return
        except OSError as problem:
            raise EvidenceBroken(f"{self._file} cannot be read ({problem.strerror})") from None
        try:
            self._read_on(file)
            yield file
        finally:
            os.close(file)

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
                self._lock(lock)
                yield file
            except OSError as problem:
                raise EvidenceBroken(f"{self._file} cannot be written ({problem.strerror})") from None
            finally:
                os.close(file)
                os.close(lock)

    def _lock(self, lock: int) -> None:
        """Wait for the lock; raises `Outage` when another process does not release it."""
        waiting = threading.Event()
        for pause_s in tries_to_lock(lock, self._patience_s, FIRST_PAUSE_S, LONGEST_PAUSE_S, self._held_too_long):
            waiting.wait(pause_s)

    def _held_too_long(self, waited_s: float) -> Outage:
        return Outage(
            f"another process has held {self._lock_file} for {waited_s:.0f} s and was perhaps stopped; "
            f"`fuser {self._lock_file}` names it"
        )

    def _catch_up(self, file: int) -> None:
        """Read what was appended since, check that it continues the chain, and mend a torn end."""
        torn = self._read_on(file)
        if torn:
            os.ftruncate(file, self._offset)
            cut = TornLineCutRecord(torn)
            self._write(file, [(cut.what, cut.facts())])

    def _read_on(self, file: int) -> int:
        """Take every complete line; gives how many bytes follow the last line feed."""
        size = os.fstat(file).st_size
        if size < self._offset:
            raise self._chain.shorter()
        rest, at = b"", self._offset
        while at < size:
            new = os.pread(file, min(AT_ONCE, size - at), at)
            if not new:
                break
            at += len(new)
            *complete, rest = (rest + new).split(b"\n")
            for record_line in complete:
                self._take(record_line)
        return len(rest)

    def _take(self, record_line: bytes) -> None:
        try:
            text = record_line.decode("utf-8")
        except UnicodeDecodeError:
            raise self._chain.broken() from None
        record = self._chain.take(text)
        if isinstance(record.get("task"), int):
            self._by_task.setdefault(record["task"], array("Q")).extend(
                (self._offset, len(record_line), _mark(record_line))
            )
            if record.get("what") == RecordKind.RESULT:
                self._results.extend((self._offset, len(record_line), _mark(record_line), record["seq"]))
        if record.get("what") == RecordKind.INTENT:
            keys = self._intended.setdefault(str(record.get("app_id")), {})
            keys.setdefault(str(record.get("key_id")), []).append(record["task"])
        self._offset += len(record_line) + 1

    def _write(self, file: int, wanted: Sequence[tuple[str, Facts]]) -> None:
        lines = [sealed.record_line.encode() for sealed in self._chain.following(self._clock.now(), wanted)]
        text = b"".join(record_line + b"\n" for record_line in lines)
        if os.pwrite(file, text, self._offset) != len(text):
            raise EvidenceBroken(f"{self._file}: the disk took only a part of a record")
        os.fsync(file)
        for record_line in lines:
            self._take(record_line)
