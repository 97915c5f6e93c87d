"""What outlives a scan: inventory, record and mark, tenant by tenant; one that is not whole changes nothing."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence_store import evidence_in, records_in
from memory_inventory import MemoryInventory
from scanned import BROKEN, WHOLE, scan, scanned
from support_core import APP_ID, NOW

from spentkey.core.classified import CredentialClass
from spentkey.core.credential import TargetKind
from spentkey.core.inventory import Departure, digest_of
from spentkey.core.scan_result import ListCount, ScannedCredential, ScanResult, TenantScan
from spentkey.ports.evidence import EvidenceLog
from spentkey.scan.remember import SeenBeside, first_seen_by, remember

DAY = timedelta(days=1)
KEEP = timedelta(days=400)
ONE, OTHER = scanned(40), scanned(50)
OBJECT = ONE.classified.holder.target.object_id


def key_id(one: ScannedCredential) -> str:
    """Its key id."""
    return one.classified.credential.key_id


def day(number: int, *shown: ScannedCredential, tenants: tuple[TenantScan, ...] = (WHOLE,)) -> ScanResult:
    """The scan of that day."""
    return replace(scan(*shown, tenants=tenants), scan=f"day {number}", at=NOW + number * DAY)


async def remembered(inventory: MemoryInventory, evidence: EvidenceLog, result: ScanResult, **seen: Any) -> None:
    """Remember a scan that listed the one object."""
    given: dict[str, Any] = {**seen}
    await remember(result, SeenBeside(**given), inventory, evidence, KEEP)


async def test_a_scan_is_in_the_inventory_on_record_and_marked(tmp_path: Path) -> None:
    """With the digest over exactly what the inventory says has lapsed."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    await remembered(
        inventory, evidence, day(0, ONE, OTHER, scanned(3, CredentialClass.EXPIRING)), controls={"secrets": 3}
    )
    (record,) = records_in(tmp_path)
    (tenant,) = record["tenants"]
    lapsed = [one.key for one in await inventory.entries() if one.lapsed_at is not None]
    assert (record["what"], record["complete"], tenant["lapsed"], tenant["expiring"]) == ("scanned", True, 2, 1)
    assert tenant["lapsed_sha256"] == digest_of(lapsed)
    mark = await inventory.last_scan()
    assert mark is not None
    assert (mark.scan, mark.complete, mark.lapsed, mark.controls) == ("day 0", True, 2, {"secrets": 3})


async def test_a_tenant_that_was_not_read_whole_changes_no_inventory(tmp_path: Path) -> None:
    """What it did not show may be there; the scan is on record as what it was."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    await remembered(inventory, evidence, day(0, ONE))
    before = dict(inventory.spells)
    await remembered(inventory, evidence, day(1, tenants=(replace(WHOLE, complete=False), BROKEN)))
    assert inventory.spells == before
    assert [one["complete"] for one in records_in(tmp_path)] == [True, False]
    whole = await inventory.last_scan(complete=True)
    assert whole is not None
    assert whole.scan == "day 0"


async def test_a_credential_that_is_gone_left_by_what_is_on_record(tmp_path: Path) -> None:
    """By us where an intent is, with the time of the proof; else nobody knows."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    await remembered(inventory, evidence, day(0, ONE, OTHER))
    facts = {"task": 40021, "app_id": APP_ID, "key_id": key_id(ONE), "tenant": "production"}
    await evidence.append("intent", facts)
    await evidence.append("verified", facts | {"verdict": "gone"})
    await remembered(inventory, evidence, day(1))
    left = {one.key_id: one for one in inventory.spells.values()}
    assert left[key_id(ONE)].left_as is Departure.REMOVED
    proven = datetime.fromisoformat(records_in(tmp_path)[2]["at"])
    assert left[key_id(ONE)].removed_at == proven
    assert (left[key_id(OTHER)].left_as, left[key_id(OTHER)].removed_at) == (Departure.NOT_KNOWN, None)


async def test_an_object_that_is_listed_as_deleted_was_deleted(tmp_path: Path) -> None:
    """And what the audit log shows of others is theirs."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    await remembered(inventory, evidence, day(0, ONE, OTHER))
    await remembered(inventory, evidence, day(1, OTHER), deleted_objects={OBJECT})
    await remembered(inventory, evidence, day(2), by_others={(OBJECT, key_id(OTHER))})
    assert {one.left_as for one in inventory.spells.values()} == {Departure.DELETED, Departure.BY_OTHERS}


async def test_principals_that_were_not_listed_stay_in_the_inventory(tmp_path: Path) -> None:
    """With `scan.principals = false` nothing is known of them."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    target = replace(ONE.classified.holder.target, kind=TargetKind.SERVICE_PRINCIPAL)
    held = replace(ONE, classified=replace(ONE.classified, holder=replace(ONE.classified.holder, target=target)))
    await remembered(inventory, evidence, day(0, held))
    without = replace(WHOLE, service_principals=ListCount(0, None, 0))
    await remembered(inventory, evidence, day(1, tenants=(without,)))
    assert [one.left_at for one in inventory.spells.values()] == [None]
    await remembered(inventory, evidence, day(2))
    assert [one.left_as for one in inventory.spells.values()] == [Departure.NOT_KNOWN]


async def test_a_live_one_that_the_inventory_knows_was_extended(tmp_path: Path) -> None:
    """It is no loss; so the scan hands it over too."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    await remembered(inventory, evidence, day(0, ONE))
    live = replace(ONE, classified=replace(ONE.classified, klass=CredentialClass.LIVE))
    await remembered(inventory, evidence, day(1), live=[live])
    assert [one.left_as for one in inventory.spells.values()] == [Departure.EXTENDED]
    assert await inventory.entries() == []


async def test_what_left_long_ago_is_forgotten(tmp_path: Path) -> None:
    """After `keep_days`; what is there stays."""
    inventory, evidence = MemoryInventory(), evidence_in(tmp_path)
    await remembered(inventory, evidence, day(0, ONE, OTHER))
    await remembered(inventory, evidence, day(1, ONE))
    await remembered(inventory, evidence, day(402, ONE))
    assert [one.key_id for one in inventory.spells.values()] == [key_id(ONE)]
    assert list(inventory.marks) == ["day 402"]


def test_first_seen_is_that_of_the_inventory_else_now() -> None:
    """For the output of a scan, before it is remembered."""
    inventory = MemoryInventory()
    asyncio.run(inventory.update("production", lambda _: []))
    first_seen = first_seen_by(asyncio.run(inventory.entries()), NOW)
    assert first_seen("o", "k") == NOW
