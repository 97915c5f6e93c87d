"""The recent past in SQLite: what counts is found by an index when a process starts, and noted from there on."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from spentkey.core.evidence import Facts
from spentkey.storage.recent_past import EVER, RecentPast

COUNTED = """
    INDEXED BY spentkey_evidence_counted WHERE what IN ('intent', 'handing-over') AND at >= ? ORDER BY seq
"""
STOPPED = """
    INDEXED BY spentkey_evidence_stops WHERE what IN ('survivor-lost', 'paused', 'resumed') AND seq >= coalesce((
        SELECT seq FROM spentkey_evidence INDEXED BY spentkey_evidence_stops
        WHERE what IN ('survivor-lost', 'paused', 'resumed') AND what = 'resumed' ORDER BY seq DESC LIMIT 1), 0)
    ORDER BY seq
"""
"""INDEXED BY: SQLite would rather read the whole table in the order of `seq` (sqlite.org/lang_indexedby.html)."""
LATEST = "INDEXED BY spentkey_evidence_canary WHERE canary = ? ORDER BY seq DESC LIMIT 1"
OF_RUN = "SELECT count(*) FROM spentkey_evidence WHERE what = 'intent' AND run = ?"


SELECT = "SELECT seq, at, what, task, app_id, key_id, run, canary, line FROM spentkey_evidence "
SELECT_OF_1 = "SELECT seq, at, what, task, app_id, key_id, run, NULL AS canary, line FROM spentkey_evidence "
"""For tables of version 1, which a command that only reads may meet before one that works has upgraded them."""


def select_for(connection: sqlite3.Connection) -> str:
    """The columns of a row, as far as the tables have them."""
    return SELECT if _knows_canaries(connection) else SELECT_OF_1


def _knows_canaries(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] >= 2)


class StoredPast(RecentPast):
    """A `Past` that knows removals and hand-overs from the time `begins` on, and finds the rest in the table.

    `believed` gives the record of a row, if it is what was written.
    """

    def __init__(
        self,
        connection: sqlite3.Connection | None = None,
        begins: datetime = EVER,
        believed: Callable[[Any], Facts] | None = None,
    ) -> None:
        super().__init__(begins)
        self.connection, self._believed = connection, believed

    def latest(self, key: str) -> Facts | None:
        """By the index of canaries."""
        if self.connection is None or not _knows_canaries(self.connection):
            return None
        row = self.connection.execute(SELECT + LATEST, (key,)).fetchone()
        return self._believed(row) if row is not None and self._believed is not None else None

    def counted(self, connection: sqlite3.Connection, select: str) -> Iterator[Any]:
        """The rows that count: the stops that stand, and what was begun since `begins`."""
        yield from connection.execute(select + STOPPED).fetchall()
        yield from connection.execute(select + COUNTED, (self.begins.timestamp(),)).fetchall()

    def removals_in(self, run: str) -> int:
        """How many removals a run has begun, by the index of runs."""
        if self.connection is None:
            return 0
        return int(self.connection.execute(OF_RUN, (run,)).fetchone()[0])
