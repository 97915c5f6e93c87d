"""The one retry policy: at most five tries, Retry-After obeyed, and no blind repeat of a write.

Retry-After comes as seconds, with or without a fraction, or as an HTTP date (RFC 9110, section 10.2.3), or is missing.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from spentkey.core.errors import Outage
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


async def with_retries(once: Callable[[], Awaitable[T]], clock: Clock, jitter: Callable[[], float]) -> T:
    """Call `once`, which takes no arguments so that none can be logged, until it does not raise `TryAgain`."""

    def wait(state: RetryCallState) -> float:
        problem = state.outcome.exception() if state.outcome else None
        if isinstance(problem, Retryable) and problem.wait_s is not None:
            return problem.wait_s
        return min(30.0, 2.0 ** (state.attempt_number - 1)) * (0.5 + jitter() / 2)

    def too_long(state: RetryCallState) -> bool:
        return wait(state) > LONGEST_WAIT_S

    retrying = AsyncRetrying(
        sleep=clock.sleep,
        stop=stop_after_attempt(TRIES) | too_long,  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
        wait=wait,
        retry=retry_if_exception_type(Retryable),
        reraise=True,
    )
    try:
        return await once()  # nearly always enough; the machinery below costs as much as a request
    except Retryable as problem:
        first = [problem]

    async def next_try() -> T:
        if first:
            raise first.pop()
        return await once()

    try:
        return await retrying(next_try)
    except Retryable as problem:
        raise Outage(str(problem)) from None
