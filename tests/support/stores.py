"""Where evidence and locks are in a campaign: in the state directory of one machine, or in a real PostgreSQL.

`STORE=postgres` chooses. Campaigns and judges use the same few methods on both and know nothing else of them.
"""

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import evidence_store
from signed_texts import KEY_FILES, without_chance

from spentkey.storage.postgres.acknowledged import NAME

STORES = ("sqlite", "postgres")
CHOSEN = os.environ.get("STORE", STORES[0])
TAKE_OVER_S = 2.0
"""After how long the lease of a dead process lapses, where processes are real."""
DEAD = "a process that died"
SPENTKEY_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'spentkey%'"


class Store(Protocol):
    """The evidence and the locks of one campaign."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings that lead to it."""
        ...

    def lines(self) -> list[str]:
        """The lines of the evidence, oldest first; none where nothing was ever recorded."""
        ...

    def texts(self) -> dict[str, str]:
        """Everything that is stored, by where it is, for a search."""
        ...

    def keep(self, count: int) -> None:
        """Let only the first records be there, as if the process had died before it wrote the next one."""
        ...

    def lose(self, record_line: str, rng: random.Random) -> None:
        """Leave what a power cut leaves in the middle of the commit of that line."""
        ...

    def hold(self) -> Callable[[], None]:
        """Let nobody append until what this gives is called."""
        ...

    def leave_locks(self, since: datetime) -> None:
        """What was given back since then was not: its process died at that moment."""
        ...

    def passes(self, seconds: float) -> None:
        """Time passes for the locks of the dead, where it only seems to."""
        ...

    def is_sound(self) -> bool:
        """Whether it is whole as the database itself sees it."""
        ...

    def clear(self) -> None:
        """Nothing is stored."""
        ...


def records_of(store: Store) -> list[dict[str, Any]]:
    """The records, oldest first."""
    return [json.loads(line) for line in store.lines()]


class StateDirectory:
    """One machine: SQLite in the state directory, and file locks, which the kernel takes from the dead at once."""

    environment: Mapping[str, str] = {}

    def __init__(self, state: Path) -> None:
        self._state = state

    def lines(self) -> list[str]:
        return evidence_store.lines_in(self._state)

    def texts(self) -> dict[str, str]:
        return _texts_in(self._state)

    def keep(self, count: int) -> None:
        evidence_store.keep(self._state, count)

    def lose(self, record_line: str, rng: random.Random) -> None:
        evidence_store.lose_power_while_writing(self._state, record_line, rng)

    def hold(self) -> Callable[[], None]:
        connection = sqlite3.connect(self._state / evidence_store.FILE, isolation_level=None, timeout=60)
        connection.execute("BEGIN IMMEDIATE")
        return connection.close

    def leave_locks(self, since: datetime) -> None: ...

    def passes(self, seconds: float) -> None: ...

    def is_sound(self) -> bool:
        return evidence_store.is_sound(self._state)

    def clear(self) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(self._state)


class Database:
    """Several machines: a database in a real PostgreSQL; the state directory has what was acknowledged alone."""

    def __init__(self, url: str, state: Path, take_over_s: float = TAKE_OVER_S) -> None:
        self._url, self._state, self._take_over_s = url, state, take_over_s
        self._left = False

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "SPENTKEY_ENGINE__DATABASE_URL": self._url,
            "SPENTKEY_ENGINE__TAKE_OVER_S": str(self._take_over_s),
        }

    @cached_property
    def _connection(self) -> Any:
        """One that is past the triggers that protect the evidence."""
        import psycopg

        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '20s'")
        return connection

    def _rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []

    def _tables(self) -> Sequence[str]:
        return [name for (name,) in self._rows(SPENTKEY_TABLES)]

    def lines(self) -> list[str]:
        if self._rows("SELECT to_regclass('spentkey_evidence')") == [(None,)]:
            return []
        return [line for (line,) in self._rows("SELECT line FROM spentkey_evidence ORDER BY seq")]

    def texts(self) -> dict[str, str]:
        """Rows as text have each quote in a column doubled, which is undone, so that lines look as they do in files."""
        tables = {name: self._rows(f"SELECT t::text FROM {name} t") for name in self._tables()}  # noqa: S608
        stored = {name: "\n".join(str(row).replace('""', '"') for (row,) in rows) for name, rows in tables.items()}
        return {**stored, **_texts_in(self._state)}

    def keep(self, count: int) -> None:
        for table in ("spentkey_evidence", "spentkey_tree"):
            self._rows(f"DELETE FROM {table} WHERE seq >= %s", count)  # noqa: S608  # ours
        for file in self._state.glob(f"{NAME}*"):  # what was noted after the moment that is gone back to
            file.unlink()

    def lose(self, record_line: str, rng: random.Random) -> None:
        """A commit is whole or not at all: the row was sent, and the connection ends before its commit."""
        import psycopg

        from spentkey.storage.postgres.rows import INSERT, VALUES, row_of

        del rng
        connection = psycopg.connect(self._url)
        connection.execute(INSERT + VALUES, row_of(json.loads(record_line), record_line))
        connection.close()

    def hold(self) -> Callable[[], None]:
        import psycopg

        from spentkey.storage.postgres.holders import APPENDING

        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute("SELECT pg_advisory_lock(%s)", (APPENDING,))
        return connection.close

    def leave_locks(self, since: datetime) -> None:
        statement = """
            UPDATE spentkey_claims SET holder = %s, until = clock_timestamp() + %s * interval '1 s' WHERE until >= %s
        """
        self._rows(statement, DEAD, self._take_over_s, since)
        self._left = True

    def passes(self, seconds: float) -> None:
        if self._left:
            statement = """
                UPDATE spentkey_claims SET until = until - %s * interval '1 s'
                WHERE holder = %s AND until > clock_timestamp() RETURNING 1
            """
            self._left = bool(self._rows(statement, seconds, DEAD))

    def is_sound(self) -> bool:
        """The columns of each record say what its line says, and what was acknowledged alone stands beside the database."""
        from spentkey.storage.postgres.rows import SELECT, StoredRow, says_the_same

        rows = [StoredRow(*row) for row in self._rows(SELECT)] if "spentkey_evidence" in self._tables() else []
        return all(says_the_same(row, json.loads(row.record_line)) for row in rows) and not {
            name for name in _texts_in(self._state) if not name.startswith(NAME)
        }

    def clear(self) -> None:
        self._rows("DROP SCHEMA public CASCADE")
        self._rows("CREATE SCHEMA public")
        self._left = False
        StateDirectory(self._state).clear()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _texts_in(state: Path) -> dict[str, str]:
    files = [file for file in state.rglob("*") if file.is_file() and file.name not in KEY_FILES]
    return {file.name: without_chance(file.read_bytes().decode("utf-8", "replace")) for file in files}


def wants_replay() -> bool:
    """Whether `REPLAY` asks for each case twice, which the second time must be the first."""
    if "REPLAY" in os.environ and CHOSEN == "postgres":
        raise SystemExit("REPLAY goes with STORE=sqlite alone: a server has a say in who is first")
    return "REPLAY" in os.environ


@contextmanager
def store_chosen(state: Path, name: str = CHOSEN, take_over_s: float = TAKE_OVER_S) -> Generator[Store]:
    """The store of that name, with a server of its own where it needs one."""
    if name == "sqlite":
        yield StateDirectory(state)
        return
    if name != "postgres":
        raise SystemExit(f"STORE is one of {', '.join(STORES)}, not {name}")
    from real_postgres import RealPostgres

    postgres = RealPostgres()
    try:
        store = Database(postgres.database(), state, take_over_s)
        yield store
        store.close()
    finally:
        postgres.stop()
