"""Guard G8, windows and freezes: when a removal may begin, by the clock of a zone, and when that changes."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.outcome import Refused
from spentkey.core.windows import ALWAYS, FREEZE, Freeze, Schedule, Window, read_freeze, read_window
from spentkey.settings.values import zone_of

BRUSSELS = zone_of("Europe/Brussels")
OFFICE = "Mon-Fri 08:00-16:00 Europe/Brussels"
CHRISTMAS = "2026-12-24/2027-01-03 Europe/Brussels"


def schedule(*windows: str, freeze: tuple[str, ...] = ()) -> Schedule:
    """The schedule of these texts."""
    return Schedule(
        tuple(read_window(one, zone_of) for one in windows), tuple(read_freeze(one, zone_of) for one in freeze)
    )


def brussels(text: str, fold: int = 0) -> datetime:
    """A moment by the clock of Brussels, in UTC; `fold` is 1 for the second time that it shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS, fold=fold).astimezone(UTC)


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_windows_and_freezes_it_is_always_open() -> None:
    """The default refuses nothing, and never closes."""
    assert ALWAYS.refuse(utc("2026-01-01T03:00")) is None
    assert ALWAYS.closes(utc("2026-01-01T03:00")) is None


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-27T07:59:59", False),
        ("2026-11-27T08:00", True),
        ("2026-11-27T15:59:59.999999", True),
        ("2026-11-27T16:00", False),
        ("2026-11-28T12:00", False),
        ("2026-11-29T12:00", False),
        ("2026-11-30T12:00", True),
        ("2026-07-01T08:00", True),
        ("2026-07-01T07:59", False),
    ],
)
def test_office_hours_are_those_of_the_zone(at: str, is_open: bool) -> None:
    """In winter and in summer; the end is outside."""
    assert schedule(OFFICE).is_open(brussels(at)) == is_open


def test_without_a_zone_it_is_utc() -> None:
    """As the setting says."""
    assert schedule("Fri 08:00-09:00").is_open(utc("2026-11-27T08:30"))
    assert not schedule("Fri 08:00-09:00").is_open(brussels("2026-11-27T08:30"))


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ("Mon", "0"),
        ("Mon-Fri", "01234"),
        ("Fri-Mon", "0456"),
        ("Sun-Sat", "0123456"),
        ("Mon,Wed", "02"),
        ("mon, WED , Sat-Sun", "0256"),
        ("Mon - Wed", "012"),
        ("Monday-tuesday", "01"),
        ("Tue-Tue", "1"),
        ("Sun-Mon,Mon", "06"),
    ],
)
def test_days_are_one_a_list_or_a_range(days: str, wanted: str) -> None:
    """In any case; a range may run over the end of the week."""
    assert sorted(read_window(f"{days} 08:00-16:00", zone_of).days) == [int(day) for day in wanted]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-27T21:59", False),
        ("2026-11-27T22:00", True),
        ("2026-11-28T00:00", True),
        ("2026-11-28T05:59", True),
        ("2026-11-28T06:00", False),
        ("2026-11-28T22:30", False),
        ("2026-11-27T03:00", False),
    ],
)
def test_a_window_past_midnight_belongs_to_its_first_day(at: str, is_open: bool) -> None:
    """Friday night, and no other one."""
    assert schedule("Fri 22:00-06:00").is_open(utc(at)) == is_open


@pytest.mark.parametrize(
    ("window", "at", "is_open"),
    [
        ("Sat-Sun 00:00-24:00", "2026-11-28T00:00", True),
        ("Sat-Sun 00:00-24:00", "2026-11-29T23:59", True),
        ("Sat-Sun 00:00-24:00", "2026-11-30T00:00", False),
        ("Fri 22:00-00:00", "2026-11-27T23:59", True),
        ("Fri 22:00-00:00", "2026-11-28T00:00", False),
        ("Fri 22:00-24:00", "2026-11-27T23:59", True),
        ("Sun 22:00-06:00", "2026-11-30T05:00", True),
        ("Fri 8:00-9:00", "2026-11-27T08:00", True),
    ],
)
def test_whole_days_and_midnights(window: str, at: str, is_open: bool) -> None:
    """The night from Sunday to Monday runs over the end of the week."""
    assert schedule(window).is_open(utc(at)) == is_open


def test_windows_add_up() -> None:
    """Each in its own zone."""
    both = schedule("Fri 08:00-09:00", "Fri 10:00-11:00 Europe/Brussels")
    hours = [hour for hour in range(24) if both.is_open(utc(f"2026-11-27T{hour:02}:30"))]
    assert hours == [8, 9]
    assert schedule("Fri 08:00-10:00", "Fri 09:00-12:00").closes(utc("2026-11-27T08:30")) == utc("2026-11-27T12:00")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-12-23T23:59:59", True),
        ("2026-12-24T00:00", False),
        ("2027-01-03T23:59:59", False),
        ("2027-01-04T00:00", True),
    ],
)
def test_both_dates_of_a_freeze_are_in_it(at: str, is_open: bool) -> None:
    """By the calendar of its zone."""
    assert schedule(freeze=(CHRISTMAS,)).is_open(brussels(at)) == is_open


def test_a_freeze_of_one_day_needs_one_date() -> None:
    """The last day is the first one."""
    assert read_freeze("2026-12-25", zone_of) == Freeze(
        "2026-12-25", date(2026, 12, 25), date(2026, 12, 25), zone_of("UTC")
    )


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-26T23:00", "2026-11-27T08:00"),
        ("2026-11-27T08:00", "2026-11-27T08:00"),
        ("2026-11-27T16:00", "2026-11-30T08:00"),
        ("2026-03-27T17:00", "2026-03-30T08:00"),
        ("2026-10-23T17:00", "2026-10-26T08:00"),
        ("2026-12-23T16:00", "2027-01-04T08:00"),
        ("2026-12-30T12:00", "2027-01-04T08:00"),
    ],
)
def test_the_next_opening_is_known(now: str, opens: str) -> None:
    """Over weekends, over changes of the clock, and over a freeze that ends on a Sunday."""
    made = schedule(OFFICE, freeze=(CHRISTMAS,))
    assert made.opens(brussels(now)) == brussels(opens)
    refused = made.refuse(brussels(now))
    assert (refused is None) == (now == opens)
    assert refused is None or (refused.guard, refused.until) == ("G8", brussels(opens))


def test_what_is_refused_names_the_freeze_or_the_window() -> None:
    """And when it is over, as the clock of the zone shows it."""
    made = schedule(OFFICE, freeze=(CHRISTMAS,))
    saturday, frozen = made.refuse(brussels("2026-11-28T12:00")), made.refuse(brussels("2026-12-25T12:00"))
    assert isinstance(saturday, Refused)
    assert isinstance(frozen, Refused)
    assert saturday.reason.endswith("outside policy.window; the next window opens at 2026-11-30 08:00+01:00")
    assert "during 2026-12-24/2027-01-03 Europe/Brussels (policy.freeze)" in frozen.reason
    assert frozen.reason.endswith("2027-01-04 08:00+01:00")


@pytest.mark.parametrize(
    ("now", "closes"),
    [
        ("2026-11-27T08:00", "2026-11-27T16:00"),
        ("2026-11-27T15:59", "2026-11-27T16:00"),
        ("2026-12-23T12:00", "2026-12-23T16:00"),
    ],
)
def test_the_next_closing_is_known(now: str, closes: str) -> None:
    """The end of the window."""
    assert schedule(OFFICE, freeze=(CHRISTMAS,)).closes(brussels(now)) == brussels(closes)


def test_without_windows_a_freeze_is_the_next_closing() -> None:
    """However far away; after the last one there is none."""
    made = schedule(freeze=(CHRISTMAS, "2030-01-01"))
    assert made.closes(utc("2026-01-01T00:00")) == brussels("2026-12-24T00:00")
    assert made.closes(utc("2027-06-01T00:00")) == utc("2030-01-01T00:00")
    assert made.closes(utc("2030-06-01T00:00")) is None


FORWARD, BACK = "2026-03-29", "2026-10-25"
"""In Brussels 02:00 is followed by 03:00 on the first, and 03:00 by 02:00 on the second of these Sundays."""


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        ("Sun 02:00-03:00", f"{FORWARD}T01:59", "2026-04-05T02:00"),
        ("Sun 02:30-04:00", f"{FORWARD}T01:59", f"{FORWARD}T03:00"),
        ("Sun 02:15-02:45", f"{FORWARD}T00:00", "2026-04-05T02:15"),
        ("Sat 22:00-02:30", f"{FORWARD}T03:00", "2026-04-04T22:00"),
        ("Sun 03:00-04:00", f"{FORWARD}T00:00", f"{FORWARD}T03:00"),
        ("Sun 02:30-04:00", f"{BACK}T01:00", f"{BACK}T02:30"),
    ],
)
def test_a_clock_that_is_put_is_followed(window: str, now: str, opens: str) -> None:
    """What it leaves out opens nothing; where that was the begin, the window opens when the clock is past it."""
    assert schedule(f"{window} Europe/Brussels").opens(brussels(now)) == brussels(opens)


def test_an_hour_that_comes_twice_is_inside_twice() -> None:
    """02:30 shows at 00:30 and at 01:30 UTC."""
    made = schedule("Sun 02:00-03:00 Europe/Brussels")
    assert [made.is_open(brussels(f"{BACK}T02:30", fold)) for fold in (0, 1)] == [True, True]
    assert made.closes(brussels(f"{BACK}T02:00")) == utc(f"{BACK}T02:00")


def test_a_window_that_ends_in_an_hour_that_comes_twice_opens_again() -> None:
    """The clock of the zone shows a time inside once more."""
    made = schedule("Sun 01:00-02:30 Europe/Brussels")
    assert made.closes(brussels(f"{BACK}T01:00")) == utc(f"{BACK}T00:30")
    assert made.opens(utc(f"{BACK}T00:30")) == utc(f"{BACK}T01:00")
    assert made.closes(utc(f"{BACK}T01:00")) == utc(f"{BACK}T01:30")


def test_a_zone_whose_clock_is_put_at_midnight_is_followed() -> None:
    """In Beirut 2026-03-29 begins at 01:00."""
    made = schedule("Sun 00:00-24:00 Asia/Beirut", freeze=("2026-03-28 Asia/Beirut",))
    saturday = datetime(2026, 3, 28, 12, tzinfo=zone_of("Asia/Beirut"))
    assert made.opens(saturday) == datetime(2026, 3, 29, 1, tzinfo=zone_of("Asia/Beirut"))


UNREADABLE = [
    "",
    "always",
    "08:00-16:00",
    "Mon-Fri",
    "Mon-Fri Europe/Brussels",
    "Mon-Fri 08:00",
    "Mon-Fri 8-16",
    "Mon-Fri 08:00-16:00 Europe/Brussels or so",
    "Mon-Fri 08:00-16:00 Europe",
    "Mon-Fri 08:00-16:00 Europe/Brussel",
    "Mon-Fri 08:00-16:00 +01:00",
    "Mon-Fri 08:00-16:00 ../../etc/passwd",
    "Mon-Fry 08:00-16:00",
    "M-F 08:00-16:00",
    "Mon-Wed-Fri 08:00-16:00",
    "Mon;Wed 08:00-16:00",
    "Mon, 08:00-16:00",
    "Maandag 08:00-16:00",
    "Mon-Fri 08:00-24:01",
    "Mon-Fri 24:00-02:00",
    "Mon-Fri 08:60-16:00",
    "Mon-Fri 25:00-26:00",
    "Mon-Fri 08:00-08:00",
    "Mon-Fri 00:00-00:00",
    "Mon-Fri 08:00\u201316:00",
    "Mon-Fri \u0660\u0668:00-16:00",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_window_is_refused(text: str) -> None:
    """Nothing is guessed: what cannot be read opens nothing."""
    with pytest.raises(ValueError, match=r"is no|begins at|ends at"):
        read_window(text, zone_of)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Christmas",
        "2026-12-24/",
        "2026-12-24-2027-01-03",
        "2027-01-03/2026-12-24",
        "2026-02-30",
        "2026-12-24/2026-13-01",
        "24-12-2026",
        "0001-01-01",
        "9999-12-31",
        "2026-12-24/2027-01-03 Europe/Brussel",
        "2026-12-24/2027-01-03 CET or so",
        "2026-W52",
        "20261224",
    ],
)
def test_what_is_no_freeze_is_refused(text: str) -> None:
    """A freeze that is not understood would freeze nothing."""
    with pytest.raises(ValueError, match=r"is no|ends before"):
        read_freeze(text, zone_of)


ZONES = (
    "UTC",
    "Europe/Brussels",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Beirut",
)
MINUTES = st.integers(0, 24 * 60 - 1)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any window."""
    begin, end = draw(MINUTES), draw(st.integers(0, 24 * 60))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    zone: tzinfo = zone_of(draw(st.sampled_from(ZONES)))
    return Window("any", frozenset(days), begin, end if end != begin else (begin + 1), zone)


@given(
    st.lists(windows(), min_size=1, max_size=3),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001  # it gets its zone below
)
def test_the_next_opening_is_the_first_moment_that_is_open(made: list[Window], at: datetime) -> None:
    """Nothing is open before it, looked at every few minutes and right before; and it is open itself."""
    known, now = Schedule(tuple(made)), at.replace(tzinfo=UTC)
    opens = known.opens(now)
    assert opens >= now
    assert known.is_open(opens)
    assert opens == now or not known.is_open(opens - timedelta(seconds=1))
    for minutes in range(0, int((opens - now).total_seconds() // 60), 7):
        assert not known.is_open(now + timedelta(minutes=minutes))


@given(st.lists(windows(), min_size=1, max_size=3), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_the_next_closing_is_the_first_moment_that_is_not(made: list[Window], at: datetime) -> None:
    """From an opening on; None where windows that add up leave no gap."""
    known = Schedule(tuple(made))
    opens = known.opens(at.replace(tzinfo=UTC))
    closes = known.closes(opens)
    assert closes is None or not known.is_open(closes)
    closes = closes or opens + timedelta(days=8)
    for minutes in range(0, int((closes - opens).total_seconds() // 60), 7):
        assert known.is_open(opens + timedelta(minutes=minutes))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """With words, never with a surprise."""
    for read in (read_window, read_freeze):
        with suppress(ValueError):
            assert read(text, zone_of).text == text.strip()


def test_the_pattern_of_a_freeze_takes_the_example() -> None:
    """The text of the setting's own example."""
    assert FREEZE.fullmatch(CHRISTMAS) is not None
