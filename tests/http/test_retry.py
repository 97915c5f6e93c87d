"""The retry policy: Retry-After in every form, five tries, and an end to waiting."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import NOW, SECOND, ManualClock

from spentkey.core.errors import Outage
from spentkey.http.retry import LONGEST_WAIT_S, TRIES, Retryable, retry_after, with_retries


class Flaky:
    """A request that fails as told, then succeeds; it counts how often it was sent."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.sent = list(failures), 0

    async def once(self) -> str:
        """Send it."""
        self.sent += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def busy(times: int, wait_s: float | None = None) -> list[Retryable]:
    """That many refusals."""
    return [Retryable("busy", wait_s) for _ in range(times)]


def half() -> float:
    """Randomness that always says the same."""
    return 0.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("7", 7), (" 7 ", 7), ("2.5", 2.5), ("120", 120), ("-3", 0), ("86400", 86400), ("inf", float("inf"))],
)
def test_seconds_are_read(value: str, seconds: float) -> None:
    """With or without a fraction; the past is now."""
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize("ahead", [0, 1, 90, 3600])
def test_an_http_date_is_read(ahead: int) -> None:
    """As the seconds from our clock to that moment."""
    assert retry_after(format_datetime(NOW + ahead * SECOND, usegmt=True), NOW) == ahead


def test_a_date_in_the_past_is_now() -> None:
    """There is no negative wait."""
    assert retry_after(format_datetime(NOW - timedelta(days=1), usegmt=True), NOW) == 0


def test_a_date_without_zone_is_taken_as_utc() -> None:
    """HTTP dates are in GMT."""
    assert retry_after("Wed, 01 Jul 2026 12:01:00 -0000", NOW) == 60


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "7 s",
        "0x10",
        "Wed, 99 Jul 2026 12:00:00 GMT",
        "Wed, 01 Jul 99999999999999999999 12:00:00 GMT",
        "Wed, 01 Jul 2026 12:00:00 +99999999999999999999",
        ",",
    ],
)
def test_what_cannot_be_read_is_as_if_it_were_missing(value: str | None) -> None:
    """The policy's own waits apply then."""
    assert retry_after(value, NOW) is None


@given(st.text() | st.from_regex(r"\w{3}, \d{1,22} \w{3} \d{1,22} \d\d:\d\d:\d\d [A-Z+0-9-]{1,24}", fullmatch=True))
def test_any_text_gives_seconds_or_nothing(value: str) -> None:
    """Never an error, never a wait into the past."""
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


async def test_an_answer_at_once_needs_no_wait() -> None:
    """One request, no pause."""
    clock, request = ManualClock(), Flaky()
    assert await with_retries(request.once, clock, half) == "answer"
    assert (request.sent, clock.slept) == (1, [])


async def test_retry_after_is_obeyed_to_the_second() -> None:
    """Not less, and no more than it asks."""
    clock, request = ManualClock(), Flaky(Retryable("busy", 17), Retryable("busy", 0), Retryable("busy", 2.5))
    assert await with_retries(request.once, clock, half) == "answer"
    assert clock.slept == [17, 0, 2.5]


async def test_without_retry_after_the_waits_grow() -> None:
    """Doubling, spread by the randomness that is passed in."""
    clock, request = ManualClock(), Flaky(*busy(4))
    assert await with_retries(request.once, clock, half) == "answer"
    assert clock.slept == [0.75, 1.5, 3.0, 6.0]


@pytest.mark.parametrize(("spread", "first"), [(0.0, 0.5), (0.999, 0.9995)])
async def test_the_spread_is_between_half_and_the_whole(spread: float, first: float) -> None:
    """So that many who wait do not come back together."""
    clock = ManualClock()
    await with_retries(Flaky(*busy(1)).once, clock, lambda: spread)
    assert clock.slept == [first]


async def test_five_tries_and_no_more() -> None:
    """Then it is an outage, in the words of the last refusal, with no wait after it."""
    clock, request = ManualClock(), Flaky(*busy(TRIES - 1, 1), Retryable("Graph answered 503", 1), *busy(3, 1))
    with pytest.raises(Outage, match=r"^Graph answered 503$"):
        await with_retries(request.once, clock, half)
    assert (TRIES, request.sent, clock.slept) == (5, 5, [1] * 4)


async def test_the_fifth_try_may_succeed() -> None:
    """Four refusals are ridden out."""
    request = Flaky(*busy(4, 1))
    assert await with_retries(request.once, ManualClock(), half) == "answer"
    assert request.sent == 5


async def test_the_longest_wait_is_waited() -> None:
    """Exactly that long is still obeyed."""
    clock = ManualClock()
    await with_retries(Flaky(*busy(1, LONGEST_WAIT_S)).once, clock, half)
    assert clock.slept == [LONGEST_WAIT_S]


@pytest.mark.parametrize("wait_s", [LONGEST_WAIT_S + 1, 86400, float("inf")])
async def test_a_longer_wait_gives_up_at_once(wait_s: float) -> None:
    """The task is left open rather than the run held up; and it is not tried sooner than asked either."""
    clock, request = ManualClock(), Flaky(Retryable("busy", wait_s))
    with pytest.raises(Outage):
        await with_retries(request.once, clock, half)
    assert (request.sent, clock.slept) == (1, [])


@pytest.mark.parametrize("problem", [Outage("HTML"), ValueError("a bug"), KeyError("x"), TimeoutError()])
async def test_other_problems_are_not_tried_again(problem: Exception) -> None:
    """Only what says that it may be."""
    request = Flaky(problem)
    with pytest.raises(type(problem)):
        await with_retries(request.once, ManualClock(), half)
    assert request.sent == 1


async def test_the_outage_hides_what_caused_it() -> None:
    """A chained exception might quote what was sent."""
    with pytest.raises(Outage) as ended:
        await with_retries(Flaky(*busy(5)).once, ManualClock(), half)
    assert ended.value.__cause__ is None
    assert ended.value.__suppress_context__
