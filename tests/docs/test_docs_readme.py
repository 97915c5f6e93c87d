"""The README promises what is there."""

import re
from itertools import pairwise
from typing import Any

import pytest
from doc_texts import blocks, page, tables
from gates import GATES

from spentkey.cli.main import cli
from spentkey.core.outcome import Result, TicketState
from spentkey_sim import faults, seeded

README = page("README.md")
MAKEFILE = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.M))
PROMISING = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/reference/commands.md", "docs/tutorial/first-day.md")


def shown() -> list[list[str]]:
    """The first lines of the rows of the table that the README shows."""
    (demo,) = [block for block in blocks(README, "text") if "┃" in block]
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in demo.splitlines() if line.startswith("│")]
    return [row for row in rows if row[0]]


def headings() -> list[str]:
    """The headings of that table."""
    (line,) = [line for line in README.splitlines() if line.startswith("┃")]
    return [cell.strip() for cell in line.strip("┃").split("┃")]


def expected() -> dict[str, Any]:
    """What the world of the demonstration expects, by task."""
    return seeded.build(1)["expect"]


@pytest.mark.parametrize("document", PROMISING)
def test_every_make_target_exists(document: str) -> None:
    """What people are told to type after `make` is in the Makefile."""
    named = re.findall(r"`?\bmake ([a-z]+)(?=`| {2,}#)", page(*document.split("/")))
    assert set(named) - MAKEFILE == set()


def test_every_target_is_explained() -> None:
    """CONTRIBUTING lists the targets of the Makefile."""
    (listed,) = [table for table in tables(page("CONTRIBUTING.md")) if table[0][0] == "target"]
    shown_by_make = set(re.findall(r"^([a-z-]+):.*## ", page("Makefile"), re.M))
    assert {f"`make {name}`" for name in shown_by_make - {"help"}} == {row[0] for row in listed[1:]}


def test_every_command_exists() -> None:
    """Every command that the README shows in a block is one that can be called, and every command is shown."""
    called = re.findall(r"^\.venv/bin/spentkey (\w+)", "\n".join(blocks(README, "sh")), re.M)
    assert set(cli.commands) - {"demo"} == set(called)


@pytest.mark.parametrize("later", ["scan"])
def test_what_is_not_there_yet_is_said(later: str) -> None:
    """A command that comes later is named as such, and does not exist."""
    assert f"`spentkey {later}`" in README.split("## Not there yet")[1]
    assert later not in cli.commands


def test_the_line_without_make_is_what_make_does() -> None:
    """`make test` without make sets up the same environment and runs the same script."""
    (line,) = [line for line in README.splitlines() if line.startswith("scripts/setup dev && ")]
    (recipe,) = re.findall(r"^test: setup-dev .*\n\t@\$\(BIN\)/(.+)$", page("Makefile"), re.M)
    assert line == f"scripts/setup dev && .venv/bin/{recipe}"


def test_ci_runs_what_the_readme_says() -> None:
    """CI calls the README's test command first."""
    assert page(".ci", "run").splitlines()[-1].endswith("scripts/gates.py")
    assert GATES[0].command == "make test"
    assert "\nmake test " in README


def test_the_exit_codes_are_those_of_the_code() -> None:
    """The table lists every exit code that a result can have, and 1 for bugs."""
    (table,) = [one for one in tables(README) if one[0][0] == "exit code"]
    outcomes = ("removed", "already-gone", "refused", "failed", "cannot-tell", "not-ours")
    codes = {Result("1", name, state).exit_code for name in outcomes for state in TicketState}
    assert codes | {1} == {int(row[0]) for row in table[1:]}


def test_the_demonstration_has_the_shown_rows() -> None:
    """Task, outcome and guard of each row are what the world of the demonstration expects."""
    outcome, why = headings().index("outcome"), headings().index("why")
    rows = {row[0]: (row[outcome], (re.findall(r"^G\d", row[why]) or [None])[0]) for row in shown() if row[0] != "…"}
    world = expected()
    assert {task: (world[task]["outcome"], world[task]["guard"]) for task in rows} == rows
    assert len(rows) >= 6


def test_the_shown_count_is_the_worlds() -> None:
    """The line below the table counts the tasks and outcomes of that world."""
    outcomes = [one["outcome"] for one in expected().values()]
    message = ", ".join(f"{outcomes.count(name)} {name}" for name in sorted(set(outcomes)))
    assert f"{len(outcomes)} tasks: {message}." in README


def test_rows_that_are_left_out_are_marked() -> None:
    """The table is shortened where it says so, and nowhere else."""
    tasks = [row[0] for row in shown()]
    for before, after in pairwise(tasks):
        assert "…" in (before, after) or int(after) == int(before) + 1
    assert {tasks[0], tasks[-1]} == {min(expected()), max(expected())}


@pytest.mark.parametrize("document", ["README.md", "SECURITY.md", "CHANGELOG.md", "docs/tutorial/first-day.md"])
def test_no_page_calls_a_guard_missing(document: str) -> None:
    """All eleven guards are there, and several processes may run."""
    assert re.findall(r"not enforced|come later|one process at a time", page(*document.split("/"))) == []


SIMULATOR = page("simulator", "README.md")


def test_every_kind_of_fault_is_explained() -> None:
    """The simulator's page lists the kinds that it understands, and no others."""
    (table,) = [one for one in tables(SIMULATOR) if one[0][0] == "kinds"]
    assert {kind for row in table[1:] for kind in re.findall(r"`([^`]+)`", row[0])} == faults.KINDS


def test_every_route_of_the_control_port_is_explained() -> None:
    """The simulator's page lists the requests of the control port."""
    (table,) = [one for one in tables(SIMULATOR) if one[0][0] == "request"]
    source = page("simulator", "src", "spentkey_sim", "control.py")
    routes = {f"`{method.upper()} {path}`" for method, path in re.findall(r'web\.(get|post)\("(/\w+)"', source)}
    assert routes == {row[0] for row in table[1:]}
