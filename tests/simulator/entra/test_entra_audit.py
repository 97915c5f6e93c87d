"""The directory audit log: who took away which credential, seen some time later, by those who may see it."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from entra_desk import (
    AUDITOR,
    AUTOMATION,
    LIVE_KEY,
    LIVE_SECRET,
    OLD_KEY,
    OLD_SECRET,
    SALES,
    SALES_OBJECT,
    Desk,
    Reply,
)

from spentkey_sim.entra import audit, state
from spentkey_sim.model import Application, Credentials, Tenant

LOG = "/auditLogs/directoryAudits"
ABOUT_SALES = f"targetResources/any(t:t/id eq '{SALES_OBJECT}')"


async def events(desk: Desk, wish: str = "", later: float = 901) -> list[dict[str, Any]]:
    """The events that the log shows so much later."""
    desk.clock.step(later)
    reply = await log(desk, wish)
    assert reply.status == 200, reply.body
    return reply.body["value"]


async def log(desk: Desk, wish: str = "", **options: str) -> Reply:
    """One page of the log."""
    given = {"$filter": wish} if wish else {}
    query = "&".join(f"{name}={quote(value)}" for name, value in (given | options).items())
    token = await desk.token(client_id=AUDITOR, client_secret="auditor")
    return await desk.ask("GET", f"{LOG}?{query}", token=token)


def by_hand(desk: Desk, kind: str = "secret", key_id: str = LIVE_SECRET) -> None:
    """Somebody removes a credential in the portal."""
    old, now = Credentials(desk.sales.passwords, desk.sales.certificates), desk.clock.now()
    keep = state.without(desk.sales, kind, key_id)
    state.write(desk.sales, keep, now)
    state.record_removals(desk.tenant, desk.sales, old, keep, "portal", now, "somebody-else-1")


async def test_a_removal_makes_two_events(desk: Desk) -> None:
    """One tells the credentials before and after, as texts in texts; the other tells nothing."""
    await desk.remove_password()
    update, described = await events(desk)
    properties = {one["displayName"]: one for one in described["targetResources"][0]["modifiedProperties"]}
    before, after = (json.loads(properties["KeyDescription"][name]) for name in ("oldValue", "newValue"))
    gone = f"[KeyIdentifier={OLD_SECRET},KeyType=Password,KeyUsage=Verify,DisplayName=]"
    assert (len(before), set(before) - set(after)) == (4, {gone})
    assert described["targetResources"][0]["id"] == SALES_OBJECT
    assert described["activityDisplayName"] in audit.UPDATES
    assert (update["activityDisplayName"], update["targetResources"][0]["modifiedProperties"]) == (audit.UPDATE, [])
    assert update["correlationId"] == described["correlationId"]


async def test_the_last_credential_leaves_an_empty_list_in_a_text(desk: Desk) -> None:
    """Not null, and not an empty text."""
    desk.sales.passwords, desk.sales.certificates = desk.sales.passwords[:1], []
    await desk.remove_password()
    described = (await events(desk))[1]
    assert described["targetResources"][0]["modifiedProperties"][0]["newValue"] == "[]"


async def test_an_event_names_the_application_that_called(desk: Desk) -> None:
    """The automation for a secret."""
    await desk.remove_password()
    initiators = [one["initiatedBy"] for one in await events(desk)]
    assert [(one["app"]["appId"], one["user"]) for one in initiators] == [(AUTOMATION, None)] * 2
    assert desk.tenant.removals[-1].by == AUTOMATION


async def test_a_certificate_is_removed_by_its_own_application(desk: Desk) -> None:
    """The call of removeKey is made with a token of the application itself."""
    assert (await desk.remove_key()).status == 204
    app = (await events(desk))[1]["initiatedBy"]["app"]
    principal = desk.sales.service_principal
    assert principal is not None
    assert (app["appId"], app["displayName"], app["servicePrincipalId"]) == (SALES, "Sales", principal.object_id)


async def test_a_person_is_not_an_application(desk: Desk) -> None:
    """What is done in the portal has a user, and no app."""
    by_hand(desk)
    initiator = (await events(desk))[1]["initiatedBy"]
    assert (initiator["app"], initiator["user"]["userPrincipalName"]) == (None, "an.other@gentplus.onmicrosoft.com")
    assert desk.tenant.removals[-1].by is None


async def test_a_service_principal_has_activities_of_its_own(desk: Desk) -> None:
    """The target is the service principal."""
    principal = desk.sales.service_principal
    assert principal is not None
    await desk.remove_password(OLD_SECRET, f"/servicePrincipals/{principal.object_id}")
    told = [(one["activityDisplayName"], one["targetResources"][0]["id"]) for one in await events(desk)]
    assert told == [(name, principal.object_id) for name in reversed(audit.PRINCIPAL_UPDATES)]


async def test_an_event_shows_after_a_delay(desk: Desk) -> None:
    """By the simulator's clock; the time it bears is that of the removal."""
    await desk.remove_password()
    assert await events(desk, later=899) == []
    assert len(await events(desk, later=2)) == 2


@pytest.mark.parametrize("kind", ["503", "noop"])
async def test_what_was_not_done_makes_no_event(desk: Desk, kind: str) -> None:
    """A refusal and an empty promise leave no trace."""
    desk.fault(kind, route="removePassword")
    await desk.remove_password()
    assert await events(desk) == []


async def test_a_removal_whose_reply_was_lost_makes_its_events(desk: Desk) -> None:
    """The log is how one can tell afterwards."""
    desk.fault("503", route="removePassword", when="after")
    assert (await desk.remove_password()).status == 503
    assert len(await events(desk)) == 2


async def test_the_log_is_searched_by_time_and_object(desk: Desk) -> None:
    """Both conditions hold together, whichever way round."""
    await desk.remove_password()
    desk.clock.step(3600)
    moment = f"{desk.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    by_hand(desk)
    early, late = f"activityDateTime le {moment}", f"activityDateTime ge {moment}"
    assert [one["initiatedBy"]["user"] is None for one in await events(desk, f"{late} and {ABOUT_SALES}")] == [
        False
    ] * 2
    assert [one["initiatedBy"]["user"] is None for one in await events(desk, f"{ABOUT_SALES} and {early}")] == [
        True
    ] * 2
    assert await events(desk, f"{early} and targetResources/any(t:t/id eq '{SALES}')") == []


async def test_the_log_has_pages(desk: Desk) -> None:
    """The link goes on to the next one, the latest events come first."""
    await desk.remove_password()
    await desk.remove_password(LIVE_SECRET)
    desk.clock.step(901)
    options = {"$top": "3", "$select": "activityDisplayName,id"}
    first = (await log(desk, ABOUT_SALES, **options)).body
    token = await desk.token(client_id=AUDITOR, client_secret="auditor")
    second = (await desk.ask("GET", first["@odata.nextLink"].split("/v1.0")[1], token=token)).body
    numbers = [int(one["id"][-5:]) for one in (*first["value"], *second["value"])]
    assert (numbers, "@odata.nextLink" in second) == ([4, 3, 2, 1], False)
    asked = (await log(desk, **{"$orderby": "activityDateTime asc"})).body["value"]
    assert [int(one["id"][-5:]) for one in asked] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "wish",
    [
        "activityDateTime gt 2026-01-01T00:00:00Z",
        "activityDateTime ge 2026-01-01T00:00:00",
        "activityDateTime ge yesterday",
        "targetResources/any(t:t/displayName eq 'Sales')",
        f"targetResources/any(t:u/id eq '{SALES_OBJECT}')",
        f"{ABOUT_SALES} or {ABOUT_SALES}",
        f"not {ABOUT_SALES}",
        "",
    ],
)
async def test_a_filter_beyond_the_reference_is_refused(desk: Desk, wish: str) -> None:
    """Other operators, times without a zone, other properties, other lambdas, or, not, and nothing."""
    token = await desk.token(client_id=AUDITOR, client_secret="auditor")
    reply = await desk.ask("GET", f"{LOG}?$filter={quote(wish)}", token=token)
    assert reply.error[:2] == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize("options", [{"$orderby": "category"}, {"$skip": "1"}, {"$top": "0"}, {"$select": "keyId"}])
async def test_an_option_beyond_the_reference_is_refused(desk: Desk, options: dict[str, str]) -> None:
    """Each with its error, and none of them ignored."""
    await desk.remove_password()
    desk.clock.step(901)
    assert (await log(desk, **options)).status == 400


@pytest.mark.parametrize("client", [{}, {"client_id": AUTOMATION[:-1] + "2", "client_secret": "reader"}])
async def test_the_log_has_a_permission_of_its_own(desk: Desk, client: dict[str, str]) -> None:
    """Whoever may write or read applications may not read the log."""
    reply = await desk.ask("GET", LOG, token=await desk.token(**client))
    text = "Calling principal does not have required MSGraph permissions AuditLog.Read.All"
    assert reply.error == (403, "Authentication_MSGraphPermissionMissing", text)


async def test_the_log_cannot_be_written(desk: Desk) -> None:
    """405."""
    assert (await desk.ask("POST", LOG, {})).status == 405


async def test_the_log_of_one_tenant_is_not_that_of_another(desk: Desk) -> None:
    """Events stay where they happened."""
    other = desk.holder.world.tenants[1]
    app = other.applications[0]
    state.record_removals(
        other, app, Credentials(certificates=desk.sales.certificates), Credentials(), "", desk.clock.now(), None
    )
    assert (await events(desk), len(other.audit)) == ([], 2)


def test_the_spelling_of_the_activity_varies_and_can_be_replayed() -> None:
    """En dash and hyphen, with and without a blank at the end, decided by a hash."""
    seen = [_spellings(f"0000-{n}") for n in range(40)]
    assert {name for names in seen for name in names} == set(audit.UPDATES)
    assert seen == [_spellings(f"0000-{n}") for n in range(40)]


def _spellings(object_id: str) -> list[str]:
    tenant = Tenant("t", "t", "t", "", {}, [], [])
    app = Application(app_id="a", object_id=object_id)
    one = Application(certificates=Desk().sales.certificates)
    now = Desk().clock.now()
    audit.record(tenant, app, app, one, Credentials(), now, None)
    return [event.body["activityDisplayName"] for event in tenant.audit[::2]]


async def test_faults_know_the_log_by_the_application(desk: Desk) -> None:
    """A rule with the app id meets the search for its object id, and no other."""
    desk.fault("503", route="list-directory-audits", object=SALES)
    assert (await log(desk, ABOUT_SALES)).status == 503
    assert (await log(desk)).status == 200


async def test_certificates_are_described_with_their_type(desk: Desk) -> None:
    """Type and usage are those of the key credential."""
    by_hand(desk, "certificate", OLD_KEY)
    described = (await events(desk))[1]["targetResources"][0]["modifiedProperties"][0]
    gone = set(json.loads(described["oldValue"])) - set(json.loads(described["newValue"]))
    assert gone == {f"[KeyIdentifier={OLD_KEY},KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=CN=sales]"}
    assert LIVE_KEY in described["newValue"]
