"""One scan of several tenants, over a directory in memory."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from support_core import NOW, ManualClock, secret

from spentkey.core.classified import CredentialClass, ScanRules
from spentkey.core.credential import Target, TargetKind
from spentkey.core.errors import AccessRefused, Outage
from spentkey.core.inventory import InventoryEntry
from spentkey.core.listed import CredentialUse, ListedObject, ListedPage, Owner
from spentkey.core.reason import Reason, reason_for
from spentkey.core.rules import DeskRules, Limits, RequestRules, Rules, TenantRules, VerifyRules
from spentkey.scan.run import Scan, Scanned, ScanOptions

APP = "1a1a1a1a-0000-4000-8000-{:012d}"
OBJECT = "0b0b0b0b-0000-4000-8000-{:012d}"
KEY = "3c3c3c3c-0000-4000-8000-{:012d}"
OWNER = Owner("0d0d0d0d-0000-4000-8000-000000000001", "Owner", None)


def app(number: int, ends_in: int, kind: TargetKind = TargetKind.APPLICATION, **more: Any) -> ListedObject:
    """An object with one secret that ends in so many days."""
    made = secret(key_id=KEY.format(number), start=NOW - timedelta(days=900), end=NOW + timedelta(days=ends_in))
    target = Target(kind, OBJECT.format(number), APP.format(number), f"App {number}", (made,))
    return ListedObject(target, **more)


class TenantInMemory:
    """The lists of one tenant; an error in the place of pages ends a list, one in the place of a lookup that lookup."""

    client_id = "2b2b2b2b-0000-4000-8000-000000000009"

    def __init__(self, *pages: Sequence[ListedObject] | Outage, principals: Sequence[ListedObject] = ()) -> None:
        self.of = {TargetKind.APPLICATION: pages, TargetKind.SERVICE_PRINCIPAL: (principals,)}
        self.lookups = 0
        self.use: Mapping[str, CredentialUse] | Reason = {}
        self.away = False

    async def pages(self, kind: TargetKind) -> AsyncIterator[ListedPage]:
        for number, one in enumerate(self.of[kind], 1):
            if isinstance(one, Outage):
                raise one
            yield ListedPage(number, tuple(one))

    async def count(self, kind: TargetKind) -> int | None:
        del kind

    async def owners(self, kind: TargetKind, object_ids: Sequence[str]) -> Mapping[str, tuple[Owner, ...] | None]:
        del kind
        self.lookups += len(object_ids)
        if self.away:
            raise Outage(reason_for("503"))
        return dict.fromkeys(object_ids, (OWNER,))

    async def federated(self, object_ids: Sequence[str]) -> Mapping[str, int | None]:
        return dict.fromkeys(object_ids, 1)

    async def credential_use(self) -> Mapping[str, CredentialUse] | Reason:
        return self.use

    async def deleted_applications(self) -> Mapping[str, datetime | None] | None:
        return {OBJECT.format(7): None}

    async def reads_audit_log(self) -> bool:
        return True


class TenantsInMemory:
    """Several tenants by name; one that is missing refuses the sign-in."""

    def __init__(self, **tenants: TenantInMemory) -> None:
        self._tenants = tenants

    async def open(self, tenant: TenantRules) -> TenantInMemory:
        if tenant.name not in self._tenants:
            raise AccessRefused(reason_for("the secret has ended"))
        return self._tenants[tenant.name]

    async def lists(self, tenant: TenantRules) -> TenantInMemory:
        return await self.open(tenant)


RULES = Rules(DeskRules(), RequestRules(), (), VerifyRules(2, 0, 1), timedelta(0), 3, Limits(1, 1, 1, 1))
TENANTS = tuple(TenantRules(name, name, {}) for name in ("production", "onderwijs"))


async def scan(
    options: ScanOptions | None = None, entries: Sequence[InventoryEntry] = (), **tenants: TenantInMemory
) -> Scanned:
    """A scan of these tenants."""
    asked = [one for one in TENANTS if one.name in tenants or one.name == "onderwijs"]
    made = Scan(
        TenantsInMemory(**tenants),  # type: ignore[arg-type]
        ManualClock(NOW),
        RULES,
        options or ScanOptions(ScanRules()),
        lambda _: None,
    )
    return await made.of("scan 1", asked, entries)


async def test_one_tenant_that_refuses_us_stops_no_other() -> None:
    """It is named, and the scan as a whole is not complete."""
    found = (await scan(production=TenantInMemory([app(1, -40), app(2, 400)]))).result
    whole = {one.tenant: one.complete for one in found.tenants}
    assert (whole, found.complete) == ({"production": True, "onderwijs": False}, False)
    assert [one.classified.klass for one in found.credentials] == [CredentialClass.REMOVABLE]
    assert "the secret has ended" in found.tenants[1].problems


async def test_owners_and_use_are_looked_up_of_what_is_shown_alone() -> None:
    """A missing row is never said to be unused."""
    tenant = TenantInMemory(
        [app(1, -40), app(2, 400), app(3, 400)], principals=[app(1, 400, TargetKind.SERVICE_PRINCIPAL)]
    )
    found = (await scan(production=tenant)).result
    (one,) = found.credentials
    assert (tenant.lookups, one.owners, one.federated) == (1, (OWNER,), 1)
    assert one.use == CredentialUse("not-recorded")


async def test_owners_that_cannot_be_read_are_not_said_to_be_none() -> None:
    """The scan goes on without them."""
    tenant = TenantInMemory([app(1, -40)])
    tenant.away = True
    (one,) = (await scan(production=tenant)).result.credentials
    assert one.owners is None


async def test_a_report_of_use_that_is_not_available_says_why() -> None:
    """As the directory gives the reason."""
    tenant = TenantInMemory([app(1, -40)])
    tenant.use = reason_for("no licence")
    (one,) = (await scan(production=tenant)).result.credentials
    assert one.use is not None
    assert (one.use.state, str(one.use.why)) == ("not-available", "no licence")


async def test_the_later_sight_of_an_object_counts_and_is_named() -> None:
    """Between two pages somebody renewed its secret."""
    found = (await scan(production=TenantInMemory([app(1, -40)], [app(1, 400)]))).result
    assert found.credentials == ()
    assert any("had other credentials the second time" in one for one in found.tenants[0].problems)
    assert not found.tenants[0].complete  # nobody counts, so another object may have slipped through


async def test_live_ones_that_the_inventory_knows_are_handed_over() -> None:
    """Without them an extended one would pass for gone."""
    entry = InventoryEntry(
        "production", OBJECT.format(2), KEY.format(2), 1, "application", APP.format(2), "App 2", "secret", None, None,
        CredentialClass.REMOVABLE, "", None, None, NOW, NOW, NOW,
    )  # fmt: skip
    seen = (await scan(entries=[entry], production=TenantInMemory([app(1, 400), app(2, 400)]))).beside
    assert [one.classified.credential.key_id for one in seen.live] == [KEY.format(2)]
    assert seen.deleted_objects == {OBJECT.format(7)}


@pytest.mark.parametrize("every", [False, True])
async def test_live_credentials_are_shown_when_asked_for(every: bool) -> None:
    """Otherwise nothing is asked of them."""
    options = ScanOptions(ScanRules(), every=every)
    found = (await scan(options, production=TenantInMemory([app(1, 400), app(2, 10)]))).result
    classes = sorted(one.classified.klass.value for one in found.credentials)
    assert classes == (["expiring", "live"] if every else ["expiring"])


async def test_without_principals_the_list_of_applications_decides() -> None:
    """And the other list counts as not read."""
    options = ScanOptions(ScanRules(), principals=False)
    found = (await scan(options, production=TenantInMemory([app(1, -40)]))).result
    assert (found.tenants[0].complete, found.tenants[0].service_principals.pages) == (True, 0)


async def test_a_list_that_ends_early_keeps_the_tenant_from_being_complete() -> None:
    """What was read is shown as a part."""
    found = await scan(production=TenantInMemory([app(1, -40)], Outage(reason_for("503"))))
    assert (found.result.tenants[0].complete, len(found.result.credentials)) == (False, 1)
    assert (list(found.beside.live), found.beside.controls) == ([], {})
