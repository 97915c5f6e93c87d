"""What every test of this house has in common."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from house_code import ROOT

TESTS = sorted((ROOT / "tests").rglob("*.py"))
WAITING = ROOT / "tests" / "support" / "waiting.py"
"""The one file that lets time pass: until something is seen, or as long as an outage lasts."""
FORBIDDEN = ("unittest.mock", "MagicMock", "time.sleep(", "SystemClock().sleep(", "Event().wait(")


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a file, also inside classes."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def silent(path: Path) -> list[str]:
    """The tests of a file that do not say in a docstring what they prove."""
    tests = (node for node in functions(path) if node.name.startswith("test_"))
    return [f"{path.name}:{node.name}" for node in tests if not (ast.get_docstring(node) or "").strip()]


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a docstring."""
    assert [name for path in TESTS for name in silent(path)] == []


def test_a_silent_test_is_found(tmp_path: Path) -> None:
    """A test without a docstring is named."""
    file = tmp_path / "test_x.py"
    file.write_text('def test_a() -> None:\n    assert True\n\n\ndef test_b() -> None:\n    """Says."""\n')
    assert silent(file) == ["test_x.py:test_a"]


def test_file_names_are_unique() -> None:
    """No two files of the tests share a name, because pytest imports them by it; conftest.py is its own exception."""
    names = Counter(path.name for path in TESTS)
    assert {name for name, times in names.items() if times > 1} <= {"conftest.py"}


@pytest.mark.parametrize("word", FORBIDDEN)
def test_nothing_is_mocked_and_nobody_waits(word: str) -> None:
    """Tests use real parts or small ones of their own, and pass time in."""
    assert [
        path.name for path in TESTS if path not in (Path(__file__), WAITING) and word in path.read_text("utf-8")
    ] == []
