"""Names that look the same on a screen: which characters tell them apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.unseen import as_seen, unseen_differences

CASES = {
    "a no-break space": ("Sa\u00a0les", "Sa les", ["U+00A0 NO-BREAK SPACE in AppDisplayName"]),
    "a no-break space there": ("Sa les", "Sa\u00a0les", ["U+00A0 NO-BREAK SPACE in the directory's name"]),
    "two spaces": ("Sa  les", "Sa les", ["U+0020 SPACE 2 times in a row in AppDisplayName"]),
    "three spaces against two": (
        "Sa  les",
        "Sa   les",
        [
            "U+0020 SPACE 2 times in a row in AppDisplayName",
            "U+0020 SPACE 3 times in a row in the directory's name",
        ],
    ),
    "a zero width space": ("Sa\u200bles", "Sales", ["U+200B ZERO WIDTH SPACE in AppDisplayName"]),
    "a soft hyphen": ("Sales", "Sa\u00adles", ["U+00AD SOFT HYPHEN in the directory's name"]),
    "a variation selector": ("Sales", "Sa\ufe0fles", ["U+FE0F VARIATION SELECTOR-16 in the directory's name"]),
    "a Hangul filler": ("Sa\u3164les", "Sales", ["U+3164 HANGUL FILLER in AppDisplayName"]),
    "a tab": ("Sa les", "Sa\tles", ["U+0009 in the directory's name"]),
    "one of each": (
        "Sa\u2009les\u200d 1",
        "Sa les 1",
        ["U+2009 THIN SPACE in AppDisplayName", "U+200D ZERO WIDTH JOINER in AppDisplayName"],
    ),
    "what both have is not told": (
        "A\u00a0B C",
        "A\u00a0B\u00a0C",
        ["U+00A0 NO-BREAK SPACE in the directory's name"],
    ),
    "the same character elsewhere": (
        "A\u200bBC",
        "AB\u200bC",
        ["U+200B ZERO WIDTH SPACE in AppDisplayName", "U+200B ZERO WIDTH SPACE in the directory's name"],
    ),
}


@pytest.mark.parametrize("scenario", CASES)
def test_the_characters_that_tell_two_names_apart_are_told_by_code_point(scenario: str) -> None:
    """Each with the name that has it."""
    asked, shown, expected = CASES[scenario]
    assert as_seen(asked) == as_seen(shown)
    assert [str(one) for one in unseen_differences(asked, shown, "AppDisplayName")] == expected


def test_the_differences_can_be_read_in_other_languages() -> None:
    """What stands in a note is whole in its language."""
    (found,) = unseen_differences("Sa  les", "Sa les", "AppDisplayName")
    assert found.in_language("nl") == "2 keer U+0020 SPACE na elkaar in AppDisplayName"
    assert found.in_language("fr") == "U+0020 SPACE 2 fois de suite dans AppDisplayName"


@pytest.mark.parametrize("other", ["Sales 2", "S\u0430les", "\uff33ales", "Sales\ufe0f!", "Sale", "Sa-les"])
def test_names_that_a_screen_tells_apart_do_not_look_the_same(other: str) -> None:
    """Also those that only look alike at a glance: what is shown differs."""
    assert as_seen("Sales") != as_seen(other)


@given(st.text(), st.text())
def test_where_names_look_the_same_and_are_not_something_is_told(one: str, other: str) -> None:
    """Whatever they hold, apart from what stands at their ends."""
    if one.strip() != other.strip() and as_seen(one) == as_seen(other):
        assert unseen_differences(f"x{one}x", f"x{other}x", "AppDisplayName")
