"""The end of the chain: what is made next, and of which tree."""

from typing import Any

import pytest
from support_core import NOW

from spentkey.core.tree import CompactRange, TreeHead, leaf_hash
from spentkey.storage.chain import Chain


def facts_upon(head: TreeHead) -> dict[str, Any]:
    """A record that says what the log was before it."""
    return {"task": 1, "log_size": head.size, "log_root": head.root.hex()}


def test_each_record_of_a_batch_is_made_of_the_tree_before_it() -> None:
    """Several are put on record in one transaction: each sees those before it, and the given tree stays as it is."""
    given, grown = CompactRange(), CompactRange()
    for one in Chain("here").following(NOW, [("step", facts_upon)] * 5, given):
        head = grown.head()
        assert (one.record["log_size"], one.record["log_root"]) == (head.size, head.root.hex())
        grown.add(leaf_hash(one.record_line))
    assert (given.size, grown.size) == (0, 5)


def test_without_a_tree_no_record_is_made_of_one() -> None:
    """It would say that the log was empty."""
    with pytest.raises(TypeError, match="no tree is at hand"):
        Chain("here").following(NOW, [("step", facts_upon)])
