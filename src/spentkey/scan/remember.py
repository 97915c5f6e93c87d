"""What outlives a scan: the inventory brought up to it, its record in the chain, and the scan itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from spentkey.core.credential import TargetKind
from spentkey.core.history import History
from spentkey.core.inventory import InventoryEntry, Key, brought_up_to, departures, missing
from spentkey.core.records import RecordKind
from spentkey.core.scan_record import scan_mark, scanned_record
from spentkey.core.scan_result import ScannedCredential, ScanResult, TenantScan
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.inventory import Inventory


@dataclass(frozen=True)
class SeenBeside:
    """What a scan saw beside its result, and the inventory needs: of the tenants that were read whole."""

    live: Sequence[ScannedCredential] = ()
    """The live credentials that the inventory knows: without them an extended one would pass for gone."""
    deleted_objects: Collection[str] = frozenset()
    """The object ids that the directory lists among what was deleted."""
    by_others: Collection[Key] = frozenset()
    """Credentials whose removal by somebody else the directory's audit log shows."""
    controls: Mapping[str, int] = field(default_factory=dict[str, int])
    """`ControlCounts.as_json()` over all tenants."""


async def remember(
    result: ScanResult, seen: SeenBeside, inventory: Inventory, evidence: EvidenceLog, keep: timedelta
) -> None:
    """Bring the inventory up to the scan, tenant by tenant, put it on record, and forget what is too old.

    A tenant that was not read whole changes nothing. A crash in between is made up for by the next scan: one without its
    mark is no end of any books.
    """
    for tenant in result.tenants:
        if tenant.complete:
            await _bring_up(tenant, result, seen, inventory, evidence)
    record = scanned_record(result)
    await evidence.append(record.what, record.facts())
    await inventory.mark(scan_mark(result, seen.controls))
    await inventory.forget(result.at - keep)


async def _bring_up(
    tenant: TenantScan, result: ScanResult, seen: SeenBeside, inventory: Inventory, evidence: EvidenceLog
) -> None:
    name = tenant.tenant
    shown = [one for one in (*result.credentials, *seen.live) if one.classified.tenant == name]
    read = {TargetKind.APPLICATION, *([TargetKind.SERVICE_PRINCIPAL] if tenant.service_principals.pages else [])}
    absent = [one for one in missing(await inventory.entries(name), shown) if one.holder in read]
    left = departures(absent, seen.deleted_objects, await _removed(absent, evidence), seen.by_others)
    await inventory.update(name, brought_up_to(name, result.at, shown, left, read))


async def _removed(absent: Sequence[InventoryEntry], evidence: EvidenceLog) -> dict[Key, datetime | None]:
    """Those of which a removal of ours is on record, and when it was proven, where it was."""
    found: dict[Key, datetime | None] = {}
    for app_id in sorted({one.app_id for one in absent}):
        ours = await evidence.removals(app_id)
        for one in absent:
            if one.app_id == app_id and one.key_id in ours:
                histories = [await evidence.history(task) for task in ours[one.key_id]]
                found[one.key] = max(filter(None, (_proven_at(history, one) for history in histories)), default=None)
    return found


def _proven_at(history: History, entry: InventoryEntry) -> datetime | None:
    mine = [
        datetime.fromisoformat(str(record["at"]))
        for record in history.records
        if record.get("what") == RecordKind.VERIFIED
        and (record.get("app_id"), record.get("key_id"), record.get("verdict")) == (entry.app_id, entry.key_id, "gone")
    ]
    return max(mine, default=None)


def first_seen_by(entries: Sequence[InventoryEntry], now: datetime) -> Callable[[str, str], datetime]:
    """When a credential was first seen by any scan: by object id and key id; now, where none has."""
    known = {one.key: one.first_seen for one in entries}
    return lambda object_id, key_id: known.get((object_id, key_id), now)
