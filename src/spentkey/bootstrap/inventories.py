"""The inventory beside the evidence, wherever that is, and the books for an export."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from spentkey.bootstrap.storage import Storage, with_database
from spentkey.core.books import population
from spentkey.ports.evidence_tree import Filters
from spentkey.ports.inventory import Inventory
from spentkey.settings.rules import state_directory
from spentkey.settings.schema import Settings
from spentkey.storage.sqlite.inventory import SqliteInventory

FIRST = datetime(2013, 1, 1, tzinfo=UTC)
"""Before any scan."""


@asynccontextmanager
async def inventory_for(settings: Settings, storage: Storage, *, read_only: bool = False) -> AsyncGenerator[Inventory]:
    """Beside the evidence; who only reads makes no store."""
    if storage.database is not None:
        yield with_database().inventory_on(storage.database)
        return
    inventory = SqliteInventory(state_directory(settings, os.environ), read_only=read_only)
    try:
        yield inventory
    finally:
        await asyncio.to_thread(inventory.close)


async def population_for(inventory: Inventory, wanted: Filters, now: datetime) -> str | None:
    """`population.json` of the period that is asked for; None where no scan was whole, or where only some records are."""
    if any((wanted.task, wanted.app, wanted.tenant, wanted.outcome)):
        return None
    until = wanted.until or now
    marks, spells = await inventory.scans(FIRST, until), await inventory.between(FIRST, until)
    stated = population(marks, spells, wanted.since, wanted.until)
    return None if stated is None else json.dumps(stated, ensure_ascii=False, indent=1) + "\n"
