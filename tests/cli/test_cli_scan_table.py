"""A scan on a terminal: wide and narrow, and what it says of one that is not whole."""

import pytest
from scanned import BROKEN, WHOLE, of_every_kind, scan, scanned

from spentkey.cli.scan_table import show_scan
from spentkey.core.scan_result import ScanResult


def shown(result: ScanResult, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What stands on a terminal of that width."""
    monkeypatch.setenv("COLUMNS", str(width))
    show_scan(result)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_table_fits(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every lapsed credential is there, whatever the width, and no row of the table is wider than the terminal."""
    table = shown(of_every_kind(), width, monkeypatch, capsys).partition("\nclass")[2]
    assert max(map(len, table.splitlines())) <= width
    assert table.count("it ended") == 11


def test_the_summary_comes_first(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """How much, how old, by what, and what would go first."""
    text = shown(of_every_kind(), 140, monkeypatch, capsys)
    assert text.startswith("11 credentials on ")
    assert all(part in text for part in ("by class:", "by age:", "by tenant:", "what would be removed first:"))
    assert "INCOMPLETE" not in text


def test_what_is_not_whole_is_said_first_and_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is named as what would go first."""
    text = shown(scan(scanned(), tenants=(WHOLE, BROKEN)), 140, monkeypatch, capsys)
    assert text.startswith("INCOMPLETE: ")
    assert text.rstrip().splitlines()[-1] == "onderwijs: page 2 of applications: 503"
    assert "removed first" not in text


def test_a_scan_that_found_nothing_shows_no_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """But says so."""
    text = shown(scan(), 140, monkeypatch, capsys)
    assert text.startswith("0 credentials on 0 objects have lapsed.")
    assert "why" not in text
