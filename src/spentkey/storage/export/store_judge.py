"""Verifies the evidence in the store itself: chain, tree, every kept checkpoint, changes of keys, anchors, earlier checkpoints.

It judges records by the same code as `verify.py`, and goes on after a fault as far as the store can be read.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from spentkey.core.checkpoint import Checkpoint, VerifierKey, in_base64, read_checkpoint
from spentkey.core.errors import EvidenceBroken
from spentkey.core.tree import TreeHead
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.storage.export.lost_log import SignedHere, loss_on_record
from spentkey.storage.export.rooted import RootedRecords
from spentkey.storage.export.signers import KeyChange, Signed, signed_so_far
from spentkey.storage.export.verify import MOST_FAULTS

STORE = "store"
TOLD_EVERY = 50_000
DIGESTS = ("sha256", "sha384", "sha512")


@dataclass
class Findings:
    """What was found, as `docs/reference/evidence-verify.schema.json` has it."""

    faults: list[dict[str, Any]] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def fault(self, kind: str, message: str, seq: int | None = None, where: str = STORE) -> None:
        """Note one fault; of very many the first."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"kind": kind, "seq": seq, "where": where, "message": message})


@dataclass(frozen=True)
class KnownBefore:
    """What whoever asks knows already."""

    current: VerifierKey | None = None
    """The key that signs on this machine."""
    key: VerifierKey | None = None
    """The key that was given."""
    earlier: Mapping[str, Checkpoint] = field(default_factory=dict[str, Checkpoint])
    """Earlier checkpoints, by where they came from."""
    signed_here: SignedHere | None = None

    @property
    def checkpoints(self) -> Mapping[str, Checkpoint]:
        """All earlier ones, that of this machine first."""
        mine = self.signed_here
        return {**({mine.where: mine.checkpoint} if mine is not None else {}), **self.earlier}


class Unverified(Enum):
    """Says that nobody has verified the store yet."""

    YET = auto()


Desk = Callable[[EvidenceTree, Callable[..., None]], AsyncIterator[str]]
"""Reads what tickets show: notes each fault with the function that it gets, and yields what could not be checked."""


async def judge_store(
    tree: EvidenceTree,
    known: KnownBefore,
    tell: Callable[[int, int], None],
    desk: Desk | None = None,
    broken: EvidenceBroken | Unverified | None = Unverified.YET,
) -> dict[str, Any]:
    """Name each fault; `tell` hears how many records were read, of how many.

    `broken` is what the store's own check of every record, column and node has found: None where all holds, and then the
    records are not read once more.
    """
    found, stored = Findings(), list[Checkpoint]()
    head, signed = TreeHead(0, b""), Signed()
    records = RootedRecords(found.fault)
    try:
        head = await tree.head()
        stored = await _checkpoints(tree, found)
        signed = await signed_so_far(tree, frozenset())
        watched = records.watched = {one.head.size for one in [*stored, *known.checkpoints.values()]}
        if broken is None:
            await _believe(tree, records, head, watched)
        else:
            await _read(tree, records, head, tell)
            records.end(head.size, head.root, bool(found.faults))
            await _compare_with_tree(tree, records, found)
        await _look_at_anchors(tree, stored, found)
    except EvidenceBroken as problem:
        _broken(problem, found)
    if isinstance(broken, EvidenceBroken) and not found.faults:
        _broken(broken, found)
    keys = _keys_by(known, signed.changes, found)
    restored = max(signed.restored, default=-1)
    for one in stored:
        where, former = f"checkpoint over {one.head.size}", one.head.size <= restored
        _look_at(one, where, keys, head.size, records.roots, found, former=former)
    _look_at_the_newest(stored, known, keys, signed.changes, found)
    mine = known.signed_here
    lost = None if mine is None else await loss_on_record(tree, mine, stored, keys, records.roots)
    for where, one in known.checkpoints.items():
        if lost is not None and mine is not None and one is mine.checkpoint:
            found.not_checked.append(f"{where}: {lost}")
            continue
        _look_at(one, where, keys, head.size, records.roots, found, former=one.head.size <= restored)
        if not keys and stored and not _signers(one) & _signers(*stored):
            found.fault("other-key", "it is signed by another key than every checkpoint that is kept", where=where)
    if desk is not None:
        await _ask(desk, tree, found)
    return {
        "holds": not found.faults,
        "key": "given" if known.key else "not-given" if stored else "unsigned",
        "records": records.size,
        "size": head.size,
        "root": in_base64(head.root) if head.root else None,
        "faults": found.faults,
        "not_checked": found.not_checked,
    }


async def _ask(desk: Desk, tree: EvidenceTree, found: Findings) -> None:
    try:
        found.not_checked += [text async for text in desk(tree, found.fault)]
    except EvidenceBroken as problem:
        if not found.faults:
            _broken(problem, found)
        found.not_checked.append("the tickets: the log cannot be read past its fault")


async def _checkpoints(tree: EvidenceTree, found: Findings) -> list[Checkpoint]:
    stored: list[Checkpoint] = []
    async for note in tree.checkpoints():
        try:
            stored.append(read_checkpoint(note))
        except ValueError as problem:
            found.fault("bad-signature", f"a kept checkpoint cannot be read: {problem}")
    if not stored:
        found.not_checked.append("no checkpoint is kept: nothing here shows whether all of it was written anew")
    return stored


async def _believe(tree: EvidenceTree, records: RootedRecords, head: TreeHead, watched: set[int]) -> None:
    """The roots of a store whose records and nodes were all verified already."""
    records.size = head.size
    records.roots |= {size: (await tree.head(size)).root for size in watched if size <= head.size}


async def _read(tree: EvidenceTree, records: RootedRecords, head: TreeHead, tell: Callable[[int, int], None]) -> None:
    lines: AsyncIterator[str] = tree.lines(0, head.size)
    async for record_line in lines:
        records.take(record_line.encode("utf-8", "surrogatepass"))
        if records.size % TOLD_EVERY == 0:
            tell(records.size, head.size)


async def _compare_with_tree(tree: EvidenceTree, records: RootedRecords, found: Findings) -> None:
    """The tree is stored, and proofs are made of it: at each checkpoint it must be the one that the records make."""
    for size, root in sorted(records.roots.items()):
        if size and (await tree.head(size)).root != root:
            return found.fault("changed", f"the stored tree is not that of the first {size} records", size - 1)
    return None


async def _look_at_anchors(tree: EvidenceTree, stored: Sequence[Checkpoint], found: Findings) -> None:
    notes = {one.head.size: list[bytes]() for one in stored}
    for one in stored:
        notes[one.head.size].append(one.note.encode())
    anchors = await tree.anchors()
    for one in anchors:
        digests = [hashlib.new(name, note).digest() for note in notes.get(one.size, ()) for name in DIGESTS]
        if not any(digest in one.token for digest in digests):
            found.fault(
                "bad-proof", f"a time stamp ({one.kind}) is over no checkpoint that is kept", where=f"size {one.size}"
            )
    if anchors:
        found.not_checked.append("the signatures of time stamps: openssl ts -verify does, on an export")


def _broken(problem: EvidenceBroken, found: Findings) -> None:
    """What the store itself refuses to read past."""
    text = str(problem).removesuffix(", nothing is removed")
    number = re.search(r"record (\d+)", text)
    kind = "missing" if "missing" in text or "shorter" in text else "changed"
    found.fault(kind, text, int(number[1]) if number else None)
    found.not_checked.append("what comes after that fault")


def _keys_by(known: KnownBefore, changes: Sequence[KeyChange], found: Findings) -> dict[VerifierKey, bool]:
    """Each key that is known, and whether it is believed: all where none was given, else what that one handed over to."""
    keys = {one: known.key is None or one == known.key for one in (known.current, known.key) if one is not None}
    for change in changes:
        try:
            new = VerifierKey.parse(str(change.record.get("new")))
            old = VerifierKey.parse(str(change.record["old"])) if change.record.get("old") else None
        except ValueError as problem:
            found.fault("changed", f"names a key that is none: {problem}", change.seq)
            continue
        if old is not None:
            keys.setdefault(old, known.key is None)
        if change.record.get("lost"):
            found.not_checked.append(
                f"record {change.seq} says that a key was lost: nothing else links the next one to it"
            )
        elif change.checkpoint is None:
            found.fault("bad-signature", "the old key did not sign that another follows it", change.seq)
        keys[new] = keys.get(new, False) or known.key is None or bool(change.checkpoint and old and keys[old])
    return keys


def _look_at(
    one: Checkpoint,
    where: str,
    keys: Mapping[VerifierKey, bool],
    size: int,
    roots: Mapping[int, bytes],
    found: Findings,
    *,
    former: bool = False,
) -> None:
    """One checkpoint: its signatures, and whether the log goes on from it.

    `former` says that a backup was restored after it: it may have been made before the change of a key that is not on record.
    """
    holds = [held for key in keys if (held := one.signed_by(key)) is not None]
    if False in holds:
        found.fault("bad-signature", "its signature does not hold", where=where)
    elif not holds and keys and not former:
        found.fault("other-key", "it is signed by a key that is not known here", where=where)
    elif not holds:
        found.not_checked.append(f"{where}: its signature, for its key is not known here")
    if one.head.size > size:
        found.fault(
            "cut-off", f"it is over {one.head.size} records, and there are {size}: the end was cut off", size, where
        )
    elif roots.get(one.head.size, one.head.root) != one.head.root:
        found.fault(
            "fork", f"it shows another log: its first {one.head.size} records are not those that are here", where=where
        )


def _signers(*checkpoints: Checkpoint) -> set[tuple[str, bytes]]:
    """The keys that say they signed one of them, by name and id."""
    return {(one.name, one.key_id) for checkpoint in checkpoints for one in checkpoint.signatures}


def _look_at_the_newest(
    stored: Sequence[Checkpoint],
    known: KnownBefore,
    keys: Mapping[VerifierKey, bool],
    changes: Sequence[KeyChange],
    found: Findings,
) -> None:
    """The newest checkpoint must be by a key that is believed."""
    if known.key is not None and not stored:
        found.fault("bad-signature", "no checkpoint is kept, and nothing is signed", where="checkpoints")
    elif known.key is not None and not any(stored[-1].signed_by(key) for key, believed in keys.items() if believed):
        changed = ", and the given one did not hand over to it" if changes else ""
        found.fault("other-key", f"the newest checkpoint is signed by another key{changed}", where="checkpoints")
