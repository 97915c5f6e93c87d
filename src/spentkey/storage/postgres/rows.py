"""A record as a row: what stands beside its line so that it can be found, and the conditions that find it by an index.

Rows that a program of version 1 wrote have no `at` and no `run`; what was to be counted of them got its `at` when the
tables were upgraded. So whoever searches by `at` also takes rows without one.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from spentkey.core.canary import canary_key
from spentkey.core.evidence import Facts, field_in_line
from spentkey.storage.tree_nodes import Stored

SELECT: LiteralString = """
    SELECT seq, at, what, task, task_ref, app_id, key_id, run, canary, line,
        (SELECT nodes FROM spentkey_tree AS tree WHERE tree.seq = spentkey_evidence.seq) AS nodes,
        (SELECT max(tree.seq) FROM spentkey_tree AS tree) AS tree_end
    FROM spentkey_evidence
"""
SELECT_OF_3: LiteralString = """
    SELECT seq, at, what, task, task_ref, app_id, key_id, run, canary, line, NULL::bytea AS nodes, NULL::bigint AS tree_end
    FROM spentkey_evidence
"""
"""For tables of version 3 and 4, the same as below."""
SELECT_OF_2: LiteralString = """
    SELECT * FROM (
        SELECT seq, at, what, task, task_ref, app_id, key_id, run, NULL::text AS canary, line, NULL::bytea AS nodes,
            NULL::bigint AS tree_end
        FROM spentkey_evidence) AS version_2
"""
"""For tables of version 2, the same as below."""
SELECT_OF_1: LiteralString = """
    SELECT * FROM (
        SELECT seq, NULL::timestamptz AS at, what, task, NULL::text AS task_ref, app_id, key_id, NULL::text AS run,
            NULL::text AS canary, line, NULL::bytea AS nodes, NULL::bigint AS tree_end
        FROM spentkey_evidence) AS version_1
"""
"""For tables of version 1, which a command that only reads may meet before a worker has upgraded them."""
INSERT: LiteralString = (
    "INSERT INTO spentkey_evidence (seq, at, what, task, task_ref, app_id, key_id, run, canary, line) VALUES "
)
INSERT_NODES: LiteralString = "INSERT INTO spentkey_tree (seq, nodes) VALUES "
NODES: LiteralString = "(%s, %s)"
VALUES: LiteralString = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

LAST: LiteralString = "ORDER BY seq DESC LIMIT 1"
AFTER: LiteralString = "WHERE seq >= %(first)s ORDER BY seq LIMIT %(page)s"
THESE: LiteralString = "WHERE seq = ANY(%(these)s::bigint[]) ORDER BY seq"
GAPS: LiteralString = "WHERE seq > %(after)s AND what = 'gap' ORDER BY seq"
"""Read where records are lost, and then alone."""
COUNTED: LiteralString = """
    WHERE what IN ('intent', 'handing-over') AND (at >= %(since)s OR at IS NULL) ORDER BY seq
"""
"""Without a condition on `seq`, for which the server would rather read the index of the whole chain as well."""
STOPPED: LiteralString = """
    WHERE what IN ('survivor-lost', 'paused', 'resumed') AND seq < %(end)s AND seq >= coalesce((
        SELECT seq FROM spentkey_evidence
        WHERE what IN ('survivor-lost', 'paused', 'resumed') AND what = 'resumed' AND seq < %(end)s
            AND (strpos(line, '"stops":[') = 0 OR strpos(line, '"left":[]') > 0)
        ORDER BY seq DESC LIMIT 1), 0)
    ORDER BY seq
"""
"""From the last record on that lifted all stops. Quotes in texts are escaped, so `"left":[` is the record's own field."""
CANARIES: LiteralString = """
    WHERE seq < %(end)s AND seq IN (
        WITH RECURSIVE kinds(canary) AS (
            SELECT min(canary) FROM spentkey_evidence WHERE canary IS NOT NULL
            UNION ALL
            SELECT (SELECT min(canary) FROM spentkey_evidence WHERE canary > kinds.canary)
            FROM kinds WHERE kinds.canary IS NOT NULL)
        SELECT (SELECT max(seq) FROM spentkey_evidence AS one WHERE one.canary = kinds.canary AND seq < %(end)s)
        FROM kinds WHERE kinds.canary IS NOT NULL)
    ORDER BY seq
"""
"""The latest record of each kind; the kinds are few, and found one after the other by the index."""
NARROWED: LiteralString = (
    "WHERE (task = %(number)s OR task_ref = %(text)s) AND seq > %(seq)s AND seq < %(end)s AND what = 'stop-narrowed' "
    "ORDER BY seq"
)
OLDER: LiteralString = "WHERE at < %(since)s AND seq < %(end)s ORDER BY seq DESC LIMIT 1"
SET_BACK: LiteralString = """
    SELECT max(seq), earliest FROM (
        SELECT seq, what, at, min(at) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS earliest
        FROM spentkey_evidence WHERE seq >= %(first)s AND seq < %(end)s) AS since
    WHERE what = 'handing-over' AND earliest < at - %(skew)s::interval GROUP BY earliest
"""
"""The hand-overs after which a clock was set back, and the earliest time on record after them."""
AT_AFTER: LiteralString = "WHERE seq > %(seq)s AND at = %(at)s ORDER BY seq LIMIT 1"
OF_NUMBER: LiteralString = "WHERE task = %(of)s ORDER BY seq"
OF_TEXT: LiteralString = "WHERE task_ref = %(of)s ORDER BY seq"
OF_APP: LiteralString = "WHERE what = 'intent' AND app_id = %(of)s ORDER BY seq"
ANSWERS_OF_NUMBERS: LiteralString = "WHERE task = ANY(%(of)s::bigint[]) AND what = 'answer'"
ANSWERS_OF_TEXTS: LiteralString = "WHERE task_ref = ANY(%(of)s::text[]) AND what = 'answer'"
END_OF_TRY: LiteralString = """
    WHERE seq = coalesce(
        (SELECT seq FROM spentkey_evidence WHERE what = 'result' AND strpos(line, %(of)s) > 0
            ORDER BY seq DESC LIMIT 1),
        (SELECT seq FROM spentkey_evidence WHERE what = 'step-result' AND strpos(line, %(of)s) > 0
            ORDER BY seq DESC LIMIT 1))
"""
"""What has no index is looked through, results first."""
OPENINGS: LiteralString = """
    WHERE what IN ('opening', 'opened') AND (%(key_id)s::text IS NULL OR key_id = %(key_id)s)
        AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND strpos(line, %(state)s) > 0 ORDER BY seq
"""
"""The position of an empty text is 1."""
RESULTS: LiteralString = "WHERE what = 'result' AND seq < %(before)s ORDER BY seq DESC LIMIT %(limit)s"


def inserting(count: int) -> LiteralString:
    """The statements for so many records, and for the nodes beside them."""
    rows: list[LiteralString] = [VALUES for _ in range(count)]
    pairs: list[LiteralString] = [NODES for _ in range(count)]
    return INSERT + ", ".join(rows) + ";" + INSERT_NODES + ", ".join(pairs)


TABLES: LiteralString = """
    SELECT to_regclass('spentkey_evidence') IS NOT NULL, ARRAY(
        SELECT attname::text FROM pg_attribute
        WHERE attrelid IN (to_regclass('spentkey_evidence'), to_regclass('spentkey_tree'))
            AND attname IN ('task_ref', 'canary', 'nodes') AND NOT attisdropped)
"""
"""Whether there is a table, and which columns of version 2, 3 and 5 there are."""


def select_for(columns: Sequence[str]) -> LiteralString:
    """How rows are read from tables that have these columns."""
    if "nodes" in columns:
        return SELECT
    if "canary" in columns:
        return SELECT_OF_3
    return SELECT_OF_2 if "task_ref" in columns else SELECT_OF_1


class Row(NamedTuple):
    """One row, in the order of `INSERT`."""

    seq: int
    at: datetime | None
    what: str
    task: int | None
    task_ref: str | None
    app_id: str | None
    key_id: str | None
    run: str | None
    canary: str | None
    record_line: str


class StoredRow(NamedTuple):
    """One row, and what the tree has beside it, in the order of `SELECT`."""

    seq: int
    at: datetime | None
    what: str
    task: int | None
    task_ref: str | None
    app_id: str | None
    key_id: str | None
    run: str | None
    canary: str | None
    record_line: str
    nodes: bytes | None
    tree_end: int | None

    @property
    def beside(self) -> Stored:
        """The nodes; where there are none, the last `seq` that has some."""
        return self.tree_end if self.nodes is None else self.nodes


def row_of(record: Facts, record_line: str) -> Row:
    """A record with what stands beside it."""
    task = record.get("task")
    return Row(
        int(record["seq"]),
        datetime.fromisoformat(record["at"]),
        str(record["what"]),
        task if type(task) is int else None,
        _text(task),
        _text(record.get("app_id")),
        _text(record.get("key_id")),
        _text(record.get("run")),
        canary_key(record),
        record_line,
    )


def says_the_same(found: StoredRow, record: Facts) -> bool:
    """Whether the columns are what the record says; a row of version 1 may lack its `at` and `run`."""
    try:
        whole = row_of(record, found.record_line)
    except (KeyError, TypeError, ValueError):  # its hash is right and it is no record: somebody made it
        return False
    if found.run is None:
        found = found._replace(at=found.at or whole.at, run=whole.run)
    return found[: len(whole)] == tuple(whole)


def searchable(text: str) -> str:
    """A text as a column can hold it: PostgreSQL takes no NUL and no half of a surrogate pair.

    Two texts may become the same, so what was found is compared with the record itself.
    """
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8").replace("\0", "\\0")


def _text(value: object) -> str | None:
    return searchable(value) if isinstance(value, str) else None


class FindsOpenings(ABC):
    """Evidence that finds the records `opening` and `opened`."""

    @abstractmethod
    async def _found(self, condition: LiteralString, **values: Any) -> list[Facts]: ...

    async def openings(
        self, *, key_id: str | None = None, since: datetime | None = None, state: str | None = None
    ) -> Sequence[Facts]:
        """By their own index; the state is looked for in the lines."""
        wanted = field_in_line("state", state) if state is not None else ""
        key = searchable(key_id) if key_id is not None else None
        return await self._found(OPENINGS, key_id=key, since=since, state=wanted)
