"""The tree over the records: against the definitions of RFC 9162 as they are written there, and against known roots."""

from hashlib import sha256

import pytest

from spentkey.core.tree import (
    EMPTY,
    CompactRange,
    TreeHead,
    compact_range_in,
    completes,
    consistency,
    inclusion,
    is_consistent,
    leaf_hash,
    node_hash,
    root_by,
)

MOST = 40
LINES = [f'{{"seq":{number},"what":"result é"}}' for number in range(MOST)]
KNOWN_LEAVES = ("", "\0", "\x10", " !", "01", "@ABC", "PQRSTUVW", "`abcdefghijklmno")
"""The leaves of the test data of the Certificate Transparency project (google/certificate-transparency), and its roots."""
KNOWN_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def root_of(leaves: list[str]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def path_of(m: int, leaves: list[str]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path_of(m, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), root_of(leaves[:k])]


def subproof_of(m: int, leaves: list[str], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1, word for word."""
    if m == len(leaves):
        return [] if whole else [root_of(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof_of(m, leaves[:k], whole=whole), root_of(leaves[k:])]
    return [*subproof_of(m - k, leaves[k:], whole=False), root_of(leaves[:k])]


def split(count: int) -> int:
    """The largest power of two below it."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


class Grown:
    """A tree that grew leaf by leaf, with the nodes that were made on the way, as a store keeps them."""

    def __init__(self, lines: list[str]) -> None:
        self.made: dict[tuple[int, int], bytes] = {}
        edge = CompactRange()
        self.heads = [edge.head()]
        for number, line in enumerate(lines):
            nodes = edge.add(leaf_hash(line))
            assert len(nodes) == completes(number) + 1
            self.made |= {(level, number >> level): one for level, one in enumerate(nodes)}
            self.heads.append(edge.head())

    def nodes(self, level: int, index: int) -> bytes:
        return self.made[level, index]


TREE = Grown(LINES)
sizes = pytest.mark.parametrize("size", range(MOST + 1))


def test_the_roots_are_those_of_certificate_transparency() -> None:
    """A tree that others compute has the same root."""
    assert tuple(one.root.hex() for one in Grown(list(KNOWN_LEAVES)).heads[1:]) == KNOWN_ROOTS


@sizes
def test_the_root_of_each_size_is_the_one_that_the_rfc_defines(size: int) -> None:
    """Grown leaf by leaf, and from the nodes that were kept."""
    assert TREE.heads[size] == TreeHead(size, root_of(LINES[:size])) == CompactRange.of(size, TREE.nodes).head()


@sizes
def test_each_record_is_proven_to_be_in_each_tree_that_holds_it(size: int) -> None:
    """The proof is the one of the RFC, and leads to the root."""
    for index in range(size):
        path = inclusion(index, size, TREE.nodes)
        assert path == path_of(index, LINES[:size])
        assert root_by(index, size, leaf_hash(LINES[index]), path) == TREE.heads[size].root


@sizes
def test_a_proof_of_another_record_place_or_shape_leads_elsewhere(size: int) -> None:
    """Whatever of it is changed, the root is not reached."""
    for index in range(size):
        path, root, leaf = inclusion(index, size, TREE.nodes), TREE.heads[size].root, leaf_hash(LINES[index])
        elsewhere = [
            root_by(index, size, leaf_hash(LINES[index] + " "), path),
            root_by(index, size, leaf, [*path, leaf]),
            root_by(index, size, leaf, path[:-1]) if path else None,
            root_by(index ^ 1, size, leaf, path) if size > 1 else None,
            root_by(index, index, leaf, path),
            root_by(-1, size, leaf, path),
        ]
        assert root not in elsewhere


@sizes
def test_each_tree_is_proven_to_go_on_from_each_smaller_one(size: int) -> None:
    """The proof is the one of the RFC; with its left hashes the records between lead to the new root."""
    for old in range(size + 1):
        path = consistency(old, size, TREE.nodes)
        assert path == (subproof_of(old, LINES[:size], whole=True) if 0 < old < size else [])
        assert is_consistent(TREE.heads[old], TREE.heads[size], path)
        edge = compact_range_in(TREE.heads[old], TREE.heads[size], path)
        if old < size:
            assert edge is not None
            for line in LINES[old:size]:
                edge.add(leaf_hash(line))
            assert edge.head() == TREE.heads[size]


@sizes
def test_a_tree_that_does_not_go_on_is_not_proven_to(size: int) -> None:
    """Another old root, another new one, one hash too many, one too few, one changed."""
    for old in range(1, size):
        path = consistency(old, size, TREE.nodes)
        before, after, other = TREE.heads[old], TREE.heads[size], sha256(b"other").digest()
        assert not is_consistent(TreeHead(old, other), after, path)
        assert not is_consistent(before, TreeHead(size, other), path)
        assert not is_consistent(before, after, [*path, other])
        assert not is_consistent(before, after, path[:-1])
        assert not any(is_consistent(before, after, [*path[:at], other, *path[at + 1 :]]) for at in range(len(path)))
        assert compact_range_in(TreeHead(old, other), after, path) is None


def test_a_smaller_tree_or_another_of_the_same_size_does_not_go_on() -> None:
    """Also where the proof is empty."""
    assert not is_consistent(TREE.heads[5], TREE.heads[4], [])
    assert not is_consistent(TREE.heads[5], TreeHead(5, EMPTY), [])
    assert not is_consistent(TreeHead(0, TREE.heads[1].root), TREE.heads[5], [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 2)])
def test_there_is_no_proof_of_a_record_outside_the_tree(index: int, size: int) -> None:
    """It is refused, not made up."""
    with pytest.raises(ValueError, match="is not in a tree of"):
        inclusion(index, size, TREE.nodes)


def test_there_is_no_proof_that_a_tree_goes_on_from_a_larger_one() -> None:
    """Nor an edge whose nodes are not as many as its size says."""
    with pytest.raises(ValueError, match="does not go on"):
        consistency(4, 3, TREE.nodes)
    with pytest.raises(ValueError, match="2 nodes at its edge"):
        CompactRange(3, [EMPTY])
