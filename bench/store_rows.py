"""Records for the stores that the bench measures: as many as are asked for, in stories of four, over two years."""

import asyncio
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from spentkey.core.evidence import GENESIS, Facts, Sealed, seal
from spentkey.core.secret import Secret
from spentkey.core.tree import CompactRange
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.rows import row_of
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.sqlite.evidence import SqliteEvidence, put
from spentkey.storage.sqlite.store import FILE
from spentkey.storage.tree_nodes import made_whole
from spentkey.system import SystemClock

KINDS = ("intent", "answer", "verified", "result")
FIRST_TASK = 1_000_000
"""The tasks of these records; the simulator's have other numbers."""
APPLICATIONS = 997
OVER = timedelta(days=730)
_SPACE = uuid.UUID("b7000000-0000-4000-8000-0000000000fe")
_APPLICATIONS = [str(uuid.uuid5(_SPACE, str(number))) for number in range(APPLICATIONS)]
COPY: LiteralString = (
    "COPY spentkey_evidence (seq, at, what, task, task_ref, app_id, key_id, run, canary, line) FROM STDIN"
)

COPY_NODES: LiteralString = "COPY spentkey_tree (seq, nodes) FROM STDIN"


def facts_of(number: int) -> tuple[str, Facts]:
    """What the record with that number is about; four of them to a task, each task with a run of its own."""
    story = number // len(KINDS)
    key_id = f"5eed0000-0000-4000-8000-{story:012d}"
    app_id, run = _APPLICATIONS[story % APPLICATIONS], f"run-{story:012d}"
    facts: dict[str, Any] = {"task": FIRST_TASK + story, "app_id": app_id, "key_id": key_id, "run": run}
    return KINDS[number % len(KINDS)], facts


def generated(count: int, now: datetime) -> Iterator[Sealed]:
    """So many records in one chain, evenly over the two years that end a minute ago."""
    first, prev = now - OVER - timedelta(minutes=1), GENESIS
    for number in range(count):
        what, facts = facts_of(number)
        sealed = seal(prev, number, first + OVER * ((number + 1) / count), what, facts)
        prev = sealed.hash
        yield sealed


def fill_sqlite(state: Path, count: int, now: datetime) -> None:
    """A state directory with so many records, none at all among them; they are put there in one transaction."""
    evidence = SqliteEvidence(state, SystemClock())
    evidence.open()
    evidence.close()
    with closing(sqlite3.connect(state / FILE)) as connection, connection:
        put(connection, CompactRange(), (one.record_line for one in generated(count, now)))


def fill_postgres(url: str, count: int, now: datetime) -> None:
    """An empty database with so many records, by COPY; its statistics are as a server in use has them."""
    asyncio.run(_prepare(url))
    grown = CompactRange()
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for one in generated(count, now):
                copy.write_row(row_of(one.record, one.record_line))
        with connection.cursor() as cursor, cursor.copy(COPY_NODES) as copy:
            for one in generated(count, now):
                copy.write_row((one.seq, made_whole(grown, one.record_line)))
        connection.execute("VACUUM (ANALYZE) spentkey_evidence")
        connection.execute("CHECKPOINT")


async def _prepare(url: str) -> None:
    async with opened(Secret(url)) as database:
        await prepare(database)
