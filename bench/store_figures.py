"""The arithmetic of the store's benchmark: spreads without the outermost tenths, and runs that agree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Generic, TypeVar

from bench.figures import Figure

T = TypeVar("T")
MOST_TRIES = 5
"""How often something is measured at most until two of the measurements agree."""
NEAR = 0.1
"""How far two medians may lie apart, as a share of the larger one, to be called alike."""
NEAR_CPU_S, NEAR_PEAK = 0.02, 2e6
"""How far two differences of cold runs may lie apart: a fifth and a tenth of what is allowed."""


def tenths(values: Sequence[float]) -> Figure:
    """The median between the tenth and the ninetieth percentile; there must be one value at least."""
    if len(values) < 2:
        return Figure.of(values)
    parts = quantiles(values, n=10, method="inclusive")
    return Figure(median(values), parts[0], parts[-1])


@dataclass(frozen=True)
class Appended:
    """How long appends took, in seconds: one at a time, and where many tasks append at once."""

    one: tuple[float, ...]
    each: tuple[float, ...]
    """What each of the tasks waited."""
    groups: tuple[float, ...]
    """How long all the tasks of one moment took together."""
    flush: tuple[float, ...] = ()
    """How long flushes of the disk took before and after; none where the store needs no disk."""

    def __add__(self, other: "Appended") -> "Appended":
        """Both measurements as one."""
        return Appended(
            self.one + other.one, self.each + other.each, self.groups + other.groups, self.flush + other.flush
        )

    def near(self, other: "Appended") -> bool:
        """Whether the medians are alike, for one at a time and for many at once."""
        pairs = ((self.one, other.one), (self.groups, other.groups))
        return all(_alike(median(ours), median(theirs)) for ours, theirs in pairs)


def _alike(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= NEAR * max(ours, theirs)


@dataclass(frozen=True)
class ColdRuns:
    """Cold runs on one store: seconds of wall and CPU time, peak memory in bytes, and the server's CPU time."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    peak: tuple[float, ...]
    server: tuple[float, ...] = ()
    """Of PostgreSQL, in steps of a hundredth."""

    def __add__(self, other: "ColdRuns") -> "ColdRuns":
        """Both measurements as one."""
        return ColdRuns(
            self.wall + other.wall, self.cpu + other.cpu, self.peak + other.peak, self.server + other.server
        )


@dataclass(frozen=True)
class Cold:
    """Cold runs on an empty store and on a full one, taken in turn."""

    empty: ColdRuns
    full: ColdRuns

    def __add__(self, other: "Cold") -> "Cold":
        """Both measurements as one."""
        return Cold(self.empty + other.empty, self.full + other.full)

    @property
    def cpu(self) -> float:
        """How much more CPU time a run takes on the full store."""
        return median(self.full.cpu) - median(self.empty.cpu)

    @property
    def peak(self) -> float:
        """How much more memory a run takes on the full store."""
        return median(self.full.peak) - median(self.empty.peak)

    def near(self, other: "Cold") -> bool:
        """Whether the differences are alike."""
        return abs(self.cpu - other.cpu) <= NEAR_CPU_S and abs(self.peak - other.peak) <= NEAR_PEAK


@dataclass(frozen=True)
class HeldUp:
    """What appends of another process took in seconds, alone for a while and then beside cold runs."""

    alone: tuple[float, ...]
    beside: tuple[float, ...]


@dataclass(frozen=True)
class Agreed(Generic[T]):
    """The two measurements that agree as one, or all of them where no two did."""

    value: T
    tries: int
    agreed: bool


def agreeing(
    take: Callable[[], T], near: Callable[[T, T], bool], add: Callable[[T, T], T], most: int = MOST_TRIES
) -> Agreed[T]:
    """Measure until a measurement agrees with one before it, at most so often."""
    taken = [take()]
    while len(taken) < most:
        new = take()
        match = next((one for one in taken if near(one, new)), None)
        if match is not None:
            return Agreed(add(match, new), len(taken) + 1, agreed=True)
        taken.append(new)
    whole = taken[0]
    for one in taken[1:]:
        whole = add(whole, one)
    return Agreed(whole, len(taken), agreed=False)


@dataclass(frozen=True)
class StoreKey:
    """One store: which, where its files lie, and how many records it had before."""

    store: str
    where: str
    records: int

    @property
    def name(self) -> str:
        """As it is called in the aims."""
        return f"{self.store}, {self.where}, {self.records:,} records"


@dataclass
class Found:
    """Everything that was measured."""

    appends: dict[StoreKey, Agreed[Appended]] = field(default_factory=dict[StoreKey, Agreed[Appended]])
    cold: dict[StoreKey, Agreed[Cold]] = field(default_factory=dict[StoreKey, Agreed[Cold]])
    """By the full store of the two."""
    held_up: dict[StoreKey, HeldUp] = field(default_factory=dict[StoreKey, HeldUp])
    others: list[float] = field(default_factory=list[float])
    """How many cores other work kept busy, in moments in which the bench itself only waited."""

    @property
    def flush(self) -> list[float]:
        """Every flush that was measured."""
        return [flush for one in self.appends.values() for flush in one.value.flush]
