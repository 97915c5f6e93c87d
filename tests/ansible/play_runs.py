"""Runs whole playbooks with the real ansible-playbook, and reads back what each task said."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from real_simulator import RealSimulator
from worlds import TASK

ROOT = Path(__file__).parents[2]
COLLECTIONS = ROOT / "ansible"
STUB = Path(__file__).with_name("stub")
PLAYS = Path(__file__).with_name("plays")
BIN = Path(sys.executable).parent
SETTINGS = {"policy": {"verify_reads": 3, "verify_interval_s": 0.01, "verify_timeout_s": 60, "write_spacing_s": 0}}
STEP_BY_STEP = "spentkey.entra.entraid_secrets_removal"
ONE_TASK = "spentkey.entra.entraid_secrets_removal_one_task"
_TASK = re.compile(r"^TASK \[(.*)\] \**$")
_SAID = re.compile(r"^(ok|changed|fatal|skipping|failed): \[localhost\](?:: FAILED!)? => (\{.*\}|\{)$")


@dataclass(frozen=True)
class Output:
    """What one task said."""

    task: str
    status: str
    result: dict[str, Any]


@dataclass(frozen=True)
class Played:
    """How a run of ansible-playbook ended."""

    code: int
    out: str
    tasks: tuple[Output, ...]

    def named(self, task: str) -> list[Output]:
        """What the task of that name said, each time that it ran; a role's name before it does not count."""
        return [one for one in self.tasks if one.task.rpartition(" : ")[2] == task]

    def one(self, task: str) -> Output:
        """The same, for a task that ran once."""
        (message,) = self.named(task)
        return message

    def statuses(self) -> list[tuple[str, str]]:
        """Every task that ran, with its status; those that were skipped are left out."""
        return [(one.task, one.status) for one in self.tasks if one.status != "skipping"]


def environment(home: Path, *before: Path) -> dict[str, str]:
    """All that Ansible finds in its environment. `before` are collections that win over ours."""
    made = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    paths = os.pathsep.join(str(one) for one in (*before, COLLECTIONS))
    return made | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": paths,
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
    }


@dataclass(frozen=True)
class Player:
    """Plays playbooks against one simulator, in a home of its own."""

    sim: RealSimulator
    home: Path
    injected: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables that the environment of a job has besides."""

    def play(
        self,
        book: str | Path = STEP_BY_STEP,
        *arguments: str,
        stub: bool = False,
        without: str = "",
        settings: Mapping[str, Any] | None = None,
        **variables: Any,
    ) -> Played:
        """Run it with the task's number, the simulator's configuration and quick verification, but for `without`."""
        given = {
            "task_number": TASK,
            "spentkey_config": str(self.sim.config),
            "spentkey_settings": {**SETTINGS, **(settings or {})},
            **variables,
        }
        given.pop(without, None)
        command = [str(BIN / "ansible-playbook"), "-v", str(book), "-e", json.dumps(given), *arguments]
        ended = subprocess.run(
            command,
            cwd=self.home,
            env=environment(self.home, *([STUB] if stub else [])) | dict(self.injected),
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        return Played(ended.returncode, ended.stdout + ended.stderr, tuple(read(ended.stdout)))


def read(out: str) -> list[Output]:
    """The lines of Ansible's own default output."""
    found: list[Output] = []
    task = ""
    lines = iter(out.splitlines())
    for line in lines:
        if (heading := _TASK.match(line)) is not None:
            task = heading[1]
        elif (message := _SAID.match(line)) is not None:
            more = takewhile(lambda inner: inner != "}", lines) if message[2] == "{" else ()
            text = message[2] if message[2] != "{" else "\n".join(["{", *more, "}"])
            found.append(Output(task, message[1], json.loads(text)))
    return found
