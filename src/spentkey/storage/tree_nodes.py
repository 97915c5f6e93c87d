"""The nodes of the tree as both databases store them, and what is checked of them.

Beside record `seq` stand the hashes of all nodes that it makes whole, its leaf first, each 32 bytes. So the node of a level
(a leaf's is 0) with the number `at` among those of its level stands beside record `((at + 1) << level) - 1`, at byte
`32 * level`, and no node is stored twice. Nodes are only ever added.

An older program adds records without nodes: then the tree ends before the chain, and the next record brings the rest.
"""

from collections.abc import Callable, Iterable, Sequence

from spentkey.core.errors import EvidenceBroken
from spentkey.core.tree import (
    EMPTY,
    HASH_BYTES,
    CompactRange,
    Nodes,
    TreeHead,
    completes,
    consistency,
    inclusion,
    is_consistent,
    leaf_hash,
    root_by,
)

PAGE = 500
"""How many records are read at once."""
Node = tuple[int, int]
"""A node by its level and its number among those of that level."""
Known = dict[Node, bytes]
Stored = bytes | int | None
"""What a database shows beside a record: its nodes; where it has none the last `seq` that has some, None without any."""


def wanted_by(asked: Callable[[Nodes], object]) -> list[Node]:
    """The nodes that a calculation would read."""
    wanted: dict[Node, None] = {}

    def note(level: int, at: int) -> bytes:
        wanted[level, at] = None
        return EMPTY

    asked(note)
    return list(wanted)


def beside(node: Node) -> int:
    """The `seq` of the record beside which a node stands: the one that makes it whole."""
    level, at = node
    return ((at + 1) << level) - 1


def leaves_of(node: Node) -> tuple[int, int]:
    """The first record under a node, and the one behind the last."""
    level, at = node
    return at << level, (at + 1) << level


def over(leaves: Iterable[str]) -> bytes:
    """The node over these records, of which there is a power of two."""
    grown, made = CompactRange(), list[bytes]()
    for record_line in leaves:
        made = grown.add(leaf_hash(record_line))
    return made[-1]


def made_whole(grown: CompactRange, record_line: str) -> bytes:
    """Put a record into a tree; returns the nodes to be stored beside it."""
    return b"".join(grown.add(leaf_hash(record_line)))


def is_behind(seq: int, nodes: Stored) -> bool:
    """Whether a record stands behind the end of the tree; then it has no nodes yet."""
    return nodes is None or (isinstance(nodes, int) and nodes < seq)


class TreeFaults:
    """The faults of one tree, each as the one line that it is told in."""

    def __init__(self, where: str) -> None:
        self._where = where

    def other_leaf(self, seq: int) -> EvidenceBroken:
        """A record that is not the one of which the tree was made."""
        return self._told(f"record {seq} is not the one in the tree")

    def changed(self, seq: int) -> EvidenceBroken:
        """Nodes that do not follow from the records."""
        return self._told(f"the nodes of the tree beside record {seq} are not what they were")

    def missing(self, seq: int) -> EvidenceBroken:
        """Nodes that are not there, while later ones are."""
        return self._told(f"the nodes of the tree beside record {seq} are missing")

    def surplus(self, seq: int) -> EvidenceBroken:
        """Nodes of a record that is not there."""
        return self._told(f"the tree has nodes of record {seq}, which is not there")

    def gone(self, seq: int) -> EvidenceBroken:
        """A record that is not there, or is no text."""
        return self._told(f"record {seq} is missing")

    def unproven(self, seq: int) -> EvidenceBroken:
        """Nodes that contradict one another."""
        return self._told(f"the nodes of the tree do not prove record {seq}")

    def other_size(self, number: int) -> EvidenceBroken:
        """A checkpoint that stands beside another size than it says."""
        return self._told(f"checkpoint {number} stands beside another size than it says")

    def _told(self, text: str) -> EvidenceBroken:
        return EvidenceBroken(f"{self._where}: {text}, nothing is removed")


def check_size(faults: TreeFaults, number: int, size: int, note: str) -> None:
    """Hold a checkpoint against the size by which it is found; raises `EvidenceBroken` where it says another one."""
    (said,) = note.split("\n")[1:2] or [""]
    if said.isdecimal() and int(said) != size:
        raise faults.other_size(number)


def check_leaf(faults: TreeFaults, seq: int, record_line: str, nodes: Stored) -> None:
    """Hold a record against its leaf; raises `EvidenceBroken` where the tree has another one, or has lost it."""
    if is_behind(seq, nodes):
        return
    if not isinstance(nodes, bytes):
        raise faults.missing(seq) if isinstance(nodes, int) else faults.changed(seq)
    if nodes[:HASH_BYTES] != leaf_hash(record_line):
        raise faults.other_leaf(seq)


def node_in(faults: TreeFaults, node: Node, nodes: object) -> bytes:
    """One node out of what is stored beside its record; raises `EvidenceBroken` where that is not whole."""
    seq, level = beside(node), node[0]
    if nodes is None:
        raise faults.missing(seq)
    if not isinstance(nodes, bytes) or len(nodes) != HASH_BYTES * (completes(seq) + 1):
        raise faults.changed(seq)
    return nodes[HASH_BYTES * level : HASH_BYTES * (level + 1)]


class TreeCheck:
    """Computes the whole tree once more, record after record, and holds what is stored against it."""

    def __init__(self, where: str) -> None:
        self._faults, self._grown = TreeFaults(where), CompactRange()

    def take(self, record_line: str, nodes: Stored) -> None:
        """The next record with what is stored beside it; raises `EvidenceBroken` at the first fault."""
        seq = self._grown.size
        made = made_whole(self._grown, record_line)
        if nodes == made or is_behind(seq, nodes):
            return
        check_leaf(self._faults, seq, record_line, nodes)
        raise self._faults.changed(seq)

    def ends(self, first: int | None, last: int | None, length: int) -> None:
        """The lowest and the highest `seq` that has nodes, and how many records there were at that moment.

        Raises `EvidenceBroken` for nodes without a record.
        """
        if first is not None and first < 0:
            raise self._faults.surplus(first)
        if last is not None and last >= length:
            raise self._faults.surplus(last)


class Proving:
    """What questions about the tree need, and what the nodes answer, which is checked before it is passed on.

    Each `for_…` names the nodes; raises `ValueError` for what cannot be asked of any tree.
    """

    def __init__(self, where: str) -> None:
        self._faults = TreeFaults(where)

    def for_head(self, size: int) -> list[Node]:
        """The nodes for the root of the first `size` records."""
        return wanted_by(lambda nodes: CompactRange.of(size, nodes))

    def head(self, size: int, known: Known) -> TreeHead:
        """The root of the first `size` records."""
        return CompactRange.of(size, lambda level, at: known[level, at]).head()

    def for_inclusion(self, seq: int, size: int) -> list[Node]:
        """The nodes for the proof that a record is among the first `size`, and for what it is checked by."""
        return [(0, seq), *self.for_head(size), *wanted_by(lambda nodes: inclusion(seq, size, nodes))]

    def inclusion(self, seq: int, size: int, record_line: str, known: Known) -> Sequence[bytes]:
        """That proof; raises `EvidenceBroken` where the nodes do not prove it."""
        path, leaf = inclusion(seq, size, lambda level, at: known[level, at]), leaf_hash(record_line)
        if known[0, seq] != leaf:
            raise self._faults.other_leaf(seq)
        if root_by(seq, size, leaf, path) != self.head(size, known).root:
            raise self._faults.unproven(seq)
        return path

    def for_consistency(self, old: int, new: int) -> list[Node]:
        """The nodes for the proof that a tree goes on from an older one, and for what it is checked by."""
        heads = [*self.for_head(old), *self.for_head(new)]
        return [*heads, *wanted_by(lambda nodes: consistency(old, new, nodes))]

    def consistency(self, old: int, new: int, known: Known) -> Sequence[bytes]:
        """That proof; raises `EvidenceBroken` where the nodes do not prove it."""
        path = consistency(old, new, lambda level, at: known[level, at])
        if not is_consistent(self.head(old, known), self.head(new, known), path):
            raise self._faults.unproven(old)
        return path


def refuse_beyond(size: int, length: int) -> None:
    """Raises `ValueError` for a tree that is larger than the records there are."""
    if not 0 <= size <= length:
        raise ValueError(f"there are {length} records, and no tree over {size} of them")
