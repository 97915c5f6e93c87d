"""Hints spare looking, and never decide: whoever changes a list behind their back is right."""

from hypothesis import given
from hypothesis import strategies as st

from spentkey_sim.hints import Hints

KEYS = st.sampled_from("abcdef")
CHANGES = st.lists(st.tuples(st.sampled_from(["add", "first", "replace", "drop", "ask"]), KEYS, st.integers(0, 5)))


def key_of(record: list[str]) -> str:
    """The key of a record, which may be changed."""
    return record[0]


def change(records: list[list[str]], how: str, key: str, at: int) -> None:
    """Change the list, or what is in it."""
    if how == "add":
        records.append([key])
    elif how == "first":
        records.insert(0, [key])
    elif how == "replace" and at < len(records):
        records[at][0] = key
    elif how == "drop" and at < len(records):
        del records[at]


@given(CHANGES)
def test_a_hint_never_finds_another_record(changes: list[tuple[str, str, int]]) -> None:
    """After any changes, what is found has the key that was asked for, and nothing is missed."""
    records: list[list[str]] = []
    hints = Hints()
    for how, key, at in changes:
        change(records, how, key, at)
        found = hints.find("letters", records, key_of, key)
        assert (found is None, found is None or found[0] == key) == (all(one[0] != key for one in records), True)


def test_of_two_with_one_key_the_first_counts() -> None:
    """As it was when the list was looked through."""
    first, second = ["a"], ["a"]
    assert Hints().find("letters", [first, second], key_of, "a") is first


def test_what_is_not_there_is_not_found() -> None:
    """Also after others were found."""
    hints, records = Hints(), [["a"], ["b"]]
    assert (hints.find("letters", records, key_of, "b"), hints.find("letters", records, key_of, "c")) == (["b"], None)


def test_two_ways_of_looking_do_not_mix() -> None:
    """Each has hints of its own."""
    hints, records = Hints(), [["a", "x"], ["b", "a"]]
    found = hints.find("first", records, key_of, "a"), hints.find("second", records, lambda one: one[1], "a")
    assert found == (["a", "x"], ["b", "a"])
