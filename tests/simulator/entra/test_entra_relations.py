"""Owners, federated credentials, deleted applications, and the reports of use."""

from typing import Any

import pytest
from entra_desk import AUDITOR, SALES, SALES_OBJECT, UNKNOWN, Desk
from entra_lists import served, world

OWNERS = [f"owner{n:02}@example.org" for n in range(5)]
READER = ("Application.Read.All",)
BATCH = {"Content-Type": "application/json"}
USE = "/beta/reports/appCredentialSignInActivities"
PRINCIPALS = "/beta/reports/servicePrincipalSignInActivities"


async def beta(desk: Desk, path: str, token: str = "") -> tuple[int, Any]:
    """A request to the beta version."""
    headers = {"Authorization": f"Bearer {token or await desk.token()}"}
    async with desk.client.get(path, headers=headers) as answer:
        return answer.status, await answer.json()


def sales(**more: Any) -> dict[str, Any]:
    """One application with five owners."""
    return {"app_id": SALES, "object_id": SALES_OBJECT, "display_name": "Sales", "owners": OWNERS, **more}


@pytest.mark.parametrize(
    ("roles", "named"),
    [
        (READER, False),
        (("Application.ReadWrite.All",), False),
        ((*READER, "User.Read.All"), True),
        ((*READER, "User.ReadBasic.All"), True),
        (("Directory.Read.All",), True),
    ],
)
async def test_names_of_owners_need_a_permission(roles: tuple[str, ...], *, named: bool) -> None:
    """Without it there is the id alone."""
    async with served(world(roles=roles, applications=[sales()])) as desk:
        path = f"/applications/{SALES_OBJECT}/owners?$select=id,displayName,mail,userPrincipalName,accountEnabled"
        value = (await desk.ask("GET", path)).body["value"]
        assert [one["userPrincipalName"] for one in value] == (OWNERS if named else [None] * 5)
        assert len({one["id"] for one in value}) == 5


async def test_owners_come_in_pages() -> None:
    """With a link of their own."""
    async with served(world(applications=[sales()])) as desk:
        first = (await desk.ask("GET", f"/applications/{SALES_OBJECT}/owners?$top=3&$select=id")).body
        link = first["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0")
        second = (await desk.ask("GET", link)).body
        assert (len(first["value"]), len(second["value"]), "@odata.nextLink" in second) == (3, 2, False)
        other = link.replace(SALES_OBJECT, desk.tenant.tenant_id)
        assert (await desk.ask("GET", other)).status == 404


@pytest.mark.parametrize("option", ["$filter=id eq 'x'", "$skip=2", "$top=1000", "$skiptoken=abc", "$select=secret"])
async def test_owners_are_asked_for_in_the_ways_there_are(option: str) -> None:
    """Any other option is refused."""
    async with served(world(applications=[sales()])) as desk:
        assert (await desk.ask("GET", f"/applications/{SALES_OBJECT}/owners?{option}")).status == 400


async def test_a_batch_asks_for_owners_and_federated_credentials_of_many() -> None:
    """Each with its own status; a fault befalls one of them."""
    trust = {"issuer": "https://issuer.example", "subject": "main"}
    async with served(world(applications=[sales(federated=[trust])])) as desk:
        desk.fault("429", system="graph", route="batch:application-owners", nth=2, params={"retry_after": 3})
        urls = (f"/applications/{SALES_OBJECT}/owners?$select=id",) * 2 + (
            f"/applications/{UNKNOWN}/owners",
            f"/applications/{SALES_OBJECT}/federatedIdentityCredentials",
        )
        requests = [{"id": str(n), "method": "GET", "url": url} for n, url in enumerate(urls)]
        reply = await desk.ask("POST", "/$batch", {"requests": requests}, **BATCH)
        by_id = {one["id"]: one for one in reply.body["responses"]}
        assert [by_id[str(n)]["status"] for n in range(4)] == [200, 429, 404, 200]
        assert by_id["1"]["headers"]["Retry-After"] == "3"
        (shown,) = by_id["3"]["body"]["value"]
        assert (shown["issuer"], shown["subject"]) == (trust["issuer"], trust["subject"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/servicePrincipals/{SALES_OBJECT}/federatedIdentityCredentials", 400),
        ("POST", f"/applications/{SALES_OBJECT}/federatedIdentityCredentials", 405),
        ("GET", "/applications/federatedIdentityCredentials", 400),
        ("GET", f"/applications/{UNKNOWN}/federatedIdentityCredentials", 404),
        ("DELETE", "/directory/deletedItems/microsoft.graph.application", 405),
        ("GET", "/directory/deletedItems/microsoft.graph.user", 400),
    ],
)
async def test_what_is_not_there_is_refused(desk: Desk, method: str, path: str, status: int) -> None:
    """Wrong objects, wrong methods, other kinds."""
    assert (await desk.ask(method, path, {} if method == "POST" else None)).status == status


async def test_a_deleted_application_is_listed_for_thirty_days() -> None:
    """And not among the living."""
    async with served(world(applications=[sales()])) as desk:
        app = desk.tenant.applications[0]
        app.soft_deleted, app.deleted_at = True, desk.clock.now()
        path = "/directory/deletedItems/microsoft.graph.application?$select=id,appId,deletedDateTime"
        (shown,) = (await desk.ask("GET", path)).body["value"]
        assert (shown["appId"], bool(shown["deletedDateTime"])) == (SALES, True)
        desk.clock.step(31 * 86400)
        assert (await desk.ask("GET", path)).body["value"] == []


USED = sales(passwords=[{"end": "-3d", "last_used": "-10d"}, {"end": "+1y"}, {"end": "+1y", "last_used": "+1d"}])


@pytest.mark.parametrize(
    ("spelling", "names", "kind"),
    [
        ("end-date-time", {"expirationDateTime"}, "clientSecret"),
        ("end-date", {"expirationDate"}, "secret"),
        ("both", {"expirationDate", "expirationDateTime"}, "clientSecret"),
    ],
)
async def test_what_was_used_has_a_row(spelling: str, names: set[str], kind: str) -> None:
    """And nothing else has; the end is spelt in more than one way."""
    async with served(world(roles=("AuditLog.Read.All",), entra={"use_report": spelling}, applications=[USED])) as desk:
        status, body = await beta(desk, USE)
        (row,) = body["value"]
        assert row["keyType"] == kind
        assert (status, row["keyId"]) == (200, desk.tenant.applications[0].passwords[0].key_id)
        assert {name for name in row if name.startswith("expiration")} == names
        assert row["signInActivity"]["lastSignInDateTime"] == desk.tenant.applications[0].passwords[0].last_used
        _, principals = await beta(desk, PRINCIPALS)
        assert [one["appId"] for one in principals["value"]] == [SALES]


@pytest.mark.parametrize(("wanted", "rows"), [(f"appId eq '{SALES}'", 1), (f"appId eq '{UNKNOWN}'", 0)])
async def test_rows_are_found_by_application(wanted: str, rows: int) -> None:
    """Or by key id."""
    async with served(world(roles=("AuditLog.Read.All",), applications=[USED])) as desk:
        _, body = await beta(desk, f"{USE}?$filter={wanted}")
        assert len(body["value"]) == rows
        key_id = desk.tenant.applications[0].passwords[0].key_id
        _, body = await beta(desk, f"{USE}?$filter=keyId eq '{key_id.upper()}'&$top=1")
        assert [one["keyId"] for one in body["value"]] == [key_id]


async def test_rows_of_a_large_tenant_come_in_pages() -> None:
    """Each once, five pages in ten seconds."""
    generated = {"applications": 60, "used_share": 1.0, "certificates_share": 1.0}
    async with served(world(roles=("AuditLog.Read.All",), generated=generated)) as desk:
        found: list[str] = []
        path = f"{USE}?$top=60"
        for _ in range(5):
            _, body = await beta(desk, path)
            found += [one["id"] for one in body["value"]]
            path = body.get("@odata.nextLink", "").removeprefix(desk.base)
            if not path:
                break
        assert len(found) == len(set(found)) > 100
        statuses = [(await beta(desk, f"{USE}?$top=1"))[0] for _ in range(6)]
        assert statuses[-1] == 429


@pytest.mark.parametrize(
    ("roles", "entra", "code"),
    [
        (READER, {}, "Authentication_MSGraphPermissionMissing"),
        (
            ("AuditLog.Read.All",),
            {"use_report": "no-licence"},
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        ),
    ],
)
async def test_reports_are_not_for_everybody(roles: tuple[str, ...], entra: dict[str, Any], code: str) -> None:
    """A permission, and a licence."""
    async with served(world(roles=roles, entra=entra, applications=[USED])) as desk:
        for path in (USE, PRINCIPALS):
            status, body = await beta(desk, path)
            assert (status, body["error"]["code"]) == (403, code)


@pytest.mark.parametrize(
    "path",
    [
        f"{USE}?$filter=keyType eq 'secret'",
        f"{USE}?$filter=keyId ne 'x'",
        f"{USE}?$orderby=signInActivity/lastSignInDateTime",
        f"{USE}?$search=x",
        f"{PRINCIPALS}?$filter=keyId eq 'x'",
        "/v1.0/reports/appCredentialSignInActivities",
        "/beta/applications",
    ],
)
async def test_a_report_is_asked_for_in_the_ways_there_are(desk: Desk, path: str) -> None:
    """Another filter, another order, another version."""
    token = await desk.token(client_id=AUDITOR, client_secret="auditor")
    assert (await beta(desk, path, token))[0] == 400
