"""Each note says in a few plain lines what was found, what was not done, and what to do next; in three languages."""

import re

import pytest
from note_cases import FOLDER, LANGUAGES, cases, files

from spentkey.core.audit_event import Shows
from spentkey.core.errors import Who
from spentkey.core.note_texts import WORDS
from spentkey.core.outcome import AlreadyGone, CannotTell, Cause, Removed
from spentkey.core.rules import ParameterNames

CLOSING = {"removed", "removed-after-close", "already-gone", *(f"removed-witness-{shows}" for shows in Shows)}
HANDED_OVER = sorted(set(cases()) - CLOSING)
EXPECTED = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.txt")}
EACH_NOTE = pytest.mark.parametrize("language", LANGUAGES)
EACH_HAND_OVER = pytest.mark.parametrize("name", HANDED_OVER)


ENGLISH = re.compile(
    r"\b(the|and|that|with|not|which|cannot|has|have|by|from|does|its|are|it|removed|answered|refused|found|because|at|as)\b"
)


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
    """Three sentences that fit on a screen, then the details; what was found may say how to mend it."""
    found, empty, done, following, end = lines(name, language)[:5]
    assert (empty, end) == ("", "")
    assert 0 < len(found) <= 360
    assert all(0 < len(message) <= 260 for message in (done, following))


@EACH_NOTE
@EACH_HAND_OVER
def test_everything_but_the_marker_is_translated(name: str, language: str) -> None:
    """The marker is the same in each language, so that searches find it."""
    english, other = lines(name, "en"), lines(name, language)
    assert english[-1] == other[-1]
    told = range(4)
    assert [english[nth] == other[nth] for nth in told] == [language == "en" or nth == 1 for nth in told]
    assert (language == "en") == (cases()[name]("en").subject == cases()[name](language).subject)


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.parametrize("name", sorted(cases()))
def test_no_english_is_left_in_a_note_in_another_language(name: str, language: str) -> None:
    """Not one of the small words without which no English sentence does; what is quoted is what others said."""
    note = cases()[name](language)
    text = re.sub(r'"[^"]*"|«[^»]*»|\[spentkey [^]]*\]', "", f"{note.subject}\n{note.body}")
    assert ENGLISH.findall(text) == []


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
def test_no_sentence_holds_what_a_requester_wrote(language: str) -> None:
    """What to do next calls parameters by the desk's names, and has nothing else to fill in."""
    names = "where|app_id|app_display_name|secret_id|secret_type"
    sentences = [re.sub(rf"\{{({names})\}}", "", message) for message in WORDS[language].next.values()]
    assert [message for message in sentences if set("{}<>&") & set(message)] == []


@EACH_NOTE
def test_no_sentence_names_a_parameter_of_one_site(language: str) -> None:
    """Every name comes from the configuration."""
    told = " ".join(WORDS[language].next.values())
    assert [name for name in (*ParameterNames().in_order(), "Onderwijs") if name in told] == []
