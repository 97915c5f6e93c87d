"""Notices of one machine that are to be sent, beside the evidence and no part of it."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from spentkey.core.notices import Notice
from spentkey.ports.outbox import GIVEN_UP_AFTER, MOST_WAITING, REMEMBERED, Put, Taken, delay_s
from spentkey.ports.runtime import Clock
from spentkey.storage.sqlite.store import Store

T = TypeVar("T")


class SqliteOutbox:
    """The `Outbox` port on the database in the state directory."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._store, self._clock, self._guard = Store(directory), clock, threading.Lock()

    async def put(self, notice: Notice) -> Put:
        """Keep it."""

        def change(connection: Connection) -> Put:
            if connection.execute("SELECT 1 FROM spentkey_notices WHERE key = ?", (notice.key,)).fetchone():
                return Put.KNOWN
            (waiting,) = connection.execute("SELECT count(*) FROM spentkey_notices WHERE done = 0").fetchone()
            if waiting >= MOST_WAITING:
                return Put.FULL
            at = notice.at.timestamp()
            connection.execute(
                "INSERT INTO spentkey_notices (key, id, at, event, body, due) VALUES (?, ?, ?, ?, ?, ?)",
                (notice.key, notice.id, at, notice.event, notice.body, at),
            )
            return Put.NEW

        if await asyncio.to_thread(self._is_known, notice.key):
            return Put.KNOWN  # the usual answer, which needs no write
        return await asyncio.to_thread(self._write, change)

    async def take(self) -> Taken | None:
        """The oldest one that is due; a clock that was set back holds none up for ever."""
        now = self._clock.now().timestamp()
        due = "done = 0 AND (due <= :now OR due > :now + 2 * 3600)"

        def change(connection: Connection) -> Taken | None:
            row = connection.execute(
                f"SELECT key, id, at, event, body, tries FROM spentkey_notices WHERE {due} ORDER BY at LIMIT 1",  # noqa: S608
                {"now": now},
            ).fetchone()
            if row is None:
                return None
            key, notice_id, at, event, body, tries = row
            connection.execute(
                "UPDATE spentkey_notices SET tries = ?, due = ? WHERE key = ?",
                (tries + 1, now + delay_s(tries + 1), key),
            )
            return Taken(Notice(key, notice_id, datetime.fromtimestamp(at, UTC), event, body), tries + 1)

        if not await asyncio.to_thread(self._is_waiting):
            return None
        return await asyncio.to_thread(self._write, change)

    async def sent(self, key: str) -> None:
        """It has arrived."""
        done = "UPDATE spentkey_notices SET done = 1 WHERE key = ?"
        await asyncio.to_thread(self._write, lambda connection: connection.execute(done, (key,)).rowcount)

    async def tidy(self) -> int:
        """Give up and forget."""
        now = self._clock.now()
        old, forgotten = (now - GIVEN_UP_AFTER).timestamp(), (now - REMEMBERED).timestamp()

        def change(connection: Connection) -> int:
            connection.execute("DELETE FROM spentkey_notices WHERE at < ?", (forgotten,))
            given_up = "UPDATE spentkey_notices SET done = 1 WHERE done = 0 AND at < ?"
            return connection.execute(given_up, (old,)).rowcount

        return await asyncio.to_thread(self._write, change)

    def close(self) -> None:
        """Close the database."""
        with self._guard:
            self._store.close()

    def _write(self, change: Callable[[Connection], T]) -> T:
        with self._guard, self._store.writing() as connection:
            return change(connection)

    def _is_known(self, key: str) -> bool:
        return self._is_there("key = ?", key)

    def _is_waiting(self) -> bool:
        return self._is_there("done = ?", 0)

    def _is_there(self, condition: str, value: str | int) -> bool:
        query = f"SELECT 1 FROM spentkey_notices WHERE {condition} LIMIT 1"  # noqa: S608  # our own text
        with self._guard, self._store.reading() as connection:
            return connection is not None and connection.execute(query, (value,)).fetchone() is not None
