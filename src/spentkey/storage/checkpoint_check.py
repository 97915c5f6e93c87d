"""The check-up of checkpoints: who signs, whether the files of the key are in order, whether the log continues what was signed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from spentkey.core.checkpoint_end import NEW_KEY, NotSigned
from spentkey.core.errors import Misconfigured, SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.storage.checkpoints import UNSIGNED, Before, Checkpoints
from spentkey.storage.key_file import KeyFile

SYSTEM = "checkpoints"
GUIDE = "docs/howto/checkpoints.md"


@dataclass(frozen=True)
class CheckpointCheck:
    """What must be in place before the next checkpoint; nothing is made and nothing is signed."""

    checkpoints: Checkpoints

    async def findings(self) -> AsyncIterator[Finding]:
        """The key, then what it signed last."""
        keys = self.checkpoints.keys
        if keys is None:
            _, _, fix = UNSIGNED.partition("; ")
            message = "none: with a database no key is made, so nobody signs checkpoints"
            yield Finding(SYSTEM, "signing key", FindingState.WARN, message, fix)
            return
        try:
            if not await self._has_signed(keys):
                yield await asyncio.to_thread(_first_key, keys)
                yield Finding(SYSTEM, "last checkpoint", FindingState.OK, "none yet")
                return
            before = await self.checkpoints.look(keys)
            yield await self._key(before, keys)
            if await asyncio.to_thread(keys.next.exists):
                message = f"{keys.next} is there: a change of the key was begun and did not end"
                yield Finding(SYSTEM, "change of the key", FindingState.WARN, message, f"end it with {NEW_KEY}")
            yield await self._last(before, keys)
        except Misconfigured as problem:
            what, _, message = str(problem).partition(": ")
            yield Finding(SYSTEM, what, FindingState.FAIL, message, f"see {GUIDE}")
        except SpentkeyError as problem:
            yield Finding(SYSTEM, "last checkpoint", FindingState.FAIL, str(problem), "then run spentkey check again")
        if keys.last is None:
            message = (
                "is not set, so this machine forgets at each start what it signed, and cannot see a restored backup"
            )
            yield Finding(SYSTEM, "state.directory", FindingState.WARN, message, "set state.directory")

    async def _has_signed(self, keys: KeyFile) -> bool:
        """Whether there is a checkpoint; until then a store may be there or not."""
        try:
            mine = await asyncio.to_thread(keys.read_last) is not None
        except ValueError:
            mine = True
        return mine or await self.checkpoints.tree.checkpoint() is not None

    async def _key(self, before: Before, keys: KeyFile) -> Finding:
        found = await self.checkpoints.found(before, keys)
        if isinstance(found, NotSigned):
            return Finding(SYSTEM, "signing key", FindingState.FAIL, found.reason, found.fix)
        if found is None:
            return _first_key(keys)
        key = found.key.verifier(before.origin)
        message = f"{keys.file}, {key}{_beside_the_store(keys)}"
        return Finding(SYSTEM, "signing key", FindingState.OK, message)

    async def _last(self, before: Before, keys: KeyFile) -> Finding:
        problem = await self.checkpoints.why_not(before, keys)
        if problem is not None:
            return Finding(SYSTEM, "last checkpoint", FindingState.FAIL, problem.reason, problem.fix)
        last = before.latest
        if last is None:  # it went while we looked
            return Finding(SYSTEM, "last checkpoint", FindingState.OK, "none yet")
        message = f"over {last.head.size} of {before.head.size} records, which continue it"
        if before.last is None and keys.last is not None:
            message += f"; {keys.last} is not there, so only the store itself says so"
        return Finding(SYSTEM, "last checkpoint", FindingState.OK, message)


def _first_key(keys: KeyFile) -> Finding:
    """Of a key that has signed nothing yet; raises `Misconfigured` where it must not be used."""
    if keys.read() is not None:
        return Finding(SYSTEM, "signing key", FindingState.OK, f"{keys.file} can be read{_beside_the_store(keys)}")
    if not keys.made_here:
        how = f"(umask 077; openssl genpkey -algorithm ed25519 -out {keys.file}), and copy it to all machines"
        return Finding(SYSTEM, "signing key", FindingState.FAIL, f"{keys.file} is not there", how)
    message = f"{keys.file} is made with the first checkpoint{_beside_the_store(keys)}"
    return Finding(SYSTEM, "signing key", FindingState.OK, message)


def _beside_the_store(keys: KeyFile) -> str:
    """What a backup of the state directory takes along unless it is told not to."""
    if not keys.made_here:
        return ""
    return f"; it lies beside the evidence: leave {keys.file.name}* out of backups ({GUIDE})"
