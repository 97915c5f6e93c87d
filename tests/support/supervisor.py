"""Whatever a run of the tests starts ends with it, however the run itself ends.

`supervise` divides the process in two. The child goes on with the tests. The parent only waits: the kernel gives it
every process that loses its own parent, so it can end what is left, also servers that have detached themselves.
"""

import ctypes
import locale
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

SHARED_MEMORY = "/dev/shm"
"""Where files need no disk, on machines that have it."""
VARIABLE = "SPENTKEY_TESTS_FOLDER"
"""The folder of this run, for data of servers; whoever finds it set is supervised already."""
LOCALE = "C.UTF-8"
STOPS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
GRACE_S = 20
"""How long the tests may take to end when they are told to, and then what they started."""
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36


def supervise() -> None:
    """Return in a child; this process waits for it, ends what it left behind, and then ends as it did."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):  # `nohup make test &` ignores SIGINT, for instance
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if VARIABLE in os.environ:
        return
    _speak_utf8()
    folder = Path(tempfile.mkdtemp(prefix="spentkey-tests-", dir=_quick()))
    folder.chmod(0o711)
    os.environ[VARIABLE] = str(folder)
    _prctl(SET_CHILD_SUBREAPER, 1)
    heard = {number for number in STOPS if signal.getsignal(number) is not signal.SIG_IGN} | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    child = os.fork()
    if child == 0:
        _prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_SETMASK, before - heard)
        return
    status, stop = _wait(child, heard)
    _end(descendants(), heard)
    shutil.rmtree(folder, ignore_errors=True)
    _leave(status, stop)


def _speak_utf8() -> None:
    """Start anew where the machine's locale has another encoding: files and programs of the tests speak UTF-8."""
    if locale.getpreferredencoding(False).lower() != "utf-8" and os.environ.get("LC_ALL") != LOCALE:
        os.environ["LC_ALL"] = LOCALE
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # this very program


def folder() -> str | None:
    """The folder of this run, else the quickest one for temporary files."""
    return os.environ.get(VARIABLE) or _quick()


def descendants(pid: int | None = None) -> list[int]:
    """Every process below this one (or below `pid`), parents first."""
    first = pid or os.getpid()
    try:
        below = [int(one) for one in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [*below, *(lower for one in below for lower in descendants(one))]


def _quick() -> str | None:
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _wait(child: int, heard: set[signal.Signals]) -> tuple[int, int]:
    """Wait for the child, handing on what it is told; its status, and the signal that asked for the end, or 0."""
    stop = 0
    while True:
        received = signal.sigtimedwait(heard, GRACE_S) if stop else signal.sigwaitinfo(heard)
        if received is None:
            os.kill(child, signal.SIGKILL)
        elif received.si_signo != signal.SIGCHLD:
            stop = received.si_signo
            if received.si_code <= 0:  # one process sent it to us; what comes from the terminal, the child gets as well
                for pid in _group():
                    _kill(pid, signal.SIGINT)
        ended = _reap()
        if child in ended:
            return ended[child], stop


def _group() -> list[int]:
    """The processes below this one that would hear Ctrl-C with it: the tests and their workers."""
    group, below = str(os.getpgrp()), descendants()
    return [pid for pid in below if _stat(pid)[2:3] == [group]]


def _stat(pid: int) -> list[str]:
    """State, parent and group of a process; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _reap() -> dict[int, int]:
    """The processes that have ended, with their statuses."""
    ended: dict[int, int] = {}
    try:
        while (one := os.waitpid(-1, os.WNOHANG))[0]:
            ended[one[0]] = one[1]
    except ChildProcessError:
        pass
    return ended


def _end(left: list[int], heard: set[signal.Signals]) -> None:
    """Ask these processes to end, then end what is there after a while, and whatever that leaves."""
    for pid in left:
        _kill(pid, signal.SIGINT)
    while left and signal.sigtimedwait(heard - STOPS, GRACE_S / 4) is not None:
        _reap()
        left = descendants()
    while left := descendants():
        for pid in left:
            _kill(pid, signal.SIGKILL)
        signal.sigtimedwait(heard - STOPS, GRACE_S / 4)
        _reap()


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _leave(status: int, stop: int) -> None:
    """End as the child did, or by the signal that asked for the end."""
    number = stop or (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
    if number:
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) if not number else 128 + number)
