"""The README promises what is there."""

import re
from typing import Any

import pytest
from doc_texts import blocks, help_texts, page, tables
from gates import GATES

from spentkey.cli.main import cli
from spentkey.core.outcome import Result, TicketState
from spentkey.settings.schema import ScanSettings
from spentkey_sim import faults, seeded

README = page("README.md")
MAKEFILE = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.M))
PROMISING = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/reference/commands.md", "docs/tutorial/first-day.md")


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


def test_what_is_not_there_yet_is_said() -> None:
    """Until `serve` scans by itself, the page says so, and no setting pretends it."""
    assert "`serve` does not scan by itself yet" in README.split("## Status and support")[1]
    assert "every" not in ScanSettings.model_fields


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
    """The table lists every exit code that a result can have, 1 for bugs, and 130 for an interrupt."""
    (table,) = [one for one in tables(README) if one[0][0] == "exit code"]
    outcomes = ("removed", "already-gone", "refused", "failed", "cannot-tell", "not-ours")
    codes = {Result("1", name, state).exit_code for name in outcomes for state in TicketState}
    assert codes | {1, 130} == {int(row[0]) for row in table[1:]}


def test_the_number_of_tasks_is_the_worlds() -> None:
    """README says how many tasks the demonstration works on."""
    assert f" {len(expected())} tasks " in README
    assert f"an Ivanti with {len(expected())} tasks" in README


RESULTS = page("bench", "RESULTS.md").split("### One secret, 0 ms")[1].split("###")[0]


def test_the_measured_times_are_those_of_the_bench() -> None:
    """The two times of the comparison, rounded as one would."""
    measured = {row[0]: float(row[1].split()[0]) for row in tables(RESULTS)[0][1:]}
    (comparison,) = [one for one in tables(README) if one[0][1].startswith("by hand")]
    (row,) = [one for one in comparison if one[0] == "time for one secret"]
    assert row[1:] == [f"{measured['playbook']:.1f} s (playbook)", f"{measured['spentkey run']:.2f} s (`spentkey run`)"]


def test_the_playground_uses_the_file_that_make_sim_writes() -> None:
    """Each command of that chapter is given the simulator's configuration."""
    chapter = README.split("## Play with it")[1].split("\n## ")[0]
    called = [line for block in blocks(chapter, "sh") for line in block.splitlines() if "spentkey " in line]
    assert [line.split()[1] for line in called] == ["check", "plan", "run", "work"]
    assert {line.split("--config ")[1] for line in called} == {".sim/spentkey.toml"}
    assert "--config-out .sim/spentkey.toml" in page("Makefile")


def test_interrupts_have_their_exit_code() -> None:
    """130 is in the table and in `--help`, as the code has it."""
    (table,) = [one for one in tables(README) if one[0][0] == "exit code"]
    listed = {int(row[0]) for row in table[1:]}
    helped = {int(one) for one in re.findall(r"^ {4}(\d+) ", help_texts()["spentkey"], re.M)}
    assert "130" in {row[0] for row in table}
    assert listed == helped


def test_every_role_has_its_documents() -> None:
    """The four roles, here and in the index."""
    for role in ("Engineer", "Ivanti administrator", "Auditor", "Developer"):
        assert f"**{role}" in README
        assert f"\n## {role}" in page("docs", "README.md")


def test_the_supported_versions_are_those_of_the_project() -> None:
    """The matrix names the oldest Python, the driver and ansible-core as the project files do."""
    status = README.split("## Status and support")[1]
    project = page("pyproject.toml")
    assert re.findall(r'requires-python = ">=(3\.\d+)"', project) == ["3.11"]
    assert "| Python | 3.11 " in status
    assert f"ansible-core {re.findall(r'ansible-core>=(2[.]19)', project)[0]};" in status
    assert re.findall(r'^version = "(.+)"$', project, re.M)[0] in status


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
    routes = {f"`{method.upper()} {path}`" for method, path in re.findall(r'web\.(get|post)\("(/[\w/-]+)"', source)}
    assert routes == {row[0] for row in table[1:]}
