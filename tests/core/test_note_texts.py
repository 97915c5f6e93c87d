"""Each note says in a few plain lines what was found, what was not done, and what to do next; in three languages."""

import re

import pytest
from note_cases import FOLDER, LANGUAGES, cases, files

from spentkey.core.audit_event import Shows
from spentkey.core.errors import Who
from spentkey.core.note_texts import WORDS
from spentkey.core.outcome import AlreadyGone, CannotTell, Cause, Removed

CLOSING = {"removed", "already-gone", *(f"removed-witness-{shows}" for shows in Shows)}
HANDED_OVER = sorted(set(cases()) - CLOSING)
EXPECTED = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.txt")}
EACH_NOTE = pytest.mark.parametrize("language", LANGUAGES)
EACH_HAND_OVER = pytest.mark.parametrize("name", HANDED_OVER)


def lines(name: str, language: str) -> list[str]:
    """The lines of a note's body."""
    return cases()[name](language).body.splitlines()


@pytest.mark.parametrize("file", sorted(files()))
def test_a_note_is_as_its_file_shows_it(file: str) -> None:
    """Word for word; `tests/support/note_cases.py` writes the files again after a change that is meant."""
    assert EXPECTED.get(file) == files()[file]


def test_no_file_is_left_over() -> None:
    """Every file stands for a note that can be written."""
    assert set(EXPECTED) - set(files()) == set()


@EACH_NOTE
@EACH_HAND_OVER
def test_a_hand_over_begins_with_what_was_found_what_was_not_done_and_what_is_next(name: str, language: str) -> None:
    """Three sentences that fit on a screen, then the details."""
    found, empty, done, following, end = lines(name, language)[:5]
    assert (empty, end) == ("", "")
    assert all(0 < len(message) <= 260 for message in (found, done, following))


@EACH_NOTE
@EACH_HAND_OVER
def test_only_the_middle_is_translated(name: str, language: str) -> None:
    """Reason and marker are the same in each language, so that searches find them."""
    english, other = lines(name, "en"), lines(name, language)
    assert (english[0], english[-1]) == (other[0], other[-1])
    assert (language == "en") == (english[2:4] == other[2:4])


@EACH_NOTE
@pytest.mark.parametrize("name", [name for name in HANDED_OVER if name.startswith("G")])
def test_a_refusal_says_that_nothing_was_removed(name: str, language: str) -> None:
    """No guard lets anything be removed before it refuses."""
    assert WORDS[language].nothing_removed == lines(name, language)[2]


@EACH_NOTE
@pytest.mark.parametrize("name", ["failed-still-there", "failed-survivor-lost", "cannot-tell", "removed-not-closed"])
def test_after_a_removal_was_asked_for_no_note_says_that_nothing_was_removed(name: str, language: str) -> None:
    """It says what is known of it."""
    assert WORDS[language].nothing_removed not in lines(name, language)


@EACH_NOTE
def test_guards_and_failures_differ_in_what_to_do_next(language: str) -> None:
    """One sentence for each guard and each kind of failure; cases of one guard share theirs."""
    kinds = {name: re.sub(r"^(G\d+)-.*", r"\1", name) for name in HANDED_OVER}
    message = {(kind, lines(name, language)[3]) for name, kind in kinds.items()}
    assert len(message) == len({sentence for _, sentence in message}) == len(set(kinds.values()))


@EACH_NOTE
def test_nothing_that_can_be_handed_over_is_without_a_sentence(language: str) -> None:
    """Every guard that hands over, every cause, every who, every other outcome; and no sentence is for nothing."""
    guards = {f"G{number}" for number in (1, 2, 3, 4, 5, 6, 10)}
    outcomes = {CannotTell.name, Removed.name, AlreadyGone.name}
    assert guards | set(Cause) | set(Who) | outcomes == set(WORDS[language].next)


def test_a_lost_survivor_is_told_with_the_command_that_goes_on() -> None:
    """In each language the command is spelled as it is typed."""
    assert all("spentkey resume --why" in lines("failed-survivor-lost", language)[3] for language in LANGUAGES)


@EACH_NOTE
def test_no_sentence_has_a_place_to_fill_in(language: str) -> None:
    """What to do next holds nothing that a requester wrote."""
    assert [message for message in WORDS[language].next.values() if set("{}<>&") & set(message)] == []
