"""`NAME.log`, which is Spentkey's: what was seen, approved, noted and done, one JSON object a line, only ever appended.

An append holds a lock on the file and is flushed to the disk. A last line that a crash left torn is ignored, and gone
with the next append.
"""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from spentkey.adapters.files.reading import OF_THE_FILE, Unreadable, away, read_plain, refuse_unsafe
from spentkey.adapters.files.reasons import (
    LOG_HELD,
    LOG_LINE_FOREIGN,
    LOG_NOT_WRITTEN,
    LOG_REPLACED,
    OF_FILE,
    OF_FOLDER,
    TOO_LARGE,
)
from spentkey.core.errors import Outage, SpentkeyError, WriteRefused
from spentkey.core.reason import reason_for

PATIENCE_S, PAUSE_S = 10.0, 0.01
"""How long another process may hold a log, and how often it is tried, in seconds."""
LARGEST = 16_000_000
"""Largest log that is read, in bytes."""
MODE = 0o640
"""Of a new log, whatever the umask: the people of the folder's group read it."""
TEXTS = ("at", "by", "status", "owner", "subject", "body", "request_sha256")
OPENING = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class What(StrEnum):
    """What a line tells of."""

    SEEN = "seen"
    APPROVED = "approved"
    NOTE = "note"
    STATUS = "status"


class RequestStatus(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    CLOSED = "closed"
    HANDED_OFF = "handed-off"


WHATS, STATUSES = [one.value for one in What], [one.value for one in RequestStatus]
Line = Mapping[str, Any]


@dataclass(frozen=True)
class RequestLog:
    """What a log says; `problem` says why it cannot be believed, in words."""

    lines: tuple[Line, ...] = field(default=())
    problem: str = ""
    torn: bool = False
    """Whether something stands behind the last whole line; it does not count."""

    def of(self, what: What) -> list[Line]:
        """The lines of one kind, oldest first."""
        return [line for line in self.lines if line["what"] == what]

    @property
    def status(self) -> RequestStatus:
        """As of the last line about it; without one it is open."""
        found = self.of(What.STATUS)
        return RequestStatus(str(found[-1]["status"])) if found else RequestStatus.OPEN

    @property
    def owner(self) -> str:
        """Who has it, by the same line."""
        found = self.of(What.STATUS)
        return str(found[-1].get("owner") or "") if found else ""

    @property
    def version(self) -> int:
        """How many lines there are."""
        return len(self.lines)


def path_of(directory: Path, name: str) -> Path:
    """Where the log of a request is."""
    return directory / f"{name}.log"


def read_log(directory: Path, name: str) -> RequestLog:
    """The log of a request; without one nothing has happened yet."""
    path = path_of(directory, name)
    try:
        content = read_plain(path, LARGEST, follow=False)
    except FileNotFoundError:
        return RequestLog()
    except Unreadable as problem:
        return RequestLog(problem=OF_FILE(file=path.name, why=problem.reason))
    return _parsed(path.name, content.data)


def _parsed(file: str, content: bytes) -> RequestLog:
    if len(content) > LARGEST:
        return RequestLog(problem=OF_FILE(file=file, why=TOO_LARGE(most=LARGEST)))
    *complete, rest = content.split(b"\n")
    lines: list[Line] = []
    for number, text in enumerate(complete, start=1):
        line = _parsed_one(text, number)
        if line is None:
            return RequestLog(problem=LOG_LINE_FOREIGN(file=file, number=number))
        lines.append(line)
    return RequestLog(tuple(lines), torn=bool(rest))


def _parsed_one(text: bytes, number: int) -> Line | None:
    """The line with that number, or None for anything that no version of Spentkey wrote."""
    try:
        value = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    line = cast("dict[str, Any]", value)
    if type(line.get("version")) is not int or line["version"] != number or line.get("what") not in WHATS:
        return None
    if not all(_is_text(line[name]) for name in TEXTS if name in line):
        return None
    return line if line["what"] != What.STATUS or line.get("status") in STATUSES else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)


Unless = Callable[[RequestLog], bool]
"""Whether what is there by now makes a line needless; it may raise `WriteRefused`."""


def append(
    directory: Path, name: str, facts: Mapping[str, str], unless: Unless, patience_s: float = PATIENCE_S
) -> None:
    """Add one line, flushed to the disk, unless what is there by now makes it needless.

    Raises `Outage` when another process keeps the log or the disk is full, `DeskRefused` when the folder is away or
    not ours to write, `WriteRefused` when people must mend the log.
    """
    path = path_of(directory, name)
    try:
        with _locked(path, patience_s) as file:
            refuse_unsafe(os.fstat(file))
            content = os.pread(file, LARGEST + 1, 0)
            log = _parsed(path.name, content)
            if log.problem:
                raise WriteRefused(reason_for(log.problem))
            if unless(log):
                return
            text = json.dumps({**facts, "version": log.version + 1}, ensure_ascii=False, separators=(",", ":"))
            _write(file, content.rfind(b"\n") + 1, text.encode("utf-8", "replace") + b"\n")
            _flush_name(directory)
            if not _is_at(path, file):
                raise Outage(LOG_REPLACED(file=path.name))
    except Unreadable as problem:
        raise WriteRefused(OF_FILE(file=path.name, why=problem.reason)) from None
    except OSError as problem:
        raise _not_written(path, problem) from None


def _not_written(path: Path, problem: OSError) -> SpentkeyError:
    refused = LOG_NOT_WRITTEN(file=path.name, why=str(problem.strerror))
    mended = problem.errno in OF_THE_FILE - {errno.EACCES, errno.EPERM, errno.ENOTDIR}
    error = away(path.parent, problem)
    return WriteRefused(refused) if mended else type(error)(OF_FOLDER(path=str(path.parent), why=refused))


def _write(file: int, at: int, data: bytes) -> None:
    """Put the line behind the last whole one, and wait until the disk has it."""
    os.ftruncate(file, at)
    while data:
        written = os.pwrite(file, data, at)
        data, at = data[written:], at + written
    os.fsync(file)


@contextmanager
def _locked(path: Path, patience_s: float) -> Generator[int]:
    """The log, open and locked; the kernel frees the lock of a process that dies.

    A log that somebody replaced while we waited is opened anew: the lock is on a file, not on a name.
    """
    waiting = threading.Event()
    for _ in range(int(patience_s / PAUSE_S)):
        file = _opened(path)
        try:
            if file is not None and _has_locked(file) and _is_at(path, file):
                yield file
                return
        finally:
            if file is not None:
                os.close(file)
        waiting.wait(PAUSE_S)
    raise Outage(LOG_HELD(file=path.name, seconds=f"{patience_s:.1g}"))


def _opened(path: Path) -> int | None:
    """The log, made where there is none; None where it went away in this moment."""
    try:
        file = os.open(path, OPENING | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError:
        try:
            return os.open(path, OPENING)
        except FileNotFoundError:
            return None
    os.fchmod(file, MODE)
    return file


def _has_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, file: int) -> bool:
    """Whether the name still leads to the open file."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _flush_name(directory: Path) -> None:
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
