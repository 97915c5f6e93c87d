"""The arithmetic of the service benchmark: what the simulator's journal and the watch over the processes say together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.watch import Look

GRAPH_WRITES = frozenset({"removePassword", "removeKey", "patch"})
LEFT_OUT = 0.1
"""How much of the writes at either end is not the steady part: a burst is allowed first, and places stay empty last."""
LEAST_STEADY = 500
"""Fewer writes than that have no steady part: most of them are the burst that the quota allows."""
KEYS, KEYS_WINDOW_S = "keyCredentials", 60
WINDOW_S = 150
"""The time over which Graph counts the writes of one application in one tenant."""

Entry = Mapping[str, Any]


@dataclass
class Tally:
    """What was asked of the simulator, counted while the journal comes in."""

    last: int = 0
    requests: int = 0
    throttled: int = 0
    statuses: Counter[str] = field(default_factory=Counter[str])
    """Answers that are no success, by system, route and status."""
    graph_writes: list[float] = field(default_factory=list[float])
    """When each removal was applied, in seconds since the epoch by the simulator's clock, which shows whole ones."""
    key_reads: list[float] = field(default_factory=list[float])
    """When each read that selects `keyCredentials` came."""
    closes: Counter[str] = field(default_factory=Counter[str])
    """How often each task was really written to, by its number."""

    def take(self, entries: Iterable[Entry]) -> None:
        """Count what came since."""
        for one in entries:
            self._take(one)

    def _take(self, one: Entry) -> None:
        at = datetime.fromisoformat(one["at"]).timestamp()
        self.last = one["n"]
        batched = one["route"].startswith("batch:")
        self.requests += not batched
        self.throttled += one["status"] == 429
        if one["status"] == 0 or (one["status"] >= 400 and not (batched and one["status"] == 404)):
            self.statuses[f"{one['system']} {one['route']} {one['status']}"] += 1
        if KEYS in one.get("path", ""):
            self.key_reads.append(at)
        if one["applied"] and one["route"] in GRAPH_WRITES:
            self.graph_writes.append(at)
        if one["applied"] and one["route"] == "task-write":
            self.closes[one["object"]] += 1


def steady(times: Sequence[float], left_out: float = LEFT_OUT) -> float | None:
    """How many a second came in the steady part; None where there is none."""
    if len(times) < LEAST_STEADY:
        return None
    ordered = sorted(times)
    edge = int(len(ordered) * left_out)
    middle = ordered[edge : len(ordered) - edge]
    lasted = middle[-1] - middle[0]
    return (len(middle) - 1) / lasted if lasted > 0 else None


def fullest(times: Sequence[float], window_s: float = WINDOW_S) -> int:
    """The most that came within any so many seconds."""
    ordered, first, most = sorted(times), 0, 0
    for at, time in enumerate(ordered):
        while time - ordered[first] >= window_s:
            first += 1
        most = max(most, at - first + 1)
    return most


@dataclass(frozen=True)
class Memory:
    """The resident memory of one process over a run, in bytes: at a quarter, a half and the end of it, and its peak."""

    quarter: int
    half: int
    end: int
    peak: int

    @classmethod
    def of(cls, looks: Sequence[Look]) -> "Memory":
        """What the looks at one process say; there must be one at least."""
        lasts = looks[-1].at - looks[0].at

        def at(part: float) -> int:
            return next(one.memory for one in looks if one.at - looks[0].at >= lasts * part)

        return cls(at(0.25), at(0.5), looks[-1].memory, max(one.memory for one in looks))


@dataclass(frozen=True)
class ServiceSample:
    """One run: `tasks` removals by one or more processes. CPU in seconds, wall from the first start to the last close."""

    tasks: int
    wall: float
    cpu: tuple[float, ...]
    """Of each process, from its start to its end."""
    cpu_start: tuple[float, ...]
    """Of each process, before the simulator saw its first request: starting Python, reading the configuration."""
    database_cpu: float
    simulator_cpu: float
    machine_cpu: float
    """Of everything on the machine."""
    cores: int
    memory: tuple[Memory, ...]
    requests: int
    throttled: int
    writes_a_second: float | None
    fullest: int
    key_reads: int = 0
    """The most reads that selected `keyCredentials` within any minute."""

    @property
    def cpu_each(self) -> float:
        """The product's CPU time for one removal, the start of its processes included."""
        return sum(self.cpu) / self.tasks

    @property
    def cpu_each_warm(self) -> float:
        """The product's CPU time for one removal, without the start of its processes."""
        return (sum(self.cpu) - sum(self.cpu_start)) / self.tasks

    @property
    def others_cores(self) -> float:
        """How many cores were busy with work that is no part of the run, on average."""
        return max(0.0, self.machine_cpu - sum(self.cpu) - self.database_cpu - self.simulator_cpu) / self.wall

    @property
    def removals_a_second(self) -> float:
        """Over the whole run, its start and its last verification included."""
        return self.tasks / self.wall
