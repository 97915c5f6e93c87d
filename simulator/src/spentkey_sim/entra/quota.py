"""The documented throttling quotas of applications and directory objects: learn.microsoft.com/graph/throttling-limits."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Window:
    """So much within so long a time, counted over a sliding window."""

    limit: int
    span: timedelta
    spent: int = 0
    spendings: deque[tuple[datetime, int]] = field(default_factory=deque[tuple[datetime, int]])

    def fits(self, cost: int, now: datetime) -> bool:
        """Whether there is room for this cost now."""
        while self.spendings and now - self.spendings[0][0] >= self.span:
            self.spent -= self.spendings.popleft()[1]
        return self.spent + cost <= self.limit

    def spend(self, cost: int, now: datetime) -> None:
        """Count this cost."""
        self.spent += cost
        self.spendings.append((now, cost))


@dataclass
class Quota:
    """What one application may do in one tenant; the limits are those of a tenant with more than 500 users."""

    units: Window = field(default_factory=lambda: Window(8000, timedelta(seconds=10)))
    writes: Window = field(default_factory=lambda: Window(3000, timedelta(seconds=150)))

    def take(self, method: str, options: frozenset[str], now: datetime, *, listing: bool) -> bool:
        """LEDGER: E-46, take the cost of one request, or say that there is no room for it."""
        cost, write = units(method, options, listing=listing), method != "GET"
        if not self.units.fits(cost, now) or (write and not self.writes.fits(1, now)):
            return False
        self.units.spend(cost, now)
        if write:
            self.writes.spend(1, now)
        return True


def units(method: str, options: frozenset[str], *, listing: bool) -> int:
    """Resource units of one request: a list costs two, a $select saves one, nothing costs less than one."""
    base = 2 if listing and method == "GET" else 1
    return max(1, base - ("$select" in options))
