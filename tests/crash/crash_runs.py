"""Runs of `spentkey run TASK` that a test can watch and kill, against a simulator in a process of its own."""

import os
import random
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commands import BIN, QUICK, environment
from crash_stories import Story
from evidence_store import turn_into_0_1
from fault_rules import fault
from forked_program import Fork
from real_simulator import RealSimulator
from stores import Store
from worlds import TASK

HUNG = {"hang before", "hang after"}
STEP_S = 0.004
"""How long a watcher waits between two looks; it wakes at once when the process ends."""
SLOWEST_S = 90.0


@dataclass(frozen=True)
class AtRequest:
    """Kill when the n-th request of a route has arrived: before it has an effect, or after that and before the answer."""

    system: str
    route: str
    nth: int
    when: str

    def __str__(self) -> str:
        return f"{self.when} {self.system} {self.route} {self.nth}"


@dataclass(frozen=True)
class AtRecord:
    """Kill as soon as a watcher sees the n-th record of a kind in the evidence; where exactly that is, is chance."""

    what: str
    nth: int = 1

    def __str__(self) -> str:
        return f"at the record {self.what} {self.nth}"


@dataclass(frozen=True)
class InRecord:
    """Stop before or while a record is written: `lines` records are on the disk, and with `torn` a part of the next one.

    No request went out between the first of the records that are cut off here and the kill, so a kill at that moment
    leaves exactly this. Without `at` the run came to its end.
    """

    at: AtRequest | None
    lines: int
    torn: int | None
    """By which lot the power is cut in the middle of the write; None for a kill before it."""

    def __str__(self) -> str:
        return f"in record {self.lines}, lot {self.torn}, {self.at or 'end'}"


Blow = AtRequest | AtRecord | InRecord


@dataclass(frozen=True)
class Exit:
    """How a run ended; a killed one has the number of the signal, negative."""

    code: int
    out: str
    err: str


class Running:
    """One run under way."""

    pid: int

    def ended(self, wait_s: float) -> bool:
        """Whether it has ended by itself, after waiting for that at most so long."""
        raise NotImplementedError

    def exit(self) -> Exit:
        """Wait for its end."""
        raise NotImplementedError

    def kill(self) -> None:
        """SIGKILL; a run that came to its end in this very moment is left to tell so by its exit code."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class ForkedRun(Running):
    """A run in a forked child."""

    def __init__(self, fork: Fork, home: Path, variables: dict[str, str], arguments: list[str]) -> None:
        self._fork = fork
        self.pid = fork.start(home, variables, arguments)
        self._code: int | None = None

    def ended(self, wait_s: float) -> bool:
        if self._code is None:
            self._code = self._fork.exit_code(wait_s)
        return self._code is not None

    def exit(self) -> Exit:
        self.ended(SLOWEST_S)
        assert self._code is not None, "a run did not come to its end"
        return Exit(self._code, *self._fork.printed())


class CommandRun(Running):
    """A run of the installed command, started as people start it."""

    def __init__(self, home: Path, variables: dict[str, str], arguments: list[str]) -> None:
        self._process = subprocess.Popen(
            [str(BIN / "spentkey"), *arguments], cwd=home, env=variables, stdout=-1, stderr=-1, text=True
        )
        self.pid = self._process.pid

    def ended(self, wait_s: float) -> bool:
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def exit(self) -> Exit:
        out, err = self._process.communicate(timeout=SLOWEST_S)
        return Exit(self._process.returncode, out, err)


@dataclass
class Stage:
    """Where stories are played: the simulator, the program, and the folder that is its home."""

    sim: RealSimulator
    home: Path
    store: Store
    fork: Fork | None = None
    """None: every run is the installed command."""
    by_0_1: bool = False
    """Whether what was killed counts as version 0.1: what it recorded is in the file of that version then."""

    @property
    def state(self) -> Path:
        return self.sim.state

    @property
    def config(self) -> Path:
        """The configuration of a run."""
        return self.sim.config

    def lines(self) -> list[str]:
        """The lines of the evidence as they are on the disk."""
        return self.store.lines()

    def set(self, story: Story) -> None:
        """Begin a story: its world, no evidence, an empty home."""
        self.sim.reset(story.made)
        self.sim.faults(*story.faults)
        self.store.clear()
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)

    def start(self, story: Story) -> Running:
        """One run of the task."""
        arguments = ["run", str(TASK), "--json", "--config", str(self.config)]
        settings = {**QUICK, **self.store.environment, **story.settings}
        variables = environment(self.home, **settings, TMPDIR=str(self.home))
        if self.fork is not None:
            return ForkedRun(self.fork, self.home, variables, arguments)
        return CommandRun(self.home, variables, arguments)

    def run(self, story: Story) -> Exit:
        """One run of the task to its end."""
        return self.start(story).exit()

    def run_to_die(self, story: Story) -> None:
        """One run to its end that counts as killed before it, so that it gave no lock back at the end."""
        began = datetime.now(UTC)  # noqa: TID251
        self.run(story)
        self.store.leave_locks(began)

    def strike(self, story: Story, blow: Blow) -> bool:
        """One run that is killed at that moment; gives whether the moment came at all."""
        if isinstance(blow, InRecord):
            if blow.at is None:
                self.run_to_die(story)
            came = blow.at is None or self.strike(story, blow.at)
            self._cut(blow)
            return came
        if isinstance(blow, AtRequest):
            params = {"seconds": 30}
            hang = fault(blow.system, blow.route, "hang", blow.when, nth=blow.nth, times=1, params=params)
            self.sim.faults(hang, *story.faults)
        running = self.start(story)
        came = self._until(running, blow)
        if came:
            running.kill()
        killed = running.exit().code == -signal.SIGKILL
        assert killed is came or isinstance(blow, AtRecord), "a kill at a request is always in time"
        self.sim.faults(*story.faults)
        if self.by_0_1 and self.state.exists():
            turn_into_0_1(self.state, b'{"torn' if blow.nth % 2 else b"")
        return killed

    def _until(self, running: Running, blow: AtRequest | AtRecord) -> bool:
        before = len(self.lines())
        while not running.ended(STEP_S if isinstance(blow, AtRequest) else 0.0):
            if isinstance(blow, AtRequest):
                if any(entry["fault"] in HUNG for entry in self.sim.journal()[-3:]):
                    return True
            elif self._recorded(blow, before):
                return True
        return False

    def _recorded(self, blow: AtRecord, before: int) -> bool:
        mark = f'"what":"{blow.what}"'
        return sum(mark in line for line in self.lines()[before:]) >= blow.nth

    def _cut(self, blow: InRecord) -> None:
        """Leave so many records, and where the power is cut a part of the write of the next one."""
        following = self.lines()[blow.lines]
        self.store.keep(blow.lines)
        if blow.torn is not None:
            self.store.lose(following, random.Random(blow.torn))  # noqa: S311  # nothing secret hangs on it
