"""Evidence in PostgreSQL, for several machines: the same chain as on one machine, with one writer at a time.

An append holds an advisory lock until it is committed, reads what others appended since, checks that this continues the
chain, and checks that the claims under which the work is done were not taken over meanwhile. So a worker that was away
for too long puts nothing on record, and does nothing for which a record must come first.

A process begins at the end of the chain and checks each record after it. A record that a decision rests on is checked by
its own hash, its columns against its line, and its leaf in the tree. `verify` reads the whole chain and the whole tree.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from spentkey.core.credential import SKEW
from spentkey.core.errors import Busy, EvidenceBroken
from spentkey.core.evidence import Facts, field_in_line
from spentkey.core.gap import Lost, RecordsLost, what_is_lost
from spentkey.core.history import History, removals_among
from spentkey.core.limits import HOUR, BlastRadius
from spentkey.core.outcome import Refused
from spentkey.core.records import GapRecord, RecordKind
from spentkey.core.tree import CompactRange, TreeHead, leaf_hash
from spentkey.ports.evidence import FactsUpon, Question, Told, untold
from spentkey.ports.fencing import fencing_tokens
from spentkey.ports.runtime import Clock
from spentkey.storage.chain import READS_ONLY, Chain, Upon, itself
from spentkey.storage.group_commit import Ends, GroupCommit
from spentkey.storage.postgres import rows as stored
from spentkey.storage.postgres.acknowledged import Acknowledged
from spentkey.storage.postgres.connection import Begun, Postgres
from spentkey.storage.postgres.holders import APPENDING as LOCK
from spentkey.storage.postgres.nodes import ENDS, TREE_END, WHERE, asking, not_as_it_was, right_side, says_otherwise
from spentkey.storage.postgres.rows import StoredRow
from spentkey.storage.reasons import TAKEN_OVER
from spentkey.storage.recent_past import RecentPast
from spentkey.storage.tree_nodes import PAGE, TreeCheck, TreeFaults, check_leaf, made_whole

NEXT_PAGE = 50
"""How many are read while the lock is held: what the server can send even if the reader is slow."""
KNOWN_AT_START = 16
"""How many of the last records a start knows by their hashes, so that it can tell where a loss begins."""
MANY = 50
"""How many records are checked in a thread."""
NEXT: LiteralString = ";".join(  # three statements are read better one to a line
    (
        "SELECT pg_advisory_xact_lock(%(lock)s)",
        "SELECT claim FROM spentkey_claims WHERE claim = ANY(%(claims)s::bigint[]) ORDER BY claim FOR SHARE",
        stored.SELECT + stored.AFTER,
    )
)
"""Each statement sees what was committed before it, so the last one sees what was there when the lock was got."""


@dataclass(frozen=True)
class _Wanted:
    """A record that is to be appended, and the claims under which it is."""

    what: str
    facts: Facts | FactsUpon
    fencing_tokens: tuple[int, ...]


class PostgresEvidence(stored.FindsOpenings):
    """The `EvidenceLog` port on a database whose tables were prepared; who only reads may do without."""

    def __init__(
        self, database: Postgres, clock: Clock, *, read_only: bool = False, acknowledged: Acknowledged | None = None
    ) -> None:
        self._database, self._clock, self._read_only = database, clock, read_only
        self._acknowledged = acknowledged or Acknowledged()
        self._select: LiteralString | None = None if read_only else stored.SELECT
        self._chain: Chain | None = None
        self._grown: CompactRange | None = None
        self._tree_end: int | None = None
        self._last = ""
        self._past, self._faults = RecentPast(), TreeFaults(WHERE)
        self._fault: EvidenceBroken | None = None
        self._guard = asyncio.Lock()
        self._together = GroupCommit[_Wanted](self._append_all)

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record; when this returns it is committed."""
        await self._together.add(self._wanted(what, facts))

    async def append_upon(self, what: str, facts: FactsUpon) -> TreeHead:
        """Add one record that says what the log was before it, while the lock is held."""
        upon = Upon(facts)
        await self._together.add(self._wanted(what, upon))
        return upon.head

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask and append while the lock is held, so that workers cannot pass a limit together."""
        return await self._append_one(refuse, self._wanted(what, facts))

    def _wanted(self, what: str, facts: Facts | FactsUpon) -> _Wanted:
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        return _Wanted(what, facts, fencing_tokens())

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the records of every worker."""
        async with self._up_to_date():
            return question(BlastRadius(self._past))

    async def history(self, task: int | str) -> History:
        """All records about a task, whichever worker wrote them; a number is not the text of its digits."""
        if isinstance(task, str):
            found = await self._found(stored.OF_TEXT, of=stored.searchable(task))
        else:
            found = await self._found(stored.OF_NUMBER, of=task)
        return History(tuple(record for record in found if record["task"] == task))

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int | str]]:
        """The key ids of the application that an intent on record names, without those that were refused for sure."""
        async with self._up_to_date() as there:
            if not there:
                return {}
            intents = await self.believed(await self.rows(stored.OF_APP, of=stored.searchable(app_id)))
            numbers = list({one["task"] for one in intents if isinstance(one["task"], int)})
            texts = list({stored.searchable(one["task"]) for one in intents if isinstance(one["task"], str)})
            rows = await self.rows(stored.ANSWERS_OF_NUMBERS, of=numbers) if numbers else []
            rows += await self.rows(stored.ANSWERS_OF_TEXTS, of=texts) if texts else []
            return removals_among([*intents, *await self.believed(rows)], app_id)

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest results of every worker, newest first."""
        return await self._found(stored.RESULTS, before=2**62 if before is None else before, limit=limit)

    async def ended(self, attempt: str) -> Facts | None:
        """The end of that try."""
        return next(iter(await self._found(stored.END_OF_TRY, of=field_in_line("attempt", attempt))), None)

    async def verify(self, tell: Told = untold) -> int:
        """Read the whole chain from its beginning and check it; returns how many records it has.

        It is read page by page, beside all other work of this process, which knows of it only when there is a fault.
        """
        chain, tree = Chain(WHERE), TreeCheck(WHERE)
        while await self.there():
            rows = await self.rows(stored.AFTER, first=chain.length, page=PAGE)
            await asyncio.to_thread(self._check, chain, tree, rows)
            tell(chain.length)
            with self.remembered():
                if len(rows) < PAGE and self.has_tree:
                    tree.ends(*(await self._database.rows(ENDS))[0])
            if len(rows) < PAGE:
                return chain.length
        return 0

    async def there(self) -> bool:
        """Whether there is anything to read, for who reads the tree; raises the fault that was found, if there is one."""
        if self._fault is not None:
            raise self._fault
        return await self._there()

    @property
    def has_tree(self) -> bool:
        """Whether the tables are of a version with a tree, as far as was seen; who only reads may meet older ones."""
        return self._select is stored.SELECT

    @contextmanager
    def remembered(self) -> Generator[None]:
        """A fault that is found in the block ends every call from then on, as one that is found here does."""
        try:
            yield
        except EvidenceBroken as problem:
            raise self._remember(problem) from None

    async def store(self, statement: LiteralString, **values: Any) -> None:
        """Write what is stored beside the records; it is committed when this returns."""
        if self._read_only:
            raise EvidenceBroken(READS_ONLY)
        if self._fault is not None:
            raise self._fault
        await self._database.rows(statement, **values)

    async def lost(self) -> Lost | None:
        """The acknowledged records that are not there any more; None where all are, or somebody said that they are lost."""
        try:
            async with self._up_to_date():
                return None
        except RecordsLost as problem:
            return problem.lost

    async def accept(self, lost: Lost, who: str, why: str) -> None:
        """Put on record that these are lost, so that work goes on behind what is there; raises what `append` raises."""
        async with self._guard:
            self._begin_again()
        try:
            await self.append(RecordKind.GAP, GapRecord(who, why, lost.first, lost.last, lost.hash).facts())
        except BaseException:
            self._fault = RecordsLost(lost)
            raise
        self._acknowledged.begin_anew()

    async def _found(self, condition: LiteralString, **values: Any) -> list[Facts]:
        async with self._up_to_date() as there:
            return await self.believed(await self.rows(condition, **values)) if there else []

    async def rows(self, condition: LiteralString, **values: Any) -> list[StoredRow]:
        """Records with what stands beside them, none of them checked."""
        found = await self._database.rows((self._select or stored.SELECT) + condition, **values)
        return [StoredRow(*row) for row in found]

    async def _there(self) -> bool:
        """Whether there is a table at all; who only reads may meet one of version 1, and one that is made meanwhile."""
        if self._select is not stored.SELECT:
            ((there, columns),) = await self._database.rows(stored.TABLES)
            self._select = stored.select_for(columns) if there else None
        return self._select is not None

    @asynccontextmanager
    async def _checked(self) -> AsyncGenerator[None]:
        """One call at a time; after a fault in the chain there is none any more, but for a loss that is known by now."""
        async with self._guard:
            if self._fault is not None and not await self._forgiven(self._fault):
                raise self._fault
            yield

    async def _forgiven(self, fault: EvidenceBroken) -> bool:
        """Whether it is a loss that somebody knows of; then this process begins again."""
        if not isinstance(fault, RecordsLost) or not await self._is_known(fault.lost):
            return False
        self._begin_again()
        self._acknowledged.begin_anew()
        return True

    def _begin_again(self) -> None:
        """As a process that has just started, on a machine that has seen nothing."""
        self._fault, self._chain, self._grown = None, None, None
        self._acknowledged.set_aside()

    async def _is_known(self, lost: Lost) -> bool:
        """Whether a record made after the loss says that somebody knows of it."""
        rows = await self.rows(stored.GAPS, after=lost.common)
        return any(lost.is_covered_by(record) for record in await self.believed(rows))

    async def _what_is_lost(self, end: int) -> Lost | None:
        """What this machine saw acknowledged and is not there; `end` is the `seq` of the last record that is."""
        known = self._acknowledged.known
        if not known or what_is_lost(known, await self._hashes([max(known)]), end) is None:
            return None
        return what_is_lost(known, await self._hashes(list(known)), end)

    async def _hashes(self, these: Sequence[int]) -> list[tuple[int, str]]:
        found = await self.rows(stored.THESE, these=list(these))
        return [(row.seq, str(record["hash"])) for row, record in zip(found, await self.believed(found), strict=True)]

    @asynccontextmanager
    async def _up_to_date(self) -> AsyncGenerator[bool]:
        """Know every record that any worker committed so far; gives whether there is a table at all."""
        async with self._checked():
            there = await self._there()
            if there:
                try:
                    await self._catch_up()
                except RecordsLost as fault:
                    if not await self._forgiven(fault):
                        raise
                    await self._catch_up()
            yield there

    async def _append_one(self, refuse: Question, wanted: "_Wanted") -> Refused | None:
        try:
            return await self._append_one_now(refuse, wanted)
        except RecordsLost:  # the next try finds out whether somebody knows of it
            return await self._append_one_now(refuse, wanted)

    async def _append_one_now(self, refuse: Question, wanted: "_Wanted") -> Refused | None:
        async with self._checked(), self._next_to_write([wanted]) as (chain, begun, held):
            _still_held(wanted, held)
            refused = refuse(BlastRadius(self._past))
            if refused is None:
                await self._write(chain, begun, [wanted])
            return refused

    async def _append_all(self, wanted: Sequence["_Wanted"]) -> Ends:
        """Append in one transaction what is still wanted by those who hold its claims."""
        try:
            return await self._append_all_now(wanted)
        except RecordsLost:  # the next try finds out whether somebody knows of it
            return await self._append_all_now(wanted)

    async def _append_all_now(self, wanted: Sequence["_Wanted"]) -> Ends:
        async with self._checked(), self._next_to_write(wanted) as (chain, begun, held):
            ends = [_problem(one, held) for one in wanted]
            kept = [one for one, end in zip(wanted, ends, strict=True) if end is None]
            if kept:
                await self._write(chain, begun, kept)
            return ends

    @asynccontextmanager
    async def _next_to_write(self, wanted: Sequence["_Wanted"]) -> AsyncGenerator[tuple[Chain, Begun, frozenset[int]]]:
        """Hold the append lock, and know every record; gives also which leases are still held."""
        asked = {one for each in wanted for one in each.fencing_tokens}
        chain = self._chain if self._chain is not None and not self._set_back() else await self._catch_up()
        while True:
            about = {"lock": LOCK, "claims": list(asked), "first": max(0, chain.length - 1), "page": NEXT_PAGE}
            async with self._database.begun(NEXT, about) as begun:
                *_, held, rows = await begun.results()
                await self._take_page(chain, [StoredRow(*row) for row in rows])
                if len(rows) < NEXT_PAGE:
                    yield chain, begun, frozenset(int(token) for (token,) in held)
                    return
            await self._catch_up()  # a long read delays no other worker

    async def _write(self, chain: Chain, begun: Begun, wanted: Sequence["_Wanted"]) -> None:
        """Seal the records one after the other, and commit them together."""
        grown = await self._grown_to(chain.length, begun)
        sealed = chain.following(self._clock.now(), [(one.what, one.facts) for one in wanted], grown)
        made = [stored.row_of(one.record, one.record_line) for one in sealed]
        nodes = [(one.seq, made_whole(grown, one.record_line)) for one in sealed]
        await begun.commit(stored.inserting(len(made)), [value for row in (*made, *nodes) for value in row])
        self._grown = grown
        for one in sealed:
            chain.went_on(one)
            self._past.note(one.record)
            self._last = one.record_line
            self._acknowledged.note(one.seq, one.hash)
        self._acknowledged.keep()

    async def _grown_to(self, length: int, begun: Begun) -> CompactRange:
        """The tree over all records, to grow by itself: what is not committed has not happened.

        An older worker adds records without nodes; they are added here, while the lock is held.
        """
        if self._grown is not None and self._grown.size == length and self._tree_end == length - 1:
            return self._grown.copy()
        ask = asking(begun.connection)
        ((end,),) = await ask(TREE_END)
        with self.remembered():
            return await right_side(ask, length, end)

    async def _catch_up(self) -> Chain:
        """Know the end of the chain, and check what others appended since."""
        if self._chain is None:
            chain = await self._at_the_end()
        else:
            chain = self._chain
            await self._read_on(chain)
        if self._chain is None or self._set_back():
            self._past = await self._recent_past(chain.length)
        self._chain = chain
        return chain

    def _set_back(self) -> bool:
        """Whether the clock was set back so far that what counts now was left out, or forgotten."""
        return self._past.begins > self._clock.now() - HOUR

    async def _at_the_end(self) -> Chain:
        """A chain that goes on after the last record."""
        chain = Chain(WHERE)
        first = dict(await self._hashes([0]))
        self._acknowledged.belong_to(first.get(0))
        self._grown = None
        for last in await self.rows(stored.LAST):
            self._believed(last)
            chain.go_on_after(last.record_line)
            self._last = last.record_line
        lost = await self._what_is_lost(chain.length - 1)
        if lost is not None and not await self._is_known(lost):
            raise self._remember(RecordsLost(lost))
        if lost is not None:
            self._acknowledged.set_aside()
            self._acknowledged.begin_anew()
        for seq, digest in await self._hashes(range(max(0, chain.length - KNOWN_AT_START), chain.length)):
            self._acknowledged.note(seq, digest)
        self._acknowledged.keep()
        return chain

    async def _recent_past(self, end: int) -> RecentPast:
        """What counts of the records before `end`, with an hour to spare; those after it count when they are read."""
        past = RecentPast(self._clock.now() - 2 * HOUR)
        rows = await self._stops(end)
        rows += await self._begun(past.begins, end)
        for record in await self.believed(sorted({row.seq: row for row in rows}.values(), key=lambda row: row.seq)):
            past.note(record)
        if self._knows_canaries:
            for record in await self.believed(await self.rows(stored.CANARIES, end=end)):
                past.note_canary(record)
        if self._chain is not None:
            past.goes_on_from(self._past)
        return past

    @property
    def _knows_canaries(self) -> bool:
        return self._select in (stored.SELECT, stored.SELECT_OF_3)

    async def _stops(self, end: int) -> list[StoredRow]:
        """The records that made stops since all were lifted, that lifted some of them, and that narrowed one."""
        stops = await self.rows(stored.STOPPED, end=end)
        narrowed: list[StoredRow] = []
        for row in stops:
            if row.what == RecordKind.SURVIVOR_LOST:
                about = {"number": row.task, "text": row.task_ref, "seq": row.seq, "end": end}
                narrowed += await self.rows(stored.NARROWED, **about)
        return stops + narrowed

    async def _begun(self, since: datetime, end: int) -> list[StoredRow]:
        """What was begun since then, and what shows that a clock was ahead when hand-overs were begun."""
        begun = [row for row in await self.rows(stored.COUNTED, since=since) if row.seq < end]
        handed_over = [row.seq for row in begun if row.what == RecordKind.HANDING_OVER]
        bounds = await self.rows(stored.OLDER, since=since, end=end) if handed_over else []
        young = [seq for seq in handed_over if not bounds or seq > bounds[0].seq]
        if young and self._knows_canaries:
            for seq, at in await self._database.rows(stored.SET_BACK, first=young[0], end=end, skew=SKEW):
                bounds += await self.rows(stored.AT_AFTER, seq=seq, at=at)
        return begun + bounds

    async def _read_on(self, chain: Chain) -> None:
        """Take what was committed since, page by page."""
        while True:
            rows = await self.rows(stored.AFTER, first=max(0, chain.length - 1), page=PAGE)
            await self._take_page(chain, rows)
            if len(rows) < PAGE:
                return

    async def _take_page(self, chain: Chain, rows: Sequence[StoredRow]) -> None:
        """Take a page; the record that was the last must still be there as it was."""
        if chain.length and (not rows or rows[0].record_line != self._last):
            lost = await self._what_is_lost(await self._end())
            raise self._remember(chain.broken() if lost is None else RecordsLost(lost))
        self._tree_end = rows[0].tree_end if rows else None
        rows = rows[1:] if chain.length else rows
        if len(rows) > MANY:  # the loop goes on meanwhile
            await asyncio.to_thread(self._take_all, chain, rows)
        else:
            self._take_all(chain, rows)
        self._acknowledged.keep()

    async def _end(self) -> int:
        """The `seq` of the last record that is there, -1 where there is none."""
        return max((row.seq for row in await self.rows(stored.LAST)), default=-1)

    def _take_all(self, chain: Chain, rows: Sequence[StoredRow]) -> None:
        for row in rows:
            self._take(chain, row)

    def _take(self, chain: Chain, row: StoredRow) -> None:
        (record,) = self._follow(chain, [row])
        if self._grown is not None:
            self._grown.add(leaf_hash(row.record_line))
        self._past.note(record)
        self._last = row.record_line
        self._acknowledged.note(row.seq, chain.hash)

    def _check(self, chain: Chain, tree: TreeCheck, rows: Sequence[StoredRow]) -> None:
        self._follow(chain, rows)
        with self.remembered():
            for row in rows:
                tree.take(row.record_line, row.beside)

    def _follow(self, chain: Chain, rows: Sequence[StoredRow]) -> list[Facts]:
        """Check that records continue a chain, and their columns against their lines."""
        records: list[Facts] = []
        for row in rows:
            try:
                record = chain.take(row.record_line)
            except EvidenceBroken as problem:
                raise self._remember(problem) from None
            records.append(self._same(row, record))
        return records

    async def believed(self, rows: Sequence[StoredRow]) -> list[Facts]:
        """The records of rows; raises `EvidenceBroken` where one is not what it was."""
        each = map(self._believed, rows)
        return await asyncio.to_thread(lambda: list(each)) if len(rows) > MANY else list(each)

    def _believed(self, row: StoredRow) -> Facts:
        """The record of a row: its line must be what its hash names, and its columns what its line says."""
        record = itself(row.record_line)
        if record is None:
            raise self._remember(not_as_it_was(row.seq))
        return self._same(row, record)

    def _same(self, row: StoredRow, record: Facts) -> Facts:
        if not stored.says_the_same(row, record):
            raise self._remember(says_otherwise(row.seq))
        with self.remembered():
            check_leaf(self._faults, row.seq, row.record_line, row.beside)
        return record

    def _remember(self, problem: EvidenceBroken) -> EvidenceBroken:
        self._fault = problem
        return problem


def _problem(wanted: _Wanted, held: frozenset[int]) -> Busy | None:
    """A `Busy` when another worker has taken over a lease of the work that a record is about."""
    return None if held.issuperset(wanted.fencing_tokens) else Busy(TAKEN_OVER())


def _still_held(wanted: _Wanted, held: frozenset[int]) -> None:
    problem = _problem(wanted, held)
    if problem is not None:
        raise problem
