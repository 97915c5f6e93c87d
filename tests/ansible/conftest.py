"""The simulator and a player of playbooks; the versions at the end of the run."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from play_runs import BIN, Player
from real_simulator import RealSimulator


@pytest.fixture
def player(sim: RealSimulator, tmp_path: Path) -> Player:
    """Plays against the default world."""
    return Player(sim, tmp_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say at once what is missing, instead of failing once for each test."""
    if items and (find_spec("ansible") is None or shutil.which("ansible-playbook", path=str(BIN)) is None):
        raise pytest.UsageError("tests/ansible has an environment of its own: make test-ansible")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which Ansible has run, so that the line can be quoted."""
    if find_spec("ansible") is None:
        return
    python = ".".join(map(str, sys.version_info[:3]))
    told = subprocess.run([str(BIN / "ansible-playbook"), "--version"], capture_output=True, text=True, check=False)
    terminalreporter.section("ansible")
    terminalreporter.write_line(f"{told.stdout.splitlines()[0]}, package {version('ansible-core')}; Python {python}")
