"""What is cut off the ends of copied values: whatever nobody sees, and nothing else, by the short way and by the long one."""

import sys
import unicodedata

import pytest

from spentkey.core.trim import trimmed


def test_every_character_is_cut_off_exactly_where_it_is_a_space_or_a_format_character() -> None:
    """Each of them at both ends, alone, and inside, where it stays."""
    for code in range(sys.maxunicode + 1):
        one = chr(code)
        unseen = one.isspace() or unicodedata.category(one) == "Cf"
        assert trimmed(f"{one}a{one}b{one}") == (f"a{one}b" if unseen else f"{one}a{one}b{one}"), hex(code)


@pytest.mark.parametrize("text", ["", " ", "   ", "\t \n", "\u200b \ufeff", "\x1f"])
def test_of_what_nobody_sees_nothing_is_left(text: str) -> None:
    """Whatever it is made of."""
    assert trimmed(text) == ""


@pytest.mark.parametrize("text", ["a", "a b", "a\tb", "é", "-", "\x00", "\x7f"])
def test_what_has_nothing_unseen_at_its_ends_stays(text: str) -> None:
    """A control character is no space: whoever reads it refuses it."""
    assert trimmed(text) == text
