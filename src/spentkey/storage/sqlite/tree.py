"""The tree over the evidence of one machine, and what is stored beside it: checkpoints, anchors, the log's own name.

It reads and writes on the connection of `SqliteEvidence`: a fault that one of them finds ends every call of both.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from spentkey.core.errors import Misconfigured
from spentkey.core.evidence import Facts
from spentkey.core.tree import TreeHead
from spentkey.ports.evidence_tree import Anchor, Filters
from spentkey.storage.sqlite.evidence import LINE, SqliteEvidence, StoredRow
from spentkey.storage.sqlite.nodes import has_tree, known_of, length_of, lines_between
from spentkey.storage.sqlite.past import select_for
from spentkey.storage.tree_nodes import PAGE, Proving, TreeFaults, check_leaf, check_size, refuse_beyond
from spentkey.storage.wanted import is_wanted, may_be

SCANNED = 20_000
"""How many records are looked through for a time at once, so that no writer waits for long."""
T = TypeVar("T")


class SqliteTree:
    """The `EvidenceTree` port on the database in the state directory."""

    def __init__(self, evidence: SqliteEvidence) -> None:
        self._evidence, self._where = evidence, evidence.where
        self._proving, self._faults = Proving(self._where), TreeFaults(self._where)

    async def origin(self) -> str:
        """The log's own name; raises `Misconfigured` on tables of an older version, for who only reads."""
        found = await asyncio.to_thread(
            self._read, lambda connection: _rows(connection, "SELECT origin FROM spentkey_log")
        )
        if found is None or found == []:
            raise Misconfigured(
                f"state.directory: {self._where} has no log of its own yet; the next spentkey run, work or serve makes it"
            )
        return str(found[0][0])

    async def head(self, size: int | None = None) -> TreeHead:
        """The root over the first `size` records, or over all."""
        return await asyncio.to_thread(self._head, size)

    async def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """The proof that a record is among the first `size`, checked against their root."""
        return await asyncio.to_thread(self._inclusion, seq, size)

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """The proof that the tree goes on from an older one, checked against both roots."""
        return await asyncio.to_thread(self._consistency, old, new)

    async def lines(self, first: int = 0, until: int | None = None) -> AsyncIterator[str]:
        """The records, each held against its leaf, page by page."""
        while until is None or first < until:
            most = PAGE if until is None else min(PAGE, until - first)
            found = await asyncio.to_thread(self._read, partial(self._page, first, most)) or []
            for record_line in found:
                yield record_line
            first += len(found)
            if len(found) < most and until is not None:
                raise self._faults.gone(first)
            if len(found) < most:
                return

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """The run of `seq` that is a period."""
        length = await asyncio.to_thread(self._read, length_of) or 0
        first = 0 if since is None else await self._first_at(since, length)
        end = length if until is None else await self._end_at(until, length)
        return first, max(first, end)

    async def results(self, wanted: Filters, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The newest results that are asked for, newest first; `limit` at most."""
        at, found = 2**62 if before is None else before, list[Facts]()
        while len(found) < limit:
            page = await asyncio.to_thread(self._read, partial(self._results, wanted, at)) or ([], None)
            found += page[0]
            if page[1] is None:
                break
            at = page[1]
        return found[:limit]

    async def keep_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Store a signed checkpoint for good."""
        await asyncio.to_thread(
            self._write,
            "INSERT INTO spentkey_checkpoints (size, at, note) VALUES (?, ?, ?)",
            (size, at.timestamp(), note),
        )

    async def checkpoint(self, least: int = 0) -> str | None:
        """The newest checkpoint over at least so many records."""
        newest = "SELECT note FROM spentkey_checkpoints WHERE size >= ? ORDER BY number DESC LIMIT 1"
        found = await asyncio.to_thread(self._read, lambda connection: _rows(connection, newest, least))
        return str(found[0][0]) if found else None

    async def checkpointed_at(self) -> datetime | None:
        """When the newest checkpoint was stored."""
        newest = "SELECT at FROM spentkey_checkpoints ORDER BY number DESC LIMIT 1"
        found = await asyncio.to_thread(self._read, lambda connection: _rows(connection, newest))
        return datetime.fromtimestamp(found[0][0], UTC) if found else None

    async def checkpoints(self) -> AsyncIterator[str]:
        """All checkpoints, oldest first, page by page."""
        page = "SELECT number, size, note FROM spentkey_checkpoints WHERE number > ? ORDER BY number LIMIT ?"
        after = 0
        while found := await asyncio.to_thread(self._read, lambda one, at=after: _rows(one, page, at, PAGE)):
            for number, size, note in found:
                check_size(self._faults, number, size, str(note))
                yield str(note)
                after = number

    async def keep_anchor(self, anchor: Anchor) -> None:
        """Store what somebody else said of a checkpoint."""
        await asyncio.to_thread(
            self._write,
            "INSERT INTO spentkey_anchors (size, kind, at, token) VALUES (?, ?, ?, ?)",
            (anchor.size, anchor.kind, anchor.at.timestamp(), anchor.token),
        )

    async def anchors(self, size: int | None = None) -> Sequence[Anchor]:
        """The anchors of that size, or all, oldest first."""
        wanted = "SELECT size, kind, at, token FROM spentkey_anchors WHERE ? IS NULL OR size = ? ORDER BY number"
        found = await asyncio.to_thread(self._read, lambda connection: _rows(connection, wanted, size, size))
        return [Anchor(of, kind, datetime.fromtimestamp(at, UTC), token) for of, kind, at, token in found or []]

    def _read(self, ask: Callable[[sqlite3.Connection], T]) -> T | None:
        with self._evidence.reading() as connection:
            return ask(connection) if connection is not None else None

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self._evidence.writing() as connection:
            connection.execute(statement, values)

    def _head(self, size: int | None) -> TreeHead:
        with self._evidence.reading() as connection:
            length = length_of(connection)
            size = length if size is None else size
            refuse_beyond(size, length)
            return self._proving.head(size, known_of(connection, self._proving.for_head(size), self._where))

    def _inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        wanted = self._proving.for_inclusion(seq, size)
        with self._evidence.reading() as connection:
            refuse_beyond(size, length_of(connection))
            (record_line,) = lines_between(connection, seq, seq + 1, self._where)
            return self._proving.inclusion(seq, size, record_line, known_of(connection, wanted, self._where))

    def _consistency(self, old: int, new: int) -> Sequence[bytes]:
        wanted = self._proving.for_consistency(old, new)
        with self._evidence.reading() as connection:
            refuse_beyond(new, length_of(connection))
            return self._proving.consistency(old, new, known_of(connection, wanted, self._where))

    def _page(self, first: int, most: int, connection: sqlite3.Connection) -> list[str]:
        rows: list[StoredRow] = connection.execute(
            select_for(connection) + "WHERE seq >= ? ORDER BY seq LIMIT ?", (first, most)
        ).fetchall()
        for seq, row in enumerate(rows, first):
            if row[0] != seq:
                raise self._faults.gone(seq)
            check_leaf(self._faults, seq, row[LINE], row[-1])
        return [row[LINE] for row in rows]

    def _results(self, wanted: Filters, before: int, connection: sqlite3.Connection) -> tuple[list[Facts], int | None]:
        """Those of one page of results, and where the next one begins; None behind the last."""
        of_task = "" if wanted.task is None else " AND task = ?"
        page = f"WHERE what = 'result' AND seq < ?{of_task} ORDER BY seq DESC LIMIT ?"
        values = (before, PAGE) if wanted.task is None else (before, wanted.task, PAGE)
        rows: list[StoredRow] = connection.execute(select_for(connection) + page, values).fetchall()
        records = [self._evidence.believed(row) for row in rows if may_be(row[LINE], wanted)]
        found = [record for record in records if is_wanted(record, wanted)]
        return found, rows[-1][0] if len(rows) == PAGE else None

    async def _first_at(self, since: datetime, length: int) -> int:
        """The first record that is not earlier; behind the last where there is none."""
        for at in range(0, length, SCANNED):
            found = await self._seen("at >= ? ORDER BY seq", at, min(at + SCANNED, length), since)
            if found is not None:
                return found
        return length

    async def _end_at(self, until: datetime, length: int) -> int:
        """Behind the last record that is earlier; 0 where there is none."""
        for end in range(length, 0, -SCANNED):
            found = await self._seen("at < ? ORDER BY seq DESC", max(0, end - SCANNED), end, until)
            if found is not None:
                return found + 1
        return 0

    async def _seen(self, condition: str, first: int, end: int, at: datetime) -> int | None:
        """The first of these records for which that is so; it is believed by its line as well."""

        def look(connection: sqlite3.Connection) -> int | None:
            query = f"{select_for(connection)} WHERE seq >= ? AND seq < ? AND {condition} LIMIT 1"
            row: StoredRow | None = connection.execute(query, (first, end, at.timestamp())).fetchone()
            return None if row is None else int(self._evidence.believed(row)["seq"])

        return await asyncio.to_thread(self._read, look)


def _rows(connection: sqlite3.Connection, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a table of the version with the tree, or of the records; none where the tables are older."""
    if "spentkey_evidence" not in statement and not has_tree(connection):
        return []
    return connection.execute(statement, values).fetchall()
