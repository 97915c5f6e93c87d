"""A rate limit that several workers share: so many requests in a period, evenly spread.

The arithmetic is the generic cell rate algorithm, whose whole memory is one number for each rate; where that number is
stored decides who shares the rate: one process, or all that share a database. A caller gets its time at once and
waits for it, so that many waiting callers do not all ask again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from spentkey.ports.runtime import Clock

State = tuple[float, ...]
"""The one number: until when all that was given lasts at the even rate, in microseconds. Not more precise, so that
sums stay exact; whole numbers of this size fit into a `float8`."""
Step = Callable[[State | None, int], tuple[State, int]]
"""From what was stored and the present in milliseconds to what is to be stored, and to the time that was given."""


@dataclass(frozen=True)
class CellRate:
    """One unit every `interval_us` microseconds, and up to `burst` units at once after a rest."""

    interval_us: int
    burst: int

    @classmethod
    def of(cls, limit: int, period_s: float, burst: int) -> "CellRate":
        """So many units in a period; an interval that is no whole number becomes longer, never shorter."""
        return cls(-(-int(period_s * 1000) * 1000 // limit), burst)

    def reserve(self, stored: State | None, now: int, units: int) -> tuple[State, int]:
        """The earliest time from `now` on at which so many units may have been spent, one after another."""
        lasts, at = _number(stored), now
        for _ in range(units):
            at = max(at, _milliseconds(lasts - (self.burst - 1) * self.interval_us))
            lasts = max(lasts, at * 1000) + self.interval_us
        return (lasts,), at

    def reserve_now(self, stored: State | None, now: int) -> tuple[State, int]:
        """One unit if it may be spent now; else nothing changes, and the time lies ahead."""
        state, at = self.reserve(stored, now, 1)
        return (state, at) if at == now else ((_number(stored),), at)


def _number(stored: State | None) -> int:
    return int(stored[0]) if stored else 0


def _milliseconds(microseconds: int) -> int:
    """Rounded up, so that no request is early."""
    return -(-microseconds // 1000)


class RateStates(Protocol):
    """Where the numbers are stored. `advance` is one atomic step; it returns the wait in seconds."""

    async def advance(self, name: str, step: Step) -> float:
        """Apply `step` to what is stored under that name, by the clock of the store."""
        ...


class LocalRates:
    """Stored in this process, by its own clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._stored = clock, dict[str, State]()
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def advance(self, name: str, step: Step) -> float:
        """One step, and how many seconds away its time is."""
        async with self._one_at_a_time[name]:
            now = int(self._clock.monotonic() * 1000)
            self._stored[name], at = step(self._stored.get(name), now)
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

    def _rate(self) -> CellRate:
        return CellRate.of(self.limit, self.period_s, self.at_once)

    async def take(self, units: int = 1) -> None:
        """Wait until so many units may be spent."""
        if self._left >= units:
            self._left -= units
            return
        taken = max(units, self.purse)
        self._left += taken - units
        wait = await self.states.advance(self.name, lambda stored, now: self._rate().reserve(stored, now, taken))
        if wait > 0:
            await self.clock.sleep(wait)

    async def take_now(self) -> bool:
        """Spend one unit if it may be spent at once; else spend nothing and say no."""
        return await self.states.advance(self.name, self._rate().reserve_now) <= 0
