"""The arithmetic: medians with their spread, and ratios of what was measured in the same run."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Sample:
    """One measurement, for one removal. `server` is the simulator's CPU time, `waits` the latencies that it added."""

    wall: float
    cpu: float
    peak: float
    requests: float
    server: float
    waits: float
    routes: tuple[str, ...] = ()
    """The requests in their order."""

    @property
    def own(self) -> float:
        """The wall time beyond the outside calls: without the latencies and without the simulator's own work."""
        return self.wall - self.waits - self.server


@dataclass(frozen=True)
class Figure:
    """A median with the smallest and the largest value."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """The figure of several measurements; there must be one at least."""
        return cls(median(values), min(values), max(values))

    def text(self, digits: int, scale: float = 1.0) -> str:
        """`median (min..max)`, or the median alone where all are alike at these digits."""
        middle, least, most = (f"{value / scale:.{digits}f}" for value in (self.middle, self.least, self.most))
        return middle if least == most else f"{middle} ({least}..{most})"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Figure | None:
    """Ours over theirs, run by run; None where no run has both."""
    pairs = [(our, their) for our, their in zip(ours, theirs, strict=False) if their > 0]
    return Figure.of([our / their for our, their in pairs]) if pairs else None
