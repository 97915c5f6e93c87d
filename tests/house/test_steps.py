"""The steps of the story: a file for each, and none that leans on a later one."""

import ast
import re

import pytest
from house_code import ROOT

STEPS = ROOT / "src" / "spentkey" / "steps"
ORDER = (
    "context",
    "attempt",
    "stops",
    "ticket",
    "ask",
    "see",
    "clocks",
    "judge",
    "plan",
    "confirm",
    "canary",
    "remove",
    "verify",
    "attribution",
    "awaiting",
    "report",
    "give_up",
    "resume",
)
"""What all of them share, then the steps as ARCHITECTURE.md lists them, and what stands before one or in the place of all;
`resume` takes up what an earlier try began."""


def steps_imported(text: str) -> set[str]:
    """The steps that a step imports, wherever in its text."""
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom))
    names = (node.module or "" for node in found)
    return {name.removeprefix("spentkey.steps.") for name in names if name.startswith("spentkey.steps.")}


def later(step: str, imported: set[str]) -> set[str]:
    """Those that come after the step; `resume` may be asked by every step."""
    return {name for name in imported if name != "resume" and ORDER.index(name) > ORDER.index(step)}


def test_there_is_a_file_for_each_step() -> None:
    """The folder holds what the order names, and nothing else."""
    assert {path.stem for path in STEPS.glob("*.py")} - {"__init__"} == set(ORDER)


def test_every_step_of_the_story_has_its_file() -> None:
    """The words of the first table of ARCHITECTURE.md are names of files; evidence and again are in all of them."""
    words = re.findall(r"^\| \d+ (\w+) \|", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.M)
    assert [word for word in words if word not in ORDER] == ["evidence", "again"]
    assert [word for word in words if word in ORDER] == [name for name in ORDER if name in words]


@pytest.mark.parametrize("step", ORDER)
def test_no_step_imports_a_later_one(step: str) -> None:
    """Whoever reads them in their order has seen all that a step is made of."""
    assert later(step, steps_imported((STEPS / f"{step}.py").read_text("utf-8"))) == set()


def test_an_import_of_a_later_step_would_be_found() -> None:
    """Also one that hides inside a function."""
    text = (
        "def f():\n    from spentkey.steps.verify import verify\n    from spentkey.steps.resume import asked_earlier\n"
    )
    assert later("judge", steps_imported(text)) == {"verify"}


def test_run_and_plan_share_one_decision() -> None:
    """The dry run decides by the story's own function, so that the two cannot drift apart."""
    text = (ROOT / "src" / "spentkey" / "dry_run.py").read_text("utf-8")
    taken = {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert "decide" in taken
    assert taken & {"see_application", "judge", "plan_removal"} == set()
