"""`spentkey scan` and `spentkey successors` as people run them, against a simulator in its own process."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from commands import against
from fault_rules import fault
from real_simulator import RealSimulator
from worlds import world


def scan_of(sim: RealSimulator, folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON."""
    ended = against(sim, folder, "scan", "--json", *words)
    return ended.code, json.loads(ended.out)


def test_a_scan_shows_what_has_lapsed(sim: RealSimulator, tmp_path: Path) -> None:
    """Everything was read, and that is on record: status shows it."""
    sim.reset(world())
    code, found = scan_of(sim, tmp_path)
    assert (code, found["complete"]) == (0, True)
    assert {one["class"] for one in found["credentials"]} >= {"removable"}
    assert all(one["app_name"] and one["reason"] for one in found["credentials"])
    last = json.loads(against(sim, tmp_path, "status", "--json").out)["last_scan"]
    assert (last["complete"], last["lapsed"]) == (True, found["summary"]["lapsed"])


def test_a_scan_whose_list_may_not_be_read_says_so_first(sim: RealSimulator, tmp_path: Path) -> None:
    """4, and the last whole scan is what counts."""
    sim.reset(world())
    sim.faults(fault("graph", "list-applications", "403"))
    ended = against(sim, tmp_path, "scan")
    assert (ended.code, ended.out.startswith("INCOMPLETE")) == (4, True)
    sim.faults()
    code, found = scan_of(sim, tmp_path)
    assert (code, found["complete"]) == (0, True)


def test_a_list_that_ends_without_a_reason_is_incomplete(sim: RealSimulator, tmp_path: Path) -> None:
    """The link behind the first page is gone, each time; the directory counts more than a page holds."""
    made = world()
    made["tenants"][0]["generated"] = {"seed": 1, "applications": 1200, "service_principals": 0}
    sim.reset(made)
    sim.faults(fault("graph", "list-applications", "page-ends"))
    code, found = scan_of(sim, tmp_path)
    assert (code, found["complete"]) == (4, False)
    assert any("a page may be missing" in text for text in found["tenants"][0]["problems"])


def test_a_page_is_asked_for_until_it_is_there(sim: RealSimulator, tmp_path: Path) -> None:
    """Too many requests, an error of the server and half a body are no end."""
    sim.reset(world())
    sim.faults(
        fault("graph", "list-applications", "503", nth=1),
        fault("graph", "list-applications", "cut", nth=2),
        fault("graph", "list-service-principals", "429", nth=1),
    )
    code, found = scan_of(sim, tmp_path)
    assert (code, found["complete"]) == (0, True)


def test_a_table_for_other_programs(sim: RealSimulator, tmp_path: Path) -> None:
    """The keys in their order, to a file that only we read, and never over one that is there."""
    sim.reset(world())
    out = tmp_path / "lapsed.csv"
    ended = against(sim, tmp_path, "scan", "--format", "csv", "--out", str(out))
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert (ended.code, ended.out, oct(out.stat().st_mode & 0o777)) == (0, "", "0o600")
    assert rows
    assert list(rows[0])[:3] == ["tenant", "holder", "object_id"]
    assert against(sim, tmp_path, "scan", "--format", "csv", "--out", str(out)).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--tenant", "nobody"),
        ("--format", "xml"),
        ("--out", "x.csv"),
        ("--json", "--format", "csv"),
        ("--format", "csv", "--out", "no such folder/x.csv"),
        ("--limit", "3"),
        ("--within", "-1"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_wrong_usage(sim: RealSimulator, tmp_path: Path, words: tuple[str, ...]) -> None:
    """One line, and nothing is read."""
    sim.reset(world())
    before = len(sim.journal())
    ended = against(sim, tmp_path, "scan", *words)
    assert (ended.code, len(sim.journal())) == (2, before)
    assert not (tmp_path / "x.csv").exists()


def test_successors_of_what_ends_soon(sim: RealSimulator, tmp_path: Path) -> None:
    """JSON of its own."""
    sim.reset(world())
    ended = against(sim, tmp_path, "successors", "--within", "60", "--json")
    assert (ended.code, json.loads(ended.out)["complete"]) == (0, True)
