"""The end of the chain as far as it has been read: what both databases share.

Nothing of a record that was taken stays here, so that memory stays flat however long the chain becomes.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import GENESIS, Facts, Sealed, follows, seal
from spentkey.core.tree import EMPTY, CompactRange, TreeHead, leaf_hash
from spentkey.ports.evidence import FactsUpon

READS_ONLY = "this command reads evidence and writes none"


class Upon:
    """A record that is made of the tree before it; keeps the head that it was made of last."""

    def __init__(self, facts: FactsUpon) -> None:
        self._facts = facts
        self.head = TreeHead(0, EMPTY)

    def __call__(self, head: TreeHead) -> dict[str, Any]:
        """The record; a transaction that is tried anew asks anew."""
        self.head = head
        return self._facts(head)


class Chain:
    """How long the chain is, and its last hash."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.length, self.hash = 0, GENESIS

    def take(self, record_line: str) -> Facts:
        """Take the next record; raises `EvidenceBroken` when it does not continue the chain."""
        sealed = follows(record_line, self.hash, self.length)
        if sealed is None:
            raise self.broken()
        self.went_on(sealed)
        return sealed.record

    def went_on(self, sealed: Sealed) -> None:
        """Take a record that was made or checked as the next one."""
        self.length, self.hash = sealed.seq + 1, sealed.hash

    def go_on_after(self, record_line: str) -> None:
        """Begin behind a record whose own hash was checked, without those before it."""
        record = json.loads(record_line)
        self.length, self.hash = int(record["seq"]) + 1, str(record["hash"])

    def following(
        self, at: datetime, wanted: Sequence[tuple[str, Facts | FactsUpon]], grown: CompactRange | None = None
    ) -> list[Sealed]:
        """Make the records that would come next, one after the other; they count when they are taken.

        `grown` is the tree over all records before them, and stays as it is; without it no record may ask for it.
        """
        made, tree = list[Sealed](), grown.copy() if grown is not None else None
        for what, given in wanted:
            before = (made[-1].hash, made[-1].seq + 1) if made else (self.hash, self.length)
            made.append(seal(*before, at, what, _facts(given, tree)))
            if tree is not None and len(wanted) > 1:
                tree.add(leaf_hash(made[-1].record_line))
        return made

    def broken(self) -> EvidenceBroken:
        """What to raise when the next record cannot be believed."""
        return EvidenceBroken(f"{self._where}: record {self.length} does not continue the chain, nothing is removed")

    def shorter(self) -> EvidenceBroken:
        """What to raise when records that were read are not there any more."""
        return EvidenceBroken(f"{self._where} has become shorter: records are missing, nothing is removed")


def _facts(given: Facts | FactsUpon, tree: CompactRange | None) -> Facts:
    if not callable(given):
        return given
    if tree is None:
        raise TypeError("a record is made of the tree before it, and no tree is at hand")
    return given(tree.head())


def itself(record_line: str) -> Facts | None:
    """A record that was read before, read again: None when it is not the one that its own hash names."""
    try:
        record = json.loads(record_line)
        sealed = follows(record_line, str(record["prev"]), int(record["seq"]))
    except (ValueError, TypeError, KeyError):
        return None
    return sealed.record if sealed is not None else None
