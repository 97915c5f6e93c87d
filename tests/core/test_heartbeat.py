"""When a heartbeat is due, whoever made the last one, and whatever a clock said."""

from datetime import datetime, timedelta

import pytest
from support_core import NOW

from spentkey.core.heartbeat import due_after, refuse_early, refuse_twice
from spentkey.core.limits import BlastRadius, FoldedPast
from spentkey.core.records import HeartbeatRecord, NewKeyRecord, RestoredRecord

EVERY = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def past(*ats: datetime) -> BlastRadius:
    """Heartbeats at these times, in that order."""
    folded = FoldedPast()
    for seq, at in enumerate(ats):
        folded.note({"what": "heartbeat", "seq": seq, "at": at.isoformat(), **HeartbeatRecord(3600).facts()})
    return BlastRadius(folded)


def test_without_one_nothing_is_due_and_nothing_is_refused() -> None:
    """The first one is a matter of how long the process runs."""
    assert (due_after(past(), NOW, EVERY), refuse_early(past(), NOW, EVERY)) == (None, None)


@pytest.mark.parametrize(
    "ago", [timedelta(0), MINUTE, EVERY - timedelta(microseconds=1)], ids=["now", "minute", "hour"]
)
def test_one_that_is_young_refuses_another_until_it_is_old_enough(ago: timedelta) -> None:
    """And says when that is."""
    refused = refuse_early(past(NOW - ago), NOW, EVERY)
    assert refused is not None
    assert refused.until == NOW - ago + EVERY


@pytest.mark.parametrize("ago", [EVERY, 2 * EVERY, 1000 * EVERY], ids=["hour", "two", "many"])
def test_one_that_is_old_enough_refuses_nothing(ago: timedelta) -> None:
    """It is due."""
    assert refuse_early(past(NOW - ago), NOW, EVERY) is None


def test_the_latest_record_counts_whatever_those_before_it_say() -> None:
    """A clock was set back in between."""
    assert refuse_early(past(NOW + 5 * EVERY, NOW - 2 * EVERY), NOW, EVERY) is None
    assert refuse_early(past(NOW - 2 * EVERY, NOW - MINUTE), NOW, EVERY) is not None


def test_one_far_in_the_future_holds_nothing_up() -> None:
    """A wrong clock would else silence the log for a year."""
    assert refuse_early(past(NOW + 365 * 24 * EVERY), NOW, EVERY) is None
    assert refuse_early(past(NOW + MINUTE), NOW, EVERY) is not None


def record(key: str, why: str = "x") -> NewKeyRecord:
    """A change to that key."""
    return NewKeyRecord("ops", why, "old", key, False)


@pytest.mark.parametrize(
    ("wanted", "since", "refused"),
    [
        (record("a"), 0, True),
        (record("a", "other words"), 0, True),
        (record("a"), 7, True),
        (record("a"), 8, False),
        (record("b"), 0, False),
        (RestoredRecord("ops", "x", 1, "r", "o", "a"), 0, False),
    ],
    ids=["same", "other-why", "since-it", "since-later", "other-key", "other-kind"],
)
def test_a_record_that_is_there_is_not_put_there_twice(
    wanted: NewKeyRecord | RestoredRecord, since: int, *, refused: bool
) -> None:
    """By the fields that make it the same one."""
    folded = FoldedPast()
    folded.note({"what": "new-key", "seq": 7, "at": NOW.isoformat(), **record("a").facts()})
    names = ("new",) if isinstance(wanted, NewKeyRecord) else ("key",)
    assert (refuse_twice(BlastRadius(folded), wanted, names, since) is not None) is refused
