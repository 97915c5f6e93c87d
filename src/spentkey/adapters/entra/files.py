"""Files that the automation signs in with: a PFX, or a token that a cluster renews."""

import os
import stat
from pathlib import Path

from spentkey.adapters.entra.own_reasons import (
    FILE_LARGE,
    FILE_NOT_PLAIN,
    FILE_OPEN_TO_OTHERS,
    FILE_OTHER_ACCOUNT,
    FILE_UNREADABLE,
    FILE_WRITABLE,
)
from spentkey.core.errors import AccessRefused
from spentkey.core.reason import Reason


def read_file(path: Path, most: int, *, private: bool) -> bytes:
    """The bytes of a plain file, at most `most` of them; links are followed. Raises `AccessRefused` in plain words.

    `private` is for what must be a secret of ours: nobody else may read it, and nobody else may own it. What leads to the
    file may be replaced at any moment (Kubernetes does that), so one that is not there is looked for once more.
    """
    try:
        try:
            return _read(path, most, private=private)
        except FileNotFoundError:
            return _read(path, most, private=private)
    except OSError as problem:
        raise AccessRefused(FILE_UNREADABLE(path=str(path), why=str(problem.strerror))) from None


def _read(path: Path, most: int, *, private: bool) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer must not hold us up
    try:
        problem = _why_not(path, os.fstat(file), private=private)
        if problem is not None:
            raise AccessRefused(problem)
        with os.fdopen(file, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
    finally:
        os.close(file)
    if len(content) > most:
        raise AccessRefused(FILE_LARGE(path=str(path), most=most))
    return content


def _why_not(path: Path, seen: os.stat_result, *, private: bool) -> Reason | None:
    """A token may be readable by others: Kubernetes projects it so where nobody says who runs the container."""
    where = {"path": str(path)}
    if not stat.S_ISREG(seen.st_mode):
        return FILE_NOT_PLAIN(**where)
    if seen.st_mode & stat.S_IWOTH or (private and seen.st_mode & stat.S_IWGRP):
        return FILE_WRITABLE(**where)
    if private and seen.st_uid not in (os.geteuid(), 0):
        return FILE_OTHER_ACCOUNT(**where)
    return FILE_OPEN_TO_OTHERS(**where) if private and seen.st_mode & stat.S_IROTH else None
