"""What is lost: told from what a machine knows and what is left of it, and covered by a record of a gap or not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.gap import Lost, RecordsLost, what_is_lost

KNOWN = {seq: f"hash {seq}" for seq in range(10, 20)}


def left(first: int, end: int) -> list[tuple[int, str]]:
    """What is found of the known records where those from `first` on are lost, and others stand there up to `end`."""
    same = [(seq, digest) for seq, digest in KNOWN.items() if seq < first]
    return same + [(seq, "another") for seq in KNOWN if first <= seq <= end]


@pytest.mark.parametrize("end", [19, 20, 500])
def test_nothing_is_lost_where_the_latest_is_there(end: int) -> None:
    """Whatever came after it."""
    assert what_is_lost(KNOWN, left(20, end), end) is None


def test_who_knows_nothing_has_lost_nothing() -> None:
    """As a machine that starts for the first time."""
    assert what_is_lost({}, [], -1) is None


@given(st.integers(11, 19), st.integers(0, 30))
def test_a_loss_begins_behind_the_last_record_that_is_still_there(first: int, more: int) -> None:
    """Whether others stand at those numbers by now or not."""
    found = what_is_lost(KNOWN, left(first, first - 1 + more), first - 1 + more)
    assert found == Lost(first, 19, "hash 19", first - 1)


@pytest.mark.parametrize(("end", "first"), [(4, 5), (9, 10), (30, 10), (-1, 0)])
def test_where_nothing_known_is_left_at_least_so_much_is_lost(end: int, first: int) -> None:
    """Up to the end of the database nothing is told for lost that may be there."""
    assert what_is_lost(KNOWN, left(10, end), end) == Lost(first, 19, "hash 19", first - 1)


def test_the_line_names_the_range_and_what_to_do() -> None:
    """In every language."""
    reason = RecordsLost(Lost(12, 19, "hash 19", 11)).reason
    for language in ("en", "nl", "fr"):
        text = reason.in_language(language)
        assert [word in text for word in ("12", "19", "spentkey resume --why")] == [True, True, True]


LOST = Lost(12, 19, "hash 19", 11)


@pytest.mark.parametrize(("first", "last", "seq"), [(12, 19, 12), (10, 30, 12), (12, 19, 400)])
def test_a_gap_covers_a_loss_within_it(first: int, last: int, seq: int) -> None:
    """It was made after the loss."""
    assert LOST.is_covered_by({"first": first, "last": last, "seq": seq})


@pytest.mark.parametrize(
    "gap",
    [
        {"first": 13, "last": 19, "seq": 13},
        {"first": 12, "last": 18, "seq": 12},
        {"first": 12, "last": 19, "seq": 11},
        {"first": "12", "last": 19, "seq": 12},
        {"last": 19, "seq": 12},
        {},
    ],
)
def test_a_gap_that_says_less_or_was_there_before_covers_nothing(gap: dict[str, Any]) -> None:
    """Nor does one that cannot be read."""
    assert not LOST.is_covered_by(gap)
