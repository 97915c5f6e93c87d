"""The fidelity ledger: no behaviour without a row, no row without a behaviour."""

import ast
import re
from pathlib import Path

import pytest

import spentkey_sim

ROOT = Path(spentkey_sim.__file__).parent
STRENGTHS = {"observed", "documented", "reported", "assumed"}
CITED = re.compile(r"LEDGER: ([EIP]-\d+(?:, [EIP]-\d+)*)")


def rows() -> list[list[str]]:
    """The cells of every row of the three tables."""
    lines = [line for table in sorted((ROOT / "ledger").glob("LEDGER-*.md")) for line in table.read_text().splitlines()]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if re.match(r"\| [EIP]-\d+ \|", line)
    ]


def cited() -> set[str]:
    """The ids that the code names."""
    texts = [path.read_text() for path in ROOT.rglob("*.py")]
    return {one for text in texts for found in CITED.findall(text) for one in found.split(", ")}


def test_code_cites_no_row_that_is_missing() -> None:
    """An id in the code stands in a table."""
    assert cited() - {row[0] for row in rows()} == set()


def test_no_row_is_without_code() -> None:
    """An id in a table stands in the code."""
    assert {row[0] for row in rows()} - cited() == set()


def test_every_row_has_a_strength_and_a_source() -> None:
    """Four cells, none empty, no id twice."""
    ids = [row[0] for row in rows()]
    assert len(ids) == len(set(ids)) > 0
    assert [row for row in rows() if len(row) != 4 or not all(row) or row[2] not in STRENGTHS] == []


@pytest.mark.parametrize("system", ["entra", "ivanti", "passwordstate"])
@pytest.mark.parametrize("module", ["rules", "errors"])
def test_every_rule_and_every_error_cites_a_row(system: str, module: str) -> None:
    """A public function that refuses something says how well that is known."""
    source = (ROOT / system / f"{module}.py").read_text()
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    public = {node.name: ast.get_source_segment(source, node) or "" for node in functions if node.name[0] != "_"}
    assert [name for name, text in public.items() if not CITED.search(text)] == []
