"""The line that stands last in every note: written in one way, and read as desks show it."""

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.evidence_line import EvidenceLine, evidence_line_in, line_on_record
from spentkey.core.tree import EMPTY, TreeHead

ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
LINE = EvidenceLine("3ce2e64d-7948-4de6-b568-f8ec48529ea0", TreeHead(0, EMPTY))
WRITTEN = f"Evidence: 3ce2e64d-7948-4de6-b568-f8ec48529ea0 · log 0 {ROOT}"
NOTE = f"the credential has not expired\n\n[spentkey task=1 assignment=1 handed-over id=x key=- reason=G5]\n{WRITTEN}"
RECORD = {"attempt": LINE.id, "log_size": 0, "log_root": ROOT}


def test_the_line_is_written_in_one_way() -> None:
    """The id, the size, and the root in base64."""
    assert str(LINE) == WRITTEN


@given(st.integers(0, 2**60), st.binary(min_size=32, max_size=32), st.uuids())
def test_a_line_is_read_as_it_was_written(size: int, root: bytes, evidence: object) -> None:
    """Whatever the log was."""
    line = EvidenceLine(str(evidence), TreeHead(size, root))
    assert evidence_line_in(f"text\n[spentkey task=1 x]\n{line}") == line


@pytest.mark.parametrize(
    "shown",
    {
        "as written": NOTE,
        "with other line ends": NOTE.replace("\n", "\r\n"),
        "in one line": NOTE.replace("\n", " "),
        "as HTML": NOTE.replace("\n", "<br />\n"),
        "in paragraphs": "".join(f"<p>{one}</p>" for one in NOTE.split("\n")),
        "escaped": html.escape(NOTE).replace("·", "&middot;").replace("+", "&#43;").replace("=", "&#61;"),
        "with a point that the desk does not know": NOTE.replace("·", "?"),
        "broken within the line": NOTE.replace(" · ", " ·\n"),
        "with a signature of the desk below": f"{NOTE}\n-- \nsent by the desk",
        "without its marker": WRITTEN,
    }.values(),
)
def test_a_line_is_read_as_desks_show_it(shown: str) -> None:
    """What a desk does to breaks and escapes changes nothing."""
    assert evidence_line_in(shown) == LINE


@pytest.mark.parametrize(
    "shown",
    {
        "empty": "",
        "cut in the root": NOTE[:-1],
        "cut behind the marker": NOTE.rpartition("\n")[0],
        "cut in the marker": NOTE[:60],
        "of version 0.2": "text\nEvidence: 3ce2e64d-7948-4de6-b568-f8ec48529ea0\n[spentkey task=1 x]",
        "of version 0.1": "tekst\nBewijs: 3ce2e64d-7948-4de6-b568-f8ec48529ea0\n[spentkey task=1 x]",
        "only above the marker": f"{WRITTEN}\n[spentkey task=1 assignment=1 x]",
        "a size that is none": NOTE.replace("log 0", "log 00"),
        "a size in other digits": NOTE.replace("log 0", "log ٣"),
        "a size that is endless": NOTE.replace("log 0", f"log {'9' * 30}"),
        "a root that is longer": f"{NOTE}A",
        "a root in another alphabet": NOTE.replace(ROOT, ROOT.replace("+", "-").replace("/", "_")),
        "another label": NOTE.replace("Evidence:", "Bewijs:"),
    }.values(),
)
def test_what_is_no_whole_line_is_none(shown: str) -> None:
    """It names nothing."""
    assert evidence_line_in(shown) is None


def test_the_line_on_record_is_the_one_of_the_note() -> None:
    """By the same three values."""
    assert line_on_record(RECORD) == LINE


@pytest.mark.parametrize(
    "change",
    [
        {"log_size": None, "log_root": None},
        {"log_size": "0 "},
        {"log_size": -1},
        {"log_size": [0]},
        {"log_root": ROOT[:-1]},
        {"log_root": 1},
        {"attempt": None, "log_root": None},
        {"attempt": "two words"},
    ],
)
def test_a_record_that_makes_no_sense_announces_no_line(change: dict[str, Any]) -> None:
    """One of 0.2.0 or older has none either."""
    assert line_on_record({**RECORD, **change}) is None
