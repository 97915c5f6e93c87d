"""The store of a case, as whoever may write it can: SQLite's file, or a database in a real PostgreSQL.

Both hold the same log; a case reads it whole, edits it and writes it back past every trigger.
"""

import asyncio
import json
import random
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
from real_postgres import RealPostgres
from stored_log import StoredCheckpoint, StoredLog, row_or_first

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.storage.postgres.rows import INSERT as INSERT_ROW
from spentkey.storage.postgres.rows import VALUES
from spentkey.storage.postgres.rows import row_of as database_row
from spentkey.storage.sqlite.evidence import INSERT, row_of
from spentkey.system import SystemClock

DATABASE = "spentkey.db"
COLUMNS = ("at", "what", "task", "app_id", "key_id", "run", "canary")
TABLES = ("spentkey_evidence", "spentkey_tree", "spentkey_checkpoints")
FIRST_ROW = "2020-01-01T00:00:00+00:00"


class SpoiltStore(Protocol):
    """What a case needs of it."""

    def read(self) -> StoredLog:
        """The log as it stands there."""
        ...

    def write(self, log: StoredLog) -> None:
        """In place of what is there."""
        ...

    def another_column(self, rng: random.Random) -> str:
        """What one record is found by says something else than its line; which column that is."""
        ...


@dataclass(frozen=True)
class SpoiltFile:
    """One machine's."""

    file: Path

    def read(self) -> StoredLog:
        with closing(sqlite3.connect(self.file)) as connection:
            lines = [one for (one,) in connection.execute("SELECT line FROM spentkey_evidence ORDER BY seq")]
            nodes = [one for (one,) in connection.execute("SELECT nodes FROM spentkey_tree ORDER BY seq")]
            stored = connection.execute("SELECT size, at, note FROM spentkey_checkpoints ORDER BY number").fetchall()
        return StoredLog(lines, nodes, [StoredCheckpoint(*one) for one in stored])

    def write(self, log: StoredLog) -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in guards:
                connection.execute(f"DROP TRIGGER {name}")
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608  # of a fixed list
            rows = (row_or_first(row_of, seq, record_line, 0.0) for seq, record_line in enumerate(log.lines))
            connection.executemany(INSERT, rows)
            connection.executemany("INSERT INTO spentkey_tree VALUES (?, ?)", enumerate(log.nodes))
            connection.executemany(
                "INSERT INTO spentkey_checkpoints (size, at, note) VALUES (?, ?, ?)",
                [(one.size, one.at, one.note) for one in log.checkpoints],
            )
            for _, sql in guards:
                connection.execute(sql)
            connection.execute("COMMIT")

    def another_column(self, rng: random.Random) -> str:
        column = rng.choice(COLUMNS)
        with closing(sqlite3.connect(self.file)) as connection:
            (length,) = connection.execute("SELECT count(*) FROM spentkey_evidence").fetchone()
            connection.execute("DROP TRIGGER spentkey_evidence_stays")
            values = (1.5 if column == "at" else "another", rng.randrange(length))
            connection.execute(f"UPDATE spentkey_evidence SET {column} = ? WHERE seq = ?", values)  # noqa: S608
            connection.commit()
        return column


def _row(record_line: str) -> Sequence[Any]:
    return database_row(json.loads(record_line), record_line)


@dataclass(frozen=True)
class SpoiltDatabase:
    """Several machines'."""

    url: str

    def read(self) -> StoredLog:
        with psycopg.connect(self.url) as connection:
            lines = [one for (one,) in connection.execute("SELECT line FROM spentkey_evidence ORDER BY seq")]
            nodes = [one for (one,) in connection.execute("SELECT nodes FROM spentkey_tree ORDER BY seq")]
            stored = connection.execute("SELECT size, at, note FROM spentkey_checkpoints ORDER BY number").fetchall()
        return StoredLog(lines, nodes, [StoredCheckpoint(size, at.timestamp(), note) for size, at, note in stored])

    def write(self, log: StoredLog) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608  # of a fixed list
            rows = [row_or_first(_row, seq, record_line, FIRST_ROW) for seq, record_line in enumerate(log.lines)]
            with connection.cursor() as cursor:
                cursor.executemany(INSERT_ROW + VALUES, rows)
                cursor.executemany("INSERT INTO spentkey_tree (seq, nodes) VALUES (%s, %s)", list(enumerate(log.nodes)))
                cursor.executemany(
                    "INSERT INTO spentkey_checkpoints (size, at, note) VALUES (%s, %s, %s)",
                    [(one.size, datetime.fromtimestamp(one.at, UTC), one.note) for one in log.checkpoints],
                )

    def another_column(self, rng: random.Random) -> str:
        column = rng.choice(COLUMNS)
        new: Any = {"at": FIRST_ROW, "task": 7}.get(column, "another")
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            where = "seq = (SELECT max(seq) FROM spentkey_evidence) * %s / 100"
            statement = f"UPDATE spentkey_evidence SET {column} = %s WHERE {where}"  # noqa: S608
            connection.execute(statement.encode(), (new, rng.randrange(100)))
        return column


@dataclass(frozen=True)
class Server:
    """A real PostgreSQL, in which every case gets a database of its own."""

    postgres: RealPostgres

    def takes_in(self, folder: Path, log: StoredLog, origin: str) -> SpoiltDatabase:
        """The log of a folder lies in a database from now on, as its configuration says; the file is gone."""
        database = SpoiltDatabase(self.postgres.database())
        config, state = folder / "spentkey.toml", folder / "state"
        with config.open("a", encoding="utf-8") as file:
            file.write(f'\n[engine]\ndatabase_url = "{database.url}"\n\n')
            file.write(f'[evidence]\nsigning_key = {{ file = "{state}/signing.key" }}\n')
        asyncio.run(_with_tables(config))
        with psycopg.connect(database.url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE spentkey_log SET origin = %s", (origin,))
        database.write(log)
        (state / DATABASE).unlink()
        return database


async def _with_tables(config: Path) -> None:
    async with storage_for(load_settings(config, {}), SystemClock()) as storage:
        await storage.tree.head()


@contextmanager
def running_server() -> Generator[RealPostgres]:
    """A server of its own, which is gone at the end."""
    postgres = RealPostgres()
    try:
        yield postgres
    finally:
        postgres.stop()
