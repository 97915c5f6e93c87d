"""Several real `spentkey work` processes on one real PostgreSQL, against the simulator over TLS; and what befalls them."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from commands import BIN, QUICK, environment
from fault_rules import fault
from invariants import Ledger, broken, unfinished
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from stores import Database
from waiting import until
from worlds import CANARIES

from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.holders import APPENDING
from spentkey.storage.postgres.schema import prepare

T = TypeVar("T")
TAKE_OVER_S, POLL_S = 2.0, 0.5
BOUND_S = TAKE_OVER_S * 4 / 3 + 2
"""The stated time after which the tasks of a dead worker are on the queue again."""
HANG_S = 8.0
QUEUES = 4
"""Two tenants, the desk, and the look at the queue team."""
SLOWEST_S = 75.0
LIMITS = dict.fromkeys(
    ("MAX_REMOVALS_PER_RUN", "MAX_REMOVALS_PER_HOUR", "MAX_REMOVALS_PER_APP", "MAX_HANDOVERS_PER_HOUR"), "1000"
)
SETTINGS = {
    **QUICK,
    "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.3",
    "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "20",
    "SPENTKEY_ENGINE__POLL_S": str(POLL_S),
    "SPENTKEY_ENGINE__TAKE_OVER_S": str(TAKE_OVER_S),
    "SPENTKEY_ENGINE__CONCURRENCY": "3",
    **{f"SPENTKEY_POLICY__{name}": value for name, value in LIMITS.items()},
}
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{20,}\.|rest_api_key=|Bearer |PRIVATE KEY|MII[A-Za-z0-9+/]{60}")
BUG = re.compile(r"Traceback|.* bug ")
DOUBLE = ("removePassword", "removeKey", "patch", "note-create", "task-write")


@dataclass
class Worker:
    """One process and what it said."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        """Send it a signal; one that has ended already is left alone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@dataclass
class Fleet:
    """The workers of one case."""

    sim: RealSimulator
    postgres: RealPostgres
    database: str
    home: Path
    ledger: Ledger
    workers: list[Worker] = field(default_factory=list[Worker])
    gone: list[Worker] = field(default_factory=list[Worker])

    @classmethod
    def set(cls, sim: RealSimulator, postgres: RealPostgres, home: Path, made: dict[str, Any]) -> "Fleet":
        """A new world, an empty database, an empty home."""
        sim.reset(made)
        sim.faults()
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        ledger = Ledger.of(made, sim.truth(), canaries=tuple(CANARIES.values()))
        return cls(sim, postgres, postgres.database(), home, ledger)

    def prepare(self) -> None:
        """Make the tables, as the first worker does."""
        asyncio.run(make_tables(self.database))

    def start(self, count: int = 1) -> None:
        """Start so many workers."""
        for _ in range(count):
            log = self.home / f"worker-{len(self.workers) + len(self.gone)}.log"
            with log.open("w") as message:
                process = subprocess.Popen(
                    [str(BIN / "spentkey"), "work", "--config", str(self.sim.config)],
                    cwd=self.home,
                    env=environment(self.home, SPENTKEY_ENGINE__DATABASE_URL=self.database, **SETTINGS),
                    stdin=subprocess.DEVNULL,
                    stdout=message,
                    stderr=message,
                    text=True,
                )
            self.workers.append(Worker(process, log))

    def hang(self, route: str, nth: int, when: str) -> None:
        """Let the n-th request of a route hang, before it has an effect or after that."""
        system = "graph" if route.startswith("remove") else "ivanti"
        self.sim.faults(fault(system, route, "hang", when, nth=nth, times=1, params={"seconds": HANG_S}))

    def holder_of_hanging(self) -> tuple[Worker, str]:
        """The worker whose request hangs, and the name of the lease of its task."""
        entry = self.until(
            lambda: next((one for one in self.sim.journal() if one["fault"] in ("hang before", "hang after")), None)
        )
        task = self._task_of(entry)
        rows = self.postgres.rows(self.database, "SELECT holder FROM spentkey_claims WHERE name = %s", task)
        pid = int(rows[0][0].rpartition("/")[2])
        return next(worker for worker in self.workers if worker.pid == pid), task

    def _task_of(self, entry: dict[str, Any]) -> str:
        """The lease of the task that a request belongs to: by the evidence, which was written before it."""
        records = self._records()
        if entry["client_request_id"] is not None and entry["system"] == "graph":
            wanted = [r for r in records if r.get("client_request_id") == entry["client_request_id"]]
        else:
            kinds = ("noting",) if entry["route"] == "note-create" else ("closing", "reassigning")
            open_ones = [r for r in records if r["what"] in kinds]
            numbers = {int(found) for found in re.findall(r"task=(\d+)", entry["body"])}
            wanted = [r for r in open_ones if r["task"] in numbers] or open_ones[-1:]
        return f"task {wanted[-1]['task']}"

    def _records(self) -> list[dict[str, Any]]:
        rows = self.postgres.rows(self.database, "SELECT line::jsonb FROM spentkey_evidence ORDER BY seq")
        return [row[0] for row in rows]

    def taken_over_after(self, victim: Worker, task: str, began: float) -> float:
        """Wait until another process has put a task back on the queue, or works on it; gives how long that took since `began`.

        After that it may still wait: what was under way at a death is tried one at a time, and the canary goes first.
        """

        def other() -> float | None:
            if any(f"{task} of a worker that is gone is taken over" in one.log.read_text() for one in self.workers):
                return time.monotonic() - began
            found = self.postgres.rows(
                self.database, "SELECT holder FROM spentkey_claims WHERE name = %s AND until > clock_timestamp()", task
            )
            taken = bool(found) and not found[0][0].endswith(f"/{victim.pid}")
            return time.monotonic() - began if taken or int(task.split()[1]) not in self.unfinished() else None

        return self.until(other)

    def unfinished(self) -> list[int]:
        """The tasks that still wait."""
        return unfinished(self.ledger, self.sim.truth())

    def until_done(self) -> None:
        """Wait until every task has ended."""
        self.until(lambda: not self.unfinished() or None)

    def until(self, look: Callable[[], T | None]) -> T:
        """Look again and again until there is something to see."""
        return until(look, SLOWEST_S, lambda: f"for {self.unfinished()}")

    def until_registered(self) -> None:
        """Wait until every process takes jobs; those that were stopped have said so."""
        statement, wanted = "SELECT count(*) FROM procrastinate_workers", QUEUES * len(self.workers)
        self.until(lambda: self.postgres.rows(self.database, statement)[0][0] == wanted or None)

    def kill(self, worker: Worker) -> None:
        """SIGKILL."""
        worker.signal(signal.SIGKILL)
        worker.process.wait(10)
        self.workers.remove(worker)
        self.gone.append(worker)

    def end(self) -> list[int]:
        """Stop every worker as an operator does; gives their exit codes."""
        for worker in self.workers:
            worker.signal(signal.SIGCONT)
            worker.signal(signal.SIGTERM)
        codes = [worker.process.wait(40) for worker in self.workers]
        self.gone += self.workers
        self.workers = []
        return codes

    def destroy(self) -> None:
        """End whatever is left."""
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
            worker.process.wait(10)

    def wrong(self) -> list[str]:
        """Everything that must be true and is not, in words."""
        with closing(Database(self.database, self.sim.state)) as store:
            found = broken(self.ledger, self.sim.truth(), store)
        found += [f"2: task {number} never ended" for number in self.unfinished()]
        found += self._twice()
        message = {worker.log.name: worker.log.read_text("utf-8", "replace") for worker in self.gone}
        kept = {"the database": self.postgres.everything(self.database), **message}
        secrets = [
            where for where, text in kept.items() if TOKEN.search(text) or any(one in text for one in CANARIES.values())
        ]
        found += [f"4: {where} holds a secret" for where in secrets]
        bugs = [(name, text, BUG.search(text)) for name, text in message.items()]
        return found + [f"a bug: {name}: {text[at.start() : at.start() + 3000]}" for name, text, at in bugs if at]

    def _twice(self) -> list[str]:
        """Writes that took effect twice on one object, where one is enough."""
        applied = [one for one in self.sim.journal() if one["applied"] and one["route"] in DOUBLE]
        times = Counter((one["route"], one["object"], _about(one)) for one in applied)
        return [f"3: {what} was applied {count} times" for what, count in times.items() if count > 1]


def _about(entry: dict[str, Any]) -> str:
    found = re.search(r'"(?:keyId|ParentLink_RecID)": ?"([^"]+)"', entry["body"])
    return found[1] if found else ""


def lock_stands_still(connection: psycopg.Connection[Any]) -> bool:
    """Whether somebody holds the lock of the evidence and does nothing."""
    statement = (
        "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND objid = %s AND state = 'idle in transaction'"
    )
    return connection.execute(statement, (APPENDING,)).fetchone() is not None


async def make_tables(database: str) -> None:
    """Spentkey's own tables, empty."""
    async with opened(Secret(database)) as connections:
        await prepare(connections)
