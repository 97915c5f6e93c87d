"""The inventory of several machines, in their database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

from spentkey.core.inventory import InventoryEntry, ScanMark, Update
from spentkey.storage.inventory_rows import entry_of, mark_of, mark_row, row_of
from spentkey.storage.postgres.connection import Postgres

COLUMNS: LiteralString = """
    tenant, object_id, key_id, spell, holder, app_id, app_name, kind, name, ends, class, reason, team, owners, first_seen,
    last_seen, lapsed_at, left_at, left_as, removed_at, task
"""
WRITE: LiteralString = f"""
    INSERT INTO spentkey_inventory ({COLUMNS})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (tenant, object_id, key_id, spell) DO UPDATE SET (holder, app_id, app_name, kind, name, ends, class, reason,
        team, owners, first_seen, last_seen, lapsed_at, left_at, left_as, removed_at, task) = (EXCLUDED.holder,
        EXCLUDED.app_id, EXCLUDED.app_name, EXCLUDED.kind, EXCLUDED.name, EXCLUDED.ends, EXCLUDED.class, EXCLUDED.reason,
        EXCLUDED.team, EXCLUDED.owners, EXCLUDED.first_seen, EXCLUDED.last_seen, EXCLUDED.lapsed_at, EXCLUDED.left_at,
        EXCLUDED.left_as, EXCLUDED.removed_at, EXCLUDED.task)
"""  # noqa: S608  # our own text
LATEST: LiteralString = f"""
    SELECT DISTINCT ON (object_id, key_id) {COLUMNS} FROM spentkey_inventory WHERE tenant = %s
    ORDER BY object_id, key_id, spell DESC
"""  # noqa: S608  # our own text
SORTED: LiteralString = 'ORDER BY tenant COLLATE "C", object_id COLLATE "C", key_id COLLATE "C", spell'
MARKS: LiteralString = "SELECT scan, at, complete, lapsed, tenants, controls FROM spentkey_scans"


class PostgresInventory:
    """The `Inventory` port on the shared database. Who only reads sees none where the tables are of an older version."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def entries(self, tenant: str | None = None) -> Sequence[InventoryEntry]:
        """What is there now."""
        there: LiteralString = "left_at IS NULL AND (%(tenant)s::text IS NULL OR tenant = %(tenant)s)"
        return await self._entries(there, tenant=tenant)

    async def between(self, since: datetime, until: datetime) -> Sequence[InventoryEntry]:
        """By when they lapsed and left."""
        during: LiteralString = "lapsed_at <= %(until)s AND (left_at IS NULL OR left_at >= %(since)s)"
        return await self._entries(during, since=since, until=until)

    async def update(self, tenant: str, change: Update) -> None:
        """In one transaction, under a lock of that tenant's inventory."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"spentkey inventory {tenant}",))
            rows = await (await connection.execute(LATEST, (tenant,))).fetchall()
            written = [row_of(one, _as_it_is) for one in change([entry_of(row, _in_utc) for row in rows])]
            if written:
                async with connection.cursor() as cursor:
                    await cursor.executemany(WRITE, written)

    async def mark(self, scan: ScanMark) -> None:
        """Once."""
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT INTO spentkey_scans (scan, at, complete, lapsed, tenants, controls) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (scan) DO NOTHING",
                mark_row(scan, _as_it_is),
            )

    async def last_scan(self, *, complete: bool = False) -> ScanMark | None:
        """By its time."""
        condition: LiteralString = "WHERE complete OR NOT %(complete)s ORDER BY at DESC, scan LIMIT 1"
        found = await self._marks(condition, complete=complete)
        return found[0] if found else None

    async def scans(self, since: datetime, until: datetime) -> Sequence[ScanMark]:
        """By their time."""
        condition: LiteralString = "WHERE complete AND at >= %(since)s AND at <= %(until)s ORDER BY at, scan"
        return await self._marks(condition, since=since, until=until)

    async def forget(self, before: datetime) -> int:
        """What left is forgotten; what is there stays, however old."""
        rows = await self._database.rows(
            "WITH scans AS (DELETE FROM spentkey_scans WHERE at < %(before)s)"
            " DELETE FROM spentkey_inventory WHERE left_at < %(before)s RETURNING 1",
            before=before,
        )
        return len(rows)

    async def _entries(self, condition: LiteralString, **values: Any) -> list[InventoryEntry]:
        query: LiteralString = f"SELECT {COLUMNS} FROM spentkey_inventory WHERE {condition} {SORTED}"  # noqa: S608  # our own text
        rows = await self._database.rows(query, **values) if await self._is_there() else []
        return [entry_of(row, _in_utc) for row in rows]

    async def _marks(self, condition: LiteralString, **values: Any) -> list[ScanMark]:
        query: LiteralString = f"{MARKS} {condition}"
        rows = await self._database.rows(query, **values) if await self._is_there() else []
        return [mark_of(row, _in_utc) for row in rows]

    async def _is_there(self) -> bool:
        ((there,),) = await self._database.rows("SELECT to_regclass('spentkey_scans') IS NOT NULL")
        return bool(there)


def _as_it_is(moment: datetime) -> datetime:
    return moment


def _in_utc(stored: datetime) -> datetime:
    return stored.astimezone(UTC)
