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
from spentkey.settings.modes import ModeFault, fault_of
from spentkey.settings.surroundings import ProcessView

REASONS = {
    ModeFault.WRITABLE: FILE_WRITABLE,
    ModeFault.OTHER_ACCOUNT: FILE_OTHER_ACCOUNT,
    ModeFault.READABLE: FILE_OPEN_TO_OTHERS,
}
"""What is said of a secret of ours; one that is let pass in a container has none."""


def read_file(path: Path, most: int, *, private: bool, here: ProcessView | None = None) -> bytes:
    """The bytes of a plain file, at most `most` of them; links are followed. Raises `AccessRefused` in plain words.

    `private` is for what must be a secret of ours: who may read, write and own it is judged as for the files of the
    configuration. What leads to the file may be replaced at any moment (Kubernetes does that), so one that is not there is looked for once more.
    """
    here = here or ProcessView()
    try:
        try:
            return _read(path, most, here, private=private)
        except FileNotFoundError:
            return _read(path, most, here, private=private)
    except OSError as problem:
        raise AccessRefused(FILE_UNREADABLE(path=str(path), why=str(problem.strerror))) from None


def _read(path: Path, most: int, here: ProcessView, *, private: bool) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer must not hold us up
    try:
        problem = _why_not(path, os.fstat(file), here, private=private)
        if problem is not None:
            raise AccessRefused(problem)
        with os.fdopen(file, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
    finally:
        os.close(file)
    if len(content) > most:
        raise AccessRefused(FILE_LARGE(path=str(path), most=most))
    return content


def _why_not(path: Path, seen: os.stat_result, here: ProcessView, *, private: bool) -> Reason | None:
    """A token may be readable by others: Kubernetes projects it so where nobody says who runs the container."""
    where = {"path": str(path)}
    if not stat.S_ISREG(seen.st_mode):
        return FILE_NOT_PLAIN(**where)
    if not private:
        return FILE_WRITABLE(**where) if seen.st_mode & stat.S_IWOTH else None
    fault = fault_of(path, seen, here, secret=True)
    return REASONS[fault](**where) if fault in REASONS else None
