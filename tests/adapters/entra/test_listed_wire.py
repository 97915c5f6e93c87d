"""One entry of a list: what is read of it, and what is named because it cannot be read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from spentkey.adapters.entra.listed_wire import read_entry
from spentkey.core.credential import Kind, TargetKind
from spentkey.core.listed import ListedObject
from spentkey.core.reason import Reason

OBJECT = "2b2b2b2b-0000-4000-8000-00000000000a"
APP = "5e5e5e5e-0000-4000-8000-00000000000a"
KEY = "3c3c3c3c-0000-4000-8000-00000000000a"
SECRET = {"keyId": KEY, "displayName": "old", "endDateTime": "2026-01-01T00:00:00.1234567Z", "startDateTime": None}
CERTIFICATE = {"keyId": KEY, "type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAAA", "displayName": "CN=x"}


def entry(**changes: Any) -> dict[str, Any]:
    """A sound application."""
    sound: dict[str, Any] = {
        "id": OBJECT,
        "appId": APP,
        "displayName": "Sales",
        "passwordCredentials": [],
        "keyCredentials": [],
    }
    return sound | changes


def read(kind: TargetKind = TargetKind.APPLICATION, **changes: Any) -> ListedObject:
    """What is read of such an entry."""
    found = read_entry(entry(**changes), kind, 3, 7)
    assert isinstance(found, ListedObject)
    return found


def unread(one: Any, kind: TargetKind = TargetKind.APPLICATION) -> tuple[str, str]:
    """Why such an entry cannot be read."""
    found = read_entry(one, kind, 3, 7)
    assert isinstance(found, Reason)
    return found.code, str(found)


def test_an_application_is_read_with_all_that_a_scan_asks_about() -> None:
    """Names, dates, tags, and who made it."""
    found = read(
        createdDateTime="2020-02-02T00:00:00Z",
        serviceManagementReference="team-7",
        notes="n",
        tags=["a", "b"],
        createdByAppId=APP.upper(),
        isDisabled=None,
        tokenEncryptionKeyId=KEY.upper(),
    )
    assert (found.target.name, found.target.app_id, found.target.token_encryption_key_id) == ("Sales", APP, KEY)
    assert found.created == datetime(2020, 2, 2, tzinfo=UTC)
    assert (found.service_management_reference, found.notes, found.tags) == ("team-7", "n", ("a", "b"))
    assert (found.created_by, found.disabled) == (APP, None)


def test_a_service_principal_is_read_with_its_type_and_its_owners_tenant() -> None:
    """So that managed identities and those of Microsoft can be left out by kind."""
    found = read(
        TargetKind.SERVICE_PRINCIPAL,
        servicePrincipalType="ManagedIdentity",
        appOwnerOrganizationId=APP,
        accountEnabled=False,
    )
    assert (found.target.kind, found.principal_type) == (TargetKind.SERVICE_PRINCIPAL, "ManagedIdentity")
    assert (found.owner_tenant, found.disabled) == (APP, True)


def test_credentials_are_read_without_the_key_of_certificates() -> None:
    """It is most of the weight of a list; the fingerprint is the same with and without it."""
    found = read(passwordCredentials=[SECRET], keyCredentials=[CERTIFICATE]).target
    assert [one.kind for one in found.credentials] == [Kind.SECRET, Kind.CERTIFICATE]
    assert found.credentials[0].end == datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)
    assert (found.credentials[1].key, "AAAA" in found.credentials[1].raw) == (None, False)
    without = read(keyCredentials=[CERTIFICATE | {"key": None}]).target
    assert found.credentials[1].fingerprint == without.credentials[0].fingerprint


@pytest.mark.parametrize("odd", [None, "x", 7, {}, {"keyId": "not an id"}])
def test_a_credential_without_a_key_id_is_one_that_cannot_be_read(odd: Any) -> None:
    """It is there, in its place, and the others are read."""
    found = read(passwordCredentials=[SECRET, odd]).target
    assert ([one.key_id for one in found.credentials], [one.where for one in found.unreadable]) == (
        [KEY],
        ["passwordCredentials[1]"],
    )


@pytest.mark.parametrize(
    ("kind", "told", "other"),
    [
        (TargetKind.APPLICATION, "#microsoft.graph.agentIdentityBlueprint", "agentIdentityBlueprint"),
        (TargetKind.APPLICATION, "#microsoft.graph.application", None),
        (TargetKind.SERVICE_PRINCIPAL, "#microsoft.graph.servicePrincipal", None),
        (TargetKind.SERVICE_PRINCIPAL, "#microsoft.graph.agentIdentity", "agentIdentity"),
        (TargetKind.SERVICE_PRINCIPAL, "#microsoft.graph.application", "application"),
    ],
)
def test_a_derived_type_is_told(kind: TargetKind, told: str, other: str | None) -> None:
    """Such an object is not ours to change."""
    assert read(kind, **{"@odata.type": told}).target.other_kind == other


@pytest.mark.parametrize(
    "odd", [{"displayName": None}, {"displayName": 7}, {"notes": 7}, {"tags": None}, {"createdDateTime": "yesterday"}]
)
def test_an_odd_field_beside_the_credentials_is_read_as_not_there(odd: dict[str, Any]) -> None:
    """The object counts, and so do its credentials."""
    found = read(passwordCredentials=[SECRET], **odd)
    assert ([one.key_id for one in found.target.credentials], found.tags) == ([KEY], ())


@pytest.mark.parametrize("one", [None, 5, "x", [], True])
def test_an_entry_that_is_no_object_is_named_by_its_place(one: Any) -> None:
    """Nothing else is known of it."""
    assert unread(one) == ("list-entry-no-object", "entry 7 of page 3 is no object")


@pytest.mark.parametrize("given", [None, "", 7, "not an id", OBJECT + " ", f"{{{OBJECT}}}"])
def test_an_entry_without_an_id_is_named_by_its_place(given: Any) -> None:
    """It may be any object."""
    assert unread(entry(id=given)) == ("list-entry-without-id", "entry 7 of page 3 has no usable id")


@pytest.mark.parametrize("kind", list(TargetKind))
@pytest.mark.parametrize("field", ["appId", "passwordCredentials", "keyCredentials", "tokenEncryptionKeyId"])
@pytest.mark.parametrize("given", [7, {}, "missing"])
def test_an_object_that_does_not_show_what_decides_is_named_by_its_id(kind: TargetKind, field: str, given: Any) -> None:
    """A list that is none may hold anything: it is no list without credentials."""
    one = entry(**{field: given})
    if given == "missing" and field == "tokenEncryptionKeyId":
        one[field] = []
    elif given == "missing":
        del one[field]
    assert unread(one, kind) == ("list-object-unreadable", f"{OBJECT} on page 3 has no usable {field}")


@pytest.mark.parametrize("field", ["passwordCredentials", "keyCredentials"])
def test_a_list_that_is_null_is_not_an_empty_one(field: str) -> None:
    """Graph shows a list that is empty as one."""
    assert unread(entry(**{field: None}))[0] == "list-object-unreadable"
