"""Evidence of either kind, opened as often as a test likes, and a writer for a process of its own."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_postgres import RealPostgres
from support_core import NOW, ManualClock

from spentkey.core.evidence import GENESIS, follows
from spentkey.core.rules import Limits
from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.store import FILE

Evidence = SqliteEvidence | PostgresEvidence
LIMITS = Limits(per_run=1000, per_app=1000, per_hour=30, hand_overs_per_hour=1000)


@dataclass
class Shelf:
    """One place where evidence is kept."""

    folder: Path
    postgres: RealPostgres
    stack: AsyncExitStack
    database: str = ""
    """The address; empty on one machine."""

    async def log(self, *, read_only: bool = False, clock: ManualClock | None = None) -> Evidence:
        """One process' view of it."""
        if not self.database:
            return SqliteEvidence(self.folder, clock or ManualClock(), read_only=read_only)
        return PostgresEvidence(await self.connections(), clock or ManualClock(), read_only=read_only)

    async def connections(self) -> Postgres:
        """Connections of one process, with the tables made."""
        connections = await self.stack.enter_async_context(opened(Secret(self.database)))
        await prepare(connections)
        return connections

    def lines(self) -> list[str]:
        """The lines as they are kept."""
        if not self.database:
            return [row[0] for row in self.in_sqlite("SELECT line FROM spentkey_evidence ORDER BY seq")]
        return [row[0] for row in self.postgres.rows(self.database, "SELECT line FROM spentkey_evidence ORDER BY seq")]

    def chained(self) -> list[dict[str, Any]]:
        """The records, which must be one whole chain."""
        prev, records = GENESIS, list[dict[str, Any]]()
        for number, line in enumerate(self.lines()):
            sealed = follows(line, prev, number)
            assert sealed is not None, f"record {number} breaks the chain"
            prev = sealed.hash
            records.append(json.loads(line))
        return records

    def write(self, number: int, text: str) -> None:
        """Put another line in the place of one, as somebody might who wants to change the past."""
        if self.database:
            self.postgres.tamper(self.database, "UPDATE spentkey_evidence SET line = %s WHERE seq = %s", text, number)
            return
        self.in_sqlite("DROP TRIGGER IF EXISTS spentkey_evidence_stays")
        self.in_sqlite("UPDATE spentkey_evidence SET line = ? WHERE seq = ?", text, number)

    def in_sqlite(self, statement: str, *values: str | int) -> list[tuple[Any, ...]]:
        """One statement in the database of one machine, past everything that protects it."""
        with closing(sqlite3.connect(self.folder / FILE)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def process(self, task: int, count: int) -> "subprocess.Popen[str]":
        """A process that begins removals about a task until a limit stops it; it prints how many it began."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, __file__, self.database, str(self.folder)]
        return subprocess.Popen([*command, str(task), str(count)], env=environment, stdout=subprocess.PIPE, text=True)


async def begin(log: Evidence, task: int) -> bool:
    """Begin one removal, if the limits allow it; gives whether they do."""
    refused = await log.append_unless(
        lambda blast_radius: blast_radius.refuse_intent("run", "app", NOW, LIMITS),
        "intent",
        {"task": task, "app_id": "app"},
    )
    return refused is None


async def _main(database: str, folder: str, task: str, count: str) -> None:
    async with AsyncExitStack() as stack:
        shelf = Shelf(Path(folder), None, stack, database)  # pyright: ignore[reportArgumentType]  # it starts no server
        log = await shelf.log()
        begun = [await begin(log, int(task)) for _ in range(int(count))]
        print(sum(begun))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
