"""Waiting for an advisory lock on a file: the tries and the pauses between them, for threads and for coroutines."""

import fcntl
from collections.abc import Callable, Iterator

from spentkey.core.errors import SpentkeyError


def tries_to_lock(
    file: int, patience_s: float, first_s: float, longest_s: float, given_up: Callable[[float], SpentkeyError]
) -> Iterator[float]:
    """Try for the exclusive lock of an open file, and yield how many seconds to wait before each further try.

    The pauses double from `first_s` to `longest_s`. It ends when the lock is held; when `patience_s` is over it raises
    what `given_up` makes of the seconds waited. The kernel frees the lock of a process that dies.
    """
    waited_s, pause_s = 0.0, first_s
    while not _locked(file):
        if waited_s >= patience_s:
            raise given_up(waited_s)
        yield pause_s
        waited_s, pause_s = waited_s + pause_s, min(longest_s, 2 * pause_s)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
