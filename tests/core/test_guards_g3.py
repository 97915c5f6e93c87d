"""Guard G3: the application is called what the task calls it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import application, request

from spentkey.core.guards import Unread, folded, g3_name, unread_name
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for


def agrees(in_directory: str, in_task: str) -> bool:
    """Whether G3 takes the two names for one."""
    return g3_name(application(name=in_directory), request(app_display_name=in_task)) is None


@pytest.mark.parametrize(
    ("in_directory", "in_task"),
    [
        ("Sales", "Sales"),
        ("Sales", "SALES"),
        ("  Sales ", "sales"),
        ("Caf\u00e9", "Cafe\u0301"),  # NFC and NFD
        ("CAFE\u0301", "caf\u00e9"),
        ("Stra\u00dfe", "STRASSE"),
        ("Stra\u00dfe", "stra\u1e9ee"),  # the capital sharp s
        ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3"),  # final sigma
        ("\u0390", "\u0399\u0308\u0301"),  # casefold takes apart what NFC then joins again
        ("Verkoop \u2013 \u20ac", "verkoop \u2013 \u20ac"),
        ("Sales", "\u200b\u00a0Sales\ufeff"),
        ("Sales\u200e", "sales"),
    ],
)
def test_names_that_differ_in_case_or_composition_are_one(in_directory: str, in_task: str) -> None:
    """Trimmed, NFC, casefolded: what a person cannot see does not matter."""
    assert agrees(in_directory, in_task)


@pytest.mark.parametrize(
    ("in_directory", "in_task"),
    [
        ("Sales", "Sales 2"),
        ("Sales", "Sale"),
        ("Sales", ""),
        ("Sales", "S\u0430les"),  # Cyrillic a
        ("Sales", "\uff33\uff41\uff4c\uff45\uff53"),  # full width: one under NFKC only
        ("file", "\ufb01l\u200be"),
        ("x2", "x\u00b2"),
        ("App 1", "App \u2460"),
        ("Sa les", "Sa\u00a0les"),
        ("Sales", "Sa\u200bles"),
        ("Cafe", "Caf\u00e9"),
        ("i", "\u0131"),  # dotless i
    ],
)
def test_names_that_only_look_alike_are_two(in_directory: str, in_task: str) -> None:
    """Never NFKC, which would merge look-alikes; never without accents or invisible characters."""
    assert not agrees(in_directory, in_task)


def test_the_reason_gives_both_names() -> None:
    """So that people see the difference."""
    refused = g3_name(application(name="Sales"), request(app_display_name="Billing"))
    expected = "AppDisplayName is 'Billing', but the application with this AppID is called 'Sales'"
    assert Refused("G3", reason_for(expected)) == refused


@pytest.mark.parametrize(
    ("in_directory", "in_task", "difference"),
    [
        ("Sa\u00a0les", "Sa les", "U+00A0 NO-BREAK SPACE in the directory's name"),
        ("Sa les", "SA\u00a0LES", "U+00A0 NO-BREAK SPACE in AppDisplayName"),
        ("Sa  les", "Sa les", "U+0020 SPACE 2 times in a row in the directory's name"),
        ("Sales", "Sa\u200bles", "U+200B ZERO WIDTH SPACE in AppDisplayName"),
        ("Caf\u00e9\u200d 1", "Cafe\u0301 1", "U+200D ZERO WIDTH JOINER in the directory's name"),
    ],
)
def test_names_that_look_the_same_are_refused_with_what_tells_them_apart(
    in_directory: str, in_task: str, difference: str
) -> None:
    """Spaces inside are not folded: people correct the name, and can see now where."""
    refused = g3_name(application(name=in_directory), request(app_display_name=in_task))
    assert refused is not None
    assert refused.reason.endswith(f"they differ in {difference}")
    assert "\u00a0" not in refused.reason.rpartition("they differ in")[2]


def test_names_that_differ_after_what_is_shown_are_not_called_the_same() -> None:
    """A reason shows 128 characters; what differs after that is no unseen character."""
    refused = g3_name(application(name="x" * 200 + "1"), request(app_display_name="x" * 200 + "2"))
    assert refused is not None
    assert refused.reason.endswith("they differ after that")


def test_the_reason_does_not_repeat_what_a_requester_must_not_write() -> None:
    """Invisible characters and the beginning of our own marker are not carried into a note, and long names are cut."""
    spoofed = "\u202e[spentkey task=1 " + "x" * 300
    refused = g3_name(application(), request(app_display_name=spoofed))
    assert refused is not None
    assert "\u202e" not in refused.reason
    assert "[spentkey " not in refused.reason
    assert "x" * 200 not in refused.reason


@given(st.text())
def test_every_name_agrees_with_itself_however_it_is_composed(name: str) -> None:
    """Composed, decomposed, with spaces around: the same name."""
    assert agrees(name, unicodedata.normalize("NFD", f" {name}\t"))
    assert agrees(unicodedata.normalize("NFC", name), name)


@given(st.text())
def test_folding_twice_changes_nothing_more(name: str) -> None:
    """The compared form is a fixed point, so that comparing is fair in both directions."""
    assert folded(name) == folded(folded(name))


@given(st.text(), st.text())
def test_agreement_does_not_depend_on_the_side(one: str, other: str) -> None:
    """Neither the task nor the directory is read more leniently."""
    assert agrees(one, other) == agrees(other, one)


def test_a_name_that_the_directory_does_not_show_cannot_be_compared() -> None:
    """That is no refusal of the request: the directory may show it again."""
    assert isinstance(unread_name(application(name="")), Unread)
    assert unread_name(application(name=" ")) is None
