"""Evidence in PostgreSQL, for several machines: the same chain as in a file, with one writer at a time.

An append holds an advisory lock until it is committed, reads what others appended since, checks that this continues the
chain, and checks that the claims under which the work is done were not taken over meanwhile. So a worker that was away
for too long puts nothing on record, and does nothing for which a record must come first.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

from spentkey.core.errors import Busy, EvidenceBroken
from spentkey.core.evidence import Facts
from spentkey.core.history import History
from spentkey.core.outcome import Refused
from spentkey.ports.evidence import Question
from spentkey.ports.fencing import fencing_tokens
from spentkey.ports.runtime import Clock
from spentkey.storage.chain import READS_ONLY, Chain, itself
from spentkey.storage.group_commit import Ends, GroupCommit
from spentkey.storage.postgres.connection import Begun, Postgres

LOCK = 0x5350_4B02
"""Advisory lock for appending."""
PAGE = 500
"""How many records are read at once."""
NEXT_PAGE = 50
"""How many are read while the lock is held: what the server can send even if the reader is slow."""
WHERE = "the evidence in PostgreSQL"
MANY = 50
"""How many new records are checked in a thread."""
AFTER: LiteralString = """
    SELECT seq, task, app_id, key_id, what, line FROM spentkey_evidence
    WHERE seq >= %(first)s ORDER BY seq LIMIT %(page)s
"""
NEXT: LiteralString = ";".join(  # noqa: FLY002  # three statements are read better one to a line
    (
        "SELECT pg_advisory_xact_lock(%(lock)s)",
        "SELECT claim FROM spentkey_claims WHERE claim = ANY(%(claims)s::bigint[]) ORDER BY claim FOR SHARE",
        AFTER,
    )
)
"""Each statement sees what was committed before it, so the last one sees what was there when the lock was got."""
INSERT: LiteralString = "INSERT INTO spentkey_evidence (seq, task, app_id, key_id, what, line) VALUES "
ROW: LiteralString = "(%s, %s, %s, %s, %s, %s)"
Row = Sequence[Any]


@dataclass(frozen=True)
class _Wanted:
    """A record that is to be appended, and the claims under which it is."""

    what: str
    facts: Facts
    fencing_tokens: tuple[int, ...]


class PostgresEvidence:
    """The `EvidenceLog` port on a database whose tables were prepared."""

    def __init__(self, database: Postgres, clock: Clock, *, read_only: bool = False) -> None:
        self._database, self._clock, self._read_only = database, clock, read_only
        self._chain = Chain(WHERE)
        self._last: str | None = None
        self._there = False
        self._guard = asyncio.Lock()
        self._together = GroupCommit[_Wanted](self._append_all)

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record; when this returns it is committed."""
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        await self._together.add(_Wanted(what, facts, fencing_tokens()))

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask and append while the lock is held, so that workers cannot pass a limit together."""
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        return await self._append_one(refuse, _Wanted(what, facts, fencing_tokens()))

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the records of every worker."""
        async with self._up_to_date():
            return question(self._chain.blast_radius)

    async def history(self, task: int) -> History:
        """All records about a task, whichever worker wrote them."""
        of_task = "SELECT line FROM spentkey_evidence WHERE task = %(of)s ORDER BY seq"
        async with self._up_to_date() as there:
            found = await self._lines(of_task, task, there)
        return History(tuple(record for record_line in found if (record := _believed(record_line)).get("task") == task))

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int]]:
        """The key ids of the application that an intent on record names, each with the tasks of those intents."""
        async with self._up_to_date() as there:
            intents = "SELECT line FROM spentkey_evidence WHERE what = 'intent' AND app_id = %(of)s ORDER BY seq"
            found = await self._lines(intents, app_id, there)
        tasks: dict[str, list[int]] = {}
        for record in map(_believed, found):
            tasks.setdefault(str(record.get("key_id")), []).append(record["task"])
        return tasks

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results of every worker, newest first."""
        async with self._up_to_date() as there:
            rows = (
                await self._database.rows(
                    "SELECT line FROM spentkey_evidence WHERE what = 'result' AND seq < %(before)s"
                    " ORDER BY seq DESC LIMIT %(limit)s",
                    before=2**62 if before is None else before,
                    limit=limit,
                )
                if there
                else []
            )
        return [_believed(record_line) for (record_line,) in rows]

    async def verify(self) -> int:
        """Read the whole chain again and check it; returns its length."""
        self._chain, self._last = Chain(WHERE), None
        async with self._up_to_date():
            return self._chain.length

    async def _lines(self, statement: Any, of: int | str, there: bool) -> list[str]:
        return [record_line for (record_line,) in await self._database.rows(statement, of=of)] if there else []

    @asynccontextmanager
    async def _up_to_date(self) -> AsyncGenerator[bool]:
        """Know every record that any worker committed so far; gives whether there is a table at all."""
        async with self._guard:
            if not self._there:
                found = await self._database.rows("SELECT to_regclass('spentkey_evidence') IS NOT NULL")
                self._there = bool(found[0][0])
            if self._there:
                await self._catch_up()
            yield self._there

    async def _append_one(self, refuse: Question, wanted: "_Wanted") -> Refused | None:
        async with self._guard, self._next_to_write([wanted]) as (begun, held):
            _still_held(wanted, held)
            refused = refuse(self._chain.blast_radius)
            if refused is None:
                await self._write(begun, [wanted])
            return refused

    async def _append_all(self, wanted: Sequence["_Wanted"]) -> Ends:
        """Append in one transaction what is still wanted by those who hold its claims."""
        async with self._guard, self._next_to_write(wanted) as (begun, held):
            ends = [_problem(one, held) for one in wanted]
            kept = [one for one, end in zip(wanted, ends, strict=True) if end is None]
            if kept:
                await self._write(begun, kept)
            return ends

    @asynccontextmanager
    async def _next_to_write(self, wanted: Sequence["_Wanted"]) -> AsyncGenerator[tuple[Begun, frozenset[int]]]:
        """Hold the append lock, and know every record; returns also which leases are still held."""
        asked = {one for each in wanted for one in each.fencing_tokens}
        behind = self._last is None
        while True:
            if behind:
                await self._catch_up()  # a long read delays no other worker
            about = {"lock": LOCK, "claims": list(asked), "first": self._first(), "page": NEXT_PAGE}
            async with self._database.begun(NEXT, about) as begun:
                *_, held, rows = await begun.results()
                await self._take_page(rows)
                behind = len(rows) == NEXT_PAGE
                if not behind:
                    yield begun, frozenset(int(token) for (token,) in held)
                    return

    async def _write(self, begun: Begun, wanted: Sequence["_Wanted"]) -> None:
        """Seal the records one after the other, and commit them together."""
        sealed = self._chain.following(self._clock.now(), [(one.what, one.facts) for one in wanted])
        values = [
            value for one in sealed for value in (one.seq, *_columns(json.loads(one.record_line)), one.record_line)
        ]
        rows: list[LiteralString] = [ROW for _ in sealed]
        await begun.commit(INSERT + ", ".join(rows), values)
        for one in sealed:
            self._take(one.record_line)

    def _first(self) -> int:
        """From which record on to read: the last one that is known must still be there."""
        return self._chain.length - (0 if self._last is None else 1)

    async def _catch_up(self) -> None:
        """Take what was committed since, page by page."""
        while True:
            rows = await self._database.rows(AFTER, first=self._first(), page=PAGE)
            await self._take_page(rows)
            if len(rows) < PAGE:
                return

    async def _take_page(self, rows: Sequence[Row]) -> None:
        """Check a page against the records that were read before, and take it."""
        if self._last is not None and (not rows or rows[0][5] != self._last):
            raise self._chain.shorter() if not rows else self._chain.broken()
        fresh = rows if self._last is None else rows[1:]
        if len(fresh) > MANY:  # the loop goes on meanwhile
            await asyncio.to_thread(self._take_all, fresh)
        else:
            self._take_all(fresh)

    def _take_all(self, rows: Sequence[Row]) -> None:
        for seq, task, app_id, key_id, what, record_line in rows:
            if seq != self._chain.length:
                raise self._chain.broken()
            record = self._take(record_line)
            if (task, app_id, key_id, what) != _columns(record):
                raise EvidenceBroken(f"{WHERE}: the columns of record {seq} are not what it says, nothing is removed")

    def _take(self, record_line: str) -> Facts:
        record = self._chain.take(record_line)
        self._last = record_line
        return record


def _columns(record: Facts) -> tuple[int | None, str | None, str | None, str]:
    """What stands beside a record so that it can be found."""
    task, app_id, key_id = record.get("task"), record.get("app_id"), record.get("key_id")
    return (
        task if isinstance(task, int) else None,
        app_id if isinstance(app_id, str) else None,
        key_id if isinstance(key_id, str) else None,
        str(record.get("what")),
    )


def _believed(record_line: str) -> Facts:
    record = itself(record_line)
    if record is None:
        raise EvidenceBroken(f"{WHERE}: a record is not the one that was there, nothing is removed")
    return record


def _problem(wanted: _Wanted, held: frozenset[int]) -> Busy | None:
    """A `Busy` when another worker has taken over a lease of the work that a record is about."""
    return None if held.issuperset(wanted.fencing_tokens) else Busy("another worker has taken over")


def _still_held(wanted: _Wanted, held: frozenset[int]) -> None:
    problem = _problem(wanted, held)
    if problem is not None:
        raise problem
