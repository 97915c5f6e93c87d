"""When an assertion has begun and when it is over, to the half second."""

from datetime import UTC, datetime, timedelta

import pytest

from spentkey_sim.entra.jose import Jwt

SECOND = datetime(2026, 3, 1, tzinfo=UTC)


def assertion(begins: float | None = 0, ends: float | None = 600) -> Jwt:
    """One that begins and ends so many seconds after `SECOND`."""
    times = {"nbf": begins, "exp": ends}
    claims = {name: SECOND.timestamp() + one for name, one in times.items() if one is not None}
    return Jwt({}, claims, b"", b"")


def lasts(made: Jwt, seconds: float) -> bool:
    """Whether it is taken so many seconds after `SECOND`."""
    return made.lasts_at(SECOND + timedelta(seconds=seconds))


@pytest.mark.parametrize("after", [0, 0.25, 599.75])
def test_an_assertion_is_taken_in_its_time(after: float) -> None:
    """From its first second to its last."""
    assert lasts(assertion(), after)


def test_an_assertion_need_not_say_when_it_begins() -> None:
    """But it must say when it ends."""
    assert (lasts(assertion(begins=None), 0), lasts(assertion(ends=None), 0)) == (True, False)


@pytest.mark.parametrize(("before", "taken"), [(0.25, True), (0.5, True), (0.75, False), (60, False)])
def test_a_beginning_that_was_rounded_up_is_taken(before: float, taken: bool) -> None:
    """Half a second is what rounding to the nearest second adds; more lies in the future."""
    assert lasts(assertion(), -before) is taken


@pytest.mark.parametrize("after", [600, 600.25])
def test_an_assertion_that_is_over_is_refused(after: float) -> None:
    """Its end has no leeway."""
    assert not lasts(assertion(), after)
