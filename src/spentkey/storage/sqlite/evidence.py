"""Evidence in SQLite: the chain of `core/evidence.py`, one row for each record, with columns by which it is found.

A process begins at the end of the chain and checks each record that comes after it. A record that a decision rests on is
checked by its own hash, its columns against its line, and its leaf in the tree, when it is read. Whether the whole chain
and the whole tree hold is found by `verify`, which reads all of it. The tree grows with the records, in their transaction.
"""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from spentkey.core.canary import canary_key
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import Facts, Sealed, field_in_line
from spentkey.core.history import History, removals_among
from spentkey.core.limits import HOUR, BlastRadius
from spentkey.core.outcome import Refused
from spentkey.core.records import Record
from spentkey.core.tree import CompactRange, TreeHead
from spentkey.ports.evidence import FactsUpon, Question, Told, untold
from spentkey.ports.runtime import Clock
from spentkey.storage.chain import READS_ONLY, Chain, Upon, itself
from spentkey.storage.group_commit import Ends, GroupCommit
from spentkey.storage.sqlite.nodes import INSERT_NODES, add_nodes, bounds, right_side
from spentkey.storage.sqlite.past import StoredPast, select_for
from spentkey.storage.sqlite.store import PATIENCE_S, FlushFailed, Store
from spentkey.storage.tree_nodes import PAGE, Stored, TreeCheck, TreeFaults, check_leaf, made_whole

INSERT = (
    "INSERT INTO spentkey_evidence (seq, at, what, task, app_id, key_id, run, canary, line)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
REMOVALS = """
    INDEXED BY spentkey_evidence_task WHERE what IN ('intent', 'answer') AND app_id = ? AND task IN (
        SELECT task FROM spentkey_evidence INDEXED BY spentkey_evidence_app WHERE what = 'intent' AND app_id = ?)
    ORDER BY seq
"""
"""The intents of an application and their answers, which are found by their tasks: no other index knows them."""
OPENINGS = "INDEXED BY spentkey_evidence_openings WHERE what IN ('opening', 'opened')"
Row = tuple[int, float, str, str | None, str | None, str | None, str | None, str | None, str]
"""What `INSERT` takes: a record's line, and before it what it is found by."""
LINE = 8
"""Where the line stands in a row."""
StoredRow = tuple[int, float, str, str | None, str | None, str | None, str | None, str | None, str, Stored]
"""What `select_for` gives: a row, and what the tree has beside it."""


class SqliteEvidence:
    """The `EvidenceLog` port on the database in the state directory."""

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        *,
        read_only: bool = False,
        patience_s: float = PATIENCE_S,
        store: Store | None = None,
    ) -> None:
        self._store = store or Store(directory, read_only=read_only, patience_s=patience_s)
        self._where, self._read_only, self._clock = str(self._store.file), self._store.read_only, clock
        self._guard = threading.Lock()
        self._chain: Chain | None = None
        self._grown: CompactRange | None = None
        self._last = ""
        self._past, self._faults = StoredPast(), TreeFaults(self._where)
        self._fault: EvidenceBroken | None = None
        self._together = GroupCommit[tuple[str, Facts | FactsUpon]](self._append_all)

    def open(self) -> None:
        """Open the database now, so that a directory that cannot be used is told at the start."""
        with self._guard, self._store.reading():
            pass

    def refuse_all(self, problem: EvidenceBroken) -> None:
        """Let every call from now on end with this fault."""
        self._fault = problem

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record; when this returns it is on the disk."""
        await self._together.add((what, facts))

    async def append_upon(self, what: str, facts: FactsUpon) -> TreeHead:
        """Add one record that says what the log was before it, in one transaction."""
        upon = Upon(facts)
        await self._together.add((what, upon))
        return upon.head

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask and append in one transaction, so that processes cannot pass a limit together."""
        return await asyncio.to_thread(self._append, [(what, facts)], refuse)

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the records of every process."""
        return await asyncio.to_thread(self._ask, question)

    async def history(self, task: int | str) -> History:
        """All records about a task, whichever process wrote them; the number 40021 is another task than the text."""
        found = await asyncio.to_thread(self._found, "WHERE task = ? ORDER BY seq", str(task))
        return History(tuple(record for record in found if _same(record.get("task"), task)))

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int | str]]:
        """The key ids of the application that an intent on record names, without those that were refused for sure."""
        return removals_among(await asyncio.to_thread(self._found, REMOVALS, app_id, app_id), app_id)

    async def openings(
        self, *, key_id: str | None = None, since: datetime | None = None, state: str | None = None
    ) -> Sequence[Facts]:
        """By their own index; the state is looked for in the lines."""
        asked = (
            (" AND key_id = ?", key_id),
            (" AND at >= ?", since.timestamp() if since is not None else None),
            (" AND instr(line, ?) > 0", field_in_line("state", state) if state is not None else None),
        )
        given = [(condition, value) for condition, value in asked if value is not None]
        condition = OPENINGS + "".join(condition for condition, _ in given) + " ORDER BY seq"
        return await asyncio.to_thread(self._found, condition, *(value for _, value in given))

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results of every process, newest first."""
        results = "WHERE what = 'result' AND seq < ? ORDER BY seq DESC LIMIT ?"
        return await asyncio.to_thread(self._found, results, 2**62 if before is None else before, limit)

    async def ended(self, attempt: str) -> Facts | None:
        """The end of that try; what has no index is looked through, results first."""
        of_try = "AND instr(line, ?) > 0 ORDER BY seq DESC LIMIT 1"
        for what in ("result", "step-result"):
            condition = f"WHERE what = '{what}' {of_try}"
            found = await asyncio.to_thread(self._found, condition, field_in_line("attempt", attempt))
            if found:
                return found[0]
        return None

    async def verify(self, tell: Told = untold) -> int:
        """Read the whole chain from its beginning and check it; returns how many records it has.

        It is read page by page, so that no other process waits for long.
        """
        return await asyncio.to_thread(self.verified_length, tell)

    def take_all(self, records: Iterable[str | Record]) -> int:
        """Fill an empty store in one transaction: lines that were checked, and records to be sealed behind them.

        Returns how many there are.
        """
        with self._checked(), self._store.writing() as connection:
            if connection.execute("SELECT count(*) FROM spentkey_evidence").fetchone()[0]:
                raise EvidenceBroken(f"{self._where} has records already")
            put(connection, CompactRange(), self._lines(records))
            return int(connection.execute("SELECT count(*) FROM spentkey_evidence").fetchone()[0])

    def _lines(self, records: Iterable[str | Record]) -> Iterator[str]:
        chain, line = Chain(self._where), ""
        for one in records:
            if isinstance(one, str):
                line = one
            else:
                if line:
                    chain.go_on_after(line)
                (sealed,) = chain.following(self._clock.now(), [(one.what, one.facts())])
                line = sealed.record_line
            yield line

    def last(self) -> Facts | None:
        """The last record; None where there is none."""
        found = self._found("ORDER BY seq DESC LIMIT 1")
        return found[0] if found else None

    def close(self) -> None:
        """Close the database; the next call opens it again."""
        with self._guard:
            self._store.close()
            self._chain = self._grown = None

    @property
    def where(self) -> str:
        """What an error calls this store."""
        return self._where

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection | None]:
        """One consistent view for who reads the tree; None where nothing was ever recorded and this process only reads.

        A fault that is found in the block ends every call from then on, as one that is found here does.
        """
        with self._checked(), self._store.reading() as connection, self._remembered():
            yield connection

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """A transaction for what is stored beside the records; it is on the disk when the block has ended."""
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        with self._checked(), self._store.writing() as connection, self._remembered():
            yield connection

    @contextmanager
    def _remembered(self) -> Generator[None]:
        try:
            yield
        except EvidenceBroken as problem:
            raise self._remember(problem) from None

    def _ask(self, question: Question) -> Refused | None:
        with self._checked(), self._store.reading() as connection:
            if connection is not None:
                self._catch_up(connection)
            return question(BlastRadius(self._past))

    def _found(self, condition: str, *values: str | float) -> list[Facts]:
        with self._checked(), self._store.reading() as connection:
            if connection is None:
                return []
            self._catch_up(connection)
            return [self.believed(row) for row in connection.execute(select_for(connection) + condition, values)]

    async def _append_all(self, wanted: Sequence[tuple[str, Facts | FactsUpon]]) -> Ends:
        await asyncio.to_thread(self._append, wanted)
        return [None] * len(wanted)

    def _append(
        self, wanted: Sequence[tuple[str, Facts | FactsUpon]], refuse: Question | None = None
    ) -> Refused | None:
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        with self._checked():
            chain, grown, made, refused = Chain(self._where), CompactRange(), list[Sealed](), None
            rows: list[StoredRow] = []
            try:
                with self._store.writing() as connection:
                    chain = self._catch_up(connection)
                    refused = refuse(BlastRadius(self._past)) if refuse is not None else None
                    if refused is None:
                        grown = self._grown_to(connection, chain.length)
                        made += chain.following(self._clock.now(), wanted, grown)
                        rows += [
                            (*row_from(one.record, one.record_line), made_whole(grown, one.record_line)) for one in made
                        ]
                        connection.executemany(INSERT, [row[:-1] for row in rows])
                        connection.executemany(INSERT_NODES, [(row[0], row[-1]) for row in rows])
            except FlushFailed:
                if not self._lasts(rows):
                    raise
            self._grown = grown if refused is None else self._grown
            for one in made:  # committed: from here on they count
                chain.went_on(one)
                self._past.note(one.record)
                self._last = one.record_line
            return refused

    def _grown_to(self, connection: sqlite3.Connection, length: int) -> CompactRange:
        """The tree over all records, to grow by itself: what is not committed has not happened."""
        if self._grown is not None and self._grown.size == length:
            return self._grown.copy()
        with self._remembered():
            return right_side(connection, length, self._where)

    def _lasts(self, rows: Sequence[StoredRow]) -> bool:
        """Whether these rows are there after a flush that failed, and on the disk by one that did not."""
        with self._store.reading() as connection:
            if connection is None or not rows:
                return False
            found: list[StoredRow] = connection.execute(
                select_for(connection) + "WHERE seq >= ? ORDER BY seq LIMIT ?", (rows[0][0], len(rows))
            ).fetchall()
            return found == list(rows)

    @contextmanager
    def _checked(self) -> Generator[None]:
        """One call at a time; after a fault in the chain there is none any more."""
        with self._guard:
            if self._fault is not None:
                raise self._fault
            yield

    def _catch_up(self, connection: sqlite3.Connection) -> Chain:
        """Know the end of the chain, and check what others appended since."""
        if self._chain is None:
            chain = self._at_the_end(connection)
        else:
            chain = self._chain
            self._read_on(connection, chain, max(0, chain.length - 1))
        if self._chain is None or self._past.begins > self._clock.now() - HOUR:  # new, or the clock was set back
            self._past = self._recent_past(connection)
        self._past.connection = connection
        self._chain = chain
        return chain

    def _at_the_end(self, connection: sqlite3.Connection) -> Chain:
        """A chain that goes on after the last record."""
        chain = Chain(self._where)
        last: StoredRow | None = connection.execute(select_for(connection) + "ORDER BY seq DESC LIMIT 1").fetchone()
        if last is not None:
            self.believed(last)
            chain.go_on_after(last[LINE])
            self._last = last[LINE]
        return chain

    def _recent_past(self, connection: sqlite3.Connection) -> StoredPast:
        """What counts of the records there are, with an hour to spare."""
        past = StoredPast(connection, self._clock.now() - 2 * HOUR, self.believed)
        for row in past.counted(connection, select_for(connection)):
            past.note(self.believed(row))
        return past

    def _read_on(self, connection: sqlite3.Connection, chain: Chain, first: int) -> None:
        """Take the records from `first` on; the one that was the last must still be there as it was."""
        rows: list[StoredRow] = connection.execute(
            select_for(connection) + "WHERE seq >= ? ORDER BY seq", (first,)
        ).fetchall()
        if chain.length:
            if not rows:
                raise self._remember(chain.shorter())
            if rows[0][LINE] != self._last:
                raise self._remember(chain.broken())
            rows = rows[1:]
        for row in rows:
            self._take(chain, row[LINE])
            self.believed(row)

    def _take(self, chain: Chain, record_line: str) -> None:
        try:
            record = chain.take(record_line)
        except EvidenceBroken as problem:
            raise self._remember(problem) from None
        self._past.note(record)
        self._last = record_line

    def verified_length(self, tell: Told = untold) -> int:
        """As `verify`, for callers without an event loop."""
        chain, tree, at = Chain(self._where), TreeCheck(self._where), 0
        while True:
            with self._checked(), self._store.reading() as connection:
                if connection is None:
                    return 0
                rows: list[StoredRow] = connection.execute(
                    select_for(connection) + "WHERE seq >= ? ORDER BY seq LIMIT ?", (at, PAGE)
                ).fetchall()
                with self._remembered():
                    for row in rows:
                        self._same(row, chain.take(row[LINE]))
                        tree.take(row[LINE], row[-1])
                    if len(rows) < PAGE:
                        tree.ends(*bounds(connection), chain.length)
                        return chain.length
            at = rows[-1][0] + 1
            tell(at)

    def believed(self, row: StoredRow) -> Facts:
        """The record of a row: its line must be what its hash names and the leaf of the tree, its columns what its line says."""
        record = itself(row[LINE])
        if record is None:
            raise self._remember(
                EvidenceBroken(f"{self._where}: record {row[0]} is not the one that was there, nothing is removed")
            )
        self._same(row, record)
        with self._remembered():
            check_leaf(self._faults, row[0], row[LINE], row[-1])
        return record

    def _same(self, row: StoredRow, record: Facts) -> None:
        if row_from(record, row[LINE]) != row[:-1]:
            raise self._remember(
                EvidenceBroken(
                    f"{self._where}: the columns of record {row[0]} are not what it says, nothing is removed"
                )
            )

    def _remember(self, problem: EvidenceBroken) -> EvidenceBroken:
        self._fault = problem
        return problem


def put(connection: sqlite3.Connection, grown: CompactRange, lines: Iterable[str]) -> None:
    """Put records that were checked behind those of a tree, with their nodes; memory stays flat."""
    rest = iter(lines)
    while some := list(islice(rest, PAGE)):
        connection.executemany(INSERT, [row_of(one) for one in some])
        add_nodes(connection, grown, some)


def row_of(record_line: str) -> Row:
    """The row of a line."""
    return row_from(json.loads(record_line), record_line)


def row_from(record: Facts, record_line: str) -> Row:
    """A record with what stands beside it so that it can be found."""
    task = record.get("task")
    return (
        int(record["seq"]),
        datetime.fromisoformat(record["at"]).timestamp(),
        str(record["what"]),
        str(task) if isinstance(task, int | str) else None,
        _text(record.get("app_id")),
        _text(record.get("key_id")),
        _text(record.get("run")),
        canary_key(record),
        record_line,
    )


def _same(one: object, other: int | str) -> bool:
    return type(one) is type(other) and one == other


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
