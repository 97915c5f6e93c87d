"""Which events there are, by which key each is known, and what a notice says and does not say."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import NOW

from spentkey.core.inventory import ScanMark
from spentkey.core.notices import DAYS_BEFORE, Ending, Event, Notice, of_checkpoint, of_endings, of_scans, of_stops
from spentkey.core.stops import Stop

LOST = Stop("7", "application:app-1", "survivor-lost", "2026-11-27T01:00:00+00:00", "40021", "lost Sales of Jane")
ROUTE = Stop("7", "route:production/removeKey", "survivor-lost", LOST.since, "40021", LOST.why)
PAUSED = Stop("9", "everything", "paused", "2026-11-27T02:00:00+00:00", None, "Jane changes keys", "jane.doe")


def test_a_stop_of_two_things_is_one_event() -> None:
    """By its id; both scopes are named."""
    (one,) = of_stops([LOST, ROUTE])
    assert (one.event, one.about["stop"], one.about["scopes"]) == (Event.STOP, "7", [LOST.scope, ROUTE.scope])
    assert one.message.startswith("removals for application:app-1 and route:production/removeKey are stopped (stop 7)")


def test_no_notice_names_people() -> None:
    """Neither who paused nor what somebody has written."""
    said = json.dumps([[one.message, dict(one.about)] for one in of_stops([LOST, PAUSED])])
    assert [name for name in ("jane", "Jane", "Sales", "changes keys") if name in said] == []


def test_the_same_stop_has_the_same_key() -> None:
    """Whoever looks, and also after it was narrowed; one of a restored evidence has another."""
    assert of_stops([LOST, ROUTE])[0].key == of_stops([LOST])[0].key
    again = Stop("7", LOST.scope, LOST.kind, "2026-11-28T01:00:00+00:00", "40021", "")
    assert of_stops([again])[0].key != of_stops([LOST])[0].key


def test_where_nothing_stands_nothing_is_told() -> None:
    """And a credential that lives for long is no event."""
    far = Ending("production", "secret", NOW + timedelta(days=31))
    assert (of_stops([]), of_endings([], NOW), of_endings([far], NOW)) == ([], [], [])


@pytest.mark.parametrize(
    ("days", "reached"), [(30, 30), (29.9, 30), (14.01, 30), (14, 14), (7, 7), (3, 3), (1.01, 3), (1, 1), (-2, 1)]
)
def test_an_end_is_told_by_the_days_that_it_has_reached(days: float, reached: int) -> None:
    """30, 14, 7, 3 and 1; the last one also stands for what has ended."""
    (one,) = of_endings([Ending("production", "secret", NOW + timedelta(days=days))], NOW)
    assert one.key.endswith(f" {reached}")
    assert ("has ended" in one.message) == (days < 0)


@given(st.lists(st.floats(0, 45), min_size=1, max_size=60))
def test_a_credential_is_told_at_most_five_times(moments: list[float]) -> None:
    """However often one looks."""
    ends = NOW + timedelta(days=45)
    keys = {
        one.key for days in moments for one in of_endings([Ending("t", "secret", ends)], NOW + timedelta(days=days))
    }
    assert len(keys) <= len(DAYS_BEFORE)


def test_a_notice_is_one_object() -> None:
    """With these names and no other."""
    (occurrence,) = of_stops([PAUSED])
    body = json.loads(Notice.of(occurrence, "id-1", NOW).body)
    assert list(body) == ["id", "at", "event", "message", "about"]
    assert (body["id"], body["at"], body["event"]) == ("id-1", NOW.isoformat(), "stop")


@pytest.mark.parametrize(
    ("last", "since", "told"),
    [
        (timedelta(hours=2, seconds=1), timedelta(days=9), True),
        (timedelta(hours=2), timedelta(days=9), False),
        (timedelta(days=9), timedelta(hours=2, seconds=1), True),
        (timedelta(days=9), timedelta(hours=1), False),
        (None, timedelta(hours=2, seconds=1), True),
        (None, timedelta(hours=2), False),
        (-timedelta(days=9), timedelta(days=9), False),
    ],
    ids=["old", "twice", "older-than-we", "we-are-young", "none", "none-yet", "in-the-future"],
)
def test_a_checkpoint_is_overdue_after_twice_the_interval(
    last: timedelta | None, since: timedelta, *, told: bool
) -> None:
    """Of a process that has worked for as long: one that starts after a week off has an interval to make one."""
    found = of_checkpoint(NOW - last if last is not None else None, NOW - since, timedelta(hours=1), NOW)
    assert [one.event.value for one in found] == ["checkpoint-overdue"] * told


def test_an_overdue_checkpoint_is_told_once_by_whoever_sees_it() -> None:
    """The key is that of the last one that was signed."""
    every, last = timedelta(hours=1), NOW - timedelta(days=1)
    keys = {
        of_checkpoint(last, NOW - timedelta(hours=hours), every, NOW + timedelta(hours=hours))[0].key
        for hours in (3, 4, 50)
    }
    assert len(keys) == 1
    (other,) = of_checkpoint(None, NOW - timedelta(hours=3), every, NOW)
    assert ("yet" in other.message, other.key in keys) == (True, False)


WHOLE = ScanMark("whole", NOW - timedelta(hours=30), True, 7, ("production",))
PARTIAL = ScanMark("partial", NOW - timedelta(hours=1), False, 3, ())


def test_a_scan_that_is_not_whole_is_told_once() -> None:
    """By its id; where the latest one is whole nothing is told."""
    (one,) = of_scans(PARTIAL, WHOLE, NOW, None, NOW)
    assert (one.event, one.key, "INCOMPLETE" in one.message) == (Event.SCAN_INCOMPLETE, "scan partial", True)
    assert "3" not in one.message
    assert of_scans(WHOLE, WHOLE, NOW, None, NOW) == []
    assert of_scans(None, None, NOW, None, NOW) == []


@pytest.mark.parametrize(
    ("whole", "since_h", "every_h", "told"),
    [
        (WHOLE, 100, 24, False),
        (WHOLE, 100, 15, False),
        (WHOLE, 100, 14, True),
        (WHOLE, 1, 14, False),
        (None, 49, 24, True),
        (None, 48, 24, False),
        (WHOLE, 100, None, False),
    ],
)
def test_a_whole_scan_is_overdue_after_twice_the_interval(
    whole: ScanMark | None, since_h: int, every_h: int | None, told: bool
) -> None:
    """Of a process that scans by itself, and has worked for as long."""
    every = None if every_h is None else timedelta(hours=every_h)
    found = of_scans(whole, whole, NOW - timedelta(hours=since_h), every, NOW)
    assert [one.event.value for one in found] == ["scan-overdue"] * told
    assert {one.key for one in found} <= {f"scan after {None if whole is None else whole.at.isoformat()}"}
