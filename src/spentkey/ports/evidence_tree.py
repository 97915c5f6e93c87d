"""The tree over the evidence: what checkpoints sign, what proofs are made of, and what an export is read from."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from spentkey.core.evidence import Facts
from spentkey.core.tree import TreeHead


@dataclass(frozen=True)
class Filters:
    """Which removals are asked for; a filter that is None leaves nothing out. Times are in UTC, `until` is excluded.

    `task` is a reference as it is written, `app` an application's id or its name in any case; the rest is exact.
    """

    task: str | None = None
    app: str | None = None
    tenant: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Anchor:
    """What somebody else said of a checkpoint; `kind` is `rfc3161`, `at` when it was taken, `token` what was answered."""

    size: int
    kind: str
    at: datetime
    token: bytes


class EvidenceTree(Protocol):
    """The records as a tree. Each call is one consistent view; each raises `EvidenceBroken` where the store does not hold.

    What is asked of a size is refused with `ValueError` where there are fewer records: ask for `head` first. Proofs are
    checked against the roots before they are returned. Who only reads may not store anything: `EvidenceBroken`.
    """

    async def origin(self) -> str:
        """The log's own name, `spentkey/` and 16 hexadecimal digits, drawn once when the store was made.

        Raises `Misconfigured` for who only reads where no program that writes has made it yet.
        """
        ...

    async def head(self, size: int | None = None) -> TreeHead:
        """The size and the root of the first `size` records; of all of them where none is given."""
        ...

    async def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """The proof that record `seq` is among the first `size`."""
        ...

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """The proof that the first `new` records begin with the first `old`."""
        ...

    def lines(self, first: int = 0, until: int | None = None) -> AsyncIterator[str]:
        """The records from `first` to before `until`, as they are written, without line feeds; memory stays flat.

        Each is held against its leaf. Raises `EvidenceBroken` where one before `until` is not there.
        """
        ...

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """From the first record with `at` >= since to behind the last with `at` < until; (n, n) where there is none."""
        ...

    async def results(self, wanted: Filters, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The newest `result` records that are asked for, at most `limit`; with `before`, those whose `seq` is lower."""
        ...

    async def keep_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint for good; it is on the disk when this returns."""
        ...

    async def checkpoint(self, least: int = 0) -> str | None:
        """The newest checkpoint over at least so many records, as it was signed; None where there is none."""
        ...

    async def checkpointed_at(self) -> datetime | None:
        """When the newest checkpoint was kept, in UTC; None where there is none."""
        ...

    def checkpoints(self) -> AsyncIterator[str]:
        """All checkpoints, in the order in which they were kept."""
        ...

    async def keep_anchor(self, anchor: Anchor) -> None:
        """Keep what somebody else said of a checkpoint."""
        ...

    async def anchors(self, size: int | None = None) -> Sequence[Anchor]:
        """The anchors of the checkpoints over that many records; all, in order, where no size is given."""
        ...
