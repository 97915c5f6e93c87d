"""An evidence tree in memory, for tests of what signs, exports and verifies it; it passes the same suite as the real ones."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import GENESIS, Facts, seal
from spentkey.core.tree import CompactRange, TreeHead
from spentkey.ports.evidence_tree import Anchor, Filters
from spentkey.storage.chain import Chain, itself
from spentkey.storage.tree_nodes import (
    Known,
    Proving,
    Stored,
    TreeCheck,
    TreeFaults,
    beside,
    check_leaf,
    is_behind,
    leaves_of,
    made_whole,
    node_in,
    over,
    refuse_beyond,
)
from spentkey.storage.wanted import is_wanted, is_within

WHERE = "the evidence in memory"


@dataclass
class MemoryTree:
    """The `EvidenceTree` port over a list of lines that tests may change as they like, with the nodes that were made of them."""

    name: str = "spentkey/0123456789abcdef"
    records: list[str] = field(default_factory=list[str])
    nodes: dict[int, bytes] = field(default_factory=dict[int, bytes])
    signed: list[tuple[int, str, datetime]] = field(default_factory=list[tuple[int, str, datetime]])
    seen: list[Anchor] = field(default_factory=list[Anchor])
    read_only: bool = False

    def add(self, at: datetime, what: str, facts: dict[str, Any]) -> str:
        """Put a record behind the others; returns its line."""
        prev = GENESIS if not self.records else str((itself(self.records[-1]) or {})["hash"])
        sealed = seal(prev, len(self.records), at, what, facts)
        self.put([sealed.record_line])
        return sealed.record_line

    def put(self, lines: Iterable[str]) -> None:
        """Put lines behind the others, whatever they say."""
        grown = CompactRange()
        for seq, one in enumerate(self.records):
            made = made_whole(grown, one)
            if is_behind(seq, self.beside(seq)):
                self.nodes[seq] = made
        for one in lines:
            self.nodes[len(self.records)] = made_whole(grown, one)
            self.records.append(one)

    def beside(self, seq: int) -> Stored:
        """What the tree has beside a record."""
        return self.nodes.get(seq, max(self.nodes, default=None))

    def verify(self) -> int:
        """Chain and tree from the beginning."""
        chain, tree = Chain(WHERE), TreeCheck(WHERE)
        for seq, one in enumerate(self.records):
            chain.take(one)
            tree.take(one, self.beside(seq))
        tree.ends(min(self.nodes, default=None), max(self.nodes, default=None), chain.length)
        return chain.length

    async def origin(self) -> str:
        """Always the same."""
        return self.name

    async def head(self, size: int | None = None) -> TreeHead:
        """By the nodes."""
        size = len(self.records) if size is None else size
        refuse_beyond(size, len(self.records))
        proving = Proving(WHERE)
        return proving.head(size, self._known(proving.for_head(size)))

    async def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """By the nodes."""
        proving = Proving(WHERE)
        wanted = proving.for_inclusion(seq, size)
        refuse_beyond(size, len(self.records))
        return proving.inclusion(seq, size, self.records[seq], self._known(wanted))

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """By the nodes."""
        proving = Proving(WHERE)
        wanted = proving.for_consistency(old, new)
        refuse_beyond(new, len(self.records))
        return proving.consistency(old, new, self._known(wanted))

    async def lines(self, first: int = 0, until: int | None = None) -> AsyncIterator[str]:
        """Each held against its leaf."""
        end = len(self.records) if until is None else until
        for seq in range(first, end):
            if seq >= len(self.records):
                raise TreeFaults(WHERE).gone(seq)
            check_leaf(TreeFaults(WHERE), seq, self.records[seq], self.beside(seq))
            yield self.records[seq]

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """By the times in the records."""
        times = [datetime.fromisoformat(self._record(seq)["at"]) for seq in range(len(self.records))]
        first = next((seq for seq, at in enumerate(times) if is_within(at, since, None)), len(times))
        end = max((seq + 1 for seq, at in enumerate(times) if is_within(at, None, until)), default=0)
        return first, max(first, end)

    async def results(self, wanted: Filters, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The records themselves, last first."""
        end = len(self.records) if before is None else min(before, len(self.records))
        found = [record for seq in reversed(range(max(0, end))) if (record := self._record(seq))["what"] == "result"]
        return [record for record in found if is_wanted(record, wanted)][:limit]

    async def keep_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """With its time, for tests that ask when."""
        self._refuse_to_write()
        self.signed.append((size, note, at))

    async def checkpoint(self, least: int = 0) -> str | None:
        """The last one that is large enough."""
        return next((note for size, note, _ in reversed(self.signed) if size >= least), None)

    async def checkpointed_at(self) -> datetime | None:
        """Of the last one."""
        return self.signed[-1][2] if self.signed else None

    async def checkpoints(self) -> AsyncIterator[str]:
        """In order."""
        for _, note, _ in self.signed:
            yield note

    async def keep_anchor(self, anchor: Anchor) -> None:
        """As it is."""
        self._refuse_to_write()
        self.seen.append(anchor)

    async def anchors(self, size: int | None = None) -> Sequence[Anchor]:
        """In order."""
        return [one for one in self.seen if size in (None, one.size)]

    def _refuse_to_write(self) -> None:
        if self.read_only:
            raise EvidenceBroken("this command reads evidence and writes none")

    def _known(self, wanted: Sequence[tuple[int, int]]) -> Known:
        last = max(self.nodes, default=-1)
        return {
            node: node_in(TreeFaults(WHERE), node, self.nodes.get(beside(node)))
            if beside(node) <= last
            else over(self.records[slice(*leaves_of(node))])
            for node in wanted
        }

    def _record(self, seq: int) -> Facts:
        record = itself(self.records[seq])
        if record is None:
            raise TreeFaults(WHERE).other_leaf(seq)
        return record
