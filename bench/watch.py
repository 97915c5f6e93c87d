"""Watches processes while they work: CPU time and resident memory of each, and how busy the whole machine is."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.meter import descendants, parents, resident_alone

EVERY_S = 0.5
"""How often they are looked at, in seconds."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Look:
    """One look at one process: seconds since the watch began, its CPU time so far, and its memory in bytes."""

    at: float
    cpu: float
    memory: int


class Watch:
    """Looks at each of the named processes, with its children, from a thread until `end`."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids, self.looks = dict(pids), {name: list[Look]() for name in pids}
        self._begun, self._busy = time.monotonic(), machine_busy()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def elapsed(self) -> float:
        """Seconds since the watch began."""
        return time.monotonic() - self._begun

    def add(self, name: str, pid: int) -> None:
        """Watch one process more."""
        self.looks[name] = []
        self._pids[name] = pid

    def cpu(self, name: str) -> float:
        """The CPU time of one of them so far; 0 for a name that is not watched."""
        pid = self._pids.get(name)
        alive = sum(cpu_of(one) for one in [pid, *descendants(pid, parents())]) if pid is not None else 0.0
        return alive or (self.looks[name][-1].cpu if self.looks.get(name) else 0.0)

    def end(self) -> float:
        """Look a last time and stop; gives the CPU time that the whole machine has spent meanwhile."""
        self._done.set()
        self._thread.join()
        self._look()
        return machine_busy() - self._busy

    def _watch(self) -> None:
        while not self._done.wait(EVERY_S):
            self._look()

    def _look(self) -> None:
        tree, at = parents(), self.elapsed()
        for name, pid in list(self._pids.items()):
            family = [pid, *descendants(pid, tree)]
            cpu, memory = sum(cpu_of(one) for one in family), sum(resident_alone(one) for one in family)
            if memory:  # one that has ended keeps its last look
                self.looks[name].append(Look(at, cpu, memory))


def cpu_of(pid: int) -> float:
    """The CPU time of a process and of its children that have ended, in seconds; 0 when it is not there."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICK


def machine_busy() -> float:
    """The CPU time that all cores have spent on anything, in seconds."""
    spent = [int(field) for field in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:9]]
    return (sum(spent) - spent[3] - spent[4]) / _TICK
