"""Where evidence and locks live: in the state directory of one machine, or in the database of several."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.secret import Secret
from spentkey.http.rate_limit import LocalRates, RateStates
from spentkey.ports.evidence import EvidenceLog, LossyEvidence
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.inventory import Inventory
from spentkey.ports.locks import Locks
from spentkey.ports.outbox import Outbox
from spentkey.ports.queue import Engine
from spentkey.ports.read_only import NoProgress
from spentkey.ports.runtime import Checker, Clock, Progress
from spentkey.ports.try_marks import NoMarks, TryMarks
from spentkey.settings.rules import state_directory
from spentkey.settings.schema import EngineSettings, Settings
from spentkey.storage.files.locks import FileLocks
from spentkey.storage.files.rates import FileRates
from spentkey.storage.sqlite.before_take_over import evidence_to_read
from spentkey.storage.sqlite.container import refuse_to_forget
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.location import refuse_unfit
from spentkey.storage.sqlite.take_over import OLD, is_needed, take_over
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.storage.sqlite.try_marks import SqliteTryMarks
from spentkey.system import SystemIds, this_boot
from spentkey.worker.after_try import Work
from spentkey.worker.concurrency import Slots
from spentkey.worker.local import LocalEngine
from spentkey.worker.routing import Router

if TYPE_CHECKING:
    from spentkey.storage.postgres.connection import Postgres
    from spentkey.storage.postgres.roles import Roles


SAID_EVERY = 100_000
"""How often a take-over tells how far it is, in records."""


@dataclass(frozen=True)
class Storage:
    """What outlives a run, and how an engine is made that goes with it."""

    evidence: EvidenceLog
    tree: EvidenceTree
    """The same records as a tree, and what was signed of it."""
    locks: Locks
    rates: RateStates
    scarce: RateStates
    """Of the limits that leave so little that all processes of one machine have to share them too."""
    tries: TryMarks = field(default_factory=NoMarks)
    """The tries under way; nobody marks any where only is read."""
    database: "Postgres | None" = None
    """The connections to the database; None on one machine."""
    losses: LossyEvidence | None = None
    """The evidence of a database that a failover or a backup may set back; None on one machine."""


@asynccontextmanager
async def storage_for(
    settings: Settings, clock: Clock, *, read_only: bool = False, progress: Progress | None = None
) -> AsyncGenerator[Storage]:
    """Open what the settings name; raises `Outage` when the database cannot be reached.

    Who writes takes over what version 0.1 left. Who only reads makes nothing.
    """
    if settings.engine.database_url is not None:
        async with with_database().opened_for(settings, clock, read_only=read_only) as storage:
            evidence, tree, locks, rates, marks, database = storage
            yield Storage(evidence, tree, locks, rates, rates, marks, database, evidence)
        return
    directory, policy = state_directory(settings, os.environ), settings.policy
    refuse_unfit(directory)
    if not read_only:
        refuse_to_forget(settings, os.environ)
    locks = FileLocks(directory, clock, policy.write_spacing_s, patience_s=2 * policy.verify_timeout_s)
    if read_only:
        evidence, marks = evidence_to_read(directory, clock), None
    else:
        evidence, marks = await _evidence_to_write(directory, clock, progress or NoProgress())
    try:
        scarce = FileRates(directory, clock, read_only=read_only)
        yield Storage(evidence, SqliteTree(evidence), locks, LocalRates(clock), scarce, marks or NoMarks())
    finally:
        if marks is not None:
            await asyncio.to_thread(marks.close)
        await asyncio.to_thread(evidence.close)


async def _evidence_to_write(
    directory: Path, clock: Clock, progress: Progress
) -> tuple[SqliteEvidence, SqliteTryMarks | None]:
    """The evidence, and the marks beside it where there is a store."""
    evidence = SqliteEvidence(directory, clock)
    if await asyncio.to_thread(is_needed, directory):
        progress.tell(f"taking over the evidence of version 0.1 from {directory / OLD}")
        try:
            count = await asyncio.to_thread(take_over, directory, clock, _said_now_and_then(progress))
        except EvidenceBroken as problem:  # each task ends with this reason, and no store is made beside the file
            evidence.refuse_all(problem)
            return evidence, None
        progress.tell(f"{count} records were taken over and verified")
    await asyncio.to_thread(evidence.open)
    return evidence, SqliteTryMarks(directory, clock, SystemIds().new(), this_boot())


def _said_now_and_then(progress: Progress) -> Callable[[int], None]:
    """Each `SAID_EVERY` records, where many are copied."""
    said = 0

    def copied(count: int) -> None:
        nonlocal said
        if count >= said + SAID_EVERY:
            said = count
            progress.tell(f"{count} records copied")

    return copied


@asynccontextmanager
async def engine_for(
    settings: Settings, storage: Storage, router: Router, work: Work, slots: Slots, clock: Clock
) -> AsyncGenerator[Engine]:
    """The engine that goes with what is kept."""
    if storage.database is None:
        yield LocalEngine(router, work, slots, clock, settings.engine.poll_s)
        return
    yield await with_database().engine_on(storage.database, settings.engine, router, work, slots, clock)


class WithDatabase(Protocol):
    """What `bootstrap/postgres.py` offers."""

    def opened_for(
        self, settings: Settings, clock: Clock, *, read_only: bool
    ) -> AbstractAsyncContextManager[tuple[LossyEvidence, EvidenceTree, Locks, RateStates, TryMarks, "Postgres"]]:
        """Evidence, its tree, locks, rates and marks in the database, and the connections to it."""
        ...

    async def engine_on(
        self, database: "Postgres", settings: EngineSettings, router: Router, work: Work, slots: Slots, clock: Clock
    ) -> Engine:
        """The engine on an open database."""
        ...

    def outbox_on(self, database: "Postgres") -> Outbox:
        """The notices that wait in an open database."""
        ...

    def inventory_on(self, database: "Postgres") -> Inventory:
        """What scans have shown, in an open database."""
        ...

    async def init_database(self, settings: Settings) -> "Roles":
        """Make or upgrade the tables, and the roles of their owner and of the workers."""
        ...

    def check_of(self, url: Secret, clock: Clock, directory: Path | None) -> Checker:
        """What must be in place in the database; in the directory is what this machine saw acknowledged."""
        ...


def with_database() -> WithDatabase:
    """What knows PostgreSQL; its packages are an extra, and only who has a database loads them."""
    try:
        from spentkey.bootstrap import postgres  # noqa: PLC0415  # loaded only where it is needed
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] in ("psycopg", "psycopg_pool", "procrastinate"):
            raise Misconfigured(
                "engine.database_url: the packages for PostgreSQL are not installed; install spentkey[postgres]"
            ) from None
        raise
    return postgres
