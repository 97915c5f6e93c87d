"""What is needed to verify the store of this machine: its tree, the key that signs here, and what it signed last."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from spentkey.bootstrap.checkpoints import key_file_of
from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.core.checkpoint import Checkpoint, VerifierKey
from spentkey.core.errors import Misconfigured
from spentkey.storage.export.store_judge import Desk, Known, judge_store
from spentkey.storage.key_file import KeyFile
from spentkey.system import SystemClock


async def judge_own_store(
    config: Path,
    environment: Mapping[str, str],
    key: VerifierKey | None,
    earlier: Mapping[str, Checkpoint],
    since: datetime | None,
    tell: Callable[[int, int], None],
    *,
    desk: bool,
) -> dict[str, Any]:
    """The findings, by docs/reference/evidence-verify.schema.json; writes nothing."""
    settings = load_settings(config, environment)
    keys = key_file_of(settings, environment)
    async with storage_for(settings, SystemClock(), read_only=True) as storage:
        tree = storage.tree
        published = await asyncio.to_thread(keys.published) if keys is not None else None
        current = VerifierKey.parse(published) if published is not None else None
        known = Known(current, key, {**await asyncio.to_thread(_signed_last, keys), **earlier})
        return await judge_store(tree, known, tell, _desk(since) if desk else None)


def _signed_last(keys: KeyFile | None) -> dict[str, Checkpoint]:
    """What this machine signed last: a store that was cut off or written anew does not know of it."""
    try:
        last = keys.read_last() if keys is not None else None
    except ValueError as problem:
        raise Misconfigured(f"evidence.signing_key: {keys.last if keys else ''} is damaged: {problem}") from None
    return {str(keys.last): last} if keys is not None and last is not None else {}


def _desk(since: datetime | None) -> Desk:  # noqa: ARG001
    """The notes on tickets, read back."""
    raise Misconfigured("--desk: not possible yet; evidence verify without it reads the store alone")
