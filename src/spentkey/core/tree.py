"""The tree over the records: one root for all of them, and short proofs that a record is in it, or that it only grew.

Hashes and proofs are those of RFC 9162, section 2.1, with SHA-256. A leaf is a record as it is written, in UTF-8, without
its line feed. A node is named by its level (a leaf's is 0) and by its place among the nodes of that level; it counts
from the moment its last leaf is there, and never changes afterwards.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY = sha256(b"").digest()
"""The root of a tree without a leaf."""
Nodes = Callable[[int, int], bytes]
"""The hash of a node that is whole, by its level and its place."""


def leaf_hash(record_line: str) -> bytes:
    """The leaf of a record; `record_line` has no line feed."""
    return sha256(b"\x00" + record_line.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node over two others."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class TreeHead:
    """How many records there are, and the root over them."""

    size: int
    root: bytes


class CompactRange:
    """The right edge of a tree: the whole nodes that its leaves fall into, the largest first. Growing needs no more."""

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if len(nodes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} nodes at its edge, not {len(nodes)}")
        self.size = size
        self._nodes = list(nodes)

    @classmethod
    def of(cls, size: int, nodes: Nodes) -> "CompactRange":
        """The edge of the first `size` leaves of a tree whose nodes are at hand."""
        return cls(size, [nodes(level, place) for level, place in parts_of(size)])

    def copy(self) -> "CompactRange":
        """The same edge, which grows by itself: for leaves that may be taken back."""
        return CompactRange(self.size, self._nodes)

    def add(self, leaf: bytes) -> list[bytes]:
        """Put one leaf behind the others; returns the nodes that are whole now: the leaf, then one for each level above."""
        made = [leaf]
        for _ in range(completes(self.size)):
            made.append(node_hash(self._nodes.pop(), made[-1]))
        self._nodes.append(made[-1])
        self.size += 1
        return made

    def head(self) -> TreeHead:
        """The size and the root."""
        if not self._nodes:
            return TreeHead(0, EMPTY)
        root = self._nodes[-1]
        for left in reversed(self._nodes[:-1]):
            root = node_hash(left, root)
        return TreeHead(self.size, root)


def completes(index: int) -> int:
    """How many nodes above its leaf the record with this number, from 0, makes whole."""
    return (~index & (index + 1)).bit_length() - 1


def parts_of(size: int) -> Iterator[tuple[int, int]]:
    """The whole nodes that the first `size` leaves fall into, the largest first, each as level and place."""
    return _parts(0, size)


def _parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """The same for the leaves from `first` to before `end`, where `first` is a multiple of a power of two that holds them."""
    for level in reversed(range((end - first).bit_length())):
        if (end - first) >> level & 1:
            yield level, first >> level
            first += 1 << level


def inclusion(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The proof that the record with this number, from 0, is among the first `size` (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"record {index} is not in a tree of {size}")
    return list(reversed(_path(index, 0, size, nodes)))


def _path(index: int, first: int, end: int, nodes: Nodes) -> list[bytes]:
    """From the top down: the nodes beside the way to that leaf."""
    path: list[bytes] = []
    while end - first > 1:
        middle = first + _half(end - first)
        if index < middle:
            path.append(_hash_over(middle, end, nodes))
            end = middle
        else:
            path.append(_hash_over(first, middle, nodes))
            first = middle
    return path


def consistency(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """The proof that the first `old` records are still the first of `new` (RFC 9162, 2.1.4.1); empty where nothing is to prove."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not go on from one of {old}")
    if old in {0, new}:
        return []
    path: list[bytes] = []
    first, end, whole = 0, new, True
    while old != end:
        middle = first + _half(end - first)
        if old <= middle:
            path.append(_hash_over(middle, end, nodes))
            end = middle
        else:
            path.append(_hash_over(first, middle, nodes))
            first, whole = middle, False
    if not whole:
        path.append(_hash_over(first, end, nodes))
    return list(reversed(path))


def _half(count: int) -> int:
    """The largest power of two below `count`: where RFC 9162 splits a tree."""
    return 1 << (count - 1).bit_length() - 1


def _hash_over(first: int, end: int, nodes: Nodes) -> bytes:
    found = [nodes(level, place) for level, place in _parts(first, end)]
    root = found[-1]
    for left in reversed(found[:-1]):
        root = node_hash(left, root)
    return root


def root_by(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that a proof of inclusion leads to; None where it cannot be one of that record in a tree of that size."""
    if not 0 <= index < size:
        return None
    root, at, last = leaf, index, size - 1
    for beside in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(beside, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, beside)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(old: TreeHead, new: TreeHead, path: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree `new` goes on from `old` (RFC 9162, 2.1.4.2)."""
    if old.size > new.size:
        return False
    if old.size in {0, new.size}:
        return not path and (old.size < new.size or old.root == new.root) and (old.size > 0 or old.root == EMPTY)
    walked = _walked(old, new, path)
    return walked is not None and walked[:2] == (old.root, new.root)


def compact_range_in(old: TreeHead, new: TreeHead, path: Sequence[bytes]) -> CompactRange | None:
    """The right edge of the old tree, taken out of a proof that it is consistent; None where the proof does not show that.

    With it, whoever has the records between `old` and `new` computes the new root himself: then none of them is missing.
    """
    if not is_consistent(old, new, path):
        return None
    if old.size == 0:
        return CompactRange()
    if old.size == new.size:
        return None if old.size.bit_count() > 1 else CompactRange(old.size, [old.root])
    walked = _walked(old, new, path)
    return CompactRange(old.size, walked[2]) if walked is not None else None


def _walked(old: TreeHead, new: TreeHead, path: Sequence[bytes]) -> tuple[bytes, bytes, list[bytes]] | None:
    """Both roots that the proof leads to, and the nodes of the old edge, the largest first; None for a proof of another shape."""
    rest = list(path) if old.size & (old.size - 1) else [old.root, *path]
    if not rest:
        return None
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = rest[0]
    edge = [rest[0]]
    for beside in rest[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            before, after = node_hash(beside, before), node_hash(beside, after)
            edge.append(beside)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, beside)
        at, last = at >> 1, last >> 1
    return (before, after, edge[::-1]) if last == 0 else None
