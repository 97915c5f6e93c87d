"""Several machines: evidence, locks and queue in one PostgreSQL. Loaded only where `engine.database_url` is set."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.http.rate_limit import LocalRates, RateStates
from spentkey.ports.runtime import Clock
from spentkey.ports.try_marks import NoMarks, TryMarks
from spentkey.settings.schema import EngineSettings, Settings
from spentkey.storage.postgres.acknowledged import Acknowledged
from spentkey.storage.postgres.check import DatabaseCheck
from spentkey.storage.postgres.connection import STILL_S, Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.inventory import PostgresInventory
from spentkey.storage.postgres.locks import LeaseLocks
from spentkey.storage.postgres.outbox import PostgresOutbox
from spentkey.storage.postgres.rates import SharedRates
from spentkey.storage.postgres.roles import Roles, make_roles, seen_by, worker_of
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.postgres.tree import PostgresTree
from spentkey.storage.postgres.try_marks import PostgresTryMarks
from spentkey.system import SystemClock, this_boot, this_process, this_process_in_its_namespace
from spentkey.worker.after_try import Work
from spentkey.worker.concurrency import Slots
from spentkey.worker.procrastinate_queue import DistributedEngine, prepare_queue
from spentkey.worker.routing import Router


@asynccontextmanager
async def opened_for(
    settings: Settings, clock: Clock, *, read_only: bool
) -> AsyncGenerator[tuple[PostgresEvidence, PostgresTree, LeaseLocks, RateStates, TryMarks, Postgres]]:
    """What is stored in the database; a read-only caller makes no tables, marks nothing, and paces itself where there are none."""
    policy, url = settings.policy, settings.engine.database_url
    if url is None:
        raise Misconfigured("engine.database_url: is missing")
    async with opened(url, still_s=min(STILL_S, settings.engine.take_over_s / 2)) as database:
        if not read_only:
            await prepare(database)
        leases = LeaseLocks(
            database,
            clock,
            this_process(),
            settings.engine.take_over_s,
            policy.write_spacing_s,
            patience_s=2 * policy.verify_timeout_s,
        )
        keeping = asyncio.create_task(leases.keep(SystemClock()))
        try:
            rates = SharedRates(database, LocalRates(clock) if read_only else None)
            process = (this_process(), this_process_in_its_namespace(), this_boot())
            marks = PostgresTryMarks(database, *process, settings.engine.take_over_s)
            seen = Acknowledged(settings.state.directory, read_only=read_only)
            evidence = PostgresEvidence(database, clock, read_only=read_only, acknowledged=seen)
            tree = PostgresTree(database, evidence)
            yield evidence, tree, leases, rates, NoMarks() if read_only else marks, database
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


async def engine_on(
    database: Postgres, settings: EngineSettings, router: Router, work: Work, slots: Slots, clock: Clock
) -> DistributedEngine:
    """The engine on an open database; its tables are made where there are none."""
    await prepare_queue(database)
    engine = DistributedEngine(database, router, work, slots, clock, settings.poll_s, settings.take_over_s)
    await engine.open()
    return engine


def outbox_on(database: Postgres) -> PostgresOutbox:
    """The notices that wait in an open database."""
    return PostgresOutbox(database)


def inventory_on(database: Postgres) -> PostgresInventory:
    """What scans have shown, in an open database."""
    return PostgresInventory(database)


def check_of(url: Secret, clock: Clock, directory: Path | None) -> DatabaseCheck:
    """What must be in place in the database; in the directory is what this machine saw acknowledged."""
    return DatabaseCheck(url, clock, directory=directory)


async def init_database(settings: Settings) -> Roles:
    """Make or upgrade the tables, and the roles; then look at them as the workers do.

    Raises `Misconfigured` where an address is missing, or a role has too few or too many rights.
    """
    url, owner_url = settings.engine.database_url, settings.engine.owner_url
    if url is None or owner_url is None:
        missing = "database_url" if url is None else "owner_url"
        raise Misconfigured(f"engine.{missing}: is missing; spentkey database init needs it")
    worker, password = worker_of(url)
    async with opened(owner_url) as database:
        await prepare(database)
        await prepare_queue(database)
        roles = await make_roles(database, worker, password)
    async with opened(url) as database:
        await seen_by(database)
    return roles
