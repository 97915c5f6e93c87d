"""What is stored of the tree, and what is checked of it, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.errors import EvidenceBroken
from spentkey.core.tree import HASH_BYTES, CompactRange, completes, leaf_hash
from spentkey.storage.tree_nodes import (
    Known,
    Proving,
    Stored,
    TreeCheck,
    TreeFaults,
    beside,
    check_leaf,
    check_size,
    leaves_of,
    made_whole,
    node_in,
    over,
    refuse_beyond,
)

LINES = [f"record {number}" for number in range(40)]


def stored(count: int) -> dict[int, bytes]:
    """The nodes of so many records, by `seq`."""
    grown = CompactRange()
    return {seq: made_whole(grown, LINES[seq]) for seq in range(count)}


def checked(count: int, nodes: dict[int, bytes]) -> None:
    """Hold these nodes against so many records."""
    check = TreeCheck("here")
    for seq in range(count):
        beside_it: Stored = nodes.get(seq, max(nodes, default=None))
        check.take(LINES[seq], beside_it)
    check.ends(min(nodes, default=None), max(nodes, default=None), count)


@given(st.integers(0, 5), st.integers(0, 31))
def test_a_node_stands_where_its_level_and_number_say(level: int, number: int) -> None:
    """It is the one over its leaves, and beside the last of them."""
    first, end = leaves_of((level, number))
    if end > len(LINES):
        return
    found = node_in(TreeFaults("here"), (level, number), stored(end)[beside((level, number))])
    assert (found, beside((level, number))) == (over(LINES[first:end]), end - 1)


@given(st.integers(1, 40), st.data())
def test_what_a_question_names_is_enough_to_answer_it(size: int, data: st.DataObject) -> None:
    """No other node is read."""
    seq, old, proving = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size)), Proving("here")
    nodes = stored(40)

    def known(wanted: list[tuple[int, int]]) -> Known:
        return {one: node_in(TreeFaults("here"), one, nodes[beside(one)]) for one in wanted}

    proving.inclusion(seq, size, LINES[seq], known(proving.for_inclusion(seq, size)))
    proving.consistency(old, size, known(proving.for_consistency(old, size)))
    grown = CompactRange()
    for text in LINES[:size]:
        grown.add(leaf_hash(text))
    assert proving.head(size, known(proving.for_head(size))) == grown.head()


def test_a_proof_of_another_record_is_refused() -> None:
    """The line is not the one that the tree was made of."""
    proving, nodes = Proving("here"), stored(8)
    known = {one: node_in(TreeFaults("here"), one, nodes[beside(one)]) for one in proving.for_inclusion(3, 8)}
    with pytest.raises(EvidenceBroken, match="record 3 is not the one in the tree"):
        proving.inclusion(3, 8, "another", known)


@pytest.mark.parametrize("node", [(0, 2), (1, 0), (2, 0)])
def test_nodes_that_contradict_one_another_prove_nothing(node: tuple[int, int]) -> None:
    """One of the path to record 3 of 8 is another: the root that it leads to is not that of the tree."""
    proving, nodes = Proving("here"), stored(7)
    known = {one: node_in(TreeFaults("here"), one, nodes[beside(one)]) for one in proving.for_inclusion(3, 7)}
    assert node in known
    known[node] = bytes(HASH_BYTES)
    with pytest.raises(EvidenceBroken, match="do not prove record 3"):
        proving.inclusion(3, 7, LINES[3], known)


@pytest.mark.parametrize("node", [(2, 0), (1, 0), (0, 2), (0, 3)])
def test_nodes_that_contradict_one_another_show_no_growth(node: tuple[int, int]) -> None:
    """One under the first 4 records is another: the proof from 3 to 7 does not lead to both roots."""
    proving, nodes = Proving("here"), stored(7)
    known = {one: node_in(TreeFaults("here"), one, nodes[beside(one)]) for one in proving.for_consistency(3, 7)}
    proving.consistency(3, 7, known)
    assert node in known
    known[node] = bytes(HASH_BYTES)
    with pytest.raises(EvidenceBroken, match="do not prove record 3"):
        proving.consistency(3, 7, known)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_tree_that_ends_before_the_chain_is_whole(count: int, short: int) -> None:
    """As an older program leaves it."""
    checked(count, stored(max(0, count - short)))


@given(st.integers(1, 39), st.data())
def test_a_hole_in_the_tree_is_found(count: int, data: st.DataObject) -> None:
    """Wherever it is, as long as a later record has nodes."""
    gone = data.draw(st.integers(0, count - 1))
    nodes = stored(count + 1)
    del nodes[gone]
    with pytest.raises(EvidenceBroken, match=f"beside record {gone} are missing"):
        checked(count + 1, nodes)


@given(st.integers(0, 39), st.data())
def test_any_byte_that_is_another_is_found(seq: int, data: st.DataObject) -> None:
    """With the number of the record."""
    nodes = stored(40)
    at = data.draw(st.integers(0, len(nodes[seq]) - 1))
    nodes[seq] = nodes[seq][:at] + bytes([nodes[seq][at] ^ 0x40]) + nodes[seq][at + 1 :]
    with pytest.raises(EvidenceBroken, match=f"record {seq}\\b"):
        checked(40, nodes)


@pytest.mark.parametrize("extra", [-1, 5, 99])
def test_nodes_without_a_record_are_found(extra: int) -> None:
    """Before the first, right behind the last, and far away."""
    with pytest.raises(EvidenceBroken, match=f"record {extra}, which is not there"):
        checked(5, {**stored(5), extra: bytes(32)})


@pytest.mark.parametrize("nodes", [None, b"", b"x" * 31, b"x" * 33, b"x" * 64, "x" * 32, 7])
def test_a_node_that_is_none_is_not_read(nodes: object) -> None:
    """Of record 4, which makes nothing but its leaf whole."""
    assert completes(4) == 0
    with pytest.raises(EvidenceBroken, match="beside record 4"):
        node_in(TreeFaults("here"), (0, 4), nodes)


def test_a_leaf_is_asked_for_up_to_the_end_of_the_tree() -> None:
    """Behind it there is none yet; before it one that is missing is a fault."""
    check_leaf(TreeFaults("here"), 4, LINES[4], None)
    check_leaf(TreeFaults("here"), 4, LINES[4], 3)
    check_leaf(TreeFaults("here"), 4, LINES[4], stored(5)[4])
    with pytest.raises(EvidenceBroken, match="missing"):
        check_leaf(TreeFaults("here"), 4, LINES[4], 5)
    with pytest.raises(EvidenceBroken, match="not the one"):
        check_leaf(TreeFaults("here"), 4, LINES[3], stored(5)[4])


@pytest.mark.parametrize(("size", "length"), [(1, 0), (6, 5), (-1, 5)])
def test_a_tree_beyond_the_records_is_refused(size: int, length: int) -> None:
    """It is a mistake of the caller, and no fault of the store."""
    with pytest.raises(ValueError, match="no tree over"):
        refuse_beyond(size, length)


def test_a_copy_grows_by_itself() -> None:
    """What is taken back leaves the other as it was."""
    grown = CompactRange()
    for text in LINES[:5]:
        grown.add(leaf_hash(text))
    before, copy = grown.head(), grown.copy()
    assert copy.head() == before
    copy.add(leaf_hash("more"))
    assert (grown.head(), copy.size) == (before, 6)


@pytest.mark.parametrize("size", [4, 6, 50])
def test_a_checkpoint_beside_another_size_than_it_says_is_a_fault(size: int) -> None:
    """It would be found where another one is looked for; what is no checkpoint at all is for its reader to say."""
    check_size(TreeFaults("the log"), 7, 5, "origin\n5\nroot\n")
    check_size(TreeFaults("the log"), 7, 5, "no checkpoint\n")
    with pytest.raises(EvidenceBroken, match="checkpoint 7 stands beside another size"):
        check_size(TreeFaults("the log"), 7, size, "origin\n5\nroot\n")
