"""What people and programs get of a scan: as JSON, CSV and HTML, and what each says of one that is not whole."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from scanned import BROKEN, HOSTILE, WHOLE, of_every_kind, scan, scanned

from spentkey.core.classified import CredentialClass
from spentkey.core.listed import Owner
from spentkey.core.opening import OpenedState
from spentkey.core.scan_result import ScanResult
from spentkey.scan.csv_view import COLUMNS, cell_of, write_csv
from spentkey.scan.html_view import write_html
from spentkey.scan.summary import by_age, by_class, by_tenant, first_removals, in_brief, lists_read

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "scan.schema.json"


def complaints(value: Any) -> list[str]:
    """What the schema says against it."""
    validator = cast("Any", Draft202012Validator(json.loads(SCHEMA.read_text())))
    return [error.message for error in validator.iter_errors(value)]


def as_csv(result: ScanResult, **more: Any) -> str:
    """The whole file."""
    parts: list[str] = []
    write_csv(result, parts.append, **more)
    return "".join(parts)


def as_html(result: ScanResult, **more: Any) -> str:
    """The whole page."""
    parts: list[str] = []
    write_html(result, parts.append, **more)
    return "".join(parts)


@pytest.mark.parametrize("every", [True, False])
def test_the_json_keeps_to_its_schema(every: bool) -> None:
    """With a credential of every class, and without any."""
    assert complaints(of_every_kind().as_json(every=every)) == []
    assert complaints(scan(tenants=(WHOLE, BROKEN)).as_json(every=every)) == []


@pytest.mark.parametrize(
    "changes",
    [{"complete": "yes"}, {"more": 1}, {"credentials": [{"tenant": "x"}]}, {"summary": {"lapsed": 1}}, {"scan": ""}],
)
def test_the_schema_refuses_anything_else(changes: dict[str, Any]) -> None:
    """Missing and unknown keys, and other types."""
    assert complaints(of_every_kind().as_json() | changes)


def test_the_json_shows_what_has_lapsed_unless_all_is_asked_for() -> None:
    """The summary counts what has lapsed either way."""
    result = of_every_kind()
    assert {one["class"] for one in result.as_json(every=False)["credentials"]}.isdisjoint({"live", "expiring"})
    assert len(result.as_json()["credentials"]) == len(result.credentials) == 13
    assert result.as_json()["summary"] == result.as_json(every=False)["summary"]
    assert result.as_json()["summary"]["lapsed"] == 11


def test_owners_that_could_not_be_read_are_not_no_owner() -> None:
    """Neither in the count nor in a cell."""
    result = scan(scanned(owners=None), scanned(41, owners=()), scanned(42, owners=(Owner("o", None, None),)))
    assert result.as_json()["summary"]["without_owner"] == 1
    assert [row["owners"] for row in csv.DictReader(io.StringIO(as_csv(result)))] == ["not known", "no owner", "o"]
    assert "1 have no owner; of 1 the owners are not known." in in_brief(result)


def test_a_scan_of_no_tenant_is_not_whole() -> None:
    """Nothing was read, so nothing is said to be well."""
    assert not scan(tenants=()).complete
    assert "No tenant was read." in as_csv(scan(tenants=()))


def test_the_csv_has_the_keys_of_the_json_in_their_order() -> None:
    """With three cells for what is nested there."""
    keys = list(of_every_kind().as_json()["credentials"][0])
    expected = [part for key in keys for part in (["use_state", "use_last"] if key == "use" else [key])]
    rows = list(csv.reader(io.StringIO(as_csv(of_every_kind()), newline="")))
    assert rows[0] == list(COLUMNS) == expected
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 1 + 11
    assert len(list(csv.reader(io.StringIO(as_csv(of_every_kind(), every=True))))) == 1 + 13


def test_the_csv_ends_its_rows_and_quotes_as_rfc_4180_says() -> None:
    """CRLF at the end of each row; a quotation mark is doubled."""
    text = as_csv(of_every_kind())
    assert text.count("\r\n") == text.count("\n") == 12
    assert '""/c calc""' in text


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t"])
def test_no_cell_begins_a_formula(begin: str) -> None:
    """Whatever the application is called."""
    assert cell_of(f"{begin}1+1") == f"'{begin}1+1"


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (0, "0"), ("a=b", "a=b"), ("a\0b", "a\ufffdb"), ("\ud800", "?")]
)
def test_other_cells_stay(value: object, cell: str) -> None:
    """But for what cannot be written."""
    assert cell_of(value) == cell


def test_the_page_is_one_file_that_runs_nothing() -> None:
    """No script, nothing from outside, for light and dark and for paper, and every name escaped."""
    page = as_html(of_every_kind())
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert re.findall(r"<script|\bsrc=|\bhref=|\bon\w+=|url\(|@import", page) == []
    assert all(
        part in page
        for part in ("default-src 'none'".replace("'", "&#x27;"), "prefers-color-scheme:dark", "@media print")
    )
    assert page.count("<tr><td>removable") == 3  # the count by class, and two rows


def test_what_is_not_whole_is_said_first_in_every_view() -> None:
    """Before any heading and any count, with the tenant and what got in the way; and it counts for no statement."""
    result = scan(scanned(), tenants=(WHOLE, BROKEN))
    assert as_csv(result).startswith('"INCOMPLETE: ') or as_csv(result).startswith("INCOMPLETE: ")
    assert "page 2 of applications: 503" in as_csv(result).splitlines()[0]
    body = as_html(result).partition("<body>")[2]
    assert body.strip().startswith('<div class="loud" role="alert"><p>INCOMPLETE')
    assert "<title>INCOMPLETE" in as_html(result)
    assert result.as_json()["complete"] is False
    assert in_brief(result)[0].startswith("at least 1 ")
    assert (first_removals(result), len(first_removals(scan(scanned())))) == ([], 1)
    assert [one.what for one in by_tenant(result)] == ["production", "onderwijs (INCOMPLETE)"]


@pytest.mark.parametrize("view", [as_csv, as_html])
def test_a_whole_scan_is_not_called_anything_else(view: Any) -> None:
    """The word stands nowhere in it."""
    assert "INCOMPLETE" not in view(of_every_kind())


def test_the_counts_fall_in_classes_and_ages() -> None:
    """In their order; what has not lapsed is in none of them."""
    result = scan(scanned(10), scanned(100), scanned(4000), scanned(3, CredentialClass.EXPIRING))
    assert [(one.what, one.count) for one in by_class(result)] == [("removable", 3)]
    assert [(one.what, one.count) for one in by_age(result)] == [
        ("up to 30 days", 1),
        ("91 days to a year", 1),
        ("more than two years", 1),
    ]
    assert [one.count for one in by_tenant(result)] == [3]
    assert "The oldest ended 4000 days ago" in in_brief(result)[1]


def test_the_first_removals_are_the_removable_ones_that_ended_longest_ago() -> None:
    """Five at most."""
    result = scan(*(scanned(days) for days in (10, 70, 30, 60, 20, 50)), scanned(99, CredentialClass.PROTECTED))
    assert [text.split()[1][:8] for text in first_removals(result)] == [f"{days:08d}" for days in (70, 60, 50, 30, 20)]


def test_a_counter_that_differs_is_named() -> None:
    """It may lag, so it is no fault."""
    assert lists_read(scan(tenants=(BROKEN,)))[0] == (
        "onderwijs: 999 applications in 1 pages (its counter says 2400, a difference of 1401), "
        "2 service principals in 1 pages (its counter is not known)"
    )


def test_requests_are_counted_once_opened() -> None:
    """What is known or capped was not opened by this scan."""
    result = scan(
        scanned(opened=OpenedState.OPENED),
        scanned(41, opened=OpenedState.KNOWN),
        scanned(42, opened=OpenedState.CAPPED),
    )
    assert result.as_json()["summary"]["opened"] == 1
