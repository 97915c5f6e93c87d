"""Whole lists of applications and service principals: pages, links, counts, and large generated tenants."""

import base64
from typing import Any

import pytest
from cryptography import x509
from entra_desk import AUTOMATION, UNKNOWN, Desk
from entra_lists import EVENTUAL, MICROSOFT, SELECT, listed, pages, served, world

from spentkey_sim.entra.positions import APPLICATIONS, holders
from spentkey_sim.world import WorldError, load

GENERATED = {"applications": 250, "service_principals": 260}
APPLICATION_PAGES = f"/applications?$select={SELECT}&$top=100"
PRINCIPAL_PAGES = "/servicePrincipals?$select=id,appId,servicePrincipalType,appOwnerOrganizationId&$top=999"


async def test_a_generated_tenant_is_listed_whole() -> None:
    """Each application once, over pages of the size that was asked for, and the count agrees."""
    async with served(world(generated=GENERATED, applications=[{"display_name": "Sales"}])) as desk:
        found = await pages(desk, APPLICATION_PAGES)
        ids = [one["id"] for page in found for one in page.body["value"]]
        assert [len(page.body["value"]) for page in found] == [100, 100, 51]
        assert len(set(ids)) == 251
        count = await desk.client.get(
            "/v1.0/applications/$count", headers={"Authorization": f"Bearer {await desk.token()}"} | EVENTUAL
        )
        assert (count.content_type, await count.text()) == ("text/plain", "251")


async def test_a_generated_tenant_is_the_same_each_time() -> None:
    """The seed decides ids and names."""
    async with served(world(generated=GENERATED)) as one, served(world(generated=GENERATED)) as other:
        path = "/applications?$select=id,appId,displayName&$top=999"
        assert await listed(one, path) == await listed(other, path)


async def test_another_seed_gives_another_tenant() -> None:
    """No id is shared."""
    async with served(world(generated=GENERATED)) as one, served(world(generated=GENERATED | {"seed": 8})) as other:
        path = "/applications?$select=id&$top=999"
        first, second = await listed(one, path), await listed(other, path)
        assert {each["id"] for each in first} & {each["id"] for each in second} == set()


async def test_a_generated_application_is_found_by_either_id() -> None:
    """What the list shows is what a read of the one shows, its keys included."""
    async with served(world(generated=GENERATED)) as desk:
        shown = next(one for one in await listed(desk, APPLICATION_PAGES) if one["keyCredentials"])
        by_id = await desk.ask("GET", f"/applications/{shown['id']}?$select={SELECT}")
        by_app_id = await desk.ask("GET", f"/applications(appId='{shown['appId']}')?$select={SELECT}")
        assert {name: by_id.body[name] for name in shown} == shown
        assert {name: by_app_id.body[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ("displayName eq 'application 000042'", 1),
        ("startswith(displayName, 'Application 00004')", 10),
        ("displayName eq 'Renamed'", 1),
        ("displayName eq 'Nobody'", 0),
        ("displayName eq 'Application 000003'", 0),
    ],
)
async def test_generated_applications_are_found_by_name(wanted: str, number: int) -> None:
    """By the name that they have now."""
    async with served(world(generated=GENERATED)) as desk:
        desk.fault("rename-application", system="graph", nth=1, params={"at": 3, "name": "Renamed"})
        assert (await desk.ask("GET", "/applications?$top=1")).status == 200
        assert len(await listed(desk, f"/applications?$filter={wanted}&$select=id&$top=4")) == number


@pytest.mark.parametrize("collection", ["applications", "servicePrincipals"])
@pytest.mark.parametrize("name", ["id", "appId"])
async def test_a_generated_tenant_is_filtered_by_each_id(collection: str, name: str) -> None:
    """Any position, own and foreign."""
    async with served(world(generated=GENERATED)) as desk:
        there = await listed(desk, f"/{collection}?$select=id,appId&$top=999")
        for one in (there[0], there[77], there[-1]):
            assert await listed(desk, f"/{collection}?$filter={name} eq '{one[name]}'&$select=id,appId") == [one]
        assert await listed(desk, f"/{collection}?$filter={name} eq '{desk.tenant.tenant_id}'") == []


async def test_generated_certificates_are_certificates() -> None:
    """They can be read, end when their entry says, and have the thumbprint of their entry."""
    async with served(world(generated=GENERATED)) as desk:
        keys = [key for one in await listed(desk, APPLICATION_PAGES) for key in one["keyCredentials"]]
        ends = [x509.load_der_x509_certificate(base64.b64decode(key["key"])).not_valid_after_utc for key in keys]
        assert [f"{end:%Y-%m-%dT%H:%M:%SZ}" for end in ends] == [key["endDateTime"] for key in keys]
        assert len({key["customKeyIdentifier"] for key in keys}) == len(keys) > 20


async def test_a_generated_secret_is_removed_from_the_list_too() -> None:
    """A page that was written before the removal is not given out any more."""
    async with served(world(roles=("Application.ReadWrite.All",), generated=GENERATED)) as desk:
        shown = next(one for one in await listed(desk, APPLICATION_PAGES) if one["passwordCredentials"])
        key_id = shown["passwordCredentials"][0]["keyId"]
        assert (await desk.remove_password(key_id, f"/applications/{shown['id']}")).status == 204
        left = next(one for one in await listed(desk, APPLICATION_PAGES) if one["id"] == shown["id"])
        assert [one["keyId"] for one in left["passwordCredentials"]] == [
            one["keyId"] for one in shown["passwordCredentials"] if one["keyId"] != key_id
        ]


async def test_a_tenant_of_a_hundred_thousand_takes_no_room_until_it_is_read() -> None:
    """Counted and searched without being made; whoever asks for one makes one."""
    async with served(world(generated={"applications": 100_000, "service_principals": 100_000})) as desk:
        headers = {"Authorization": f"Bearer {await desk.token()}"} | EVENTUAL
        assert await (await desk.client.get("/v1.0/servicePrincipals/$count", headers=headers)).text() == "100000"
        (last,) = await listed(desk, "/applications?$filter=displayName eq 'Application 099999'&$select=id")
        made = desk.tenant.population
        assert made is not None
        assert list(made.held()) == []
        assert (await desk.ask("GET", f"/applications/{last['id']}")).status == 200
        assert [one.object_id for one in made.held()] == [last["id"]]


@pytest.mark.parametrize("value", ["", "zz", "00000000-0000-4000-a000-00000000000z", UNKNOWN])
def test_an_id_that_is_nobodys_is_not_found(value: str, desk: Desk) -> None:
    """Whatever its last digits are."""
    made = load(world(generated=GENERATED), desk.clock).tenants[0].population
    assert made is not None
    assert [made.find("id", value), made.find("appId", value), made.find_holder(value)] == [None] * 3


async def test_service_principals_are_of_every_kind() -> None:
    """Own ones, managed identities, Microsoft's own, those of other tenants and Legacy ones."""
    async with served(world(generated={"applications": 100, "service_principals": 200})) as desk:
        found = await listed(desk, PRINCIPAL_PAGES)
        kinds = {(one["servicePrincipalType"], one["appOwnerOrganizationId"] == MICROSOFT) for one in found}
        assert len({one["id"] for one in found}) == len(found) == 200
        assert kinds == {("Application", False), ("Application", True), ("ManagedIdentity", False), ("Legacy", False)}
        own = [one for one in found if one["appOwnerOrganizationId"] == desk.tenant.tenant_id]
        assert sum(one["servicePrincipalType"] == "Application" for one in own) == 100


async def test_a_group_for_single_sign_on_has_three_entries() -> None:
    """Sign, Verify, and the password of the signing key, of one certificate."""
    async with served(world(generated=GENERATED | {"saml_share": 1.0})) as desk:
        path = "/servicePrincipals?$select=preferredSingleSignOnMode,passwordCredentials,keyCredentials&$top=10"
        one = (await desk.ask("GET", path)).body["value"][0]
        signing = next(key for key in one["keyCredentials"] if key["usage"] == "Sign")
        (password,) = one["passwordCredentials"]
        assert one["preferredSingleSignOnMode"] == "saml"
        assert {key["usage"] for key in one["keyCredentials"]} == {"Sign", "Verify"}
        assert {key["customKeyIdentifier"] for key in one["keyCredentials"]} == {password["customKeyIdentifier"]}
        assert password["keyId"] == signing["keyId"]


async def test_principals_of_other_tenants_stand_in_the_list() -> None:
    """A world may name them, and none of them is an application here."""
    other = {"display_name": "Portal", "type": "Legacy", "owner_tenant": MICROSOFT, "passwords": [{"end": "-3d"}]}
    async with served(world(service_principals=[other])) as desk:
        (one,) = await listed(desk, "/servicePrincipals")
        assert (one["displayName"], one["servicePrincipalType"]) == ("Portal", "Legacy")
        assert (await desk.ask("GET", f"/servicePrincipals/{one['id']}")).body["appId"] == one["appId"]
        assert await listed(desk, "/applications") == []


async def test_an_object_that_is_deleted_between_pages_moves_no_other() -> None:
    """Whoever reads on misses none of those that stay."""
    names = [{"display_name": f"App {n}"} for n in range(6)]
    async with served(world(applications=names)) as desk:
        first = await desk.ask("GET", "/applications?$top=3&$select=displayName")
        desk.tenant.applications[0].soft_deleted = True
        rest = await listed(desk, first.body["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0"))
        assert [one["displayName"] for one in rest] == ["App 3", "App 4", "App 5"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("$top=100", "$top=99"),
        ("displayName", "notes"),
        ("$skiptoken=", "$skiptoken=A"),
        ("/applications?", "/servicePrincipals?"),
    ],
)
async def test_a_link_that_was_changed_is_refused(old: str, new: str) -> None:
    """Another size, another selection, another token, another collection."""
    async with served(world(generated=GENERATED)) as desk:
        first = await desk.ask("GET", "/applications?$select=id,displayName&$top=100")
        link = first.body["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0")
        assert old in link
        assert (await desk.ask("GET", link.replace(old, new))).error[:2] == (400, "Request_BadRequest")


async def test_no_character_of_a_token_may_change() -> None:
    """Not even one whose bits say nothing."""
    async with served(world(generated=GENERATED)) as desk:
        token = await desk.token()
        link = (await desk.ask("GET", APPLICATION_PAGES)).body["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0")
        for at in range(link.index("$skiptoken=") + 11, len(link)):
            other = "A" if link[at] != "A" else "B"
            assert (await desk.ask("GET", link[:at] + other + link[at + 1 :], token=token)).status in (400, 429)


async def test_a_link_is_no_link_in_another_tenant() -> None:
    """Though the question is the same."""
    raw = world(generated=GENERATED)
    client = {"app_id": AUTOMATION, "secret": "automation's secret", "roles": ["Application.Read.All"]}
    raw["tenants"].append({"name": "onderwijs", "clients": [client], "generated": GENERATED})
    async with served(raw) as desk:
        link = (await desk.ask("GET", APPLICATION_PAGES)).body["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0")
        other = await desk.token(tenant=desk.holder.world.tenants[1].tenant_id)
        assert (await desk.ask("GET", link, token=other)).error[:2] == (400, "Request_BadRequest")


async def test_a_link_grows_too_old_where_the_world_has_it_so() -> None:
    """It is good within its time, and refused after it."""
    async with served(world(entra={"page_token_s": 60}, generated=GENERATED)) as desk:
        link = (await desk.ask("GET", APPLICATION_PAGES)).body["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0")
        assert (await desk.ask("GET", link)).status == 200
        desk.clock.step(61)
        assert (await desk.ask("GET", link)).error[:2] == (400, "Directory_ExpiredPageToken")


async def test_a_count_needs_its_header(desk: Desk) -> None:
    """As every advanced query."""
    assert (await desk.ask("GET", "/applications/$count")).error == (
        400,
        "Request_BadRequest",
        "$count is not currently supported.",
    )


@pytest.mark.parametrize(("lag", "told"), [(-2, "248"), (3, "253"), (-900, "0")])
async def test_a_count_may_lag(lag: int, told: str) -> None:
    """Behind what is there, or ahead of what was deleted."""
    async with served(world(entra={"count_lag": lag}, generated=GENERATED)) as desk:
        headers = {"Authorization": f"Bearer {await desk.token()}"} | EVENTUAL
        assert await (await desk.client.get("/v1.0/applications/$count", headers=headers)).text() == told


@pytest.mark.parametrize("path", ["/applications", "/servicePrincipals", "/applications/$count"])
async def test_lists_need_a_permission(desk: Desk, path: str) -> None:
    """Application.Read.All is the least."""
    nobody = await desk.token(client_id=AUTOMATION[:-1] + "3", client_secret="nobody")
    reply = await desk.ask("GET", path, token=nobody, **EVENTUAL)
    assert reply.error[:2] == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/applications/$count", 405),
        ("GET", "/applications/$count?$top=1", 400),
        ("GET", "/applications/00000000-0000-4000-8000-000000000007/$count", 405),
    ],
)
async def test_a_count_that_is_asked_otherwise_is_refused(desk: Desk, method: str, path: str, status: int) -> None:
    """Only of a collection, and only read."""
    assert (await desk.ask(method, path, **EVENTUAL)).status == status


@pytest.mark.parametrize("wrong", [{"applications": -1}, {"lapsed_share": 2}, {"size": 3}, {"odd_share": "some"}])
def test_a_population_that_cannot_be_is_refused(wrong: dict[str, Any], desk: Desk) -> None:
    """Before anything is served."""
    with pytest.raises(WorldError, match=r"generated"):
        load(world(generated=GENERATED | wrong), desk.clock)


async def test_odd_objects_are_listed_with_the_others() -> None:
    """Null lists, wrong types, no id, odd names and times; the list is whole, and the truth knows what is really there."""
    async with served(world(generated={"applications": 300, "odd_share": 0.5})) as desk:
        found = await listed(desk, f"/applications?$select={SELECT},createdDateTime&$top=999")
        assert len(found) == len(list(holders(desk.tenant, APPLICATIONS))) == 300
        assert any(one.get("passwordCredentials", []) is None for one in found)
        assert any("id" not in one for one in found)
        assert any(one["displayName"] is None for one in found)
        assert any(len(one.get("passwordCredentials") or []) >= 5000 for one in found)


async def test_reads_that_select_keys_share_one_quota_over_both_lists() -> None:
    """150 a minute for the tenant, then 429 with the wait."""
    async with served(world(generated=GENERATED)) as desk:
        token = await desk.token()
        paths = ("/applications?$select=keyCredentials&$top=1", "/servicePrincipals?$select=keyCredentials&$top=1")
        statuses = [(await desk.ask("GET", paths[n % 2], token=token)).status for n in range(151)]
        assert statuses == [200] * 150 + [429]
