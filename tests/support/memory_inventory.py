"""An inventory in memory, for tests of what works with one; it passes the same suite as the two stores."""

from collections.abc import Sequence
from datetime import datetime

from spentkey.core.inventory import InventoryEntry, ScanMark, Update


class MemoryInventory:
    """The `Inventory` port without a store."""

    def __init__(self) -> None:
        self.spells: dict[tuple[str, str, str, int], InventoryEntry] = {}
        self.marks: dict[str, ScanMark] = {}

    async def entries(self, tenant: str | None = None) -> Sequence[InventoryEntry]:
        """What is there now."""
        return [one for one in self._sorted() if one.left_at is None and tenant in (None, one.tenant)]

    async def between(self, since: datetime, until: datetime) -> Sequence[InventoryEntry]:
        """By when they lapsed and left."""
        found = [one for one in self._sorted() if one.lapsed_at is not None and one.lapsed_at <= until]
        return [one for one in found if one.left_at is None or one.left_at >= since]

    async def update(self, tenant: str, change: Update) -> None:
        """At once."""
        latest = {one.key: one for one in self._sorted() if one.tenant == tenant}
        self.spells |= {(one.tenant, *one.key, one.spell): one for one in change(list(latest.values()))}

    async def mark(self, scan: ScanMark) -> None:
        """Once."""
        self.marks.setdefault(scan.scan, scan)

    async def last_scan(self, *, complete: bool = False) -> ScanMark | None:
        """By its time."""
        found = sorted((one for one in self.marks.values() if one.complete or not complete), key=lambda one: one.at)
        return found[-1] if found else None

    async def scans(self, since: datetime, until: datetime) -> Sequence[ScanMark]:
        """By their time."""
        found = (one for one in self.marks.values() if one.complete and since <= one.at <= until)
        return sorted(found, key=lambda one: (one.at, one.scan))

    async def forget(self, before: datetime) -> int:
        """What left is forgotten."""
        old = [key for key, one in self.spells.items() if one.left_at is not None and one.left_at < before]
        self.spells = {key: one for key, one in self.spells.items() if key not in old}
        self.marks = {key: one for key, one in self.marks.items() if one.at >= before}
        return len(old)

    def _sorted(self) -> list[InventoryEntry]:
        return [self.spells[key] for key in sorted(self.spells)]
