"""The inventory: what scans have shown, shared by all processes that share the evidence, and no part of the chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spentkey.core.inventory import InventoryEntry, ScanMark, Update


class Inventory(Protocol):
    """Every credential that has lapsed or soon will, spell by spell; and which scans there were."""

    async def entries(self, tenant: str | None = None) -> Sequence[InventoryEntry]:
        """What is there by the last whole scan: of one tenant, or of all; ordered by tenant, object, key id."""
        ...

    async def between(self, since: datetime, until: datetime) -> Sequence[InventoryEntry]:
        """The spells that counted as lapsed at any time from `since` to `until`, in that order and by spell."""
        ...

    async def update(self, tenant: str, change: Update) -> None:
        """Change a tenant's entries as one step that no other process can come between; `change` may be asked twice."""
        ...

    async def mark(self, scan: ScanMark) -> None:
        """Remember that a scan was made; the same one a second time changes nothing."""
        ...

    async def last_scan(self, *, complete: bool = False) -> ScanMark | None:
        """The latest scan, or the latest that was whole; None where there is none."""
        ...

    async def scans(self, since: datetime, until: datetime) -> Sequence[ScanMark]:
        """The whole scans from `since` to `until`, both included, the oldest first."""
        ...

    async def forget(self, before: datetime) -> int:
        """Forget the spells that left, and the scans that were made, before that time; how many spells."""
        ...
