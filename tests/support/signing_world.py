"""A log, its tree and the files of its key, as one process of one machine has them; tests change the past at will."""

import base64
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence_store import lines_in, put_lines, records_in
from support_core import ManualClock

from spentkey.core.checkpoint import Checkpoint, VerifierKey, read_checkpoint
from spentkey.core.evidence import Facts
from spentkey.core.tree import CompactRange, TreeHead, consistency, inclusion, leaf_hash, node_hash
from spentkey.ports.evidence_tree import Anchor, Filters
from spentkey.settings.modes import Modes
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.key_file import KEY_NAME, KeyFile
from spentkey.storage.sqlite.evidence import SqliteEvidence

ORIGIN = "spentkey/0011223344556677"
_seeds = itertools.count(1)


def drawn(count: int) -> bytes:
    """Other bytes each time, and the same in every process."""
    return next(_seeds).to_bytes(count, "big")


class TreeOverLines:
    """The `EvidenceTree` port over the lines in a state directory, computed anew each time; checkpoints stay in memory."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.own_origin = ORIGIN
        self.notes: list[tuple[int, str, datetime]] = []
        self.stop_before: str | None = None

    def _nodes(self, level: int, number: int) -> bytes:
        lines = lines_in(self._state)
        if level == 0:
            return leaf_hash(lines[number])
        return node_hash(self._nodes(level - 1, 2 * number), self._nodes(level - 1, 2 * number + 1))

    async def origin(self) -> str:
        """The same for every store."""
        return self.own_origin

    async def head(self, size: int | None = None) -> TreeHead:
        """By all leaves."""
        lines = lines_in(self._state)
        grown = CompactRange()
        for record_line in lines if size is None else lines[:size]:
            grown.add(leaf_hash(record_line))
        return grown.head()

    async def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """By the nodes."""
        return inclusion(seq, size, self._nodes)

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """By the nodes."""
        return consistency(old, new, self._nodes)

    async def lines(self, first: int = 0, until: int | None = None) -> AsyncIterator[str]:
        """As they are."""
        for record_line in lines_in(self._state)[first:until]:
            yield record_line

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Of no use here."""
        raise NotImplementedError

    async def results(self, wanted: Filters, limit: int, before: int | None = None) -> Sequence[Facts]:
        """Of no use here."""
        raise NotImplementedError

    async def keep_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """In memory."""
        self.notes.append((size, note, at))

    async def checkpoint(self, least: int = 0) -> str | None:
        """The one that was kept last."""
        return next((note for size, note, _ in reversed(self.notes) if size >= least), None)

    async def checkpointed_at(self) -> datetime | None:
        """Of the one that was kept last."""
        return self.notes[-1][2] if self.notes else None

    async def checkpoints(self) -> AsyncIterator[str]:
        """In order."""
        for _, note, _ in self.notes:
            yield note

    async def keep_anchor(self, anchor: Anchor) -> None:
        """Of no use here."""
        raise NotImplementedError

    async def anchors(self, size: int | None = None) -> Sequence[Anchor]:
        """None."""
        del size
        return []


@dataclass
class Machine:
    """One machine with a state directory; `signer` is what a process that starts now has."""

    state: Path
    made_here: bool = True
    file: Path | None = None
    origin: str | None = None
    clock: ManualClock = field(default_factory=ManualClock)
    tree: TreeOverLines = field(init=False)

    def __post_init__(self) -> None:
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.tree = TreeOverLines(self.state)

    @property
    def keys(self) -> KeyFile:
        """The files of the key."""
        file = self.file or self.state / KEY_NAME
        return KeyFile(file, file.parent, Modes({}), drawn, self.made_here)

    def evidence(self) -> SqliteEvidence:
        """The log."""
        return SqliteEvidence(self.state, self.clock)

    def signer(self, keys: KeyFile | None = None) -> Checkpoints:
        """What a process has that starts now."""
        return Checkpoints(self.tree, self.evidence(), self.clock, keys or self.keys, self.origin)

    async def record(self, count: int = 1) -> None:
        """So many records more."""
        for _ in range(count):
            await self.evidence().append("note", {"task": 40021, "number": next(_seeds)})

    def records(self, what: str) -> list[dict[str, Any]]:
        """Those of that kind."""
        return [one for one in records_in(self.state) if one["what"] == what]

    def cut(self, count: int) -> None:
        """A backup with so many records is restored: it has the checkpoints up to there, and none of the key's files."""
        put_lines(self.state, lines_in(self.state)[:count])
        self.tree.notes = [one for one in self.tree.notes if one[0] <= count]

    def names(self) -> set[str]:
        """The files of the key that there are."""
        return {path.name for path in self.keys.file.parent.glob(f"{self.keys.file.name}*")}

    def last(self) -> Checkpoint:
        """What FILE.last holds."""
        assert self.keys.last is not None
        return read_checkpoint(self.keys.last.read_text())

    def key(self) -> VerifierKey:
        """The public half of the key that is in place."""
        found = self.keys.read()
        assert found is not None
        return found.verifier(self.origin or ORIGIN)


def private_texts(file: Path) -> list[bytes]:
    """How the private key in a file may be written somewhere else."""
    inner = base64.b64decode("".join(file.read_text().splitlines()[1:-1]))
    seed = inner[-32:]
    return [seed, seed.hex().encode(), base64.b64encode(seed), base64.b64encode(inner)[:-4]]


def mode_of(file: Path) -> int:
    """Who may do what with it."""
    return file.stat().st_mode & 0o777


def forget(file: Path) -> None:
    """As if it had never been there."""
    file.unlink(missing_ok=True)
