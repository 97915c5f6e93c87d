"""PATCH of keyCredentials: a full replacement that keeps what it keeps byte for byte."""

from typing import Any

import pytest
from entra_desk import EVERYTHING, LIVE_KEY, LIVE_SECRET, OLD_KEY, OLD_SECRET, SALES_OBJECT, Desk

WHERE = f"/applications/{SALES_OBJECT}"


async def present(desk: Desk, *, keys: bool = False) -> list[dict[str, Any]]:
    """The key credentials as a client reads them."""
    query = "?$select=keyCredentials" if keys else ""
    return (await desk.ask("GET", WHERE + query)).body["keyCredentials"]


@pytest.mark.parametrize("keys", [True, False])
async def test_the_survivor_alone_removes_the_other(desk: Desk, keys: bool) -> None:
    """With or without the certificate itself, an entry that comes back as it was is kept."""
    kept = [one for one in await present(desk, keys=keys) if one["keyId"] == LIVE_KEY]
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": kept})).status == 204
    assert desk.key_ids() == [OLD_SECRET, LIVE_SECRET, LIVE_KEY]
    assert [(one.key_id, one.route) for one in desk.tenant.removals] == [(OLD_KEY, "patch")]


async def test_what_a_typed_client_writes_is_the_same_list(desk: Desk) -> None:
    """It names its types, and writes a moment in another notation than the one that it read."""
    kept = [one | {"@odata.type": "#microsoft.graph.keyCredential"} for one in await present(desk)][1:]
    for name in ("startDateTime", "endDateTime"):
        kept[0][name] = kept[0][name].replace("Z", "+00:00")
    body = {"@odata.type": "#microsoft.graph.application", "keyCredentials": kept}
    assert (await desk.ask("PATCH", WHERE, body)).status == 204
    assert desk.key_ids() == [OLD_SECRET, LIVE_SECRET, LIVE_KEY]
    assert (await present(desk))[0]["endDateTime"].endswith("Z")


@pytest.mark.parametrize("named", ["#microsoft.graph.group", "microsoft.graph.application", None, 7])
async def test_a_body_of_another_type_is_refused(desk: Desk, named: Any) -> None:
    """An application is not changed by what says that it is something else."""
    reply = await desk.ask("PATCH", WHERE, {"@odata.type": named, "keyCredentials": []})
    assert reply.error[:2] == (400, "Request_BadRequest")
    assert desk.key_ids() == EVERYTHING


async def test_an_entry_of_another_type_is_refused(desk: Desk) -> None:
    """The same inside the list."""
    sent = [one | {"@odata.type": "#microsoft.graph.passwordCredential"} for one in await present(desk)]
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": sent})).status == 400
    assert desk.key_ids() == EVERYTHING


async def test_an_empty_list_removes_them_all(desk: Desk) -> None:
    """That is what a full replacement means."""
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": []})).status == 204
    assert desk.key_ids() == [OLD_SECRET, LIVE_SECRET]


@pytest.mark.parametrize(
    "change",
    [
        {"displayName": "another"},
        {"customKeyIdentifier": None},
        {"endDateTime": "2099-01-01T00:00:00Z"},
        {"startDateTime": None},
        {"startDateTime": "tomorrow"},
        {"startDateTime": 1},
        {"key": "AAAA"},
    ],
)
async def test_a_retained_entry_that_differs_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    """KeyNotUpdatable, and nothing has changed."""
    sent = await present(desk)
    sent[1] |= change
    reply = await desk.ask("PATCH", WHERE, {"keyCredentials": sent})
    assert reply.error == (
        400,
        "Request_BadRequest",
        f"Update to existing credential with KeyId '{LIVE_KEY}' is not allowed.",
    )
    assert {"item": "PropertyErrorCode", "value": "KeyNotUpdatable"} in reply.body["error"]["values"]
    assert desk.key_ids() == EVERYTHING


@pytest.mark.parametrize("ending", ["", "+01:00", ".5Z"])
async def test_a_time_that_is_another_moment_is_refused(desk: Desk, ending: str) -> None:
    """Without a zone, in another zone, or half a second later: a retained entry has changed."""
    sent = await present(desk)
    sent[1]["endDateTime"] = sent[1]["endDateTime"].replace("Z", ending)
    reply = await desk.ask("PATCH", WHERE, {"keyCredentials": sent})
    assert {"item": "PropertyErrorCode", "value": "KeyNotUpdatable"} in reply.body["error"]["values"]
    assert desk.key_ids() == EVERYTHING


async def test_a_credential_that_was_removed_does_not_come_back_without_its_certificate(desk: Desk) -> None:
    """A stale list sent back cannot resurrect a key whose certificate it lacks."""
    stale = await present(desk)
    await desk.ask("PATCH", WHERE, {"keyCredentials": stale[1:]})
    reply = await desk.ask("PATCH", WHERE, {"keyCredentials": stale})
    assert (reply.status, desk.sales.certificates[0].key_id) == (400, LIVE_KEY)


async def test_a_credential_comes_back_with_its_certificate(desk: Desk) -> None:
    """A stale list that holds the certificates does resurrect, as in the real directory."""
    stale = await present(desk, keys=True)
    await desk.ask("PATCH", WHERE, {"keyCredentials": stale[1:]})
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": stale})).status == 204
    assert desk.key_ids() == EVERYTHING


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"keyCredentials": None},
        {"keyCredentials": "none"},
        {"keyCredentials": [7]},
        {"keyCredentials": [{"keyId": LIVE_KEY}]},
        {"keyCredentials": [{"keyId": LIVE_KEY, "type": "AsymmetricX509Cert", "usage": "Sign"}]},
        {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAAA"}]},
        {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "%%"}]},
        {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "secret": "x"}]},
        {"displayName": "Renamed"},
        {"passwordCredentials": []},
        {"passwordCredentials": [], "keyCredentials": []},
    ],
)
async def test_a_wrong_patch_changes_nothing(desk: Desk, body: Any) -> None:
    """Wrong shapes, wrong usages, new keys that are none, and secrets are refused."""
    reply = await desk.ask("PATCH", WHERE, body)
    assert reply.error[:2] == (400, "Request_BadRequest")
    assert desk.key_ids() == EVERYTHING


async def test_one_key_id_may_not_come_twice(desk: Desk) -> None:
    """A duplicate is refused."""
    sent = await present(desk)
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": [*sent, sent[0]]})).status == 400


async def test_an_application_may_not_patch_itself_without_a_permission(desk: Desk) -> None:
    """Rolling one's own keys goes through removeKey alone."""
    reply = await desk.ask("PATCH", WHERE, {"keyCredentials": []}, await desk.own_token())
    assert (reply.error[0], desk.key_ids()) == (403, EVERYTHING)


async def test_service_principals_are_not_patched_here(desk: Desk) -> None:
    """The method is not allowed there."""
    principal = desk.sales.service_principal
    assert principal is not None
    reply = await desk.ask("PATCH", f"/servicePrincipals/{principal.object_id}", {"keyCredentials": []})
    assert reply.status == 405


NEW_KEY = "99999999-9999-4999-8999-999999999999"


async def test_what_is_registered_after_the_read_goes_with_the_list(desk: Desk) -> None:
    """No read ever shows it; the removals and the audit log do."""
    kept = [one for one in await present(desk) if one["keyId"] == LIVE_KEY]
    name = next(iter(desk.holder.world.certificates))
    desk.fault("add-certificate", route="patch", params={"key_id": NEW_KEY, "certificate": name})
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": kept})).status == 204
    assert NEW_KEY not in desk.key_ids()
    assert [one.key_id for one in desk.tenant.removals] == [OLD_KEY, NEW_KEY]
    lists = [str(event.body) for event in desk.tenant.audit]
    assert [NEW_KEY in one for one in lists].count(True) == 2  # when it came, and when it went


async def test_what_is_removed_after_the_read_comes_back_with_the_list(desk: Desk) -> None:
    """Where its `key` is sent, it is a new entry like any other."""
    kept = [one for one in await present(desk, keys=True) if one["keyId"] == LIVE_KEY]
    desk.fault("drop-certificate", route="patch", params={"key_id": LIVE_KEY})
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": kept})).status == 204
    assert LIVE_KEY in desk.key_ids()


async def test_an_event_may_never_be_listed(desk: Desk) -> None:
    """The change is made all the same."""
    desk.fault("unlogged", route="patch")
    assert (await desk.ask("PATCH", WHERE, {"keyCredentials": []})).status == 204
    assert (desk.key_ids(), desk.tenant.audit) == ([OLD_SECRET, LIVE_SECRET], [])
