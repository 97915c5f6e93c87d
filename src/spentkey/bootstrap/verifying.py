"""What is needed to verify the store of this machine: its tree, the key that signs here, and what it signed last."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from spentkey.bootstrap.checkpoints import key_file_of
from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.bootstrap.tickets import reading_tickets
from spentkey.core.checkpoint import Checkpoint, VerifierKey
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.ports.read_only import NoProgress
from spentkey.settings.schema import Settings
from spentkey.storage.export.lost_log import SignedHere
from spentkey.storage.export.store_judge import KnownBefore, judge_store
from spentkey.storage.key_file import KeyFile
from spentkey.system import SystemClock


@dataclass(frozen=True)
class Listeners:
    """Who hears how far it is: how many of how many."""

    records: Callable[[int, int], None]
    tickets: Callable[[int, int], None]


async def judge_own_store(
    config: Path,
    environment: Mapping[str, str],
    key: VerifierKey | None,
    earlier: Mapping[str, Checkpoint],
    since: datetime | None,
    listeners: Listeners,
    *,
    desk: bool,
) -> dict[str, Any]:
    """The findings, by docs/reference/evidence-verify.schema.json; writes nothing."""
    settings = load_settings(config, environment)
    keys = key_file_of(settings, environment)
    broken = await _verified(settings, listeners.records)
    async with storage_for(settings, SystemClock(), read_only=True) as storage:
        tree = storage.tree
        published = await asyncio.to_thread(keys.published) if keys is not None else None
        current = VerifierKey.parse(published) if published is not None else None
        known = KnownBefore(current, key, earlier, await asyncio.to_thread(_signed_last, keys))
        told = listeners.tickets
        tickets = reading_tickets(settings, NoProgress(), SystemClock(), since, told=told) if desk else None
        return await judge_store(tree, known, listeners.records, tickets, broken)


async def _verified(settings: Settings, tell: Callable[[int, int], None]) -> EvidenceBroken | None:
    """What the store's own check of everything finds; over a connection of its own, for a fault ends all calls of it."""
    async with storage_for(settings, SystemClock(), read_only=True) as storage:
        try:
            length = (await storage.tree.head()).size
            await storage.evidence.verify(lambda done: tell(done, length))
        except EvidenceBroken as problem:
            return problem
    return None


def _signed_last(keys: KeyFile | None) -> SignedHere | None:
    """What this machine signed last: a store that was cut off or written anew does not know of it."""
    try:
        found = keys.read_last_and_when() if keys is not None else None
    except ValueError as problem:
        raise Misconfigured(f"evidence.signing_key: {keys.last if keys else ''} is damaged: {problem}") from None
    return SignedHere(str(keys.last), *found) if keys is not None and found is not None else None
