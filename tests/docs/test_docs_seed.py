"""The page about the original playbook leaves no line out, and what it points at exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from doc_texts import DASH, ROOT, page, tables

SAID = {
    *(1, 3, 5, 7, 9, 11, *range(13, 23), 24, *range(26, 32), *range(33, 36), 37, 38, *range(40, 61), *range(62, 66)),
    *(67, 69, 71, 73, 75, 77, 79, 81, 83, 85, 87, 89, 91, *range(93, 96), 97, *range(99, 102), 103, 105, 107, 109),
    *(*range(111, 118), 119, 121, 123, *range(125, 130), 131, *range(133, 136), 137, 139, *range(141, 146), 147, 148),
    *(150, 152, 154, 156, 158, 160, *range(162, 165), 166, 168, 170, 172, 173, 175, 177, 178, 180, 182, 184, 186),
    *(188, 190, 192, 194, 196, 198, 200, *range(202, 207), 208, *range(210, 217), 218, *range(220, 226)),
}
"""The lines of that document that are not blank."""
ROWS = [row for table in tables(page("docs", "reference", "seed.md")) for row in table[1:]]


def lines_of(cell: str) -> set[int]:
    """`24, 26–31` as numbers."""
    found: set[int] = set()
    for part in cell.split(","):
        first, _, last = part.strip().partition("–")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@cache
def names_in(path: Path) -> set[str]:
    """Everything that a module defines: functions, methods, classes and names."""
    tree = ast.parse(path.read_text("utf-8"))
    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    targets = [one for node in tree.body if isinstance(node, ast.Assign) for one in node.targets]
    return defined | {one.id for one in targets if isinstance(one, ast.Name)}


def test_no_line_is_left_out() -> None:
    """Every line of it that says something has a row, and no row is about another line."""
    assert {line for row in ROWS for line in lines_of(row[0])} == SAID


def test_lines_come_in_their_order() -> None:
    """A reader who goes through the document goes through the page."""
    starts = [min(lines_of(row[0])) for row in ROWS]
    assert sorted(starts) == starts


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1][:24]}")
def test_what_a_row_points_at_exists(row: list[str]) -> None:
    """The functions exist, the test files exist, and a row without them says why."""
    _, message, done, tested, remark = row
    slots = re.findall(r"`([a-z_/]+\.py):(\w+)`", done)
    files = re.findall(r"`([a-z_/]+\.py)`", tested)
    assert (bool(slots), bool(files)) == (done != DASH, tested != DASH)
    assert [f"{path}:{name}" for path, name in slots if name not in names_in(ROOT / "src" / "spentkey" / path)] == []
    assert [file for file in files if not (ROOT / "tests" / file).is_file()] == []
    assert message
    assert remark


def test_only_headings_and_ivantis_own_part_have_no_code() -> None:
    """What is not done here is a heading, or the creation of tasks."""
    assert {1, 3, 5, 9, 11, 13, 67, 69, 71, 73} == {n for row in ROWS if row[2] == DASH for n in lines_of(row[0])}


@pytest.mark.parametrize(("cell", "lines"), [("7", {7}), ("1, 3", {1, 3}), ("24, 26–28", {24, 26, 27, 28})])
def test_line_numbers_are_read_as_they_are_meant(cell: str, lines: set[int]) -> None:
    """Single lines, lists and ranges."""
    assert lines == lines_of(cell)


def test_a_function_that_does_not_exist_would_be_found() -> None:
    """The names of a module are those that it defines, methods and names included, and no others."""
    assert {"read_request", "NOT_A_UUID", "TaskRef", "value"} <= names_in(
        ROOT / "src" / "spentkey" / "core" / "task.py"
    )
    assert "ours" not in names_in(ROOT / "src" / "spentkey" / "core" / "task.py")
    assert "remove_secret" in names_in(ROOT / "src" / "spentkey" / "adapters" / "entra" / "client.py")
    assert "remove_everything" not in names_in(ROOT / "src" / "spentkey" / "adapters" / "entra" / "client.py")
