"""Who makes checkpoints, and when: at the end of a run, each `checkpoint_every` of a service, and when people ask.

None of it may stand in the way of work: it comes after the results are on record, and what fails is told, once.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from spentkey.bootstrap.storage import Storage, storage_for
from spentkey.core.checkpoint import read_checkpoint
from spentkey.core.checkpoint_end import CheckpointEnd, LastCheckpoint, NotSigned, SignedHead, UnsignedHead
from spentkey.core.errors import PROBLEMS, EvidenceBroken, known
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.runtime import Clock
from spentkey.settings.modes import Modes
from spentkey.settings.rules import state_directory
from spentkey.settings.schema import Settings
from spentkey.settings.surroundings import ProcessView
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.key_file import KEY_NAME, KeyFile
from spentkey.system import random_bytes
from spentkey.worker.heartbeats import Heartbeats

logger = logging.getLogger(__name__)


class HearsOfCheckpoints(Protocol):
    """Hears what becomes of checkpoints: for a log, for metrics."""

    def checkpointed(self, end: CheckpointEnd) -> None:
        """One was made, or there is no key and the head alone is known."""
        ...

    def not_checkpointed(self, why: str) -> None:
        """None was made; `why` is empty where that was told before."""
        ...


class InTheLog:
    """Tells the log of this process alone."""

    def checkpointed(self, end: CheckpointEnd) -> None:
        """One line for whoever logs at info."""
        logger.info("%s", end.shown())

    def not_checkpointed(self, why: str) -> None:
        """One line, also where nobody has set up a log."""
        if why:
            logger.warning("%s", why)


IN_THE_LOG = InTheLog()


@dataclass
class Signing:
    """Makes checkpoints beside the work of one process; whatever happens is told, and nothing is raised."""

    checkpoints: Checkpoints
    heard: HearsOfCheckpoints
    _told: str = field(default="", init=False)

    async def sign(self) -> None:
        """A checkpoint over what was added."""
        try:
            end = await self.checkpoints.make()
        except PROBLEMS as problem:
            self.failed(f"no checkpoint: {known(problem)}")
        except Exception as problem:  # noqa: BLE001  # the work is done, and a bug here must not say otherwise
            self.failed(f"no checkpoint: a bug in Spentkey, {type(problem).__name__}")
        else:
            self._ended(end)

    def _ended(self, end: CheckpointEnd) -> None:
        if isinstance(end, NotSigned):
            self.failed(end.shown())
            return
        self._told = ""
        if isinstance(end, UnsignedHead) or (isinstance(end, SignedHead) and end.is_new):
            self.heard.checkpointed(end)

    def failed(self, why: str) -> None:
        """Tell it, each reason once."""
        self.heard.not_checkpointed(why if why != self._told else "")
        self._told = why


def key_file_of(settings: Settings, environment: Mapping[str, str]) -> KeyFile | None:
    """Where the signing key is; None with a database and no key configured: then nobody signs."""
    chosen, shared = settings.evidence.signing_key, settings.engine.database_url is not None
    modes = Modes(ProcessView(environment))
    if chosen is not None and chosen.file is not None:
        beside = settings.state.directory if shared else chosen.file.parent
        return KeyFile(chosen.file, beside, modes, random_bytes)
    if shared:
        return None
    directory = state_directory(settings, environment)
    return KeyFile(directory / KEY_NAME, directory, modes, random_bytes, made_here=True)


def checkpoints_of(settings: Settings, storage: Storage, clock: Clock) -> Checkpoints:
    """What signs the evidence of that storage."""
    keys = key_file_of(settings, os.environ)
    return Checkpoints(storage.tree, storage.evidence, clock, keys, settings.evidence.origin)


async def sign_what_was_added(
    settings: Settings, storage: Storage, clock: Clock, heard: HearsOfCheckpoints = IN_THE_LOG
) -> None:
    """One checkpoint at the end of a run, if there are records that the last one does not cover."""
    await Signing(checkpoints_of(settings, storage, clock), heard).sign()


@asynccontextmanager
async def signing(
    settings: Settings, storage: Storage, clock: Clock, heard: HearsOfCheckpoints
) -> AsyncGenerator[None]:
    """Heartbeats and checkpoints while the block lasts, and a last checkpoint at its orderly end."""
    made = Signing(checkpoints_of(settings, storage, clock), heard)
    beats = Heartbeats(storage.evidence, clock, settings.evidence.checkpoint_every, made.sign, made.failed)
    stop = asyncio.Event()
    beating = asyncio.create_task(beats.beat(stop), name="heartbeats")
    try:
        yield
        stop.set()
        await asyncio.gather(beating, return_exceptions=True)
        await made.sign()
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def last_checkpoint(settings: Settings, clock: Clock) -> LastCheckpoint | None:
    """The newest one in the store, for who only reads; where nobody signs, the tree as it is now."""
    async with storage_for(settings, clock, read_only=True) as storage:
        return await newest_in(settings, storage.tree)


async def newest_in(settings: Settings, tree: EvidenceTree) -> LastCheckpoint | None:
    """The same, of a tree that is at hand; None where there is neither. Raises `EvidenceBroken`."""
    note = await tree.checkpoint()
    if note is None:
        head = await tree.head()
        unsigned = key_file_of(settings, os.environ) is None and head.size > 0
        return LastCheckpoint(head, None, None) if unsigned else None
    try:
        found = read_checkpoint(note)
    except ValueError as problem:
        raise EvidenceBroken(f"the newest checkpoint in the store cannot be read: {problem}") from None
    return LastCheckpoint(found.head, await tree.checkpointed_at(), found.signatures[-1].key_id.hex())
