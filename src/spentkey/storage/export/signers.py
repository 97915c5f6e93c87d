"""Who signed the log, and when one key followed another: what an export says of keys, read from the store."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from spentkey.core.checkpoint import Checkpoint, VerifierKey, proof_text, read_checkpoint
from spentkey.core.evidence import Facts
from spentkey.core.tree import TreeHead
from spentkey.ports.evidence_tree import EvidenceTree

NEW_KEY, RESTORED = "new-key", "restored"
"""The kinds of records that say that a key follows another, and that a backup was restored: that may be of an older key."""
Sign = Callable[[TreeHead], Awaitable[str]]
"""Gives the signed note over that head."""
IN_LINE = tuple(f'"what":"{one}"' for one in (NEW_KEY, RESTORED))


@dataclass(frozen=True)
class HeadSigner:
    """The key that signs now, and how a head is signed: also an older one, which changes nothing that is kept."""

    key: VerifierKey
    sign: Sign


@dataclass(frozen=True)
class KeyChange:
    """One key follows another: the record that says so, and the first checkpoint over it that the old key signed."""

    seq: int
    record_line: str
    record: Facts
    checkpoint: Checkpoint | None
    """None where the old key did not sign: it was lost."""

    async def proof(self, tree: EvidenceTree) -> str | None:
        """That the record is in the tree that the old key signed."""
        if self.checkpoint is None:
            return None
        path = await tree.inclusion(self.seq, self.checkpoint.head.size)
        return proof_text(self.seq, path, self.checkpoint.note)


@dataclass
class Signed:
    """What the kept checkpoints say: those that are wanted, by their size, and the changes of keys."""

    notes: dict[int, list[Checkpoint]] = field(default_factory=dict)
    changes: list[KeyChange] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    """The records that say so, where another key signs than before."""
    origin: str | None = None
    """The name under which the log was signed last."""


async def signed_so_far(tree: EvidenceTree, wanted: frozenset[int]) -> Signed:
    """Look through the checkpoints once. Records are read only where the signer changed: that is between two of them."""
    found, before, signer, length = Signed(), 0, b"", (await tree.head()).size
    async for note in tree.checkpoints():
        try:
            checkpoint = read_checkpoint(note)
        except ValueError:
            continue  # `store_judge.py` names it; nothing is proven by it
        signed_by, size = [one.key_id for one in checkpoint.signatures], checkpoint.head.size
        if signed_by != [signer]:
            await _take_changes(found, tree, min(before, size, length), min(size, length), checkpoint)
        if size in wanted:
            found.notes.setdefault(size, []).append(checkpoint)
        before, signer, found.origin = max(before, size), signed_by[-1], checkpoint.origin
    return found


async def _take_changes(found: Signed, tree: EvidenceTree, first: int, end: int, checkpoint: Checkpoint) -> None:
    lines: AsyncIterator[str] = tree.lines(first, end)
    async for record_line in lines:
        if not any(one in record_line for one in IN_LINE):
            continue
        record = json.loads(record_line)
        if record.get("what") == NEW_KEY:
            found.changes.append(KeyChange(int(record["seq"]), record_line, record, _by_the_old(record, checkpoint)))
        elif record.get("what") == RESTORED:
            found.restored.append(int(record["seq"]))


def _by_the_old(record: Facts, checkpoint: Checkpoint) -> Checkpoint | None:
    try:
        old = VerifierKey.parse(str(record.get("old")))
    except ValueError:
        return None
    return checkpoint if not record.get("lost") and checkpoint.signed_by(old) else None


def keys_text(origin: str, current: VerifierKey | None, changes: Sequence[KeyChange]) -> str:
    """The file `keys.txt`: each key, the oldest first, and over how many records its checkpoints can be."""
    starts: list[tuple[str, int]] = []
    for one in changes:
        if not starts and one.record.get("old"):
            starts.append((str(one.record["old"]), 0))
        starts.append((str(one.record["new"]), one.seq + 1))
    if not starts and current is not None:
        starts.append((str(current), 0))
    ends = [*(str(first) for _, first in starts[1:]), "now"]
    lines = [f"{key} from={first} until={end}" for (key, first), end in zip(starts, ends, strict=False)]
    heading = f"# The keys that sign the log {origin}, the oldest first, and how many records were there then."
    return "".join(f"{one}\n" for one in (heading, *lines))


def noted_at(signed: Signed, head: TreeHead) -> str | None:
    """The last kept checkpoint that is exactly over this head; None where there is none."""
    found: Mapping[int, Sequence[Checkpoint]] = signed.notes
    exact = [one.note for one in found.get(head.size, ()) if one.head == head]
    return exact[-1] if exact else None
