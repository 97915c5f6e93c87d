"""The change of the key that signs checkpoints: the old key says who follows, in a record and by signing beside the new.

The steps: the new key in FILE.next; the record; a checkpoint over it by both keys; FILE.next takes the place of FILE. After
a crash at any of them the same command goes on, with the same new key and without a second record. Until the checkpoint is
there the old key signs on; from then on the next one to sign finishes the change.
"""

import asyncio
import json

from spentkey.core.checkpoint import VerifierKey
from spentkey.core.checkpoint_end import CheckpointEnd, NotSigned, SignedHead
from spentkey.core.errors import Misconfigured
from spentkey.core.note_key import NoteKey
from spentkey.core.records import NewKeyRecord, RecordKind
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.storage.checkpoints import UNSIGNED, Before, Checkpoints
from spentkey.storage.key_file import KeyFile


async def change_key(checkpoints: Checkpoints, who: str, why: str, *, lost: bool) -> CheckpointEnd:
    """Let a new key sign from here on; where nothing was signed yet there is nothing to change, and the first one is made.

    With `lost` the old key is not there to sign: that is on record, and whoever verifies is told. Raises `Misconfigured`
    where the old key is there all the same, and `EvidenceBroken` where a file cannot be written.
    """
    keys = checkpoints.keys
    if keys is None:
        raise Misconfigured(UNSIGNED)
    async with checkpoints.held(keys):
        before = await checkpoints.look(keys)
        if before.latest is None:
            return await checkpoints.signed(keys)
        problem = await checkpoints.why_not(before, keys)
        if problem is not None:
            return problem
        old = await checkpoints.key_for(before, keys)
        if isinstance(old, NoteKey) and await _changed_just_now(checkpoints.tree, before, old):
            return await checkpoints.signed(keys)
        if isinstance(old, NotSigned) and not lost:
            return old
        _refuse_to_lose(old, keys, lost=lost)
        return await _go_on(checkpoints, keys, before, old if isinstance(old, NoteKey) else None, (who, why))


async def _go_on(
    checkpoints: Checkpoints, keys: KeyFile, before: Before, old: NoteKey | None, by: tuple[str, str]
) -> SignedHead:
    new = await asyncio.to_thread(keys.read_next) or await asyncio.to_thread(keys.make_next)
    verifier = new.verifier(before.origin)
    former = str(old.verifier(before.origin)) if old is not None else _written_down(keys, before)
    record = NewKeyRecord(*by, former, str(verifier), old is None)
    await checkpoints.record_once(record, ("new",), 0)
    made = await checkpoints.sign(before.origin, keys, [old, new] if old is not None else [new])
    await asyncio.to_thread(keys.put_next_in_place)
    await asyncio.to_thread(keys.publish, verifier)
    return made


def _refuse_to_lose(old: NoteKey | NotSigned, keys: KeyFile, *, lost: bool) -> None:
    """Raise `Misconfigured` where the key is not lost, or where another one would be overwritten."""
    if lost and isinstance(old, NoteKey):
        raise Misconfigured(f"--lost: {keys.file} is there, and can sign its successor; leave --lost out")
    if isinstance(old, NotSigned) and keys.read() is not None:
        raise Misconfigured(f"--lost: {old.reason}; move that file away first, so that no key is overwritten")


def _written_down(keys: KeyFile, before: Before) -> str | None:
    """The public key of the lost one, if what lies beside it is the one that signed last."""
    known, latest = keys.published(), before.latest
    is_it = known is not None and latest is not None and bool(latest.signed_by(VerifierKey.parse(known)))
    return known if is_it else None


async def _changed_just_now(tree: EvidenceTree, before: Before, key: NoteKey) -> bool:
    """Whether the last record is the change to that very key: the command was repeated, and nothing happened since."""
    async for record_line in tree.lines(before.head.size - 1, before.head.size):
        record = json.loads(record_line)
        return record["what"] == RecordKind.NEW_KEY and record["new"] == str(key.verifier(before.origin))
    return False
