"""What this machine signed last, where the log does not go on from it: whether the loss of that log is on record.

A restored backup lacks what was signed. One machine puts that on record (`restored`); what another one signed before it is
then no sign of a forger. What others hold is never explained so: whoever has the key could put such a record into any log.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from spentkey.core.checkpoint import Checkpoint, VerifierKey, in_base64
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import Facts
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.storage.export.signers import RESTORED

IN_LINE = f'"what":"{RESTORED}"'


@dataclass(frozen=True)
class SignedHere:
    """What this machine signed last: where that stands, and when it was written there."""

    where: str
    checkpoint: Checkpoint
    at: datetime


async def loss_on_record(
    tree: EvidenceTree,
    mine: SignedHere,
    stored: Sequence[Checkpoint],
    keys: Mapping[VerifierKey, bool],
    roots: Mapping[int, bytes],
) -> str | None:
    """Which signed record explains that the log does not go on from what this machine signed, in words.

    None where the log goes on from it, and where no such record explains it. `stored` are the kept checkpoints, `keys` the
    known keys with whether each is believed, `roots` those of the log as it is.
    """
    head = mine.checkpoint.head
    if roots.get(head.size) == head.root or not any(mine.checkpoint.signed_by(key) for key in keys):
        return None
    try:
        lines: AsyncIterator[str] = tree.lines(0, _proven(stored, keys, roots))
        records = [json.loads(one) async for one in lines if IN_LINE in one]
    except EvidenceBroken:
        return None  # that fault is named already
    explaining = (one for one in records if one.get("what") == RESTORED and _explains(one, mine))
    record = next(explaining, None)
    if record is None:
        return None
    return f"it is over {head.size} records of a log that was lost: record {record['seq']} says who restored a backup, and why"


def _proven(stored: Sequence[Checkpoint], keys: Mapping[VerifierKey, bool], roots: Mapping[int, bytes]) -> int:
    """How many records are proven by kept checkpoints of keys that are believed."""
    believed = [key for key, is_believed in keys.items() if is_believed]
    proving = [one for one in stored if roots.get(one.head.size) == one.head.root]
    return max((one.head.size for one in proving if any(one.signed_by(key) for key in believed)), default=0)


def _explains(record: Facts, mine: SignedHere) -> bool:
    """Whether that restore may have lost what this machine signed.

    A checkpoint over fewer records than were lost may also be of what came after the restore, and was cut off: its time
    tells the two apart.
    """
    head, size = mine.checkpoint.head, record.get("size")
    if record.get("origin") != mine.checkpoint.origin or not isinstance(size, int):
        return False
    if head.size == size:
        return in_base64(head.root) == record.get("root")
    return head.size < size and mine.at < datetime.fromisoformat(str(record["at"]))
