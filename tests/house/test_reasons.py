"""Every kind of reason, in every language: codes that are unique, sentences that say the same, no English left over."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from reason_kinds import PAGE, ROOT, SNAPSHOT, kinds, page, snapshot

from spentkey.core.notes import Subject, hand_over_note
from spentkey.core.outcome import Failed, hand_over
from spentkey.core.reason import Reason, ReasonKind, read_reason, recorded_reason

KINDS = kinds()
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
OTHER_LANGUAGES = pytest.mark.parametrize("language", ["nl", "fr"])
ALIKE = {
    "graph-accepted": {"nl", "fr"},
    "in-the-task": {"nl"},
    "files-open": {"nl"},
    "files-of-folder": {"nl"},
    "secrets-of-folder": {"nl"},
}
"""Kinds whose words are the same in that language too: names of settings, answers of a protocol, `open`."""
ENGLISH = re.compile(
    r"\b(the|and|that|with|not|which|cannot|has|have|by|from|does|its|are|it|removed|answered|refused|found|because|at|as)\b"
)
"""Small words without which few English sentences do, and which neither Dutch nor French has."""
UNCONVERTED = {"storage", "demo", "bootstrap", "settings", "cli", "web", "facade.py"}
"""Where errors are still plain texts: none of them stands in a note, because no task is handed over for one of them."""
CARRY_REASONS = {
    "DeskRefused",
    "AccessRefused",
    "WriteRefused",
    "Busy",
    "Outage",
    "Stopping",
    "KeyRefused",
    "Retryable",
}


def filled(kind: ReasonKind) -> Reason:
    """The kind with a value for each parameter that no language has."""
    return kind(**{name: f"<{name}>" for name in kind.parameter_names})


def parameters(sentence: str) -> list[str]:
    """What a sentence fills in."""
    return sorted(set(re.findall(r"\{(\w*)\}", sentence)))


def test_every_reason_is_as_the_snapshot_shows_it() -> None:
    """Word for word in three languages; `tests/support/reason_kinds.py` writes it again after a change that is meant."""
    assert snapshot().splitlines() == SNAPSHOT.read_text("utf-8").splitlines()


def test_the_page_lists_every_code_with_its_sentence() -> None:
    """The same command writes it."""
    assert page() == PAGE.read_text("utf-8")


def test_no_kind_is_hidden_from_the_snapshot() -> None:
    """As many kinds as the code makes: none stands where the snapshot does not look."""
    trees = [ast.parse(file.read_text("utf-8")) for file in (ROOT / "src" / "spentkey").rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "ReasonKind"]
    assert len(made) == len(KINDS) == len(SNAPSHOT.read_text("utf-8").splitlines())


def test_each_code_is_there_once() -> None:
    """Whoever counts by code counts one thing."""
    assert [code for code, times in Counter(one.code for one in KINDS).items() if times > 1] == []


@EACH
def test_a_code_is_a_word_that_never_needs_quotes(kind: ReasonKind) -> None:
    """Lower case and dashes; what the schema of a result says."""
    schema = json.loads((ROOT / "docs" / "reference" / "result.schema.json").read_text("utf-8"))
    assert re.fullmatch(schema["properties"]["reason_code"]["pattern"], kind.code)


@EACH
def test_a_reason_fills_in_the_same_in_every_language(kind: ReasonKind) -> None:
    """No language says less than another; and no parameter is numbered or formatted."""
    assert parameters(kind.en) == parameters(kind.nl) == parameters(kind.fr) == sorted(kind.parameter_names)


@OTHER_LANGUAGES
@EACH
def test_a_reason_is_translated(kind: ReasonKind, language: str) -> None:
    """Unless it is nothing but parameters, or one of the few whose words are alike."""
    words = re.sub(r"\{\w+\}|[\W\d_]", "", kind.en)
    alike = kind.sentence(language) == kind.en
    assert alike == (language in ALIKE.get(kind.code, set())) or not words


@OTHER_LANGUAGES
@EACH
def test_no_english_word_is_left_in_a_translation(kind: ReasonKind, language: str) -> None:
    """What stands in quotation marks is what another system says."""
    sentence = re.sub(r'\{\w+\}|"[^"]*"|«[^»]*»', "", kind.sentence(language))
    assert ENGLISH.findall(sentence) == []


@OTHER_LANGUAGES
@EACH
def test_french_and_dutch_are_punctuated_as_they_should_be(kind: ReasonKind, language: str) -> None:
    """French has a blank before a colon and a semicolon, Dutch has none; no sentence has two blanks."""
    prose = re.sub(r"\b[\w.]+(:|;)(?=\S)", "", kind.sentence(language))
    wrong = re.findall(r"\w[:;](?= |$)" if language == "fr" else r" [:;?]", prose)
    assert (wrong, "  " in kind.sentence(language)) == ([], False)


@OTHER_LANGUAGES
@EACH
def test_a_note_says_a_reason_in_its_language(kind: ReasonKind, language: str) -> None:
    """With its parameters, and without its English sentence."""
    reason = filled(kind)
    note = hand_over_note(Subject(task="1", assignment=1), hand_over(Failed(reason)), language)
    found = note.body.splitlines()[0]
    assert all(f"&lt;{name}&gt;" in found for name in kind.parameter_names)
    assert ENGLISH.findall(re.sub(r'&lt;\w+&gt;|"[^"]*"|«[^»]*»', "", note.body.rpartition("[spentkey")[0])) == []


@EACH
def test_a_reason_comes_back_from_the_record(kind: ReasonKind) -> None:
    """With its code and in every language."""
    reason = filled(kind)
    read = read_reason(str(reason), json.loads(json.dumps(recorded_reason(reason))))
    assert (read.code, read.in_language("nl"), read.in_language("fr")) == (
        kind.code,
        reason.in_language("nl"),
        reason.in_language("fr"),
    )


def plain_errors(file: Path) -> list[str]:
    """Where a module makes an error with a plain text in the place of a reason."""
    calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    errors = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in CARRY_REASONS]
    texts = [call for call in errors if call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)]
    return [f"{file.name}:{call.lineno}" for call in texts]


def test_errors_that_may_be_told_in_a_note_are_made_with_reasons() -> None:
    """In the core, the steps, the adapters and the client of HTTP; the other rooms are named above."""
    root = ROOT / "src" / "spentkey"
    files = [one for one in root.rglob("*.py") if one.relative_to(root).parts[0] not in UNCONVERTED]
    assert [place for file in sorted(files) for place in plain_errors(file)] == []
