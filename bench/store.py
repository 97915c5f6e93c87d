"""`make bench BENCH=--store`: what the evidence costs where it is stored, in SQLite and in PostgreSQL.

How long an append takes beside a flush of the disk, what a cold `spentkey run` costs on an empty store and on one with
many records, and how long another process waits for it.
"""

import itertools
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.loopback import Loopback, clean_environment
from bench.meter import CommandFailedError, Measured, last_line, measure
from bench.service import ROOT, postgres
from bench.stage import POLICY
from bench.store_figures import Appended, Cold, ColdRuns, Found, HeldUp, StoreKey, agreeing
from bench.store_rows import fill_postgres, fill_sqlite
from bench.store_table import DISK, MEMORY, TOGETHER
from bench.watch import Watch, machine_busy
from bench.world import FIRST_TASK, world

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of its own is made there
PAGE_BYTES, FLUSHES, ONE, MANY = 4096, 150, 300, 1000
RUNS, HELD_UP_RUNS = 5, 10
TASKS = 400
"""Tasks of the simulator: each run removes another credential."""
REST_S = 0.005
"""What the other process rests between two appends: it makes as many as a service that makes 19 removals a second."""
LOOK_S = 2.0
"""How long the bench stands still to see what else the machine does."""
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
Say = Callable[[str], None]


@dataclass(frozen=True)
class StorePlan:
    """What is measured: on so many records, so many cold runs on each store in one measurement."""

    records: int
    runs: int = RUNS


@dataclass(frozen=True)
class Target:
    """A store that can be appended to: a state directory, or the URL of a database."""

    key: StoreKey
    where: str

    def settings(self, home: Path) -> dict[str, str]:
        """What makes `spentkey` use it."""
        if self.key.store == POSTGRES:
            return {"SPENTKEY_ENGINE__DATABASE_URL": self.where, "SPENTKEY_STATE__DIRECTORY": str(home / "state")}
        return {"SPENTKEY_STATE__DIRECTORY": self.where}


def measured(plan: StorePlan, folder: Path, now: datetime, say: Say) -> tuple[Found, dict[str, str]]:
    """Everything in the plan, and the versions of both stores."""
    found = Found()
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        loopback = Loopback.start(folder / "simulator", world("secret", TASKS, now), 0)
        stack.callback(loopback.stop)
        say(f"making {plan.records:,} records in each store")
        pairs = [_filled(plan, folder, now), _filled(plan, folder, now, server)]
        os.sync()  # what was made is not written while others are measured
        _appends(found, folder, pairs, say)
        cold = ColdStart(loopback, folder / "home")
        for empty, full in pairs:
            database = server.pid if full.key.store == POSTGRES else None
            _cold(found, cold, (empty, full), plan.runs, database, say)
            for one in (empty, full):
                _held_up(found, cold, one, say)
        cold.check()
        ((version,),) = server.rows(server.url("postgres"), "SHOW server_version")
    return found, {SQLITE: sqlite3.sqlite_version, POSTGRES: str(version).split()[0]}


def _filled(plan: StorePlan, folder: Path, now: datetime, server: Any = None) -> tuple[Target, Target]:
    """An empty store whose tables are made, and one with the records of the plan."""
    targets: list[Target] = []
    for count in (0, plan.records):
        if server is None:
            where = str(folder / f"state-{count}")
            fill_sqlite(Path(where), count, now)
        else:
            where = server.database()
            fill_postgres(where, count, now)
        targets.append(Target(StoreKey(SQLITE if server is None else POSTGRES, DISK, count), where))
    return targets[0], targets[1]


def _appends(found: Found, folder: Path, pairs: Sequence[tuple[Target, Target]], say: Say) -> None:
    """Every store, one after the other."""
    with ExitStack() as stack:
        targets = [one for pair in pairs for one in pair]
        if os.access(SHARED_MEMORY, os.W_OK):
            memory = stack.enter_context(TemporaryDirectory(dir=SHARED_MEMORY, prefix="spentkey-bench-"))
            targets.insert(2, Target(StoreKey(SQLITE, MEMORY, 0), memory))
        for one in targets:
            found.others.append(others())

            def take(target: Target = one) -> Appended:
                return appended(target, folder)

            found.appends[one.key] = agreeing(take, Appended.near, Appended.__add__)
            say(f"appends, {one.key.name}: measured {found.appends[one.key].tries} times")


def flushes(file: Path, count: int = FLUSHES) -> list[float]:
    """How long it takes to append one page to a file and to flush that, so many times."""
    taken: list[float] = []
    with file.open("wb", buffering=0) as target:
        for _ in range(count):
            begun = time.perf_counter()
            target.write(b"x" * PAGE_BYTES)
            os.fdatasync(target.fileno())
            taken.append(time.perf_counter() - begun)
    file.unlink()
    return taken


def appended(target: Target, folder: Path, one: int = ONE, many: int = MANY) -> Appended:
    """One append at a time between flushes of the disk, and then twenty tasks at once, each by a process of its own."""
    disk = target.key.where == DISK
    flushed = flushes(folder / "flushed") if disk else []
    alone = _appending(target.where, folder, "--count", str(one))
    flushed += flushes(folder / "flushed") if disk else []
    together = _appending(target.where, folder, "--count", str(many), "--tasks", str(TOGETHER))
    return Appended(tuple(alone["waits"]), tuple(together["waits"]), tuple(together["groups"]), tuple(flushed))


def _appending(where: str, folder: Path, *options: str) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "bench.appending", where, *options]
    _, message = measure(command, clean_environment(folder, PYTHONPATH=str(ROOT)), folder)
    return json.loads(message.splitlines()[-1])


@contextmanager
def beside(where: str, folder: Path) -> Generator[list[float]]:
    """Another process that appends all the while; at the end the list has what each append took."""
    waits: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "bench.appending", where, "--rest", str(REST_S)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(folder, PYTHONPATH=str(ROOT)),
        cwd=folder,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # it is a pipe
            if not process.stdout.readline():  # it has ended
                raise CommandFailedError(f"the appending process: {last_line(process.communicate()[1], '')}")
            yield waits
            message, complaint = process.communicate("end\n", timeout=60)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise CommandFailedError(f"the appending process: {last_line(complaint, message)}")
    waits += json.loads(message)["waits"]


@dataclass
class ColdStart:
    """`spentkey run` as an operator calls it, each time for another task of the simulator."""

    loopback: Loopback
    home: Path
    tasks: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST_TASK))
    done: set[int] = field(default_factory=set[int])

    def run(self, target: Target) -> Measured:
        """One run; raises `CommandFailedError` unless it ends well."""
        self.home.mkdir(exist_ok=True)
        task = next(self.tasks)
        program = Path(sys.executable).with_name("spentkey")
        command = [str(program), "run", str(task), "--config", str(self.loopback.config), "--json"]
        environment = clean_environment(self.home, **POLICY, **target.settings(self.home))
        taken, _ = measure(command, environment, self.home)
        self.done.add(task)
        return taken

    def check(self) -> None:
        """Raise `CommandFailedError` unless the simulator shows every task closed."""
        if not self.done <= self.loopback.closed():
            raise CommandFailedError("the runs ended well, but not every task is closed")


def _cold(
    found: Found, cold: ColdStart, pair: tuple[Target, Target], runs: int, database: int | None, say: Say
) -> None:
    """Runs on the empty store and on the full one in turn, after one on each that is not measured."""
    found.others.append(others())
    for one in pair:
        cold.run(one)

    def take() -> Cold:
        taken = [[_watched(cold, one, database) for one in pair] for _ in range(runs)]
        return Cold(_together([one for one, _ in taken]), _together([one for _, one in taken]))

    key = pair[1].key
    found.cold[key] = agreeing(take, Cold.near, Cold.__add__)
    say(f"cold runs, {key.name}: measured {found.cold[key].tries} times")


def _watched(cold: ColdStart, target: Target, database: int | None) -> tuple[Measured, float | None]:
    """One run, and what PostgreSQL's processes used meanwhile."""
    if database is None:
        return cold.run(target), None
    watch = Watch({"database": database})
    before = watch.cpu("database")
    taken = cold.run(target)
    used = watch.cpu("database") - before
    watch.end()
    return taken, used


def _together(taken: Sequence[tuple[Measured, float | None]]) -> ColdRuns:
    each = [one for one, _ in taken]
    return ColdRuns(
        wall=tuple(one.wall for one in each),
        cpu=tuple(one.cpu for one in each),
        peak=tuple(float(one.peak) for one in each),
        server=tuple(used for _, used in taken if used is not None),
    )


def _held_up(found: Found, cold: ColdStart, target: Target, say: Say) -> None:
    """How long another process waits for its appends, beside runs and for as long without them."""
    found.others.append(others())
    begun = time.monotonic()
    with beside(target.where, cold.home) as waits:
        for _ in range(HELD_UP_RUNS):
            cold.run(target)
    lasted = time.monotonic() - begun
    with beside(target.where, cold.home) as alone:
        time.sleep(lasted)  # noqa: TID251  # the bench watches real processes
    found.held_up[target.key] = HeldUp(tuple(alone), tuple(waits))
    say(f"held up, {target.key.name}: {max(waits) * 1000:.0f} ms at most")


def others() -> float:
    """How many cores are busy with other work; the bench waits meanwhile, and so does what it has started."""
    begun, busy = time.monotonic(), machine_busy()
    time.sleep(LOOK_S)  # noqa: TID251  # the bench watches a real machine
    return (machine_busy() - busy) / (time.monotonic() - begun)
