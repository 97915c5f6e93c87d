"""The recent past in SQLite: what counts is found by an index when a process starts, and noted from there on."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from spentkey.core.credential import SKEW
from spentkey.core.evidence import Facts
from spentkey.storage.recent_past import EVER, RecentPast
from spentkey.storage.sqlite.nodes import SINCE

KNOWS_CANARIES = 2
"""From this version of the tables on a column finds the record that proves a version of the program."""
COUNTED = """
    INDEXED BY spentkey_evidence_counted WHERE what IN ('intent', 'handing-over') AND at >= ? ORDER BY seq
"""
STOPPED = """
    INDEXED BY spentkey_evidence_stops WHERE what IN ('survivor-lost', 'paused', 'resumed') AND seq >= coalesce((
        SELECT seq FROM spentkey_evidence INDEXED BY spentkey_evidence_stops
        WHERE what IN ('survivor-lost', 'paused', 'resumed') AND what = 'resumed'
            AND (instr(line, '"stops":[') = 0 OR instr(line, '"left":[]') > 0)
        ORDER BY seq DESC LIMIT 1), 0)
    ORDER BY seq
"""
"""From the last record on that lifted all stops. Quotes in texts are escaped, so `"left":[` is the record's own field.

INDEXED BY: SQLite would rather read the whole table in the order of `seq` (sqlite.org/lang_indexedby.html).
"""
NARROWED = "WHERE task = ? AND seq > ? AND what = 'stop-narrowed' ORDER BY seq"
OLDER = "WHERE at < ? ORDER BY seq DESC LIMIT 1"
SET_BACK = """
    SELECT max(seq), earliest FROM (
        SELECT seq, what, at, min(at) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS earliest
        FROM spentkey_evidence WHERE seq >= ?)
    WHERE what = 'handing-over' AND earliest < at - ? GROUP BY earliest
"""
"""The hand-overs after which a clock was set back, and the earliest time on record after them."""
AT_AFTER = "WHERE seq > ? AND at = ? ORDER BY seq LIMIT 1"
LATEST = "INDEXED BY spentkey_evidence_canary WHERE canary = ? ORDER BY seq DESC LIMIT 1"
OF_RUN = "SELECT count(*) FROM spentkey_evidence WHERE what = 'intent' AND run = ?"


SELECT = """
    SELECT seq, at, what, task, app_id, key_id, run, canary, line,
        coalesce((SELECT CAST(nodes AS BLOB) FROM spentkey_tree WHERE spentkey_tree.seq = spentkey_evidence.seq),
            (SELECT max(seq) FROM spentkey_tree)) AS nodes
    FROM spentkey_evidence
"""
"""A row, and what the tree has beside it, as `tree_nodes.Stored`."""
SELECT_OF_2 = "SELECT seq, at, what, task, app_id, key_id, run, canary, line, NULL AS nodes FROM spentkey_evidence "
"""For tables of version 2 and 3, which a command that only reads may meet before one that works has upgraded them."""
SELECT_OF_1 = (
    "SELECT seq, at, what, task, app_id, key_id, run, NULL AS canary, line, NULL AS nodes FROM spentkey_evidence "
)
"""The same for tables of version 1."""


def select_for(connection: sqlite3.Connection) -> str:
    """The columns of a row, as far as the tables have them."""
    version = _version(connection)
    return SELECT if version >= SINCE else SELECT_OF_2 if version >= KNOWS_CANARIES else SELECT_OF_1


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


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
        if self.connection is None or _version(self.connection) < KNOWS_CANARIES:
            return None
        row = self.connection.execute(select_for(self.connection) + LATEST, (key,)).fetchone()
        return self._believed(row) if row is not None and self._believed is not None else None

    def counted(self, connection: sqlite3.Connection, select: str) -> Sequence[Any]:
        """The rows that count, in the order of `seq`: the stops that stand, and what was begun since `begins`."""

        def rows(condition: str, *values: object) -> list[Any]:
            return connection.execute(select + condition, values).fetchall()

        stops = rows(STOPPED)
        narrowed = [
            row for seq, _, what, task, *_ in stops if what == "survivor-lost" for row in rows(NARROWED, task, seq)
        ]
        begun = rows(COUNTED, self.begins.timestamp())
        handed_over = [row[0] for row in begun if row[2] == "handing-over"]
        bounds: list[Any] = rows(OLDER, self.begins.timestamp()) if handed_over else []
        young = [seq for seq in handed_over if not bounds or seq > bounds[0][0]]
        if young:
            for seq, earliest in connection.execute(SET_BACK, (young[0], SKEW.total_seconds())).fetchall():
                bounds += rows(AT_AFTER, seq, earliest)
        return sorted({row[0]: row for row in (*stops, *narrowed, *begun, *bounds)}.values())

    def removals_in(self, run: str) -> int:
        """How many removals a run has begun, by the index of runs."""
        if self.connection is None:
            return 0
        return int(self.connection.execute(OF_RUN, (run,)).fetchone()[0])
