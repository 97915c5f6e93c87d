"""The arithmetic of rates by itself: pure functions from a stored number and the present to a time."""

from hypothesis import given
from hypothesis import strategies as st

from spentkey.http.rate_limit import CellRate, State

RATES = st.builds(CellRate, interval_us=st.integers(1, 20_000_000), burst=st.integers(1, 40))
NOW = st.integers(0, 2_000_000_000_000)
GAPS = st.lists(st.integers(0, 60_000), min_size=1, max_size=40)


def times(rate: CellRate, now: int, gaps: list[int]) -> list[int]:
    """When each of some units may be spent that are asked for one by one, so many milliseconds apart."""
    state: State | None = None
    given_at: list[int] = []
    for gap in gaps:
        now += gap
        state, at = rate.reserve(state, now, 1)
        given_at.append(at)
    return given_at


@given(RATES, NOW, GAPS)
def test_no_stretch_of_time_holds_more_than_burst_and_even_rate_together(
    rate: CellRate, now: int, gaps: list[int]
) -> None:
    """From one unit to a later one it takes as many intervals as units were given meanwhile, less the burst."""
    given_at = times(rate, now, gaps)
    for first, start in enumerate(given_at):
        for last in range(first + rate.burst, len(given_at)):
            assert (given_at[last] - start) * 1000 >= (last - first - rate.burst + 1) * rate.interval_us


@given(RATES, NOW, GAPS)
def test_nobody_waits_longer_than_the_rate_asks(rate: CellRate, now: int, gaps: list[int]) -> None:
    """A unit that has to wait comes at the first millisecond at which the units before it leave room."""
    asked, given_at = now, times(rate, now, gaps)
    lasts = 0
    for gap, at in zip(gaps, given_at, strict=True):
        asked += gap
        full = lasts - (rate.burst - 1) * rate.interval_us
        assert at == asked or (at - 1) * 1000 < full <= at * 1000
        lasts = max(lasts, at * 1000) + rate.interval_us


@given(RATES, NOW, GAPS)
def test_times_are_given_in_order_and_never_in_the_past(rate: CellRate, now: int, gaps: list[int]) -> None:
    """Who asks later is not let go ahead."""
    given_at = times(rate, now, gaps)
    assert given_at == sorted(given_at)
    asked = now
    for gap, at in zip(gaps, given_at, strict=True):
        asked += gap
        assert at >= asked


@given(RATES, NOW, st.integers(1, 60))
def test_several_units_in_one_step_take_the_time_of_one_after_another(rate: CellRate, now: int, units: int) -> None:
    """Asked for at the same moment, both leave the same number behind."""
    state: State | None = None
    at = now
    for _ in range(units):
        state, at = rate.reserve(state, now, 1)
    assert rate.reserve(None, now, units) == (state, at)


@given(RATES, NOW, GAPS)
def test_what_may_be_spent_now_is_what_need_not_be_waited_for(rate: CellRate, now: int, gaps: list[int]) -> None:
    """A yes is the same step as without the question; a no leaves the number as it was, and says when."""
    state: State = (0,)
    for gap in gaps:
        now += gap
        asked, at = rate.reserve_now(state, now)
        reserved = rate.reserve(state, now, 1)
        assert at == reserved[1]
        assert asked == (reserved[0] if at == now else state)
        state = asked


@given(st.integers(1, 20_000), st.integers(1, 400), st.integers(1, 100))
def test_an_interval_is_rounded_to_the_strict_side(limit: int, period_s: int, burst: int) -> None:
    """So many units never fit into less than their period, and a microsecond less for each would be too little."""
    interval = CellRate.of(limit, float(period_s), burst).interval_us
    assert interval * limit >= period_s * 1_000_000 > (interval - 1) * limit


@given(RATES, NOW, st.integers(0, 50))
def test_a_number_survives_the_database(rate: CellRate, now: int, units: int) -> None:
    """It comes back as `float8` and is still exact."""
    state, _ = rate.reserve(None, now, units)
    assert tuple(int(float(one)) for one in state) == state
    assert rate.reserve(tuple(float(one) for one in state), now, 1) == rate.reserve(state, now, 1)
