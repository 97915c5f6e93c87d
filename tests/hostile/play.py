"""One case: the bystanders alone, and again beside attacks; they must end alike, and within twice the time."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attacks import under_attack
from bystanders import bystanders, numbers_of
from commands import BIN, QUICK, environment
from invariants import Ledger, broken
from peers import peers
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from stores import Database, StateDirectory
from waiting import until
from worlds import CANARIES

Json = dict[str, Any]
Command = tuple[list[str], Mapping[str, str]]
SETTINGS = {
    **QUICK,
    "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "1",
    "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "20",
    "SPENTKEY_ENGINE__POLL_S": "0.5",
    "SPENTKEY_ENGINE__TAKE_OVER_S": "2",
}
SERVICE = {
    "SPENTKEY_SERVICE__LISTEN": "127.0.0.1:0",
    "SPENTKEY_SERVICE__LOGIN__AN_OPERATOR__ROLE": "operator",
    "SPENTKEY_SERVICE__LOGIN__AN_OPERATOR__KEY": "canary-operator-key-of-forty-characters-",
    "SPENTKEY_SERVICE__LOG_FORMAT": "json",
}
MODES = ("work", "serve", "two machines")
LONGEST_S = 120.0
TIMED_TRIES = 3
SLACK_S = 2.0
"""What the start of a process may differ by."""


@dataclass(frozen=True)
class Ending:
    """How the bystanders ended, and after how many seconds."""

    states: Mapping[int, tuple[str, str, str]]
    """Status, team and owner of each task."""
    removed: frozenset[str]
    """The key ids of theirs that are gone."""
    took_s: float
    start: Json
    """What was really there before."""


@dataclass(frozen=True)
class Encounter:
    """What is played."""

    mode: str
    seed: int
    wrong_by_s: float = 0.0
    """By how much the clock of the second machine is wrong."""

    def __str__(self) -> str:
        clock = f", the second one's clock {self.wrong_by_s:+.0f} s" if self.wrong_by_s else ""
        return f"{self.mode}{clock}, seed {self.seed}"


@dataclass
class Parts:
    """The real parts, which serve one case after the other."""

    sim: RealSimulator
    postgres: RealPostgres
    home: Path
    database: str = ""
    """The database of the present run."""


def encounter_of(seed: int) -> Encounter:
    """Draw one."""
    rng = random.Random(seed)  # noqa: S311
    mode = rng.choice(MODES)
    wrong_by_s = rng.choice([0.0, 3600.0, -3600.0, 400.0]) if mode == "two machines" else 0.0
    return Encounter(mode, seed, wrong_by_s)


def play(encounter: Encounter, stage: Parts, *, timed: bool = True) -> list[str]:
    """What does not hold, in words. What took too long is played again, for the host may have been busy meanwhile."""
    slow = list[str]()
    for _ in range(TIMED_TRIES if timed else 1):
        wrong, slow = _play(encounter, stage)
        if wrong or not slow or not timed:
            return wrong
    return slow


def _play(encounter: Encounter, stage: Parts) -> tuple[list[str], list[str]]:
    made = bystanders()
    ours = numbers_of(made)
    alone = _run(encounter, stage, made, ours, None)
    rng = random.Random(f"{encounter.seed} attacks")  # noqa: S311
    world, attacks = under_attack(bystanders(), rng)
    beside = _run(encounter, stage, world, ours, rng)
    wrong = [
        f"task {number} ended as {beside.states[number]}, alone as {alone.states[number]}"
        for number in ours
        if beside.states[number] != alone.states[number]
    ]
    if beside.removed != alone.removed:
        wrong.append(f"removed {sorted(beside.removed)}, alone {sorted(alone.removed)}")
    wrong += _broken(encounter, stage, world, beside.start)
    slow = beside.took_s > 2 * alone.took_s + SLACK_S
    took = f"it took {beside.took_s:.1f} s, alone {alone.took_s:.1f} s"
    told = ", ".join(attacks)
    return [f"{told}: {one}" for one in wrong], [f"{told}: {took}"] if slow else []


def _run(encounter: Encounter, stage: Parts, made: Json, ours: list[int], rng: random.Random | None) -> Ending:
    """Work until every bystander has ended. With `rng` it decides what peers do."""
    stage.sim.reset(made)
    shutil.rmtree(stage.home, ignore_errors=True)
    stage.home.mkdir(parents=True)
    start, began = stage.sim.truth(), time.monotonic()
    with _processes(encounter, stage, rng):
        until(lambda: _all_ended(stage.sim, ours), LONGEST_S, lambda: f"for {_open(stage.sim, ours)}")
        took_s = time.monotonic() - began
    tasks = stage.sim.truth()["ivanti"]["tasks"]
    theirs = {str(one["key_id"]) for one in stage.sim.removals()} & _keys(bystanders())
    states = {number: _state(tasks[str(number)]) for number in ours}
    return Ending(states, frozenset(theirs), took_s, start)


def _keys(made: Json) -> set[str]:
    apps = [app for tenant in made["tenants"] for app in tenant["applications"]]
    return {one["key_id"] for app in apps for one in [*app["passwords"], *app["certificates"]]}


def _state(task: Json) -> tuple[str, str, str]:
    return task["status"], task["owner_team"], task["owner"]


def _open(sim: RealSimulator, ours: list[int]) -> list[int]:
    tasks = sim.truth()["ivanti"]["tasks"]
    return [
        number
        for number in ours
        if tasks[str(number)]["status"] == "Logged" and tasks[str(number)]["owner_team"] == "Spentkey"
    ]


def _all_ended(sim: RealSimulator, ours: list[int]) -> bool:
    return not _open(sim, ours)


@contextmanager
def _processes(encounter: Encounter, stage: Parts, rng: random.Random | None) -> Generator[None]:
    """The product at work, as the mode has it; stopped as an operator does at the end."""
    logs = [stage.home / f"log-{at}.txt" for at in range(2)]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for (command, more), log in zip(_commands(encounter, stage), logs, strict=False):
            variables = environment(stage.home, **SETTINGS, **more)
            with log.open("wb") as out:
                running.append(subprocess.Popen(command, cwd=stage.home, env=variables, stdout=out, stderr=out))
        attacked = encounter.mode == "serve" and rng is not None
        with peers(_address(logs[0]), rng) if attacked and rng is not None else nullcontext():
            yield
            for one in running:
                one.send_signal(signal.SIGTERM)
            codes = [one.wait(60) for one in running]
        assert codes == [0] * len(codes), f"ended with {codes}: {logs[0].read_text()[-2000:]}"
    finally:
        for one in running:
            one.kill()
            one.wait(10)


def _address(log: Path) -> str:
    def found() -> str | None:
        lines = [line for line in log.read_text().splitlines() if '"listening"' in line]
        return lines[0].split('"address": "')[1].split('"')[0] if lines else None

    return until(found)


def _commands(encounter: Encounter, stage: Parts) -> list[Command]:
    config = ["--config", str(stage.sim.config)]
    if encounter.mode == "work":
        return [([str(BIN / "spentkey"), "work", *config], {})]
    if encounter.mode == "serve":
        return [([str(BIN / "spentkey"), "serve", *config], SERVICE)]
    stage.database = stage.postgres.database()
    shared = {"SPENTKEY_ENGINE__DATABASE_URL": stage.database}
    second: Command = ([str(BIN / "spentkey"), "work", *config], shared)
    if encounter.wrong_by_s:
        script = str(Path(__file__).parent / "wrong_clock.py")
        second = ([sys.executable, script, "work", *config], {**shared, "WRONG_BY": str(encounter.wrong_by_s)})
    return [([str(BIN / "spentkey"), "work", *config], shared), second]


def _broken(encounter: Encounter, stage: Parts, world: Json, start: Json) -> list[str]:
    """Every invariant that does not hold, for the hostile tasks too."""
    ledger = Ledger.of(world, start, canaries=tuple(CANARIES.values()))
    if encounter.mode != "two machines":
        return broken(ledger, stage.sim.truth(), StateDirectory(stage.sim.state))
    with closing(Database(stage.database, stage.sim.state)) as store:
        return broken(ledger, stage.sim.truth(), store)
