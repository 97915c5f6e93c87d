"""The house's figures: short modules, short functions, no circles, not even hidden ones."""

from pathlib import Path
from statistics import median

import pytest
from house_code import ROOT, cycle, function_lengths, graph, imports, modules, read


def test_no_module_is_long() -> None:
    """No module has more than 500 lines."""
    assert [module.name for module in modules() if module.lines > 500] == []


@pytest.mark.parametrize("distribution", ["spentkey", "spentkey_sim"])
def test_modules_are_short(distribution: str) -> None:
    """Half of each distribution's modules have at most 150 lines; the files that only mark a package do not count."""
    lines = [one.lines for one in modules() if one.name.split(".")[0] == distribution and one.path.stem != "__init__"]
    assert len(lines) > 30
    assert median(lines) <= 150


def test_no_function_is_long() -> None:
    """No function has more than 80 lines."""
    lengths = {name: lines for module in modules() for name, lines in function_lengths(module).items()}
    assert {name: lines for name, lines in lengths.items() if lines > 80} == {}


def test_functions_are_short() -> None:
    """Half of the functions have at most twelve lines."""
    lengths = [lines for module in modules() for lines in function_lengths(module).values()]
    assert len(lengths) > 500
    assert median(lengths) <= 12


@pytest.mark.parametrize(("file", "most"), [("story.py", 80), ("bootstrap/context.py", 150)])
def test_the_two_files_that_newcomers_read_stay_short(file: str, most: int) -> None:
    """The story and its assembly can be read in one sitting."""
    assert len((ROOT / "src" / "spentkey" / file).read_text().splitlines()) <= most


def test_nobody_imports_in_a_circle() -> None:
    """No module leads back to itself, whether it imports at the top, inside a function or by name."""
    assert cycle(graph()) == []


def test_the_graph_is_not_empty() -> None:
    """The search for circles looks at real arrows."""
    arrows = graph()
    assert {"spentkey.story", "spentkey.core.outcome"} <= arrows["spentkey.dry_run"] | arrows["spentkey.cli.run"]
    assert "spentkey.cli.run" in arrows["spentkey.cli.commands"]


def test_a_circle_is_found() -> None:
    """Three modules that import one another are reported in their order."""
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    "statement",
    ["from p import b", "from p.b import x", "import p.b", "from . import b", "from .b import x"],
)
def test_an_import_inside_a_function_counts(tmp_path: Path, statement: str) -> None:
    """However an import is written, and wherever it stands, it is seen."""
    (tmp_path / "p").mkdir()
    file = tmp_path / "p" / "a.py"
    file.write_text(f"def late():\n    {statement}\n")
    assert imports(read(tmp_path, file), frozenset({"p", "p.a", "p.b"})) == {"p.b"}


@pytest.mark.parametrize("argument", ['"p.b"', 'f"p.{name}"'])
def test_an_import_by_name_counts(tmp_path: Path, argument: str) -> None:
    """`importlib.import_module` hides no arrow, not even with a name that is put together."""
    (tmp_path / "p").mkdir()
    file = tmp_path / "p" / "a.py"
    file.write_text(f"import importlib\nname = 'b'\nimportlib.import_module({argument})\n")
    assert imports(read(tmp_path, file), frozenset({"p", "p.a", "p.b"})) == {"p.b"}
