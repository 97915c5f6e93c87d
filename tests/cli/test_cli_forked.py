"""A forked run, as most tests of commands make it, ends as the installed command does that people start."""

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, against, installed, spentkey
from real_simulator import RealSimulator
from worlds import TASK

from spentkey.cli.main import cli

COMMANDS = sorted(cli.commands)
Start = Callable[..., Ended]


def without_configuration(start: Start, home: Path, command: str) -> Ended:
    """The command with an argument that it does not know; what it loads by then is most of it."""
    return start(command, "--config", "nowhere.toml", "--unknown", home=home)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_installed_command_refuses_in_the_same_words(tmp_path: Path, command: str) -> None:
    """Exit code and both streams, to the last character."""
    alone, forked = (without_configuration(start, tmp_path, command) for start in (installed, spentkey))
    assert (alone.code, alone.out) == (2, "")
    assert forked == alone


@pytest.mark.parametrize("command", ["check", "status", "plan"])
def test_the_installed_command_reads_as_a_forked_one(sim: RealSimulator, tmp_path: Path, command: str) -> None:
    """Against the simulator, as a table that is no terminal's."""
    words = [command, *([str(TASK)] if command == "plan" else []), "--config", str(sim.config)]
    alone, forked = (start(*words, home=tmp_path) for start in (installed, spentkey))
    assert (forked.code, forked.err) == (alone.code, alone.err)
    assert alone.code == 0
    assert len(forked.out.splitlines()) == len(alone.out.splitlines()) > 0


def test_the_installed_command_removes(sim: RealSimulator, tmp_path: Path) -> None:
    """One removal from the ticket to the closed task."""
    assert installed("run", str(TASK), "--config", str(sim.config), home=tmp_path).code == 0
    assert len(sim.removals()) == 1
    assert against(sim, tmp_path, "run", str(TASK)).code == 0
    assert len(sim.removals()) == 1


def test_a_run_sees_nothing_of_the_one_before(tmp_path: Path) -> None:
    """Neither its environment, nor its folder, nor what was typed."""
    (tmp_path / "mine").mkdir()
    first = spentkey("plan", home=tmp_path / "mine", SPENTKEY_CONFIG="mine.toml")
    second = spentkey("plan", home=tmp_path)
    assert (first.code, "mine.toml" in first.err) == (2, True)
    assert (second.code, "mine.toml" in second.err) == (2, False)
