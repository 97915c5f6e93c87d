"""The fidelity ledger: no behaviour without a row, no row without a behaviour."""

import ast
import re
from pathlib import Path

import pytest

import spentkey_sim

ROOT = Path(spentkey_sim.__file__).parent
STRENGTHS = {"observed", "documented", "reported", "assumed"}
OUTSIDE_THE_INTERFACES = {"outside"}
"""A web server's own page for a path that is nobody's is no behaviour of the system that is simulated."""
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
def test_every_refusal_cites_a_row(system: str, module: str) -> None:
    """A public function that refuses something says how well that is known, itself or through what it calls."""
    source = (ROOT / system / f"{module}.py").read_text()
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    texts = {name: ast.get_source_segment(source, node) or "" for name, node in functions.items()}
    public = [name for name, node in functions.items() if name[0] != "_" and _refuses(node, module)]
    assert [name for name in public if not _cites(name, texts)] == []


def _refuses(function: ast.FunctionDef, module: str) -> bool:
    """A rule refuses when it raises; an error does so by its nature, unless its words and number come from its caller."""
    if module == "rules":
        return any(isinstance(node, ast.Raise) for node in ast.walk(function))
    given = {argument.arg for argument in function.args.args}
    return not given & {"message", "status"} and function.name not in OUTSIDE_THE_INTERFACES


def _cites(name: str, texts: dict[str, str]) -> bool:
    called = [other for other in texts if other != name and re.search(rf"\b{other}\(", texts[name])]
    return bool(CITED.search(texts[name])) or any(_cites(other, texts) for other in called)
