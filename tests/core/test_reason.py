"""A reason is its English text, and knows its code and its words in the other languages."""

import pytest

from spentkey.core.errors import Outage
from spentkey.core.reason import IN_WORDS, Reason, ReasonKind, listed, read_reason, reason_for, several

EXPIRES = ReasonKind("expires", "it ends at {end}", "ze eindigt op {end}", "il se termine le {end}")
TRIED = ReasonKind("tried", "tried: {what}", "geprobeerd: {what}", "essayé : {what}")


def test_a_reason_is_its_english_text() -> None:
    """JSON, logs and exceptions take it as it is."""
    assert EXPIRES(end="2026-01-01") == "it ends at 2026-01-01"


def test_a_reason_can_be_read_in_another_language() -> None:
    """With the same parameters."""
    assert EXPIRES(end="2026-01-01").in_language("nl") == "ze eindigt op 2026-01-01"


def test_a_reason_keeps_its_code() -> None:
    """Whoever counts reasons goes by it."""
    assert EXPIRES(end="x").code == "expires"


def test_the_parts_of_a_reason_are_read_in_the_same_language() -> None:
    """Reasons among the parameters are translated, other values are not."""
    tried = TRIED(what=(EXPIRES(end="a"), "b.pfx", EXPIRES(end="c")))
    assert tried == "tried: it ends at a; b.pfx; it ends at c"
    assert tried.in_language("fr") == "essayé : il se termine le a; b.pfx; il se termine le c"


def test_braces_in_a_value_are_text() -> None:
    """A value is filled in once and never read as a sentence."""
    assert EXPIRES(end="{0.__class__}") == "it ends at {0.__class__}"


def test_a_reason_without_a_parameter_that_its_sentence_names_is_a_mistake() -> None:
    """No reason has a hole."""
    with pytest.raises(KeyError):
        EXPIRES()


def test_a_language_that_no_sentence_has_is_a_mistake() -> None:
    """It is never guessed."""
    with pytest.raises(KeyError):
        EXPIRES(end="x").in_language("de")


def test_several_reasons_are_read_one_after_the_other() -> None:
    """Semicolons or commas between; one alone keeps its code."""
    assert several((EXPIRES(end="a"), "b")) == "it ends at a; b"
    assert several((EXPIRES(end="a"),)).code == "expires"
    assert listed(("a", EXPIRES(end="b"), "c")).in_language("nl") == "a, ze eindigt op b, c"


def test_two_kinds_cannot_have_one_code() -> None:
    """It is seen when the second module is imported."""
    with pytest.raises(ValueError, match="two kinds of reason have the code expires"):
        ReasonKind("expires", "{end}", "{end}", "{end}")


@pytest.mark.parametrize(
    "recorded",
    [
        None,
        "expires",
        {"code": "of-a-later-version", "parameters": {"end": "a"}},
        {"code": "expires"},
        {"code": "expires", "parameters": {}},
        {"code": "expires", "parameters": {"end": None}},
        {"code": "expires", "parameters": {"end": "another"}},
    ],
)
def test_a_reason_on_record_that_does_not_fit_is_its_text(recorded: object) -> None:
    """What is on record was told, so it is not told otherwise."""
    assert read_reason("it ends at a", recorded).kind is IN_WORDS


def test_words_of_others_are_the_same_in_every_language() -> None:
    """They are quoted."""
    other = reason_for("HTTP 418")
    assert isinstance(other, Reason)
    assert (other.kind, other.in_language("nl")) == (IN_WORDS, "HTTP 418")


def test_a_reason_stays_itself() -> None:
    """Nothing is wrapped twice."""
    reason = EXPIRES(end="x")
    assert reason_for(reason) is reason


def test_an_error_gives_the_reason_that_it_was_raised_with() -> None:
    """With its code; a plain text is quoted."""
    assert Outage(EXPIRES(end="x")).reason.code == "expires"
    assert Outage("away").reason == IN_WORDS(text="away")
