"""The audit log after a PATCH: whether exactly the planned certificate went with the written list, or more."""

import json
from typing import Any

import pytest
from test_audit_log import ACTOR, KEY, NAME, OBJECT, OTHER

from spentkey.adapters.entra.audit_log import read_patch_event
from spentkey.core.audit_event import AuditEvent, Shows, WrittenList
from spentkey.core.credential import Kind
from spentkey.http.client import Response

KEPT = "3c3c3c3c-0000-4000-8000-00000000000c"
EARLIER = "3c3c3c3c-0000-4000-8000-00000000000d"
WRITTEN = WrittenList(kept=frozenset({KEPT}), ours=frozenset({KEY, EARLIER}))


def entry(key_id: str, kind: str = "AsymmetricX509Cert", name: str = "CN=sales") -> str:
    """One credential as an event lists it."""
    return f"[KeyIdentifier={key_id},KeyType={kind},KeyUsage=Verify,DisplayName={name}]"


def event(before: object, after: object, actor: str | None = ACTOR, **changes: Any) -> dict[str, Any]:
    """An event with these lists, by that application or by a person."""
    lists = [json.dumps(one) if isinstance(one, list) else one for one in (before, after)]
    change = {"displayName": "KeyDescription", "oldValue": lists[0], "newValue": lists[1]}
    sound = {
        "id": "Directory_1",
        "activityDisplayName": NAME,
        "result": "success",
        "targetResources": [{"id": OBJECT, "modifiedProperties": [change]}],
        "initiatedBy": {"user": None, "app": {"appId": actor} if actor else None},
    }
    return sound | changes


OURS = event([entry(KEY), entry(KEPT)], [entry(KEPT)])


def shown(*events: object, **body: object) -> AuditEvent:
    """What these events show of our list."""
    text = json.dumps({"value": list(events), **body}).encode()
    return read_patch_event(Response(200, {}, text), OBJECT, KEY, ACTOR, WRITTEN)


EXACTLY: dict[str, list[dict[str, Any]]] = {
    "one of two": [OURS],
    "the only one": [event([entry(KEY)], [])],
    "in another order, and in upper case": [
        event([entry(KEPT), entry(KEY.upper()), entry(OTHER)], [entry(OTHER), entry(KEPT)])
    ],
    "beside a secret": [event([entry(KEY), entry(OTHER, "Password")], [entry(OTHER, "Password")])],
    "beside another removal of ours": [event([entry(EARLIER), entry(KEY)], [entry(KEY)]), OURS],
    "beside what others did": [event([entry(KEPT), entry(OTHER)], [entry(KEPT)], actor=None), OURS],
    "beside what our sign-in added elsewhere": [event([entry(KEY)], [entry(KEY), entry(OTHER)]), OURS],
    "beside a failure": [event([entry(KEY), entry(OTHER)], [], result="failure"), OURS],
    "a name with brackets": [event([entry(KEY), entry(KEPT, name="a],[b")], [entry(KEPT, name="a],[b")])],
}


@pytest.mark.parametrize("scenario", EXACTLY)
def test_exactly_ours(scenario: str) -> None:
    """The list before, less the planned one, is the list after."""
    found = shown(*EXACTLY[scenario])
    assert (found.shows, found.beside) == (Shows.OURS, ())


MORE: dict[str, tuple[list[dict[str, Any]], str]] = {
    "dropped": ([event([entry(KEY), entry(OTHER), entry(KEPT)], [entry(KEPT)])], OTHER),
    "changed": ([event([entry(KEY), entry(KEPT)], [entry(KEPT, name="CN=other")])], KEPT),
    "another usage": ([event([entry(KEY), entry(KEPT)], [entry(KEPT).replace("Verify", "Sign")])], KEPT),
    "brought back": ([event([entry(KEY)], [entry(KEPT)])], KEPT),
    "once of twice": ([event([entry(KEY), entry(KEPT), entry(KEPT)], [entry(KEPT)])], KEPT),
    "by the second writing": ([OURS, event([entry(KEPT), entry(OTHER)], [entry(KEPT)])], OTHER),
    "brought back by the second writing": ([OURS, event([], [entry(KEPT)])], KEPT),
    "though the certificate was gone before": ([event([entry(KEPT), entry(OTHER)], [entry(KEPT)])], OTHER),
    "beside one that cannot be read": ([event("x", "[]"), event([entry(OTHER), entry(KEY)], [])], OTHER),
}


@pytest.mark.parametrize("scenario", MORE)
def test_more_than_ours(scenario: str) -> None:
    """It is named, by kind and key id."""
    events, key_id = MORE[scenario]
    found = shown(*events)
    assert (found.shows, found.beside) == (Shows.MORE, ((Kind.CERTIFICATE, key_id),))
    assert shown(*events, **{"@odata.nextLink": "https://more"}).shows is Shows.MORE


def test_a_secret_that_went_is_called_a_secret() -> None:
    """By its type."""
    found = shown(event([entry(KEY), entry(OTHER, "Password")], []))
    assert found.beside == ((Kind.SECRET, OTHER),)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "x",
        "{}",
        "null",
        "[1]",
        '["x"]',
        '["[KeyIdentifier=1,KeyType=x]"]',
        json.dumps([entry(KEY)])[:40],
        7,
        [],
    ],
)
def test_lists_that_cannot_be_read_prove_nothing(value: object) -> None:
    """Cut off, in another form, or not there: that is not the same as none."""
    whole = json.dumps([entry(KEPT)])
    before, after = event(json.dumps([entry(KEY)]), whole), event(value, whole)
    after["targetResources"][0]["modifiedProperties"][0]["oldValue"] = value
    assert shown(after).shows is Shows.UNREADABLE
    assert shown(after, before).shows in (Shows.UNREADABLE, Shows.MORE)


@pytest.mark.parametrize(
    ("events", "shows"),
    [
        ([], Shows.NOT_YET),
        ([event([entry(KEY)], [], actor=None)], Shows.OTHERS),
        ([event([entry(KEY)], [], actor=OTHER)], Shows.OTHERS),
        ([event([entry(KEY)], [], result="failure")], Shows.NOT_YET),
        ([event([entry(KEY)], [], activityDisplayName="Update application")], Shows.NOT_YET),
        ([event([entry(KEY)], [], targetResources=[])], Shows.NOT_YET),
    ],
)
def test_no_event_of_ours(events: list[dict[str, Any]], shows: Shows) -> None:
    """What others removed is not what we wrote."""
    assert shown(*events).shows is shows


def test_a_log_that_was_not_read_whole_proves_nothing() -> None:
    """The event that shows more may stand on the next page."""
    assert shown(OURS, **{"@odata.nextLink": "https://more"}).shows is Shows.NOT_AVAILABLE


@pytest.mark.parametrize(("status", "body"), [(403, b"{}"), (200, b"<html>"), (503, b"")])
def test_a_log_that_cannot_be_asked_is_not_available(status: int, body: bytes) -> None:
    """It proves nothing either way."""
    found = read_patch_event(Response(status, {}, body), OBJECT, KEY, ACTOR, WRITTEN)
    assert found.shows is Shows.NOT_AVAILABLE
