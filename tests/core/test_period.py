"""Days and moments as people write them, in UTC."""

from datetime import UTC, datetime

import pytest

from spentkey.core.period import moment, refuse_backwards

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=UTC)),
        ("2026-07-01T12:00", NOON),
        ("2026-07-01 12:00:00", NOON),
        (" 2026-07-01T12:00:00Z ", NOON),
        ("2026-07-01T14:00:00+02:00", NOON),
        ("2026-07-01T12:00:00.5", NOON.replace(microsecond=500_000)),
    ],
)
def test_a_date_or_a_time_is_a_moment_in_utc(text: str, found: datetime) -> None:
    """Without an offset UTC is meant."""
    assert moment(text) == found
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2026", "2026-7-1", "20260701", "2026-W27-3", "01-07-2026", "2026-02-30", "2026-13-01"),
        *("2026-07-01T25:00", "2026-07-01T12", "2026-07-01T12:00 Europe/Brussels", "0000-01-01", "\u0662026-07-01"),
        *("0001-01-01T00:00+14:00", "2026-07-01T12:00+99:00"),
    ],
)
def test_another_text_is_no_moment(text: str) -> None:
    """The reason shows how one is written, and does not repeat what was."""
    with pytest.raises(ValueError, match="2026-07-01T08:30:00Z"):
        moment(text)


def test_a_period_goes_forward() -> None:
    """Open ends are periods too."""
    for since, until in ((None, None), (NOON, None), (None, NOON), (NOON.replace(hour=11), NOON)):
        refuse_backwards(since, until)


@pytest.mark.parametrize("hour", [11, 12])
def test_a_period_that_is_empty_is_refused(hour: int) -> None:
    """The end is excluded, so an equal one leaves nothing."""
    with pytest.raises(ValueError, match="since must be before until"):
        refuse_backwards(NOON, NOON.replace(hour=hour))
