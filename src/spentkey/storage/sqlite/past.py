"""The recent past in SQLite: what counts is found by an index when a process starts, and noted from there on."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

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
OF_RUN = "SELECT count(*) FROM spentkey_evidence WHERE what = 'intent' AND run = ?"


class StoredPast(RecentPast):
    """A `Past` that knows removals and hand-overs from the time `begins` on, and counts those of a run in the table."""

    def __init__(self, connection: sqlite3.Connection | None = None, begins: datetime = EVER) -> None:
        super().__init__(begins)
        self.connection = connection

    def counted(self, connection: sqlite3.Connection, select: str) -> Iterator[Any]:
        """The rows that count: the stops that stand, and what was begun since `begins`."""
        yield from connection.execute(select + STOPPED).fetchall()
        yield from connection.execute(select + COUNTED, (self.begins.timestamp(),)).fetchall()

    def removals_in(self, run: str) -> int:
        """How many removals a run has begun, by the index of runs."""
        if self.connection is None:
            return 0
        return int(self.connection.execute(OF_RUN, (run,)).fetchone()[0])
