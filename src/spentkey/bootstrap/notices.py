"""Notices of a service: from stops, scans, own credentials and checkpoints, over connections of their own, to the address of `[notify]`."""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from spentkey.bootstrap.checkpoints import key_file_of
from spentkey.bootstrap.context import connected_for
from spentkey.bootstrap.inventories import inventory_for
from spentkey.bootstrap.receiver import RECEIVER
from spentkey.bootstrap.status import own_credentials
from spentkey.bootstrap.storage import Storage, with_database
from spentkey.core.notices import Ending, Occurrence, of_checkpoint, of_endings, of_scans, of_stops
from spentkey.observe.notify import LOOK_EVERY_S, Heard, Notifier, Source, watching
from spentkey.ports.inventory import Inventory
from spentkey.ports.outbox import Outbox
from spentkey.ports.runtime import Clock, Ids, Meter
from spentkey.settings.rules import state_directory
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.steps.stops import standing_stops
from spentkey.storage.sqlite.outbox import SqliteOutbox

HOUR_S = 3600.0
CHECKPOINTS_EVERY_S = 60.0
"""How often it is looked whether a checkpoint is overdue, in seconds."""


@asynccontextmanager
async def outbox_for(settings: Settings, storage: Storage, clock: Clock) -> AsyncGenerator[Outbox]:
    """Beside the evidence, wherever that is."""
    if storage.database is not None:
        yield with_database().outbox_on(storage.database)
        return
    outbox = SqliteOutbox(state_directory(settings, os.environ), clock)
    try:
        yield outbox
    finally:
        await asyncio.to_thread(outbox.close)


def checkpoints_overdue(settings: Settings, storage: Storage, clock: Clock) -> Source:
    """Whether a checkpoint is overdue, from now on; never where nobody signs."""
    began, every, tree = clock.now(), settings.evidence.checkpoint_every, storage.tree
    signs = key_file_of(settings, os.environ) is not None

    async def source() -> Sequence[Occurrence]:
        if not signs:
            return ()
        return of_checkpoint(await tree.checkpointed_at(), began, every, clock.now())

    return source


def scans_wanting(inventory: Inventory, clock: Clock, every: timedelta | None) -> Source:
    """Whether the latest scan was not whole, and whether a whole one is overdue, from now on."""
    began = clock.now()

    async def source() -> Sequence[Occurrence]:
        last, whole = await inventory.last_scan(), await inventory.last_scan(complete=True)
        return of_scans(last, whole, began, every, clock.now())

    return source


@asynccontextmanager
async def notifying(
    settings: Settings,
    storage: Storage,
    context: Context,
    clock: Clock,
    ids: Ids,
    heard: Heard,
    *,
    meter: Meter,
    use_proxies: bool = True,
    look_every_s: float = LOOK_EVERY_S,
    scan_every: timedelta | None = None,
) -> AsyncGenerator[None]:
    """Send notices while the block lasts, where `[notify]` is set; whatever happens to them, the block goes on.

    `scan_every` is how often this process scans; None where it does not.
    """
    if settings.notify is None:
        yield
        return
    async with (
        outbox_for(settings, storage, clock) as outbox,
        inventory_for(settings, storage) as inventory,
        connected_for(settings, clock, use_proxies=use_proxies, meter=meter) as connections,
    ):
        http = connections.http(RECEIVER, settings.notify.url)
        notifier = Notifier(outbox, http, settings.notify.secret, clock, ids, heard)

        async def stops() -> Sequence[Occurrence]:
            return of_stops(await standing_stops(context.evidence))

        async def credentials() -> Sequence[Occurrence]:
            known = await own_credentials(context, clock)
            ends = ((one.tenant, one.own.kind.value, one.own.ends) for one in known)
            return of_endings([Ending(tenant, kind, end) for tenant, kind, end in ends if end is not None], clock.now())

        checkpoints = checkpoints_overdue(settings, storage, clock)
        scans = scans_wanting(inventory, clock, scan_every)
        often = ((stops, look_every_s), (scans, look_every_s))
        sources = (*often, (credentials, HOUR_S), (checkpoints, CHECKPOINTS_EVERY_S))
        task = asyncio.create_task(watching(notifier, *sources))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
