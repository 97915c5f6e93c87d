"""Makes checkpoints: looks whether the tree continues the last one, signs it, and keeps it.

Each is in FILE.last before anybody can see it, so that this machine knows what it has signed, whatever becomes of the store.
All of it happens under one lock of the machine, and converges: what a crash left is finished by the next one.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from spentkey.core.checkpoint import Checkpoint, checkpoint_text, in_base64, read_checkpoint, signed_note
from spentkey.core.checkpoint_end import (
    LOST_KEY,
    RESTORED,
    CheckpointEnd,
    NothingToSign,
    NotSigned,
    SignedHead,
    UnsignedHead,
    not_continued,
)
from spentkey.core.errors import Busy, EvidenceBroken, Misconfigured
from spentkey.core.heartbeat import refuse_twice
from spentkey.core.note_key import NoteKey
from spentkey.core.records import Record, RestoredRecord
from spentkey.core.tree import TreeHead, is_consistent
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.runtime import Clock
from spentkey.storage.files.flock import tries_to_lock
from spentkey.storage.key_file import KeyFile

PATIENCE_S = 30.0
"""How long one process waits for another that makes a checkpoint, in seconds."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25
UNSIGNED = (
    "evidence.signing_key: is not set, and with a database no key is made; put one key on all machines, "
    "openssl genpkey -algorithm ed25519, and set [evidence] signing_key = { file = … }"
)


@dataclass(frozen=True)
class Before:
    """What there is before anything is signed."""

    origin: str
    head: TreeHead
    newest: Checkpoint | None
    """In the store."""
    last: Checkpoint | None
    """The last that this machine signed."""
    damaged: str | None = None
    """What is wrong with the file that keeps it."""

    @property
    def latest(self) -> Checkpoint | None:
        """The one that says whose key signs now: over more records than the other."""
        both = [one for one in (self.newest, self.last) if one is not None]
        return max(both, key=lambda one: one.head.size, default=None)

    @property
    def to_continue(self) -> Checkpoint | None:
        """What the tree must go on from: our own memory, which no restored store changes; else what the store has."""
        return self.last or self.newest


@dataclass
class Checkpoints:
    """What is signed on this machine; without `keys` nothing is signed."""

    tree: EvidenceTree
    evidence: EvidenceLog
    clock: Clock
    keys: KeyFile | None
    origin: str | None = None
    """As configured."""
    _signed: Checkpoint | None = field(default=None, init=False)

    async def make(self) -> CheckpointEnd:
        """A checkpoint over all records; the newest one where it is over all of them."""
        if (await self.tree.head()).size == 0:
            return NothingToSign()
        if self.keys is None:
            return UnsignedHead(await self.tree.head())
        async with self.held(self.keys):
            return await self.signed(self.keys)

    async def restored(self, who: str, why: str) -> CheckpointEnd:
        """Put on record that the records do not continue what was signed, and sign them; where they do, as `make`."""
        if self.keys is None:
            raise Misconfigured(UNSIGNED)
        async with self.held(self.keys):
            before = await self.look(self.keys)
            if await self.why_not(before, self.keys) is None:
                return await self.signed(self.keys)
            key = await self.key_for(before, self.keys)
            if isinstance(key, NotSigned):
                return key
            last = before.to_continue if before.damaged is None else None
            size, root, origin = (last.head.size, in_base64(last.head.root), last.origin) if last else (None,) * 3
            record = RestoredRecord(who, why, size, root, origin, str(key.verifier(before.origin)))
            since = before.newest.head.size if before.newest is not None else 0
            await self.record_once(record, ("size", "root", "origin", "key"), since)
            return await self.sign(before.origin, self.keys, [key])

    async def signed(self, keys: KeyFile) -> CheckpointEnd:
        """As `make`, by a caller that holds the lock."""
        before = await self.look(keys)
        if before.head.size == 0:
            return NothingToSign()
        problem = await self.why_not(before, keys)
        if problem is not None:
            return problem
        key = await self.key_for(before, keys)
        if isinstance(key, NotSigned):
            return key
        verifier, newest, last = key.verifier(before.origin), before.newest, before.last
        await asyncio.to_thread(keys.publish, verifier)
        if newest is not None and newest.head == before.head and newest.signed_by(verifier):
            return SignedHead(newest.head, verifier, newest.note, is_new=False)
        if last is not None and last.head == before.head and last.signed_by(verifier):
            await self.tree.keep_checkpoint(last.head.size, last.note, self.clock.now())  # a crash came in between
            return SignedHead(last.head, verifier, last.note)
        return await self.sign(before.origin, keys, [key], before.head)

    async def look(self, keys: KeyFile) -> Before:
        """What there is; the tree is read last, so that it is never older than the checkpoints."""
        origin, note = self.origin or await self.tree.origin(), await self.tree.checkpoint()
        try:
            newest = read_checkpoint(note) if note is not None else None
        except ValueError as problem:
            raise EvidenceBroken(f"the newest checkpoint in the store cannot be read: {problem}") from None
        last, damaged = self._signed, None
        try:
            last = await asyncio.to_thread(keys.read_last) or last
        except ValueError as problem:
            damaged = str(problem)
        if newest is not None and newest.origin != origin:
            raise Misconfigured(
                f"evidence.origin: is {origin}, and the checkpoints so far are of {newest.origin}; the name of a log stays: "
                f'set origin = "{newest.origin}"'
            )
        return Before(origin, await self.tree.head(), newest, last, damaged)

    async def why_not(self, before: Before, keys: KeyFile) -> NotSigned | None:
        """Why the tree must not be signed: it does not continue what was signed last; None where it does."""
        where, last = str(keys.last or "this process"), before.to_continue
        if before.damaged is not None:
            return NotSigned(f"{where} is damaged: {before.damaged}", f"find out what changed it, then {RESTORED}")
        if last is None:
            return None
        if last.origin != before.origin:
            return NotSigned(
                f"{where} is of another log, {last.origin}, and this one is {before.origin}",
                f"if the store was begun anew on purpose, {RESTORED}",
            )
        if last.head.size > before.head.size:
            return not_continued(last, before.head, where)
        path = await self.tree.consistency(last.head.size, before.head.size)
        return None if is_consistent(last.head, before.head, path) else not_continued(last, before.head, where)

    async def key_for(self, before: Before, keys: KeyFile) -> NoteKey | NotSigned:
        """The key that signs now; made or put in place, where that is what is missing."""
        key = await self.found(before, keys)
        if key is None:
            return await asyncio.to_thread(keys.make)
        if isinstance(key, NotSigned):
            return key
        if key.is_next:
            await asyncio.to_thread(keys.put_next_in_place)
        return key.key

    async def found(self, before: Before, keys: KeyFile) -> "FoundKey | NotSigned | None":
        """The key that signed last. None where nothing was ever signed, and the first one may be made."""
        key, latest = await asyncio.to_thread(keys.read), before.latest
        if latest is None:
            return FoundKey(key) if key is not None else _first(before, keys)
        if key is not None and _signed_last(latest, key):
            return FoundKey(key)
        following = await asyncio.to_thread(keys.read_next)
        if following is not None and _signed_last(latest, following):  # the change was cut off before its last step
            return FoundKey(following, is_next=True)
        signer = latest.signatures[-1].key_id.hex()
        if key is None:
            return NotSigned(f"{keys.file} is missing, and key {signer} signed until now", _PUT_BACK)
        ours = key.verifier(latest.origin).id.hex()
        return NotSigned(f"{keys.file} holds key {ours}, and key {signer} signed until now", _PUT_BACK)

    async def record_once(self, record: Record, names: tuple[str, ...], since: int) -> None:
        """Put it on record, unless one that is the same in these fields is there, in record `since` or later."""
        await self.evidence.append_unless(
            lambda blast_radius: refuse_twice(blast_radius, record, names, since), record.what, record.facts()
        )

    async def sign(
        self, origin: str, keys: KeyFile, signers: Sequence[NoteKey], head: TreeHead | None = None
    ) -> SignedHead:
        """Sign the tree, as it is now unless it is given, with each key; the last one is the one that signs from here on."""
        head = head or await self.tree.head()
        text = checkpoint_text(origin, head)
        note = signed_note(text, [(key.verifier(origin), key.sign(text)) for key in signers])
        await asyncio.to_thread(keys.write_last, note)
        self._signed = read_checkpoint(note)
        await self.tree.keep_checkpoint(head.size, note, self.clock.now())
        return SignedHead(head, signers[-1].verifier(origin), note)

    @asynccontextmanager
    async def held(self, keys: KeyFile) -> AsyncGenerator[None]:
        """One maker of checkpoints at a time on this machine; the kernel frees the lock of a process that dies."""
        file = await asyncio.to_thread(keys.open_lock)
        try:
            if file is not None:
                for pause_s in tries_to_lock(file, PATIENCE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, _given_up):
                    await self.clock.sleep(pause_s)
            yield
        finally:
            if file is not None:
                await asyncio.to_thread(keys.close_lock, file)


@dataclass(frozen=True)
class FoundKey:
    """The key that signed last; `is_next` where a change was cut off before it took the place of the old one."""

    key: NoteKey
    is_next: bool = False


_PUT_BACK = f"put that key back; if it is lost, {LOST_KEY}"


def _first(before: Before, keys: KeyFile) -> NotSigned | None:
    """Whether the first key may be made; raises `Misconfigured` where people have to make it."""
    if before.damaged is not None:
        return NotSigned(f"{keys.file} is missing, and {keys.last} shows that it has signed", _PUT_BACK)
    if keys.made_here:
        return None
    raise Misconfigured(
        f"evidence.signing_key: {keys.file} is not there; make it once, and copy it to all machines: "
        f"(umask 077; openssl genpkey -algorithm ed25519 -out {keys.file})"
    )


def _given_up(waited_s: float) -> Busy:
    return Busy(f"another process has been making a checkpoint for {waited_s:.0f} s")


def _signed_last(latest: Checkpoint, key: NoteKey) -> bool:
    """Whether it is the key that signs from that checkpoint on, and its signature holds."""
    verifier = key.verifier(latest.origin)
    return latest.signatures[-1].key_id == verifier.id and bool(latest.signed_by(verifier))
