"""One suite for every inventory: spells and scans come back as they were written, and are written once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from memory_inventory import MemoryInventory
from real_postgres import RealPostgres
from support_core import NOW

from spentkey.core.classified import CredentialClass
from spentkey.core.inventory import Departure, InventoryEntry, ScanMark
from spentkey.core.listed import Owner
from spentkey.core.secret import Secret
from spentkey.ports.inventory import Inventory
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.inventory import PostgresInventory
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.sqlite.inventory import SqliteInventory

Open = Callable[[], Awaitable[Inventory]]
DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def process(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Open]:
    """Opens the inventory as one more process does."""
    memory, stack = MemoryInventory(), AsyncExitStack()
    postgres: RealPostgres | None = request.getfixturevalue("postgres") if request.param == "postgres" else None
    database = postgres.database() if postgres is not None else ""

    async def start() -> Inventory:
        if request.param == "memory":
            return memory
        if request.param == "sqlite":
            made = SqliteInventory(tmp_path)
            stack.callback(made.close)
            return made
        connections = await stack.enter_async_context(opened(Secret(database)))
        await prepare(connections)
        return PostgresInventory(connections)

    async with stack:
        yield start


def entry(key_id: str = "k1", at: datetime = NOW, **changes: object) -> InventoryEntry:
    """A lapsed secret, first seen then, with everything that an entry can hold."""
    made = InventoryEntry(
        tenant="production",
        object_id="o1",
        key_id=key_id,
        spell=1,
        holder="application",
        app_id="a1",
        app_name="Sales \0 \ud800",
        kind="secret",
        name=None,
        end=at - DAY,
        klass=CredentialClass.REMOVABLE,
        reason="it ended",
        team="Payroll",
        owners=(Owner("1", "Ada", "ada@example.org"), Owner("2", None, None)),
        first_seen=at,
        last_seen=at,
        lapsed_at=at,
        task="40021",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def write(inventory: Inventory, *entries: InventoryEntry, tenant: str = "production") -> None:
    """Write these, whatever was there."""
    await inventory.update(tenant, lambda _: entries)


async def test_an_entry_comes_back_as_it_was_written(process: Open) -> None:
    """In another process; text that no database takes is mended."""
    written = entry()
    await write(await process(), written, entry("k0", owners=None, end=None, lapsed_at=None, team=None, task=None))
    first, second = await (await process()).entries()
    assert (first.key_id, first.owners, first.end, first.lapsed_at) == ("k0", None, None, None)
    assert replace(second, app_name=written.app_name) == written
    assert second.app_name in (written.app_name, "Sales \ufffd ?")


async def test_what_left_is_no_entry_but_stays_in_the_period(process: Open) -> None:
    """From the moment it lapsed to the one it left."""
    inventory = await process()
    await write(inventory, entry(left_at=NOW + 3 * DAY, left_as=Departure.REMOVED, removed_at=NOW + 2 * DAY))
    assert await inventory.entries() == []
    (found,) = await inventory.between(NOW + DAY, NOW + 2 * DAY)
    assert (found.left_as, found.removed_at) == (Departure.REMOVED, NOW + 2 * DAY)
    assert await inventory.between(NOW - 2 * DAY, NOW - DAY) == []
    assert await inventory.between(NOW + 4 * DAY, NOW + 5 * DAY) == []


async def test_what_has_not_lapsed_belongs_to_no_period(process: Open) -> None:
    """It is an entry all the same."""
    inventory = await process()
    await write(inventory, entry(lapsed_at=None, klass=CredentialClass.EXPIRING))
    assert len(await inventory.entries("production")) == 1
    assert await inventory.between(NOW - DAY, NOW + DAY) == []


async def test_an_update_sees_the_latest_spell_of_its_own_tenant_only(process: Open) -> None:
    """That of a credential that left too; and nothing of others."""
    inventory = await process()
    await write(inventory, entry(left_at=NOW, left_as=Departure.EXTENDED), entry(spell=2))
    await write(inventory, entry("k2", left_at=NOW, left_as=Departure.NOT_KNOWN), entry(tenant="onderwijs"))
    seen: list[tuple[str, str, int]] = []

    def change(entries: object) -> list[InventoryEntry]:
        assert isinstance(entries, list)
        seen.extend((one.tenant, one.key_id, one.spell) for one in entries)
        return []

    await inventory.update("production", change)
    assert sorted(seen) == [("production", "k1", 2), ("production", "k2", 1)]
    assert [one.tenant for one in await inventory.entries()] == ["onderwijs", "production"]


async def test_an_update_that_fails_changes_nothing(process: Open) -> None:
    """The entries are as before."""
    inventory = await process()
    await write(inventory, entry())

    def breaks(entries: object) -> list[InventoryEntry]:
        raise ValueError(str(entries)[:1])

    with pytest.raises(ValueError, match=r"\["):
        await inventory.update("production", breaks)
    assert len(await inventory.entries()) == 1


async def test_updates_of_several_processes_come_one_after_the_other(process: Open) -> None:
    """None sees what another is about to change: every spell is written, and none twice."""
    processes = [await process() for _ in range(4)]

    def one_more(entries: object) -> list[InventoryEntry]:
        assert isinstance(entries, list)
        latest = max((one.spell for one in entries), default=0)
        return [entry(spell=latest + 1)]

    await asyncio.gather(*(one.update("production", one_more) for one in processes for _ in range(3)))
    assert [one.spell for one in await processes[0].entries()] == list(range(1, 13))


async def test_scans_are_remembered_once(process: Open) -> None:
    """The latest, the latest whole one, and the whole ones of a period."""
    inventory = await process()
    assert await inventory.last_scan() is None
    whole, broken = ScanMark("a", NOW, True, 7, ("production",), {"secrets": 9}), ScanMark("b", NOW + DAY, False, 3, ())
    for mark in (whole, broken, replace(whole, lapsed=99)):
        await inventory.mark(mark)
    assert (await inventory.last_scan(), await inventory.last_scan(complete=True)) == (broken, whole)
    assert await (await process()).scans(NOW, NOW) == [whole]
    assert await inventory.scans(NOW + DAY, NOW + DAY) == []


async def test_only_what_left_long_ago_is_forgotten(process: Open) -> None:
    """What is there stays, however old; scans go."""
    inventory = await process()
    await inventory.mark(ScanMark("a", NOW, True, 7, ("production",)))
    await write(inventory, entry(), entry("k2", left_at=NOW + DAY, left_as=Departure.DELETED))
    assert await inventory.forget(NOW + DAY) == 0
    assert await inventory.last_scan() is None
    assert await inventory.forget(NOW + 2 * DAY) == 1
    assert [one.key_id for one in await inventory.between(NOW, NOW + 9 * DAY)] == ["k1"]


def test_who_only_reads_makes_no_store(tmp_path: Path) -> None:
    """And sees an inventory without entries."""
    inventory = SqliteInventory(tmp_path, read_only=True)
    assert asyncio.run(inventory.entries()) == []
    assert asyncio.run(inventory.last_scan()) is None
    assert list(tmp_path.iterdir()) == []
