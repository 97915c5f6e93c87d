"""Reads one file of the folder: plain, of bounded size, and without waiting, whatever somebody has put there.

What is wrong with the file itself is said in words, for whoever must mend it; a system that is away is an `Outage`.
"""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from spentkey.adapters.files.reasons import (
    CANNOT_BE_READ,
    FOLDER_NOT_NOW,
    FOLDER_UNUSABLE,
    FOLDER_WORLD_WRITABLE,
    NO_FOLDER,
    NO_PLAIN_FILE,
    READ_NOT_NOW,
    TOO_LARGE,
    WORLD_WRITABLE,
)
from spentkey.core.errors import DeskRefused, Outage, SpentkeyError
from spentkey.core.reason import Reason

OF_THE_FILE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.ELOOP,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.ENXIO,
        errno.ENAMETOOLONG,
    }
)
"""What the system answers about a file that people must mend; every other answer passes by itself."""
NOT_LET_IN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What it answers about a folder that is not there, or not ours to use."""


class Unreadable(Exception):
    """Why a file cannot be read, in words."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Content:
    """The bytes of a file; `steady` says that nobody wrote to it while it was read."""

    data: bytes
    steady: bool


def read_plain(path: Path, largest: int, *, follow: bool) -> Content:
    """The content; raises `FileNotFoundError`, `Unreadable`, or `Outage` where trying again may help."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        file = os.open(path, flags)
        try:
            before = os.fstat(file)
            refuse_unsafe(before)
            with os.fdopen(file, "rb", closefd=False) as stream:
                data = stream.read(largest + 1)
            after = os.fstat(file)
        finally:
            os.close(file)
    except FileNotFoundError:
        raise
    except OSError as problem:
        if problem.errno not in OF_THE_FILE:
            raise Outage(READ_NOT_NOW(path=str(path), why=str(problem.strerror))) from None
        raise Unreadable(CANNOT_BE_READ(why=str(problem.strerror))) from None
    if len(data) > largest:
        raise Unreadable(TOO_LARGE(most=largest))
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return Content(data, same and len(data) == after.st_size)


def refuse_unsafe(seen: os.stat_result) -> None:
    """Raise `Unreadable` for what is no plain file, or what everybody may write: whoever may, approves."""
    if not stat.S_ISREG(seen.st_mode):
        raise Unreadable(NO_PLAIN_FILE())
    if seen.st_mode & stat.S_IWOTH:
        raise Unreadable(WORLD_WRITABLE())


def away(directory: Path, problem: OSError) -> SpentkeyError:
    """The error for a folder that cannot be used."""
    if problem.errno in NOT_LET_IN:
        return DeskRefused(FOLDER_UNUSABLE(path=str(directory), why=str(problem.strerror)))
    return Outage(FOLDER_NOT_NOW(path=str(directory), why=str(problem.strerror)))


def refuse_open_folder(directory: Path) -> None:
    """Raise `DeskRefused` for a folder that is not there, or that everybody may write to: whoever may, approves."""
    try:
        mode = directory.stat().st_mode
    except OSError as problem:
        raise away(directory, problem) from None
    if not stat.S_ISDIR(mode):
        raise DeskRefused(NO_FOLDER(path=str(directory)))
    if mode & stat.S_IWOTH:
        raise DeskRefused(FOLDER_WORLD_WRITABLE(path=str(directory)))
