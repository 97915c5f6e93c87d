"""Who signs the checkpoints of an export: the key of this machine, once the log as it is now is signed."""

import asyncio

from spentkey.core.checkpoint import checkpoint_text, signed_note
from spentkey.core.checkpoint_end import NotSigned, SignedHead
from spentkey.core.errors import EvidenceBroken
from spentkey.core.note_key import NoteKey
from spentkey.core.tree import TreeHead
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.export.signers import Sign, Signer


async def signer_by(checkpoints: Checkpoints) -> Signer | None:
    """Sign all records first, which shows that the log goes on from what was signed; then that key signs older heads too.

    None where no key is configured, or there is no record. Raises `EvidenceBroken` where the log must not be signed.
    Checkpoints over older heads are for the export alone: they are not kept, and are the same bytes each time.
    """
    end = await checkpoints.make()
    if isinstance(end, NotSigned):
        raise EvidenceBroken(f"nothing is exported: {end.reason}; {end.fix}")
    if not isinstance(end, SignedHead) or checkpoints.keys is None:
        return None
    key = await asyncio.to_thread(checkpoints.keys.read)
    if key is None or key.verifier(end.key.name) != end.key:
        raise EvidenceBroken(f"nothing is exported: {checkpoints.keys.file} was changed meanwhile; try again")
    return Signer(end.key, _signs(key, end.key.name))


def _signs(key: NoteKey, origin: str) -> Sign:
    async def sign(head: TreeHead) -> str:
        text = checkpoint_text(origin, head)
        return signed_note(text, [(key.verifier(origin), key.sign(text))])

    return sign
