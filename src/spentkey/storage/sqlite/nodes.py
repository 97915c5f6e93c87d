"""The nodes of the tree in SQLite: read, and grown with the records in the same transaction."""

import sqlite3
from collections.abc import Iterable, Iterator

from spentkey.core.tree import CompactRange
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
    over,
)

SINCE = 4
"""From this version of the tables on there is a tree."""
INSERT_NODES = "INSERT INTO spentkey_tree (seq, nodes) VALUES (?, ?)"


def has_tree(connection: sqlite3.Connection) -> bool:
    """Whether the tables are of a version with a tree; who only reads may meet older ones."""
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] >= SINCE)


def bounds(connection: sqlite3.Connection) -> tuple[int | None, int | None]:
    """The lowest and the highest `seq` that has nodes."""
    if not has_tree(connection):
        return None, None
    (first,) = connection.execute("SELECT min(seq) FROM spentkey_tree").fetchone()
    (last,) = connection.execute("SELECT max(seq) FROM spentkey_tree").fetchone()
    return first, last


def length_of(connection: sqlite3.Connection | None) -> int:
    """How many records there are, by the last of them; none where nothing was ever recorded."""
    if connection is None:
        return 0
    (last,) = connection.execute("SELECT max(seq) FROM spentkey_evidence").fetchone()
    return 0 if last is None else int(last) + 1


def known_of(connection: sqlite3.Connection | None, wanted: Iterable[Node], where: str) -> Known:
    """These nodes, from what is stored; those behind the end of the tree are computed from their records.

    Raises `EvidenceBroken` where nodes or records are missing.
    """
    if connection is None:  # of a tree without a record nothing is wanted
        return {}
    faults, (_, last) = TreeFaults(where), bounds(connection)
    return {
        node: node_in(faults, node, _stored(connection, beside(node)))
        if last is not None and beside(node) <= last
        else over(lines_between(connection, *leaves_of(node), where))
        for node in wanted
    }


def _stored(connection: sqlite3.Connection, seq: int) -> object:
    found = connection.execute("SELECT CAST(nodes AS BLOB) FROM spentkey_tree WHERE seq = ?", (seq,)).fetchone()
    return None if found is None else found[0]


def lines_between(connection: sqlite3.Connection | None, first: int, end: int, where: str) -> Iterator[str]:
    """The records from `first` to before `end`, page by page; raises `EvidenceBroken` where one is missing."""
    while connection is not None and first < end:
        rows = connection.execute(
            "SELECT seq, line FROM spentkey_evidence WHERE seq >= ? ORDER BY seq LIMIT ?",
            (first, min(PAGE, end - first)),
        ).fetchall()
        for seq, record_line in rows or [(None, None)]:
            if seq != first or not isinstance(record_line, str):
                raise TreeFaults(where).gone(first)
            yield record_line
            first += 1


def right_side(connection: sqlite3.Connection, length: int, where: str) -> CompactRange:
    """The tree over all records, of which there are `length`, ready to grow; nodes that are missing are added first.

    Raises `EvidenceBroken` where the tree is longer than the chain, or nodes are missing in it.
    """
    _, last = bounds(connection)
    if last is not None and last >= length:
        raise TreeFaults(where).surplus(last)
    size = 0 if last is None else last + 1
    known = known_of(connection, Proving(where).for_head(size), where)
    grown = CompactRange.of(size, lambda level, at: known[level, at])
    add_nodes(connection, grown, lines_between(connection, size, length, where))
    return grown


def add_nodes(connection: sqlite3.Connection, grown: CompactRange, lines: Iterable[str]) -> None:
    """Let a tree grow by these records, which follow it, and store their nodes."""
    connection.executemany(INSERT_NODES, ((grown.size, made_whole(grown, one)) for one in lines))


def fill(connection: sqlite3.Connection) -> None:
    """The nodes of all records of a store that had none, as far as no record is missing: that is found by `verify`."""
    add_nodes(connection, CompactRange(), _as_far_as_whole(connection))


def _as_far_as_whole(connection: sqlite3.Connection) -> Iterator[str]:
    for number, (seq, record_line) in enumerate(
        connection.execute("SELECT seq, line FROM spentkey_evidence ORDER BY seq")
    ):
        if seq != number or not isinstance(record_line, str):
            return
        yield record_line
