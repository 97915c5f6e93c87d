"""A pace kept together: never more in any window than the figure, in order, and no burst beyond the one allowed."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import ManualClock

from spentkey.http.rate_limit import LocalRates, RateLimiter


def limiter(
    clock: ManualClock, states: LocalRates | None = None, *, limit: int = 10, name: str = "writes"
) -> RateLimiter:
    """Ten units in ten seconds, two at once."""
    return RateLimiter(name, limit, 10.0, 2, states or LocalRates(clock), clock)


async def moments(one: RateLimiter, clock: ManualClock, count: int) -> list[float]:
    """When each of so many units was given, one after the other."""
    given_at: list[float] = []
    for _ in range(count):
        await one.take()
        given_at.append(round(clock.monotonic(), 3))
    return given_at


async def test_a_few_at_once_and_then_evenly() -> None:
    """Two without a pause, then one a second."""
    clock = ManualClock()
    assert await moments(limiter(clock), clock, 5) == [0.0, 0.0, 1.0, 2.0, 3.0]


async def test_an_idle_time_is_no_credit_beyond_the_burst() -> None:
    """After a minute of rest there are two at once again, not sixty."""
    clock = ManualClock()
    one = limiter(clock)
    await moments(one, clock, 3)
    await clock.sleep(60)
    first, *others = await moments(one, clock, 4)
    assert [round(at - first, 3) for at in others] == [0.0, 1.0, 2.0]


async def test_those_who_share_the_states_share_the_pace() -> None:
    """Two workers get together what one would get."""
    clock = ManualClock()
    states = LocalRates(clock)
    both = [limiter(clock, states), limiter(clock, states)]
    for number in range(6):
        await both[number % 2].take()
    assert clock.monotonic() == 4.0


async def test_another_name_is_another_pace() -> None:
    """A slow tenant does not slow down the other."""
    clock = ManualClock()
    states = LocalRates(clock)
    await moments(limiter(clock, states), clock, 6)
    before = clock.monotonic()
    await limiter(clock, states, name="other").take()
    assert before == clock.monotonic()


async def test_many_units_are_waited_for_in_one_go() -> None:
    """More than the burst holds: unit by unit, one wait."""
    clock = ManualClock()
    await limiter(clock).take(5)
    assert clock.slept == [3.0]


async def test_who_comes_first_is_given_the_earlier_place() -> None:
    """Each gets a place in time at once, so that nobody asks twice."""
    clock = ManualClock()
    one = limiter(clock)
    waits: list[float] = []

    async def wait() -> None:
        before = len(clock.slept)
        await one.take()
        waits.extend(clock.slept[before:])

    await asyncio.gather(*(wait() for _ in range(4)))
    assert [wait for wait in waits if wait < 0] == []
    assert len(clock.slept) == 2


async def test_what_cannot_be_had_now_is_not_waited_for_and_costs_nothing() -> None:
    """Two at once, then no; after a second, yes again."""
    clock = ManualClock()
    one = limiter(clock)
    assert [await one.take_now() for _ in range(5)] == [True, True, False, False, False]
    assert clock.slept == []
    await clock.sleep(1)
    assert [await one.take_now(), await one.take_now()] == [True, False]


@pytest.mark.parametrize("limit", [1, 7, 100])
@given(gaps=st.lists(st.floats(0, 5), max_size=60))
async def test_no_window_ever_sees_more_than_limit_and_burst(limit: int, gaps: list[float]) -> None:
    """Whenever units are asked for: within any ten seconds at most limit and burst together."""
    clock = ManualClock()
    one, given_at = limiter(clock, limit=limit), list[float]()
    for gap in gaps:
        await clock.sleep(gap)
        await one.take()
        given_at.append(clock.monotonic())
    most = max((sum(start <= at < start + 10 for at in given_at) for start in given_at), default=0)
    assert most <= limit + 2
