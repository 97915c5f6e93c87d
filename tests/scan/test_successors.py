"""What ends soon: with a successor or without, used or not, and what is said where that is not known."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from scanned import BROKEN, WHOLE, classified, ended, scan, scanned
from support_core import NOW

from spentkey.cli.successors import show_successors
from spentkey.core.classified import CredentialClass, Successor
from spentkey.core.listed import CredentialUse
from spentkey.core.scan_result import ScannedCredential
from spentkey.scan.successors import SuccessorState, ending_soon, readiness_of

MONTH = timedelta(days=30)
SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "successors.schema.json"


def expiring(days: int = 5, old: str | None = "used", new: str | None = "used") -> ScannedCredential:
    """A secret that ends in so many days, with a successor unless `new` is None."""
    following = None if new is None else Successor("00000000-0000-4000-8000-00000000000f", NOW + 9 * MONTH, new)
    made = ended(0, key_id=f"{days:08d}-0000-4000-8000-000000000002", end=NOW + timedelta(days=days))
    use = None if old is None else CredentialUse(old)
    return ScannedCredential(classified(made, CredentialClass.EXPIRING, successor=following), NOW, (), 0, use)


@pytest.mark.parametrize(
    ("old", "new", "readiness"),
    [
        ("used", None, SuccessorState.NO_SUCCESSOR),
        ("used", "not-recorded", SuccessorState.NOT_USED),
        (None, "not-recorded", SuccessorState.NOT_USED),
        ("used", "used", SuccessorState.BOTH_USED),
        ("not-recorded", "used", SuccessorState.MOVED),
        (None, "used", SuccessorState.NOT_KNOWN),
        ("unknown", "used", SuccessorState.NOT_KNOWN),
        ("used", "unknown", SuccessorState.NOT_KNOWN),
        ("used", "not-available", SuccessorState.NOT_KNOWN),
    ],
)
def test_the_state_follows_the_report_of_sign_ins(old: str | None, new: str | None, readiness: SuccessorState) -> None:
    """Without the report nobody is told that a successor is unused, or that the old one is silent."""
    assert readiness_of(expiring(5, old, new)) is readiness


def test_what_ends_first_stands_first() -> None:
    """What has lapsed, and what ends later, is not there."""
    result = scan(expiring(20), expiring(3), expiring(29), expiring(31), scanned(40), scanned(1, CredentialClass.LIVE))
    assert [one.days_left for one in ending_soon(result, MONTH)] == [3, 20, 29]
    assert ending_soon(scan(), MONTH) == []


@pytest.mark.parametrize(("tenants", "code"), [((WHOLE,), 0), ((WHOLE, BROKEN), 4), ((), 4)])
def test_the_exit_code_says_whether_the_scan_is_whole(
    tenants: Any, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the JSON keeps to its schema."""
    result = scan(expiring(5, None, None), expiring(6, "not-recorded"), tenants=tenants)
    assert show_successors(result, MONTH, as_json=True) == code
    told = json.loads(capsys.readouterr().out)
    validator = cast("Any", Draft202012Validator(json.loads(SCHEMA.read_text())))
    assert [error.message for error in validator.iter_errors(told)] == []
    assert (told["complete"], told["summary"]["no-successor"], told["summary"]["moved"]) == (code == 0, 1, 1)
    assert list(validator.iter_errors(told | {"within_days": "30"}))


def test_people_read_first_that_a_scan_is_not_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the counts, which are no more than a part."""
    monkeypatch.setenv("COLUMNS", "140")
    assert show_successors(scan(expiring(), tenants=(BROKEN,)), MONTH, as_json=False) == 4
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("INCOMPLETE: ")
    assert "at least 1 credentials end within 30 days." in lines
    assert show_successors(scan(expiring()), MONTH, as_json=False) == 0
    assert capsys.readouterr().out.startswith("1 credentials end within 30 days.\n        1  both are used\n")
