"""A reason is its English text, and knows its code and its words in the other languages."""

import pytest

from spentkey.core.errors import Outage
from spentkey.core.reason import IN_WORDS, Reason, ReasonKind, reason_for

EXPIRES = ReasonKind("expires", "it ends at {end}", "ze eindigt op {end}", "il se termine le {end}")
TRIED = ReasonKind("tried", "tried: {what}", "geprobeerd: {what}", "essayé : {what}")


def test_a_reason_is_its_english_text() -> None:
    assert EXPIRES(end="2026-01-01") == "it ends at 2026-01-01"


def test_a_reason_can_be_read_in_another_language() -> None:
    assert EXPIRES(end="2026-01-01").in_language("nl") == "ze eindigt op 2026-01-01"


def test_a_reason_keeps_its_code() -> None:
    assert EXPIRES(end="x").code == "expires"


def test_the_parts_of_a_reason_are_read_in_the_same_language() -> None:
    tried = TRIED(what=(EXPIRES(end="a"), "b.pfx", EXPIRES(end="c")))
    assert tried == "tried: it ends at a; b.pfx; it ends at c"
    assert tried.in_language("fr") == "essayé : il se termine le a; b.pfx; il se termine le c"


def test_braces_in_a_value_are_text() -> None:
    assert EXPIRES(end="{0.__class__}") == "it ends at {0.__class__}"


def test_a_reason_without_a_parameter_that_its_sentence_names_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        EXPIRES()


def test_a_language_that_no_sentence_has_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        EXPIRES(end="x").in_language("de")


def test_words_of_others_are_the_same_in_every_language() -> None:
    other = reason_for("HTTP 418")
    assert isinstance(other, Reason)
    assert (other.kind, other.in_language("nl")) == (IN_WORDS, "HTTP 418")


def test_a_reason_stays_itself() -> None:
    reason = EXPIRES(end="x")
    assert reason_for(reason) is reason


def test_an_error_gives_the_reason_that_it_was_raised_with() -> None:
    assert Outage(EXPIRES(end="x")).reason.code == "expires"
    assert Outage("away").reason == IN_WORDS(text="away")
