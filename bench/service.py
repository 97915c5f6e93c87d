"""One run of the service benchmark: tasks that wait, processes that work on them, and what both took.

The parts are real: `spentkey work` as an operator starts it, the simulator in its own process over TLS, PostgreSQL with
every commit on the disk. Where the run stands is read from the simulator's journal, so nothing is asked of the product.
"""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.loopback import Loopback, clean_environment
from bench.meter import CommandFailedError, last_line
from bench.service_figures import KEYS_WINDOW_S, Memory, ServiceSample, Tally, fullest, steady
from bench.stage import READS, job_for
from bench.watch import Watch, cpu_of
from bench.world import Removal, mixed, world_of

ROOT = Path(__file__).parents[1]
VERIFY_INTERVAL_S = 5.0
"""As documented: five reads, five seconds apart."""
PACE = 19.0
"""Removals a second that the bare script begins: the rate that the product's own limit allows, 95 % of 3,000 in 150 s."""
KEY_PACE = 142 / 60
"""Certificates a second at most: each takes one read that selects `keyCredentials`, and Graph answers 150 of them a minute."""
LIMITS = ("REMOVALS_PER_RUN", "REMOVALS_PER_APP", "REMOVALS_PER_HOUR", "HANDOVERS_PER_HOUR")
LOOK_S = 0.5
STOP_S = 60
DISK = "/var/tmp"  # noqa: S108  # a folder of its own is made there
DURABLE = "fsync = on\nsynchronous_commit = on\nlisten_addresses = ''\nmax_connections = 100\n"
"""PostgreSQL as it comes, on a socket alone."""


@dataclass(frozen=True)
class Setup:
    """One way to run: `processes` of `spentkey work`, with a database or without; none of them: the bare script."""

    name: str
    processes: int
    database: bool = False


SETUPS = (
    Setup("bare script", 0),
    Setup("1, no database", 1),
    Setup("1, PostgreSQL", 1, database=True),
    Setup("2, PostgreSQL", 2, database=True),
    Setup("4, PostgreSQL", 4, database=True),
)


@dataclass(frozen=True)
class Conditions:
    """What holds for every run of a table."""

    latency_ms: float
    certificates: int
    """How many in a hundred tasks are of certificates."""
    concurrency: int
    """`engine.concurrency` of all processes together; each has its share."""
    interval_s: float = VERIFY_INTERVAL_S
    most_s: float = 1800


class FailedError(CommandFailedError):
    """The run did not do what was measured."""


def run(setup: Setup, tasks: int, conditions: Conditions, folder: Path, now: datetime) -> ServiceSample:
    """One run in a folder of its own; raises `FailedError` unless the simulator's truth shows every task done once."""
    each = mixed(tasks, conditions.certificates)
    with ExitStack() as stack:
        loopback = Loopback.start(folder, world_of(each, now), conditions.latency_ms)
        stack.callback(loopback.stop)
        database = stack.enter_context(postgres()) if setup.database else None
        worker = stack.enter_context(Worker.started(setup, each, conditions, loopback, database))
        worker.wait(tasks, conditions.most_s)
        sample = worker.sample(tasks)
        check(loopback.truth(), each, worker.tally)
    return sample


@contextmanager
def postgres() -> Generator[Any]:
    """A PostgreSQL of its own on the disk, every commit flushed."""
    server: Any = importlib.import_module("real_postgres").RealPostgres(DURABLE, DISK)  # a part of the tests
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Worker:
    """The processes at work, and who watches them."""

    loopback: Loopback
    processes: list["subprocess.Popen[bytes]"]
    logs: list[Path]
    watch: Watch
    database: Any
    tally: Tally
    start_cpu: list[float]
    begun: tuple[float, float]
    """What simulator and database had used when the processes were started."""
    wall: float = 0.0

    @classmethod
    @contextmanager
    def started(
        cls, setup: Setup, each: list[Removal], conditions: Conditions, loopback: Loopback, database: Any
    ) -> Generator["Worker"]:
        """Start everything; at the end nothing of it is left."""
        watch = Watch({"simulator": loopback.process.pid} | ({"database": database.pid} if database else {}))
        begun = loopback.cpu(), watch.cpu("database")
        url = {"SPENTKEY_ENGINE__DATABASE_URL": database.database()} if database else {}
        home = loopback.folder / "home"
        home.mkdir(exist_ok=True)
        commands = _commands(setup, each, conditions, loopback)
        environment = clean_environment(home, **_settings(setup, conditions, home), **url, PYTHONPATH=str(ROOT))
        worker = cls(loopback, [], [], watch, database, Tally(), [], begun)
        try:
            for number, command in enumerate(commands):
                worker.start(f"process {number}", command, environment, home)
            yield worker
        finally:
            for one in worker.processes:
                one.kill()
                one.wait()
            watch.end()

    def start(self, name: str, command: list[str], environment: Mapping[str, str], home: Path) -> None:
        """Start one process, whose words go to a file."""
        log = home / f"{name}.log"
        with log.open("wb") as message:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=message, stderr=message, env=environment, cwd=home
            )
        self.processes.append(process)
        self.logs.append(log)
        self.watch.add(name, process.pid)

    def wait(self, tasks: int, most_s: float) -> None:
        """Until every task was closed; raises `FailedError` when a process ends before, or it takes too long."""
        while len(self.tally.closes) < tasks:
            self.tally.take(self.loopback.journal_after(self.tally.last))
            if self.tally.last and not self.start_cpu:
                self.start_cpu = [cpu_of(one.pid) for one in self.processes]
            self.wall = self.watch.elapsed()
            ended = [at for at, one in enumerate(self.processes) if one.poll() is not None]
            if ended and len(self.tally.closes) < tasks:
                message = self.logs[ended[0]].read_text("utf-8", "replace")
                raise FailedError(
                    f"a process ended after {len(self.tally.closes)} of {tasks} tasks: {last_line(message, '')}"
                )
            if self.wall > most_s:
                raise FailedError(
                    f"{len(self.tally.closes)} of {tasks} tasks after {self.wall:.0f} s: {self.tally.statuses}"
                )
            time.sleep(LOOK_S if self.start_cpu else LOOK_S / 5)  # noqa: TID251  # the bench watches real processes

    def sample(self, tasks: int) -> ServiceSample:
        """Stop everybody as an operator does, and put together what was seen."""
        for one in self.processes:
            one.send_signal(signal.SIGTERM)
        for one in self.processes:
            one.wait(STOP_S)
        machine = self.watch.end()
        self.tally.take(self.loopback.journal_after(self.tally.last))
        looks = [self.watch.looks[f"process {at}"] for at in range(len(self.processes))]
        return ServiceSample(
            tasks=tasks,
            wall=self.wall,
            cpu=tuple(one[-1].cpu for one in looks),
            cpu_start=tuple(self.start_cpu),
            database_cpu=self.watch.cpu("database") - self.begun[1],
            simulator_cpu=self.watch.cpu("simulator") - self.begun[0],
            machine_cpu=machine,
            cores=os.cpu_count() or 1,
            memory=tuple(Memory.of(one) for one in looks),
            requests=self.tally.requests,
            throttled=self.tally.throttled,
            writes_a_second=steady(self.tally.graph_writes),
            fullest=fullest(self.tally.graph_writes),
            key_reads=fullest(self.tally.key_reads, KEYS_WINDOW_S),
        )


def _commands(setup: Setup, each: list[Removal], conditions: Conditions, loopback: Loopback) -> list[list[str]]:
    if setup.processes == 0:
        order = job_for(loopback, each, interval=conditions.interval_s)
        return [[sys.executable, "-m", "bench.bare", str(order), "--every", str(1 / pace_of(conditions.certificates))]]
    program = str(Path(sys.executable).with_name("spentkey"))
    return [[program, "work", "--config", str(loopback.config)] for _ in range(setup.processes)]


def pace_of(certificates: int) -> float:
    """Removals a second that the bare script begins, where so many in a hundred are of certificates."""
    return min(PACE, KEY_PACE * 100 / certificates) if certificates else PACE


def _settings(setup: Setup, conditions: Conditions, home: Path) -> dict[str, str]:
    """The documented defaults where the simulator's file has shorter waits; the limits of guard G8 raised."""
    return {
        "SPENTKEY_POLICY__VERIFY_READS": str(READS),
        "SPENTKEY_POLICY__VERIFY_INTERVAL_S": str(conditions.interval_s),
        "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "900",
        "SPENTKEY_POLICY__WRITE_SPACING_S": "5",
        **{f"SPENTKEY_POLICY__MAX_{one}": "1000000" for one in LIMITS},
        "SPENTKEY_ENGINE__CONCURRENCY": str(max(1, conditions.concurrency // max(1, setup.processes))),
        "SPENTKEY_STATE__DIRECTORY": str(home / "state"),
    }


def check(truth: Mapping[str, Any], each: list[Removal], tally: Tally) -> None:
    """The bench's own counts must be what is true in the simulator: every removal once, every task closed once."""
    tenants, tasks = truth["tenants"], truth["ivanti"]["tasks"]
    removed = sorted(one["key_id"] for tenant in tenants.values() for one in tenant["removals"])
    if removed != sorted(one.guid("expired") for one in each):
        raise FailedError(f"{len(removed)} removals in the simulator, {len(each)} were asked for")
    if len(tally.graph_writes) != len(removed):
        raise FailedError(f"{len(tally.graph_writes)} removals counted, {len(removed)} in the simulator")
    for one in each:
        task = tasks[str(one.task)]
        seen = (task["status"], len(task["notes"]), len(task["writes"]), tally.closes[str(one.task)])
        if seen != ("Completed", 1, 1, 1):
            raise FailedError(f"task {one.task}: status, notes, writes and writes counted are {seen}")
