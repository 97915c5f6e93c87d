"""What goes on record of a scan, and what is remembered of it: counts, and a digest that ties the inventory to them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from spentkey.core.classified import CredentialClass
from spentkey.core.inventory import ScanMark, digest_of
from spentkey.core.records import ScannedRecord
from spentkey.core.scan_result import ScanResult, TenantScan


def scanned_record(result: ScanResult) -> ScannedRecord:
    """The record; of a tenant that was not read whole it counts nothing but what was listed."""
    return ScannedRecord(result.scan, result.complete, [_of_tenant(result, one) for one in result.tenants])


def _of_tenant(result: ScanResult, tenant: TenantScan) -> dict[str, Any]:
    lists = (tenant.applications, tenant.service_principals)
    facts: dict[str, Any] = {
        "tenant": tenant.tenant,
        "complete": tenant.complete,
        "listed": sum(one.listed for one in lists),
        "pages": sum(one.pages for one in lists),
        "lapsed": None,
        "by_class": None,
        "expiring": None,
        "lapsed_sha256": None,
    }
    if not tenant.complete:
        return facts
    own = [one.classified for one in result.credentials if one.classified.tenant == tenant.tenant]
    named = [one for one in own if one.is_named]
    lapsed = {(one.holder.target.object_id, one.credential.key_id) for one in named if one.lapsed}
    classes = Counter(one.klass.value for one in own if one.lapsed)
    return facts | {
        "lapsed": len(lapsed),
        "by_class": dict(sorted(classes.items())),
        "expiring": sum(one.klass is CredentialClass.EXPIRING for one in own),
        "lapsed_sha256": digest_of(lapsed),
    }


def scan_mark(result: ScanResult, controls: Mapping[str, int]) -> ScanMark:
    """What the inventory remembers of it."""
    whole = tuple(one.tenant for one in result.tenants if one.complete)
    return ScanMark(result.scan, result.at, result.complete, len(result.lapsed), whole, controls)
