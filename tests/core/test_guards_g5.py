"""Guard G5: the credential has expired, by our clock and by the directory's."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import DAY, NOW, SECOND, certificate, secret

from spentkey.core.credential import Credential
from spentkey.core.guards import clocks_apart, g5_expired, g5_our_clock_alone
from spentkey.core.outcome import Refused

NO_GRACE = timedelta(0)
MICROSECOND = timedelta(microseconds=1)
SKEW = 300 * SECOND


def refusal(
    credential: Credential, directory: datetime | None = NOW, grace: timedelta = NO_GRACE, now: datetime = NOW
) -> str:
    """Why G5 refuses."""
    refused = g5_expired(credential, now, directory, grace)
    assert isinstance(refused, Refused)
    assert refused.guard == "G5"
    return refused.reason


@pytest.mark.parametrize("credential", [secret(), certificate()])
def test_what_ended_a_month_ago_has_expired(credential: Credential) -> None:
    """Both kinds alike."""
    assert g5_expired(credential, NOW, NOW, NO_GRACE) is None


def test_just_over_300_seconds_after_its_end_it_has_expired() -> None:
    """The least time that is enough."""
    assert g5_expired(secret(end=NOW - SKEW - MICROSECOND), NOW, NOW, NO_GRACE) is None


@pytest.mark.parametrize("ago", [SKEW, SKEW - MICROSECOND, SECOND, NO_GRACE, -SECOND, -365 * DAY])
def test_up_to_300_seconds_after_its_end_it_has_not(ago: timedelta) -> None:
    """Exactly 300 s are not enough, for clocks differ."""
    end = NOW - ago
    assert f"the credential has not expired: it ends at {end.isoformat()}" == refusal(secret(end=end))


def test_grace_is_added_to_the_300_seconds() -> None:
    """The moment after both have passed."""
    assert g5_expired(secret(end=NOW - 7 * DAY - SKEW - MICROSECOND), NOW, NOW, 7 * DAY) is None


@pytest.mark.parametrize("ago", [7 * DAY + SKEW, 7 * DAY, DAY])
def test_within_grace_it_has_not_expired(ago: timedelta) -> None:
    """The reason names the days of grace."""
    end = NOW - ago
    expected = f"the credential has not expired: it ends at {end.isoformat()} plus 7 days of grace"
    assert expected == refusal(secret(end=end), grace=7 * DAY)


def test_an_end_in_another_zone_is_the_moment_it_means() -> None:
    """Two hours east, ten minutes ago."""
    east = timezone(timedelta(hours=2))
    assert g5_expired(secret(end=(NOW - 600 * SECOND).astimezone(east)), NOW, NOW, NO_GRACE) is None


def test_an_end_in_another_zone_is_not_read_as_local_time() -> None:
    """Ten minutes from now in a zone that is behind looks past, and is not."""
    west = timezone(timedelta(hours=-5))
    assert "has not expired" in refusal(secret(end=(NOW + 600 * SECOND).astimezone(west)))


def test_an_unknown_end_is_refused() -> None:
    """Null, unreadable and without a zone all arrive here as None."""
    expected = "the credential's endDateTime is missing or cannot be read, so it may never expire"
    assert expected == refusal(secret(end=None))


@pytest.mark.parametrize(
    "end",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
        datetime(1601, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2012, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2013, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_an_end_before_2013_stands_for_one_that_is_not_known(end: datetime) -> None:
    """The zero of some clock, or of some database: a credential with such an end may be in use."""
    assert "lies before 2013" in refusal(secret(end=end))


def test_an_end_at_the_beginning_of_2013_is_an_end() -> None:
    """The first moment that is."""
    assert g5_expired(secret(end=datetime(2013, 1, 1, tzinfo=UTC)), NOW, NOW, NO_GRACE) is None


@pytest.mark.parametrize("before", [NO_GRACE, MICROSECOND, 365 * DAY])
def test_an_end_at_or_before_the_start_stands_for_one_that_is_not_known(before: timedelta) -> None:
    """Nobody makes a credential that has ended before it begins."""
    end = NOW - 30 * DAY
    assert "is not after its startDateTime" in refusal(secret(end=end, start=end + before))


@pytest.mark.parametrize("start", [None, NOW - 30 * DAY - MICROSECOND, NOW - 3000 * DAY])
def test_a_start_before_the_end_or_none_at_all_refuses_nothing(start: datetime | None) -> None:
    """A start that is null or unreadable is None, and says nothing about the end."""
    assert g5_expired(secret(start=start), NOW, NOW, NO_GRACE) is None


def test_a_start_in_another_zone_is_the_moment_it_means() -> None:
    """An hour of life, written in two zones."""
    end = NOW - DAY
    start = (end - timedelta(hours=1)).astimezone(timezone(timedelta(hours=9)))
    assert g5_expired(secret(start=start, end=end), NOW, NOW, NO_GRACE) is None


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("from_directory", "from_third", "alone"),
    [
        (HOUR, HOUR, True),
        (-HOUR, -HOUR, True),
        (HOUR, HOUR + SKEW, True),
        (HOUR, HOUR + SKEW + SECOND, False),
        (HOUR, NO_GRACE, False),
        (HOUR, SKEW, False),
        (HOUR, -HOUR, False),
        (SKEW, SKEW, False),
        (NO_GRACE, HOUR, False),
    ],
)
def test_our_clock_is_the_wrong_one_where_two_others_agree(
    from_directory: timedelta, from_third: timedelta, alone: bool
) -> None:
    """By how far ours is ahead of each; a third clock that agrees with ours, or with none, says nothing of the kind."""
    assert g5_our_clock_alone(from_directory, from_third) is alone


def test_one_clock_is_never_apart() -> None:
    """There must be two."""
    assert not clocks_apart(NOW, None)


def test_without_the_directorys_time_nothing_is_removed() -> None:
    """Our clock alone is not believed."""
    expected = "the directory's answer carries no Date, so its clock cannot be compared with ours"
    assert expected == refusal(secret(), directory=None)


@pytest.mark.parametrize("apart", [SKEW, -SKEW, 299 * SECOND, NO_GRACE])
def test_clocks_up_to_300_seconds_apart_are_accepted(apart: timedelta) -> None:
    """In either direction."""
    assert g5_expired(secret(), NOW, NOW + apart, NO_GRACE) is None


@pytest.mark.parametrize("apart", [301 * SECOND, -301 * SECOND, 2 * DAY, -2 * DAY])
def test_clocks_over_300_seconds_apart_are_refused(apart: timedelta) -> None:
    """One of the two is wrong, and nobody knows which."""
    seconds = abs(round(apart.total_seconds()))
    expected = f"our clock and the directory's are {seconds} s apart; at most 300 s are allowed"
    assert expected == refusal(secret(), directory=NOW + apart)


def test_both_clocks_must_say_that_it_has_expired() -> None:
    """Expired by the faster clock alone is not expired, whichever of the two is fast."""
    end = NOW - 400 * SECOND
    assert g5_expired(secret(end=end), NOW, NOW, NO_GRACE) is None
    assert "has not expired" in refusal(secret(end=end), directory=NOW - 200 * SECOND)
    assert "has not expired" in refusal(secret(end=end), now=NOW - 200 * SECOND)


SECONDS = st.integers(-1200, 1200).map(lambda seconds: seconds * SECOND)


@given(SECONDS, SECONDS, st.integers(0, 2).map(lambda days: days * DAY), st.booleans())
def test_it_agrees_only_when_both_clocks_are_past_the_end(
    since_end: timedelta, apart: timedelta, grace: timedelta, after_grace: bool
) -> None:
    """The rule itself, for any end, any second clock and any grace."""
    end = NOW - since_end - (grace if after_grace else NO_GRACE)
    directory = NOW + apart
    expired = min(NOW, directory) - end > grace + SKEW and abs(apart) <= SKEW
    assert expired == (g5_expired(secret(end=end), NOW, directory, grace) is None)
