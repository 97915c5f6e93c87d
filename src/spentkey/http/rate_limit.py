"""A pace that several workers keep together: so many requests in so long a time, evenly spread.

The arithmetic is pyrate-limiter's generic cell rate algorithm, whose whole memory is one number for each rate; where
that number is kept decides who shares the pace: one process, or all that share a database. Whoever asks gets a place
in time at once and waits for it, so that many who wait do not all ask again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pyrate_limiter import GCRA, Rate

from spentkey.ports.runtime import Clock

State = tuple[float, ...]
Step = Callable[[State | None, int], tuple[State, int]]
"""From what was kept and the present in milliseconds to what is to be kept, and to when the place in time is."""

_ALGORITHM = GCRA()


class RateStates(Protocol):
    """Where the numbers are kept. `advance` is one step that nobody can come between; it gives the wait in seconds."""

    async def advance(self, name: str, step: Step) -> float:
        """Apply `step` to what is kept under that name, by the clock of whoever keeps it."""
        ...


class LocalRates:
    """Kept in this process, by its own clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._kept = clock, dict[str, State]()
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def advance(self, name: str, step: Step) -> float:
        """One step, and how many seconds away its place in time is."""
        async with self._one_at_a_time[name]:
            now = int(self._clock.monotonic() * 1000)
            self._kept[name], at = step(self._kept.get(name), now)
            return (at - now) / 1000


@dataclass
class RateLimiter:
    """So many units a period of so many seconds, and `at_once` of them without a pause; never more than both together.

    With a `purse` that many units are taken at a time and spent one by one: for what is asked often and costs little.
    """

    name: str
    limit: int
    period_s: float
    at_once: int
    states: RateStates
    clock: Clock
    purse: int = 1
    _left: int = 0

    def _rates(self) -> list[Rate]:
        return [Rate(self.limit, int(self.period_s * 1000), burst=self.at_once)]

    async def take(self, units: int = 1) -> None:
        """Wait until so many units may be spent."""
        if self._left >= units:
            self._left -= units
            return
        taken = max(units, self.purse)
        self._left += taken - units
        wait = await self.states.advance(self.name, lambda stored, now: _reserve(self._rates(), stored, now, taken))
        if wait > 0:
            await self.clock.sleep(wait)

    async def take_now(self) -> bool:
        """Spend one unit if it may be spent at once; else spend nothing and say no."""
        wait = await self.states.advance(self.name, lambda stored, now: _only_now(self._rates(), stored, now))
        return wait <= 0


def _reserve(rates: list[Rate], stored: State | None, now: int, units: int) -> tuple[State, int]:
    """The next place in time where so many units fit, unit by unit, since a burst may be smaller than that."""
    state, at = stored or _ALGORITHM.initial(rates), now
    for _ in range(units):
        state, at = _one(rates, state, at)
    return state, at


def _one(rates: list[Rate], state: State, at: int) -> tuple[State, int]:
    while True:
        following, decision = _ALGORITHM.step(rates, state, at, 1)
        if decision.allowed:
            return following, at
        at += max(1, decision.retry_after_ms or 1)


def _only_now(rates: list[Rate], stored: State | None, now: int) -> tuple[State, int]:
    state = stored or _ALGORITHM.initial(rates)
    following, decision = _ALGORITHM.step(rates, state, now, 1)
    return (following, now) if decision.allowed else (state, now + 1000)
