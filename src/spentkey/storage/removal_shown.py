"""One removal for people who look: its timeline, and whether each of its records is proven by the newest checkpoint.

The proofs are computed anew from the tree as it is. Whose signature the checkpoint carries is for `evidence verify`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spentkey.core.checkpoint import Checkpoint, in_base64, read_checkpoint
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import Facts, canonical
from spentkey.core.history import ENDS
from spentkey.core.timeline import TimelineStep, records_of_removal, timeline
from spentkey.core.tree import leaf_hash, root_by
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.evidence_tree import EvidenceTree

LARGEST_NUMBER = 2**63 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
UNKNOWN = "nothing is on record by the name {name}: it is neither the evidence id of a result nor a task"


class ProofState(StrEnum):
    """What the newest checkpoint says of a record."""

    HOLDS = "holds"
    LATER = "later"
    """It was written after the checkpoint; the next one will hold it."""
    NO_CHECKPOINT = "no-checkpoint"
    FAILS = "fails"
    """What is there now is not what was signed."""


@dataclass(frozen=True)
class RemovalShown:
    """What is on record about one removal."""

    records: Sequence[Facts]
    steps: Sequence[TimelineStep]
    proofs: Mapping[int, ProofState]
    """By the `seq` of each record."""
    checkpoint: Checkpoint | None

    @property
    def holds(self) -> bool:
        """Whether no record is another one than was signed."""
        return ProofState.FAILS not in self.proofs.values()

    @property
    def end(self) -> Facts | None:
        """How the last of its tries ended; None while none has."""
        ends = [one for one in self.records if one.get("what") in ENDS]
        return ends[-1] if ends else None

    def known(self, name: str) -> str | None:
        """What the latest record says of that, where one does."""
        found = [str(one[name]) for one in self.records if one.get(name) is not None]
        return found[-1] if found else None

    def as_json(self) -> dict[str, Any]:
        """As `evidence show --json` and the API have it."""
        end = self.end or {}
        return {
            "task": str(self.records[0].get("task")),
            **{name: self.known(name) for name in ("tenant", "app_id", "app_name", "key_id", "kind")},
            **{
                name: end.get(name)
                for name in ("outcome", "attribution", "route", "ticket", "guard", "reason", "reason_code")
            },
            "evidence": end.get("evidence") or self.known("attempt"),
            "warnings": list(end.get("warnings") or ()),
            "holds": self.holds,
            "checkpoint": _checkpoint_as_json(self.checkpoint),
            "steps": [{**step.as_json(), "proof": self.proofs[step.seq].value} for step in self.steps],
        }


def _checkpoint_as_json(checkpoint: Checkpoint | None) -> dict[str, Any] | None:
    if checkpoint is None:
        return None
    head = checkpoint.head
    return {"origin": checkpoint.origin, "size": head.size, "root": in_base64(head.root)}


async def removal_shown(name: str, evidence: EvidenceLog, tree: EvidenceTree) -> RemovalShown | None:
    """The removal of that try, by the evidence id of its result, or the last one of that task; None where nothing is known."""
    records = await _records(name, evidence)
    if not records:
        return None
    note = await tree.checkpoint()
    checkpoint = _read(note) if note is not None else None
    proofs = {int(one["seq"]): await _proof(one, tree, checkpoint) for one in records}
    return RemovalShown(records, timeline(records), proofs, checkpoint)


async def _records(name: str, evidence: EvidenceLog) -> Sequence[Facts]:
    end = await evidence.ended(name)
    if end is not None:
        found = (await evidence.history(end["task"])).records
        if end["task"] == 0:  # every removal without a task is in that history
            found = [one for one in found if _is_of(one, end)]
        return records_of_removal(found, name)
    histories = [(await evidence.history(task)).records for task in _tasks(name)]
    last = max((one for one in histories if one), key=lambda one: int(one[-1]["seq"]), default=())
    return records_of_removal(last)


def _is_of(record: Facts, end: Facts) -> bool:
    return record.get("attempt") == end.get("attempt") or all(
        record.get(name) is not None and record.get(name) == end.get(name) for name in ("app_id", "key_id")
    )


def _tasks(name: str) -> Sequence[int | str]:
    """What a task of that name is called in records, which may be of more than one desk."""
    is_number = _NUMBER.fullmatch(name) is not None and int(name) <= LARGEST_NUMBER
    return (int(name), name) if is_number else (name,)


def _read(note: str) -> Checkpoint:
    try:
        return read_checkpoint(note)
    except ValueError as problem:
        raise EvidenceBroken(f"the newest checkpoint cannot be read: {problem}") from None


async def _proof(record: Facts, tree: EvidenceTree, checkpoint: Checkpoint | None) -> ProofState:
    if checkpoint is None:
        return ProofState.NO_CHECKPOINT
    seq, size = int(record["seq"]), checkpoint.head.size
    if size > (await tree.head()).size:
        return ProofState.FAILS  # records that were signed are not there any more
    if seq >= size:
        return ProofState.LATER
    path = await tree.inclusion(seq, size)
    proven = root_by(seq, size, leaf_hash(canonical(record)), path) == checkpoint.head.root
    return ProofState.HOLDS if proven else ProofState.FAILS
