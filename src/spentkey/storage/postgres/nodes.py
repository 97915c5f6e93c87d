"""The nodes of the tree in PostgreSQL: read, and grown with the records in the same transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, LiteralString

from psycopg.rows import TupleRow

from spentkey.core.errors import EvidenceBroken
from spentkey.core.tree import CompactRange, leaf_hash
from spentkey.storage.postgres.connection import Connection
from spentkey.storage.tree_nodes import (
    PAGE,
    Known,
    Node,
    Proving,
    TreeFaults,
    beside,
    leaves_of,
    made_whole,
    node_in,
)

SINCE = 5
"""From this version of the tables on there is a tree."""
WHERE = "the evidence in PostgreSQL"
FILLED = 5000
"""How many records get their nodes at once where many have none."""
TREE_END: LiteralString = "SELECT max(seq) FROM spentkey_tree"
ENDS: LiteralString = """
    SELECT min(seq), max(seq), (SELECT coalesce(max(one.seq), -1) + 1 FROM spentkey_evidence AS one) FROM spentkey_tree
"""
"""The lowest and the highest `seq` with nodes, and how many records there are, as of one moment."""
THESE: LiteralString = "SELECT seq, nodes FROM spentkey_tree WHERE seq = ANY(%(these)s::bigint[])"
LINES: LiteralString = (
    "SELECT seq, line FROM spentkey_evidence WHERE seq >= %(first)s AND seq < %(end)s ORDER BY seq LIMIT %(page)s"
)
ADD: LiteralString = """
    INSERT INTO spentkey_tree (seq, nodes) SELECT * FROM unnest(%(these)s::bigint[], %(nodes)s::bytea[])
"""
Ask = Callable[..., Awaitable[list[TupleRow]]]
"""As `Postgres.rows`: a statement, and its values by name."""


def asking(connection: Connection) -> Ask:
    """Statements in the transaction of a connection."""

    async def ask(statement: LiteralString, **values: Any) -> list[TupleRow]:
        cursor = await connection.execute(statement, values)
        return await cursor.fetchall() if cursor.description is not None else []

    return ask


async def known_of(ask: Ask, wanted: Sequence[Node], tree_end: int | None) -> Known:
    """These nodes, from what is stored; those behind `tree_end`, the last `seq` with nodes, are computed from their records.

    Raises `EvidenceBroken` where nodes or records are missing.
    """
    faults, end = TreeFaults(WHERE), -1 if tree_end is None else tree_end
    these = sorted({beside(node) for node in wanted if beside(node) <= end})
    stored = dict(await ask(THESE, these=these)) if these else {}
    return {
        node: node_in(faults, node, stored.get(beside(node))) if beside(node) <= end else await _over(ask, node)
        for node in wanted
    }


async def _over(ask: Ask, node: Node) -> bytes:
    grown, made = CompactRange(), list[bytes]()
    async for page in pages_between(ask, *leaves_of(node), PAGE):
        for record_line in page:
            made = grown.add(leaf_hash(record_line))
    return made[-1]


async def pages_between(ask: Ask, first: int, end: int, size: int) -> AsyncIterator[list[str]]:
    """The records from `first` to before `end`, in pages; raises `EvidenceBroken` where one is missing."""
    while first < end:
        rows = await ask(LINES, first=first, end=end, page=size)
        found = [int(seq) for seq, _ in rows]
        for number in range(first, first + max(1, len(found))):
            if found[number - first : number - first + 1] != [number]:
                raise TreeFaults(WHERE).gone(number)
        yield [str(record_line) for _, record_line in rows]
        first += len(rows)


async def right_side(ask: Ask, length: int, tree_end: int | None) -> CompactRange:
    """The tree over all records, of which there are `length`, ready to grow; nodes that are missing are added first.

    Raises `EvidenceBroken` where the tree is longer than the chain, or nodes are missing in it.
    """
    if tree_end is not None and tree_end >= length:
        raise TreeFaults(WHERE).surplus(tree_end)
    size = 0 if tree_end is None else tree_end + 1
    known = await known_of(ask, Proving(WHERE).for_head(size), tree_end)
    grown = CompactRange.of(size, lambda level, at: known[level, at])
    async for page in pages_between(ask, size, length, FILLED):
        await _add(ask, grown, page)
    return grown


async def _add(ask: Ask, grown: CompactRange, lines: Sequence[str]) -> None:
    first = grown.size
    made = [made_whole(grown, record_line) for record_line in lines]
    await ask(ADD, these=list(range(first, grown.size)), nodes=made)


async def fill(connection: Connection) -> None:
    """The nodes of all records of tables that had none, as far as no record is missing: that is found by `verify`.

    A tree that is there already is left to the next record.
    """
    ask, grown = asking(connection), CompactRange()
    while (await ask(TREE_END))[0][0] in (None, grown.size - 1):
        rows = await ask(LINES, first=grown.size, end=2**62, page=FILLED)
        whole = [str(line) for number, (seq, line) in enumerate(rows, grown.size) if seq == number]
        if whole:
            await _add(ask, grown, whole)
        if len(whole) < FILLED:
            return


def not_as_it_was(seq: int) -> EvidenceBroken:
    """What to raise where a record is not the one that its own hash names."""
    return EvidenceBroken(f"{WHERE}: record {seq} is not the one that was there, nothing is removed")


def says_otherwise(seq: int) -> EvidenceBroken:
    """What to raise where the columns beside a record are not what it says."""
    return EvidenceBroken(f"{WHERE}: the columns of record {seq} are not what it says, nothing is removed")
