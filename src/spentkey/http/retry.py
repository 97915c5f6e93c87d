"""The one retry policy: at most five tries, Retry-After obeyed, and no blind repeat of a write.

Retry-After comes as seconds, with or without a fraction, or as an HTTP date (RFC 9110, section 10.2.3), or is missing.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from spentkey.core.errors import Outage
from spentkey.core.reason import reason_for
from spentkey.ports.runtime import Clock

T = TypeVar("T")

TRIES = 5
LONGEST_WAIT_S = 300.0
"""Longest Retry-After that is waited for inside one run, in seconds; after that the task is left open."""


class Retryable(Exception):
    """The request was certainly not carried out, or only reads: it may be sent again, after `wait_s` if given."""

    def __init__(self, problem: str, wait_s: float | None = None) -> None:
        super().__init__(problem)
        self.wait_s = wait_s
        self.reason = reason_for(problem)


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, or None when it is missing or unreadable."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


async def with_retries(
    once: Callable[[], Awaitable[T]], clock: Clock, jitter: Callable[[], float], most: int = TRIES
) -> T:
    """Call `once`, which takes no arguments so that none can be logged, until it does not raise `Retryable`.

    After the last of `most` tries, and before a wait that is too long, the problem becomes an `Outage`.
    """
    tries = 0
    while True:
        try:
            return await once()
        except Retryable as problem:
            tries += 1
            wait_s = problem.wait_s if problem.wait_s is not None else _backoff(tries, jitter())
            if tries >= most or wait_s > LONGEST_WAIT_S:
                raise Outage(problem.reason) from None
        await clock.sleep(wait_s)


def _backoff(tries: int, jitter: float) -> float:
    """Twice as long each time, 1 s at first and 30 s at most, and of that a random half to whole."""
    return min(30.0, 2.0 ** (tries - 1)) * (0.5 + jitter / 2)
