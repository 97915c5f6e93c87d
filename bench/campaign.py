"""The order of the measurements: in each run every way once, one after another, so that ratios compare like with like."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from subprocess import SubprocessError

from bench.figures import Sample
from bench.installs import RECIPES, Installed, NotInstalledError, peer, size_of_some, spentkey
from bench.loopback import Loopback
from bench.meter import CommandFailedError
from bench.stage import Stage
from bench.ways import WAYS, Way, take
from bench.world import KINDS, Kind, world

BARE_NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "secret": ("aiohttp",),
    "certificate": ("aiohttp", "pyjwt", "cryptography", "mssql-python"),
}
"""The distributions that the bare script imports."""
GROWTH_RUNS = 3
REQUESTS = 19
"""About how many requests a removal makes."""
LONG_ENOUGH_S = 8.0
"""About how long one warm process is measured; a latency makes that fewer removals."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured."""

    latencies: tuple[float, ...]
    """In milliseconds."""
    runs: int
    tasks: int
    growth: tuple[int, ...]
    peers: tuple[str, ...]


@dataclass
class Row:
    """One way at one latency: its samples, and why there are no more of them."""

    latency: float
    kind: Kind
    way: Way
    count: int
    size: int
    samples: list[Sample] = field(default_factory=list[Sample])
    reason: str | None = None


@dataclass
class Report:
    """Everything that was found."""

    plan: Plan
    rows: list[Row]
    growth: dict[int, list[Sample]]
    versions: dict[str, str]

    def row(self, latency: float, kind: Kind, name: str) -> Row | None:
        """The row of a way."""
        wanted = (latency, kind, name)
        return next((one for one in self.rows if (one.latency, one.kind, one.way.name) == wanted), None)

    def samples(self, latency: float, kind: Kind, name: str) -> list[Sample]:
        """The samples of a way; none where it was not measured."""
        row = self.row(latency, kind, name)
        return row.samples if row else []


@dataclass
class Campaign:
    """Measures a plan; `say` gets a line for each step, `folder` is on the disk that evidence would be on."""

    plan: Plan
    folder: Path
    now: datetime
    say: Say

    def run(self) -> Report:
        """Everything in the plan. Raises `NotInstalledError` when Spentkey itself cannot be installed."""
        installed = {"spentkey": spentkey(self.say)}
        missing: dict[str, str] = {}
        for name in self.plan.peers:
            try:
                installed[name] = peer(RECIPES[name], self.say)
            except NotInstalledError as problem:
                missing[name] = f"not installed: {problem}"
                self.say(f"{name}: {missing[name]}")
        rows = list(self._rows(installed, missing))
        for latency in self.plan.latencies:
            self._at(latency, [row for row in rows if row.latency == latency], installed)
        growth = self._growth(installed)
        versions = {name: version for one in installed.values() for name, version in one.versions.items()}
        return Report(self.plan, rows, growth, versions)

    def _rows(self, installed: Mapping[str, Installed], missing: Mapping[str, str]) -> Iterator[Row]:
        bare = {kind: size_of_some(installed["spentkey"], BARE_NEEDS[kind]) for kind in KINDS}
        for latency in self.plan.latencies:
            for kind in KINDS:
                for way in _wanted(kind, self.plan.peers):
                    here = installed.get(way.environment)
                    size = bare[kind] if way.bare else here.size if here else 0
                    count = warm_count(self.plan.tasks, latency) if way.warm else 0
                    yield Row(latency, kind, way, count, size, reason=missing.get(way.environment))

    def _at(self, latency: float, rows: Sequence[Row], installed: Mapping[str, Installed]) -> None:
        loopback = self._start(latency, installed)
        try:
            for run in range(1, self.plan.runs + 1):
                for row in rows:
                    if row.reason is None:
                        self._measure(loopback, row, installed, run)
        finally:
            loopback.stop()

    def _measure(self, loopback: Loopback, row: Row, installed: Mapping[str, Installed], run: int) -> None:
        loopback.reset(world(row.kind, row.count + 1, self.now))
        stage = Stage(loopback, row.kind, row.count, row.latency / 1000, installed)
        where = f"{row.latency:g} ms, run {run} of {self.plan.runs}, {row.kind}, {row.way.name}"
        try:
            sample = take(row.way, stage)
        except (CommandFailedError, OSError, SubprocessError) as problem:
            row.reason = f"failed in run {run}: {problem}"
            self.say(f"{where}: {row.reason}")
        else:
            row.samples.append(sample)
            self.say(f"{where}: {sample.wall:.3f} s")

    def _growth(self, installed: Mapping[str, Installed]) -> dict[int, list[Sample]]:
        """Secrets in one process, for growing numbers of tasks in one world."""
        found: dict[int, list[Sample]] = {count: [] for count in self.plan.growth}
        if not found:
            return found
        way = next(one for one in WAYS if one.name == "spentkey, warm")
        largest = world("secret", max(self.plan.growth) + 1, self.now)
        loopback = self._start(0, installed)
        try:
            for run in range(min(self.plan.runs, GROWTH_RUNS)):
                for count in self.plan.growth:
                    loopback.reset(largest)
                    found[count].append(take(way, Stage(loopback, "secret", count, 0, installed)))
                    self.say(f"growth, run {run + 1}, {count} tasks: {found[count][-1].cpu * 1000:.1f} ms CPU each")
        except (CommandFailedError, OSError, SubprocessError) as problem:  # the tables are worth more than the growth
            self.say(f"growth: given up: {problem}")
        finally:
            loopback.stop()
        return found

    def _start(self, latency: float, installed: Mapping[str, Installed]) -> Loopback:
        """The simulator, with its keys and certificates made: it makes them when they are first needed."""
        folder = self.folder / "simulator"
        shutil.rmtree(folder, ignore_errors=True)
        loopback = Loopback.start(folder, world("secret", 1, self.now), latency)
        bare = next(one for one in WAYS if one.name == "bare script")
        for kind in KINDS:
            loopback.reset(world(kind, 1, self.now))
            take(bare, Stage(loopback, kind, 0, 0, installed))
        return loopback


def warm_count(tasks: int, latency: float) -> int:
    """How many removals a warm process is measured for at a latency, in milliseconds: all, or as many as take a while."""
    each = latency / 1000 * REQUESTS
    return tasks if each == 0 else max(5, min(tasks, round(LONG_ENOUGH_S / each)))


def _wanted(kind: Kind, peers: Sequence[str]) -> Iterator[Way]:
    return (way for way in WAYS if kind in way.kinds and way.environment in ("spentkey", *peers))
