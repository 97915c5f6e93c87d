"""Names: one class for one name, and no word that was given up as the name of anything."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from house_code import ROOT

TREES = ("src", "simulator", "ansible", "bench", "tests")
RETIRED = frozenset(
    [
        "again",
        "answered",
        "answers",
        "case",
        "claims",
        "crew",
        "drift",
        "edge",
        "foresee",
        "foresight",
        "hands",
        "identity",
        "ishouse",
        "job",
        "kept",
        "lane",
        "lanes",
        "leases",
        "library",
        "line",
        "mend",
        "narrowed",
        "pace",
        "paces",
        "pause",
        "permits",
        "piecewise",
        "place",
        "places",
        "radius",
        "rounds",
        "said",
        "sighting",
        "slot",
        "sorter",
        "tryagain",
        "turn",
        "turns",
        "unattended",
        "witness",
        "would",
    ]
)
STAYS = {
    "claims": ("src/spentkey/adapters/entra/", "simulator/src/spentkey_sim/entra/", "bench/", "tests/"),
    "job": ("src/spentkey/worker/procrastinate_queue.py", "tests/ansible/"),
    "pause": (
        "src/spentkey/cli/commands.py",
        "src/spentkey/cli/pause.py",
        "src/spentkey/steps/stops.py",
        "src/spentkey/web/control.py",
        "tests/cli/test_cli_pause.py",
        "tests/web/",
    ),
}
"""What a standard or another product calls so, or the service's users, and where: the claims of a JWT, a job of Procrastinate
or of Automation Platform, a pause of the service."""

Named = tuple[str, str, int]
"""Kind, name and line."""


def files(*trees: str) -> list[Path]:
    """The code in these folders, without what tools keep in hidden ones."""
    found = (path for tree in trees for path in sorted((ROOT / tree).rglob("*.py")))
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


def names(tree: ast.Module) -> Iterator[Named]:
    """Every class, function and parameter of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield "class", node.name, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield "function", node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield "parameter", node.arg, node.lineno


def retired(where: str, text: str) -> list[str]:
    """The names in a file that are retired words as a whole, the file's own and its folders' among them."""
    modules: list[Named] = [("module", part.removesuffix(".py"), 0) for part in where.split("/")]
    found = [*modules, *names(ast.parse(text))]
    return [f"{where}:{line}: the {kind} {name}" for kind, name, line in found if _is_retired(where, name)]


def _is_retired(where: str, name: str) -> bool:
    word = name.replace("_", "").lower()
    return word in RETIRED and not where.startswith(STAYS.get(word, ("nowhere",)))


def twice(texts: dict[str, str]) -> list[str]:
    """The classes that stand twice in these files, in one or in two of them."""
    places: dict[str, list[str]] = defaultdict(list)
    for where, text in texts.items():
        for kind, name, line in names(ast.parse(text)):
            if kind == "class":
                places[name.lstrip("_")].append(f"{where}:{line}")
    return [f"{name}: {', '.join(found)}" for name, found in sorted(places.items()) if len(found) > 1]


def texts_of(*trees: str) -> dict[str, str]:
    """The text of each file in these folders, by its path."""
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files(*trees)}


SYSTEMS = frozenset(
    [
        "Ivanti",
        "Microsoft Graph",
        "Microsoft sign-in",
        "Passwordstate",
        "Passwordstate database",
        "PostgreSQL",
        "SQL Server",
    ]
)


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_the_name_of_an_outside_system_is_written_once(system: str) -> None:
    """Adapters, check-ups, metrics and readiness share one constant, so that no two of them can drift apart."""
    written = [
        f"{where}:{node.lineno}"
        for where, text in texts_of("src/spentkey").items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value == system
    ]
    assert len(written) == 1, written


@pytest.mark.parametrize("tree", ["src/spentkey", "simulator/src"])
def test_no_class_name_stands_twice(tree: str) -> None:
    """Who searches for a class finds one."""
    texts = texts_of(tree)
    assert len(texts) > 30
    assert twice(texts) == []


def test_a_class_that_stands_twice_is_found() -> None:
    """In two files or in one, with an underscore or without."""
    one, other = "class A: ...\nclass B: ...\n", "class _B: ...\n"
    assert twice({"x.py": one, "y.py": other}) == ["B: x.py:2, y.py:1"]


@pytest.mark.parametrize("tree", TREES)
def test_no_retired_word_is_a_name(tree: str) -> None:
    """Modules, classes, functions and parameters are called by the words of the field."""
    texts = texts_of(tree)
    assert len(texts) > 10
    assert [found for where, text in texts.items() for found in retired(where, text)] == []


@pytest.mark.parametrize(
    ("where", "text", "found"),
    [
        ("src/hands.py", "", ["src/hands.py:0: the module hands"]),
        ("src/lanes/a.py", "", ["src/lanes/a.py:0: the module lanes"]),
        ("src/a.py", "class TryAgain: ...", ["src/a.py:1: the class TryAgain"]),
        ("src/a.py", "async def _try_again(): ...", ["src/a.py:1: the function _try_again"]),
        ("src/a.py", "f = lambda *, place: place", ["src/a.py:1: the parameter place"]),
        ("src/a.py", "def f(claims): ...", ["src/a.py:1: the parameter claims"]),
        ("src/spentkey/adapters/entra/a.py", "def f(claims): ...", []),
        ("src/a.py", "class Placed:\n    said: str\nplace = 1\n", []),
    ],
)
def test_a_retired_name_is_found(where: str, text: str, found: list[str]) -> None:
    """Whole names only, in any case; fields and variables may bear them, since they can be JSON keys and settings."""
    assert retired(where, text) == found
