"""Evidence in PostgreSQL, for several machines: the same chain as in a file, appended by one after the other.

An append holds an advisory lock until it is committed, reads what others appended since, checks that this continues the
chain, and checks that the claims under which the work is done were not taken over meanwhile. So a worker that was away
for too long puts nothing on record, and does nothing for which a record must come first.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from spentkey.audit.chain import READS_ONLY, Chain, itself
from spentkey.core.errors import Busy, EvidenceBroken
from spentkey.core.evidence import Facts, History, Sealed
from spentkey.core.outcome import Refused
from spentkey.ports import Clock, Question
from spentkey.transport.permit import claims
from spentkey.transport.postgres import Connection, Postgres

LOCK = 0x5350_4B02
"""Advisory lock of whoever appends."""
PAGE = 500
"""How many records are read at once."""
WHERE = "the evidence in PostgreSQL"
AFTER = "SELECT seq, task, app_id, key_id, what, line FROM spentkey_evidence WHERE seq >= %s ORDER BY seq LIMIT %s"
Row = Sequence[Any]


class PostgresEvidence:
    """The `EvidenceLog` port on a database whose tables were prepared."""

    def __init__(self, database: Postgres, clock: Clock, *, read_only: bool = False) -> None:
        self._database, self._clock, self._read_only = database, clock, read_only
        self._chain = Chain(WHERE)
        self._last: str | None = None
        self._guard = asyncio.Lock()

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record; when this returns it is committed."""
        await self._append(None, what, facts)

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask and append while the lock is held, so that workers cannot pass a limit together."""
        return await self._append(refuse, what, facts)

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the records of every worker."""
        async with self._up_to_date():
            return question(self._chain.radius)

    async def history(self, task: int) -> History:
        """All records about a task, whichever worker wrote them."""
        async with self._up_to_date() as there:
            found = await self._lines(
                "SELECT line FROM spentkey_evidence WHERE task = %(of)s ORDER BY seq", task, there
            )
        return History(tuple(record for line in found if (record := _believed(line)).get("task") == task))

    async def removals(self, app_id: str) -> Mapping[str, int]:
        """The key ids of the application that an intent on record names, each with the task of the latest one."""
        async with self._up_to_date() as there:
            intents = "SELECT line FROM spentkey_evidence WHERE what = 'intent' AND app_id = %(of)s ORDER BY seq"
            found = await self._lines(intents, app_id, there)
        return {str(record.get("key_id")): record["task"] for record in map(_believed, found)}

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
        return [_believed(line) for (line,) in rows]

    async def verify(self) -> int:
        """Read the whole chain anew and check it; gives its length."""
        self._chain, self._last = Chain(WHERE), None
        async with self._up_to_date():
            return self._chain.length

    async def export(self, file: Path) -> int:
        """Write every record to a file of the form that one machine keeps; gives how many."""
        count = 0
        with file.open("xb") as stream:
            async for line in self._every_line():
                stream.write(line.encode() + b"\n")
                count += 1
        return count

    async def _every_line(self) -> AsyncIterator[str]:
        at = 0
        while rows := await self._database.rows(
            "SELECT seq, line FROM spentkey_evidence WHERE seq >= %(at)s ORDER BY seq LIMIT %(page)s", at=at, page=PAGE
        ):
            for seq, line in rows:
                at = seq + 1
                yield line

    async def _lines(self, statement: Any, of: int | str, there: bool) -> list[str]:
        return [line for (line,) in await self._database.rows(statement, of=of)] if there else []

    @asynccontextmanager
    async def _up_to_date(self) -> AsyncGenerator[bool]:
        """Know every record that any worker committed so far; gives whether there is a table at all."""
        async with self._guard:
            ((there,),) = await self._database.rows("SELECT to_regclass('spentkey_evidence') IS NOT NULL")
            if there:
                async with self._database.transaction() as connection:
                    await self._catch_up(connection)
            yield there

    async def _append(self, refuse: Question | None, what: str, facts: Facts) -> Refused | None:
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        async with self._guard:
            async with self._database.transaction() as connection:
                if self._last is None:
                    await self._catch_up(connection)  # the long first reading holds nobody up
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                await _still_held(connection)
                await self._catch_up(connection)
                refused = refuse(self._chain.radius) if refuse is not None else None
                if refused is not None:
                    return refused
                sealed = self._chain.next(self._clock.now(), what, facts)
                await _insert(connection, sealed)
            self._take(sealed.line)
        return None

    async def _catch_up(self, connection: Connection) -> None:
        """Take what was committed since, page by page; the last record that is known must still be there."""
        known = self._last
        while True:
            first = self._chain.length - (0 if self._last is None else 1)
            rows = await (await connection.execute(AFTER, (first, PAGE))).fetchall()
            if self._last is not None and (not rows or rows[0][5] != self._last):
                raise self._chain.shorter() if not rows else self._chain.broken()
            fresh = rows if self._last is None else rows[1:]
            if known is None and len(fresh) > 50:  # much to check: the loop goes on meanwhile
                await asyncio.to_thread(self._take_all, fresh)
            else:
                self._take_all(fresh)
            if len(rows) < PAGE:
                return

    def _take_all(self, rows: Sequence[Row]) -> None:
        for seq, task, app_id, key_id, what, line in rows:
            if seq != self._chain.length:
                raise self._chain.broken()
            record = self._take(line)
            if (task, app_id, key_id, what) != _columns(record):
                raise EvidenceBroken(f"{WHERE}: the columns of record {seq} are not what it says, nothing is removed")

    def _take(self, line: str) -> Facts:
        record = self._chain.take(line)
        self._last = line
        return record


async def _insert(connection: Connection, sealed: Sealed) -> None:
    await connection.execute(
        "INSERT INTO spentkey_evidence (seq, task, app_id, key_id, what, line) VALUES (%s, %s, %s, %s, %s, %s)",
        (sealed.seq, *_columns(json.loads(sealed.line)), sealed.line),
    )


def _columns(record: Facts) -> tuple[int | None, str | None, str | None, str]:
    """What stands beside a record so that it can be found."""
    task, app_id, key_id = record.get("task"), record.get("app_id"), record.get("key_id")
    return (
        task if isinstance(task, int) else None,
        app_id if isinstance(app_id, str) else None,
        key_id if isinstance(key_id, str) else None,
        str(record.get("what")),
    )


def _believed(line: str) -> Facts:
    record = itself(line)
    if record is None:
        raise EvidenceBroken(f"{WHERE}: a record is not the one that was there, nothing is removed")
    return record


async def _still_held(connection: Connection) -> None:
    """Nobody may take the claims of this work over before the record is committed; raises `Busy` when somebody has."""
    held = claims()
    if not held:
        return
    found = await connection.execute("SELECT 1 FROM spentkey_claims WHERE claim = ANY(%s) FOR SHARE", (list(held),))
    if len(await found.fetchall()) != len(held):
        raise Busy("another worker has taken over")
