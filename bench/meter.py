"""Runs a command and measures it: wall time, CPU time with all its children, and the peak memory of its tree."""

import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

PROC = Path("/proc")
EVERY_S = 0.01
"""How often the memory is looked at, in seconds; a peak that is shorter may be missed."""
LONGEST_S = 900
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """What one command took. `peak` is the largest sum of the resident memory of all its processes, in bytes."""

    wall: float
    cpu: float
    peak: int

    def __add__(self, other: "Measured") -> "Measured":
        """Two commands, one after another."""
        return Measured(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))


class CommandFailedError(Exception):
    """The command did not do what was measured; the text is the last line that it said."""


def measure(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[Measured, str]:
    """Run the command in that folder; its figures and its stdout come back."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, cwd=folder
        )
        peak = Peak(process.pid)
        late = threading.Timer(LONGEST_S, process.kill)
        late.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # the bench itself is being stopped
            process.kill()
            raise
        wall = time.perf_counter() - begun
        late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        measured = Measured(wall, used.ru_utime + used.ru_stime, peak.end())
        out.seek(0)
        err.seek(0)
        message, complaint = out.read(), err.read()
    if process.returncode != 0:
        raise CommandFailedError(f"exit code {process.returncode}: {last_line(complaint, message)}")
    return measured, message


def last_line(complaint: str, message: str) -> str:
    """The line that tells most about a failure: the last one, of stderr if it has any."""
    return (complaint.strip() or message.strip() or "no word").splitlines()[-1][:200]


class Peak:
    """Watches the memory of a process and of all its descendants from a thread, until `end`."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak = pid, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> int:
        """Stop watching; the peak in bytes."""
        self._done.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._done.is_set():
            self._peak = max(self._peak, resident(self._pid))
            self._done.wait(EVERY_S)


def resident(pid: int) -> int:
    """The resident memory of a process and its descendants, in bytes; pages that they share are counted for each."""
    return sum(resident_alone(one) for one in [pid, *descendants(pid, parents())])


def descendants(pid: int, parent_of: Mapping[int, int]) -> list[int]:
    """Children, their children and so on; `parent_of` has the parent of each process."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for child, parent in parent_of.items():
        children[parent].append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        new = children[waiting.pop()]
        found += new
        waiting += new
    return found


def parents() -> dict[int, int]:
    """The parent of every process of the machine."""
    found: dict[int, int] = {}
    for name in os.listdir(PROC):  # noqa: PTH208  # a hundred times a second: no Path for each process
        if name.isdigit():
            stat = _text(f"/proc/{name}/stat")
            if stat:
                found[int(name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def resident_alone(pid: int) -> int:
    """The resident memory of one process, in bytes; 0 when it has ended."""
    statm = _text(f"/proc/{pid}/statm")
    return int(statm.split()[1]) * _PAGE if statm else 0


def _text(path: str) -> str:
    try:
        with open(path) as file:  # noqa: PTH123
            return file.read()
    except OSError:  # it has ended
        return ""
