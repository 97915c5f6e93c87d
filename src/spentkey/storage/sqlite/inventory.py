"""The inventory of one machine, beside the evidence and no part of it."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeVar

from spentkey.core.inventory import InventoryEntry, ScanMark, Update
from spentkey.storage.inventory_rows import COLUMNS, IN_ORDER, MARK_COLUMNS, entry_of, mark_of, mark_row, row_of
from spentkey.storage.sqlite.schema import SCANS_SINCE
from spentkey.storage.sqlite.store import Store

T = TypeVar("T")
SORTED = "ORDER BY tenant, object_id, key_id, spell"
WRITE = f"INSERT OR REPLACE INTO spentkey_inventory ({IN_ORDER}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
OURS = """
    tenant = ? AND spell = (
        SELECT max(spell) FROM spentkey_inventory AS other
        WHERE other.tenant = mine.tenant AND other.object_id = mine.object_id AND other.key_id = mine.key_id)
"""


class SqliteInventory:
    """The `Inventory` port on the database in the state directory. Who only reads sees none where there is no store yet."""

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        self._store, self._guard = Store(directory, read_only=read_only), threading.Lock()

    async def entries(self, tenant: str | None = None) -> Sequence[InventoryEntry]:
        """What is there now."""
        condition, values = ("left_at IS NULL", ()) if tenant is None else ("left_at IS NULL AND tenant = ?", (tenant,))
        return await asyncio.to_thread(self._read, condition, values)

    async def between(self, since: datetime, until: datetime) -> Sequence[InventoryEntry]:
        """By when they lapsed and left."""
        condition = "lapsed_at <= ? AND (left_at IS NULL OR left_at >= ?)"
        return await asyncio.to_thread(self._read, condition, (_stamp(until), _stamp(since)))

    async def update(self, tenant: str, change: Update) -> None:
        """In one transaction, which shuts out every other writer of the file."""

        def write(connection: Connection) -> None:
            query = f"SELECT {IN_ORDER} FROM spentkey_inventory AS mine WHERE {OURS}"  # noqa: S608  # our own text
            known = [entry_of(row, _moment) for row in connection.execute(query, (tenant,))]
            connection.executemany(WRITE, [row_of(one, _stamp) for one in change(known)])

        await asyncio.to_thread(self._write, write)

    async def mark(self, scan: ScanMark) -> None:
        """Once."""
        statement = f"INSERT OR IGNORE INTO spentkey_scans ({MARK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608

        def write(connection: Connection) -> None:
            connection.execute(statement, mark_row(scan, _stamp))

        await asyncio.to_thread(self._write, write)

    async def last_scan(self, *, complete: bool = False) -> ScanMark | None:
        """By its time."""
        found = await asyncio.to_thread(self._marks, f"complete >= {int(complete)} ORDER BY at DESC, scan LIMIT 1", ())
        return found[0] if found else None

    async def scans(self, since: datetime, until: datetime) -> Sequence[ScanMark]:
        """By their time."""
        condition = "complete = 1 AND at >= ? AND at <= ? ORDER BY at, scan"
        return await asyncio.to_thread(self._marks, condition, (_stamp(since), _stamp(until)))

    async def forget(self, before: datetime) -> int:
        """What left is forgotten; what is there stays, however old."""

        def write(connection: Connection) -> int:
            connection.execute("DELETE FROM spentkey_scans WHERE at < ?", (_stamp(before),))
            return connection.execute("DELETE FROM spentkey_inventory WHERE left_at < ?", (_stamp(before),)).rowcount

        return await asyncio.to_thread(self._write, write)

    def close(self) -> None:
        """Close the database."""
        with self._guard:
            self._store.close()

    def _write(self, change: Callable[[Connection], T]) -> T:
        with self._guard, self._store.writing() as connection:
            return change(connection)

    def _read(self, condition: str, values: Sequence[Any]) -> list[InventoryEntry]:
        query = f"SELECT {IN_ORDER} FROM spentkey_inventory WHERE {condition} {SORTED}"  # noqa: S608  # our own text
        return [entry_of(row, _moment) for row in self._rows(query, values)]

    def _marks(self, condition: str, values: Sequence[Any]) -> list[ScanMark]:
        query = f"SELECT {MARK_COLUMNS} FROM spentkey_scans WHERE {condition}"  # noqa: S608  # our own text
        return [mark_of(row, _moment) for row in self._rows(query, values)]

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._guard, self._store.reading() as connection:
            if connection is None or connection.execute("PRAGMA user_version").fetchone()[0] < SCANS_SINCE:
                return []  # an older program made the store, and nobody has scanned since
            return connection.execute(query, values).fetchall()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored)
