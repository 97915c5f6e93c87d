"""The tree over the evidence of several machines, and what is stored beside it: checkpoints, anchors, the log's own name.

Each statement is one view, and nothing of these tables is ever changed or taken away: so what one statement found still
holds for the next one. A fault that is found here ends every call of the `PostgresEvidence` beside it, and one found there
ends every call of this one.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg.rows import TupleRow

from spentkey.core.errors import Misconfigured
from spentkey.core.evidence import Facts
from spentkey.core.tree import TreeHead
from spentkey.ports.evidence_tree import Anchor, Filters
from spentkey.storage.postgres import rows as stored
from spentkey.storage.postgres.connection import Postgres
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.nodes import TREE_END, WHERE, known_of
from spentkey.storage.tree_nodes import PAGE, Known, Node, Proving, TreeFaults, check_leaf, check_size, refuse_beyond
from spentkey.storage.wanted import is_wanted, may_be

LENGTH: LiteralString = "SELECT coalesce(max(seq), -1) + 1 FROM spentkey_evidence"
FIRST_AT: LiteralString = """
    WHERE seq >= %(first)s AND seq < %(end)s
        AND coalesce(at, substring(line from '"at":"([0-9T:.+-]+)"')::timestamptz) >= %(at)s
    ORDER BY seq LIMIT 1
"""
"""A row of version 1 has no `at`. Keys are sorted and quotes in texts escaped: where one comes before it, it is not a time."""
LAST_AT: LiteralString = """
    WHERE seq >= %(first)s AND seq < %(end)s
        AND coalesce(at, substring(line from '"at":"([0-9T:.+-]+)"')::timestamptz) < %(at)s
    ORDER BY seq DESC LIMIT 1
"""
RESULTS_OF: LiteralString = """
    WHERE (task = %(number)s OR task_ref = %(text)s) AND what = 'result' AND seq < %(before)s
    ORDER BY seq DESC LIMIT %(limit)s
"""
MOST = 2**63 - 1
"""The largest number of a task that a column holds."""


class PostgresTree:
    """The `EvidenceTree` port on a database whose tables were prepared; who only reads may do without."""

    def __init__(self, database: Postgres, evidence: PostgresEvidence) -> None:
        self._database, self._evidence = database, evidence
        self._proving, self._faults = Proving(WHERE), TreeFaults(WHERE)

    async def origin(self) -> str:
        """The log's own name; raises `Misconfigured` on tables of an older version, for who only reads."""
        found = await self._rows("SELECT origin FROM spentkey_log")
        if not found:
            raise Misconfigured(
                "engine.database_url: the tables have no log of their own yet; run spentkey database init, or start a worker"
            )
        return str(found[0][0])

    async def head(self, size: int | None = None) -> TreeHead:
        """The root over the first `size` records, or over all."""
        length, end = await self._ends()
        size = length if size is None else size
        refuse_beyond(size, length)
        return self._proving.head(size, await self._known(self._proving.for_head(size), end))

    async def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """The proof that a record is among the first `size`, checked against their root."""
        wanted = self._proving.for_inclusion(seq, size)
        length, end = await self._ends()
        refuse_beyond(size, length)
        (record_line,) = await self._page(seq, 1) or [""]
        known = await self._known(wanted, end)
        with self._evidence.remembered():
            return self._proving.inclusion(seq, size, record_line, known)

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """The proof that the tree goes on from an older one, checked against both roots."""
        wanted = self._proving.for_consistency(old, new)
        length, end = await self._ends()
        refuse_beyond(new, length)
        known = await self._known(wanted, end)
        with self._evidence.remembered():
            return self._proving.consistency(old, new, known)

    async def lines(self, first: int = 0, until: int | None = None) -> AsyncIterator[str]:
        """The records, each held against its leaf, page by page."""
        while until is None or first < until:
            most = PAGE if until is None else min(PAGE, until - first)
            found = await self._page(first, most)
            for record_line in found:
                yield record_line
            first += len(found)
            if len(found) < most and until is not None:
                with self._evidence.remembered():
                    raise self._faults.gone(first)
            if len(found) < most:
                return

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """The run of `seq` that is a period."""
        length, _ = await self._ends()
        first = 0 if since is None else await self._seen(FIRST_AT, length, since)
        last = length - 1 if until is None else await self._seen(LAST_AT, length, until)
        first = length if first is None else first
        return first, max(first, 0 if last is None else last + 1)

    async def results(self, wanted: Filters, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The newest results that are asked for, newest first; `limit` at most."""
        at, found = MOST if before is None else before, list[Facts]()
        while len(found) < limit and await self._evidence.there():
            if wanted.task is None:
                rows = await self._evidence.rows(stored.RESULTS, before=at, limit=PAGE)
            else:
                rows = await self._evidence.rows(RESULTS_OF, **_task(wanted.task), before=at, limit=PAGE)
            records = await self._evidence.believed([row for row in rows if may_be(row.record_line, wanted)])
            found += [record for record in records if is_wanted(record, wanted)]
            if len(rows) < PAGE:
                break
            at = rows[-1].seq
        return found[:limit]

    async def keep_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Store a signed checkpoint for good."""
        statement: LiteralString = (
            "INSERT INTO spentkey_checkpoints (size, at, note) VALUES (%(size)s, %(at)s, %(note)s)"
        )
        await self._evidence.store(statement, size=size, at=at, note=note)

    async def checkpoint(self, least: int = 0) -> str | None:
        """The newest checkpoint over at least so many records."""
        newest: LiteralString = (
            "SELECT note FROM spentkey_checkpoints WHERE size >= %(least)s ORDER BY number DESC LIMIT 1"
        )
        found = await self._rows(newest, least=least)
        return str(found[0][0]) if found else None

    async def checkpointed_at(self) -> datetime | None:
        """When the newest checkpoint was stored."""
        newest: LiteralString = "SELECT at FROM spentkey_checkpoints ORDER BY number DESC LIMIT 1"
        found = await self._rows(newest)
        return found[0][0].astimezone(UTC) if found else None

    async def checkpoints(self) -> AsyncIterator[str]:
        """All checkpoints, oldest first, page by page."""
        page: LiteralString = "SELECT number, size, note FROM spentkey_checkpoints WHERE number > %(after)s ORDER BY number LIMIT %(limit)s"
        after = 0
        while found := await self._rows(page, after=after, limit=PAGE):
            for number, size, note in found:
                check_size(self._faults, number, size, str(note))
                yield str(note)
                after = int(number)

    async def keep_anchor(self, anchor: Anchor) -> None:
        """Store what somebody else said of a checkpoint."""
        statement: LiteralString = """
            INSERT INTO spentkey_anchors (size, kind, at, token) VALUES (%(size)s, %(kind)s, %(at)s, %(token)s)
        """
        about = {"size": anchor.size, "kind": anchor.kind, "at": anchor.at, "token": anchor.token}
        await self._evidence.store(statement, **about)

    async def anchors(self, size: int | None = None) -> Sequence[Anchor]:
        """The anchors of that size, or all, oldest first."""
        wanted: LiteralString = """
            SELECT size, kind, at, token FROM spentkey_anchors
            WHERE %(size)s::bigint IS NULL OR size = %(size)s::bigint ORDER BY number
        """
        found = await self._rows(wanted, size=size)
        return [Anchor(of, kind, at.astimezone(UTC), bytes(token)) for of, kind, at, token in found]

    async def _rows(self, statement: LiteralString, **values: Any) -> list[TupleRow]:
        """The rows of a table of the version with the tree; none where the tables are older."""
        if not await self._evidence.there() or not self._evidence.has_tree:
            return []
        return await self._database.rows(statement, **values)

    async def _ends(self) -> tuple[int, int | None]:
        """How many records there are, and the last `seq` with nodes; older tables have none."""
        if not await self._evidence.there():
            return 0, None
        ((length,),) = await self._database.rows(LENGTH)
        return int(length), await self._tree_end()

    async def _tree_end(self) -> int | None:
        return (await self._database.rows(TREE_END))[0][0] if self._evidence.has_tree else None

    async def _known(self, wanted: Sequence[Node], tree_end: int | None) -> Known:
        with self._evidence.remembered():
            return await known_of(self._database.rows, wanted, tree_end)

    async def _page(self, first: int, most: int) -> list[str]:
        if not await self._evidence.there():
            return []
        rows = await self._evidence.rows(stored.AFTER, first=first, page=most)
        with self._evidence.remembered():
            for seq, row in enumerate(rows, first):
                if row.seq != seq:
                    raise self._faults.gone(seq)
                check_leaf(self._faults, seq, row.record_line, row.beside)
        return [row.record_line for row in rows]

    async def _seen(self, condition: LiteralString, length: int, at: datetime) -> int | None:
        """The first of the records for which that is so; it is believed by its line as well."""
        if not length:
            return None
        rows = await self._evidence.rows(condition, first=0, end=length, at=at)
        return next((int(record["seq"]) for record in await self._evidence.believed(rows)), None)


def _task(text: str) -> dict[str, object]:
    """A task as it is written, as both columns hold it."""
    number = int(text) if text.isascii() and text.isdigit() and int(text) <= MOST else None
    return {"number": number, "text": stored.searchable(text)}
