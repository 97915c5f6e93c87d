"""Reads of Graph: shapes, selection, filters, pages, and who may read."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from entra_desk import LIVE_KEY, OLD_SECRET, SALES, SALES_OBJECT, UNKNOWN, Desk


@pytest.mark.parametrize("address", [f"/applications/{SALES_OBJECT}", f"/applications(appId='{SALES}')"])
async def test_an_application_is_read_by_either_address(desk: Desk, address: str) -> None:
    """Object id and app id lead to the same object."""
    reply = await desk.ask("GET", address)
    assert reply.status == 200
    assert (reply.body["id"], reply.body["appId"], reply.body["displayName"]) == (SALES_OBJECT, SALES, "Sales")
    assert [one["keyId"] for one in reply.body["passwordCredentials"]] == [one.key_id for one in desk.sales.passwords]


async def test_doubled_slashes_are_one(desk: Desk) -> None:
    """A base address that ends in a slash does no harm."""
    assert (await desk.ask("GET", f"//applications//{SALES_OBJECT}")).status == 200


async def test_the_key_comes_only_when_it_is_selected(desk: Desk) -> None:
    """Plain reads show null where the certificate would be, and all else; a list that selects it shows it."""
    plain = await desk.ask("GET", f"/applications/{SALES_OBJECT}")
    listed = await desk.ask("GET", "/applications?$select=keyCredentials")
    selected = await desk.ask("GET", f"/applications/{SALES_OBJECT}?$select=id,keyCredentials")
    assert [one["key"] for one in plain.body["keyCredentials"]] == [None, None]
    assert plain.body["tokenEncryptionKeyId"] is None
    assert [one["key"] for one in listed.body["value"][0]["keyCredentials"]] == [
        one["key"] for one in selected.body["keyCredentials"]
    ]
    for shown, chosen in zip(plain.body["keyCredentials"], selected.body["keyCredentials"], strict=True):
        assert {**shown, "key": 0} == {**chosen, "key": 0}
    assert set(selected.body) == {"@odata.context", "id", "keyCredentials"}
    for one in selected.body["keyCredentials"]:
        certificate = x509.load_der_x509_certificate(base64.b64decode(one["key"]))
        thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - an identifier, fixed by Graph
        assert one["customKeyIdentifier"] == thumbprint.hex().upper()


async def test_a_service_principal_is_an_object_of_its_own(desk: Desk) -> None:
    """It has its own id and its own credentials."""
    reply = await desk.ask("GET", f"/servicePrincipals(appId='{SALES}')")
    again = await desk.ask("GET", f"/servicePrincipals/{reply.body['id']}")
    assert reply.status == again.status == 200
    assert reply.body["id"] != SALES_OBJECT
    assert [one["keyId"] for one in again.body["passwordCredentials"]] == [LIVE_KEY, OLD_SECRET]


async def test_a_list_is_filtered_by_app_id(desk: Desk) -> None:
    """Equality of the app id finds the one application."""
    reply = await desk.ask("GET", f"/applications?$filter=appId eq '{SALES}'&$select=id,appId")
    assert reply.body["value"] == [{"id": SALES_OBJECT, "appId": SALES}]


async def test_pages_lead_from_one_to_the_next(desk: Desk) -> None:
    """Following the link shows every living application once."""
    path, names = "/applications?$top=1&$select=displayName", list[str]()
    while path:
        reply = await desk.ask("GET", path)
        names += [one["displayName"] for one in reply.body["value"]]
        path = reply.body.get("@odata.nextLink", "").removeprefix(f"{desk.base}/v1.0")
    assert names == ["Sales", "Payroll"]


async def test_counting_needs_the_eventual_header(desk: Desk) -> None:
    """$count is an advanced query."""
    refused = await desk.ask("GET", "/applications?$count=true")
    counted = await desk.ask("GET", "/applications?$count=true", ConsistencyLevel="eventual")
    assert refused.error[:2] == (400, "Request_UnsupportedQuery")
    assert counted.body["@odata.count"] == 2


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/applications/{UNKNOWN}", 404, "Request_ResourceNotFound"),
        (f"/applications(appId='{UNKNOWN}')", 404, "Request_ResourceNotFound"),
        (f"/applications/{SALES}", 404, "Request_ResourceNotFound"),
        ("/applications/not-a-guid", 400, "Request_BadRequest"),
        ("/applications?$top=0", 400, "Request_BadRequest"),
        ("/applications?$top=1000", 400, "Request_BadRequest"),
        ("/applications?$top=many", 400, "Request_BadRequest"),
        ("/applications?$skip=1", 400, "Request_UnsupportedQuery"),
        ("/applications?$skiptoken=zzz", 400, "Request_BadRequest"),
        (
            "/applications?$filter=passwordCredentials/any(p:p/endDateTime le 2021-01-01)",
            400,
            "Request_UnsupportedQuery",
        ),
        ("/applications?$filter=appId eq ''' or '1' eq '1", 400, "Request_UnsupportedQuery"),
        ("/applications?$select=secretText", 400, "Request_BadRequest"),
        (f"/applications/{SALES_OBJECT}?$expand=owners", 400, "Request_UnsupportedQuery"),
        ("/users", 400, "BadRequest"),
        ("/auditLogs/directoryAudits", 403, "Authentication_MSGraphPermissionMissing"),
        ("/auditLogs/signIns", 400, "BadRequest"),
    ],
)
async def test_a_wrong_read_is_refused(desk: Desk, path: str, status: int, code: str) -> None:
    """Unknown objects, unsupported options and unknown paths each have their error."""
    assert (await desk.ask("GET", path)).error[:2] == (status, code)


async def test_a_soft_deleted_application_is_not_found(desk: Desk) -> None:
    """It is neither listed nor readable."""
    gone = desk.tenant.applications[2]
    listed = await desk.ask("GET", "/applications?$select=displayName")
    assert (await desk.ask("GET", f"/applications/{gone.object_id}")).status == 404
    assert "Gone" not in [one["displayName"] for one in listed.body["value"]]


async def test_an_application_of_another_tenant_is_not_found(desk: Desk) -> None:
    """Tenants share the listener and nothing else."""
    school = desk.holder.world.tenants[1].applications[0]
    assert (await desk.ask("GET", f"/applications(appId='{school.app_id}')")).status == 404


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer nonsense", "Basic Zm9v"])
async def test_a_request_without_a_live_token_is_refused(desk: Desk, authorization: str) -> None:
    """Only tokens of this login are taken."""
    reply = await desk.ask("GET", "/applications", Authorization=authorization)
    assert reply.error[:2] == (401, "InvalidAuthenticationToken")
    assert "WWW-Authenticate" in reply.headers


async def test_a_token_expires_with_the_clock(desk: Desk) -> None:
    """3599 seconds, and not one more."""
    token = await desk.token()
    desk.clock.step(3590)
    assert (await desk.ask("GET", "/applications", token=token)).status == 200
    desk.clock.step(10)
    assert (await desk.ask("GET", "/applications", token=token)).status == 401


async def test_a_token_may_be_made_to_expire(desk: Desk) -> None:
    """The fault ends this token; a fresh one works."""
    token = await desk.token()
    desk.fault("expire-token", route="list-applications", times=1)
    statuses = [(await desk.ask("GET", "/applications", token=token)).status for _ in range(2)]
    assert (statuses, (await desk.ask("GET", "/applications")).status) == ([401, 401], 200)


async def test_reading_needs_a_permission(desk: Desk) -> None:
    """An application without any permission may not even read itself."""
    reply = await desk.ask("GET", f"/applications/{SALES_OBJECT}", token=await desk.own_token())
    assert reply.error[:2] == (403, "Authorization_RequestDenied")


async def test_the_callers_request_id_comes_back(desk: Desk) -> None:
    """It is in the header, in the error and in the journal."""
    reply = await desk.ask("GET", f"/applications/{UNKNOWN}", **{"client-request-id": SALES})
    assert reply.headers["client-request-id"] == SALES
    assert reply.body["error"]["innerError"]["client-request-id"] == SALES
    assert reply.body["error"]["innerError"]["request-id"] == reply.headers["request-id"]
    assert "x-ms-ags-diagnostic" in reply.headers
    assert desk.journal.entries[-1].client_request_id == SALES


async def test_date_follows_the_simulated_clock(desk: Desk) -> None:
    """Clients that compare clocks see the stepped one."""
    moment = desk.clock.now().replace(year=2031, month=1, day=2) + timedelta(hours=1)
    desk.clock.set(moment)
    reply = await desk.ask("GET", "/applications")
    assert " Jan 2031 " in reply.headers["Date"]


async def test_the_journal_names_an_application_by_its_app_id(desk: Desk) -> None:
    """Whichever address was used, a fault rule needs one name only."""
    await desk.ask("GET", f"/applications/{SALES_OBJECT}")
    await desk.ask("GET", f"/applications?$filter=appId eq '{SALES}'")
    names = [(entry.route, entry.object) for entry in desk.journal.entries if entry.system == "graph"]
    assert names == [("read-application", SALES), ("list-applications", SALES)]


async def test_a_world_may_show_odd_data(desk: Desk) -> None:
    """In place of what is really there; the type of an object is told whatever is selected."""
    desk.sales.shows = {"displayName": None, "@odata.type": "#microsoft.graph.agentIdentityBlueprint"}
    desk.sales.passwords[1].shows = {"keyId": None, "hint": 5}
    plain = (await desk.ask("GET", f"/applications/{SALES_OBJECT}")).body
    chosen = (await desk.ask("GET", f"/applications/{SALES_OBJECT}?$select=id")).body
    assert (plain["displayName"], plain["passwordCredentials"][1]["keyId"]) == (None, None)
    assert set(chosen) == {"@odata.context", "@odata.type", "id"}


async def test_a_world_may_write_times_in_two_notations(desk: Desk) -> None:
    """The moment is the same; without $select it has seven decimals."""
    desk.holder.world.entra = replace(desk.holder.world.entra, long_times=True)
    plain, chosen = [
        (await desk.ask("GET", f"/applications/{SALES_OBJECT}{query}")).body["keyCredentials"][0]["endDateTime"]
        for query in ("", "?$select=keyCredentials")
    ]
    assert plain == chosen.replace("Z", ".0000000Z")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("startswith(displayName,'sa')", ["Sales"]),
        ("startswith(displayName, 'Pay')", ["Payroll"]),
        ("startswith(displayName,'ales')", []),
    ],
)
async def test_a_list_is_filtered_by_the_beginning_of_a_name(desk: Desk, wanted: str, names: list[str]) -> None:
    """In any case."""
    reply = await desk.ask("GET", f"/applications?$filter={wanted}&$select=displayName")
    assert [one["displayName"] for one in reply.body["value"]] == names


async def test_a_service_principal_is_found_by_one_of_its_names(desk: Desk) -> None:
    """As `az ad sp show --id` looks for it, and then reads it."""
    reply = await desk.ask("GET", f"/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{SALES}')")
    (found,) = reply.body["value"]
    assert (found["appId"], SALES in found["servicePrincipalNames"]) == (SALES, True)
    assert (await desk.ask("GET", f"/servicePrincipals/{found['id']}")).body["appId"] == SALES


@pytest.mark.parametrize(
    "wanted",
    [
        "servicePrincipalNames/any(c:d eq 'x')",
        "servicePrincipalNames eq 'x'",
        "startswith(appId,'5a')",
        "startswith(displayName,'a') and displayName eq 'b'",
        "keyCredentials/any(k:k/endDateTime le 2021-01-02T12:00:00Z)",
    ],
)
async def test_other_filters_are_refused(desk: Desk, wanted: str) -> None:
    """A removal must not rest on a search."""
    reply = await desk.ask("GET", f"/servicePrincipals?$filter={wanted}")
    assert reply.error[:2] == (400, "Request_UnsupportedQuery")


async def test_the_owners_of_an_application_are_people_of_the_world(desk: Desk) -> None:
    """Or nobody."""
    desk.sales.owners.append("ann@example.org")
    (owner,) = (await desk.ask("GET", f"/applications/{SALES_OBJECT}/owners")).body["value"]
    assert owner["@odata.type"] == "#microsoft.graph.user"
    assert (await desk.ask("GET", f"/applications/{UNKNOWN}/owners")).status == 404


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_owners_are_only_read(desk: Desk, method: str) -> None:
    """Writing them is not simulated."""
    assert (await desk.ask(method, f"/applications/{SALES_OBJECT}/owners", {})).status == 405


async def test_the_type_of_an_answer_says_how_much_metadata_it_has(desk: Desk) -> None:
    """A refusal's too."""
    for path, status in ((f"/applications/{SALES_OBJECT}", 200), (f"/applications/{UNKNOWN}", 404)):
        reply = await desk.ask("GET", path)
        assert (reply.status, reply.headers["Content-Type"].split(";")[:2]) == (
            status,
            ["application/json", "odata.metadata=minimal"],
        )
