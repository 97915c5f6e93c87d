"""The audit log as further proof: which event counts, whose it is, and what proves nothing."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from spentkey.adapters.entra.audit_log import query_for, read_witness
from spentkey.core.audit_event import Shows
from spentkey.http.client import Response

OBJECT = "2b2b2b2b-0000-4000-8000-00000000000a"
KEY = "3c3c3c3c-0000-4000-8000-00000000000a"
OTHER = "3c3c3c3c-0000-4000-8000-00000000000b"
ACTOR = "5e5e5e5e-0000-4000-8000-00000000000a"
NAME = "Update application – Certificates and secrets management "


def described(*key_ids: str) -> str:
    """The credentials as an event lists them."""
    return json.dumps([f"[KeyIdentifier={one},KeyType=Password,KeyUsage=Verify,DisplayName=old]" for one in key_ids])


def event(**changes: Any) -> dict[str, Any]:
    """The event of a removal of KEY by ACTOR."""
    before, after = changes.pop("before", [KEY, OTHER]), changes.pop("after", [OTHER])
    change = {"displayName": "KeyDescription", "oldValue": described(*before), "newValue": described(*after)}
    sound = {
        "id": "Directory_1",
        "activityDisplayName": NAME,
        "targetResources": [{"id": OBJECT, "modifiedProperties": [change]}],
        "initiatedBy": {"user": None, "app": {"appId": ACTOR}},
    }
    return sound | changes


def shown(*events: object, status: int = 200) -> tuple[Shows, str | None]:
    """What these events show, and by which of them."""
    body = json.dumps({"value": list(events)}).encode()
    audit_event = read_witness(Response(status, {}, body), OBJECT, KEY, ACTOR)
    return audit_event.shows, audit_event.event


@pytest.mark.parametrize(
    "name", [NAME, NAME.strip(), NAME.replace("–", "-"), NAME.upper(), "Certificates and secrets management"]
)
def test_our_own_event_is_found_under_every_spelling(name: str) -> None:
    """En dash, hyphen, a blank at the end: all have been seen."""
    assert shown(event(activityDisplayName=name)) == (Shows.OURS, "Directory_1")


def test_the_last_credential_leaves_an_empty_list() -> None:
    """Its `newValue` is `[]`."""
    assert shown(event(before=[KEY], after=[])) == (Shows.OURS, "Directory_1")


def test_upper_case_ids_are_the_same_ids() -> None:
    """Ids are compared without case."""
    assert shown(event(before=[KEY.upper()], after=[], initiatedBy={"app": {"appId": ACTOR.upper()}})) == (
        Shows.OURS,
        "Directory_1",
    )


def test_among_others_ours_is_the_one_that_counts() -> None:
    """Somebody removed it, it came back, we removed it."""
    theirs = event(id="Directory_0", initiatedBy={"user": {"id": "x"}, "app": None})
    assert shown(theirs, event()) == (Shows.OURS, "Directory_1")


@pytest.mark.parametrize("by", [{"user": {"id": "x"}, "app": None}, {"app": {"appId": OTHER}}, {}, None, [], "x"])
def test_an_event_of_somebody_else_is_not_ours(by: object) -> None:
    """A person, another application, or nobody that can be read."""
    assert shown(event(initiatedBy=by)) == (Shows.OTHERS, "Directory_1")


OF_SOMETHING_ELSE: dict[str, object] = {
    "another key id": event(before=[OTHER], after=[]),
    "an addition": event(before=[OTHER], after=[OTHER, KEY]),
    "kept": event(before=[KEY, OTHER], after=[KEY]),
    "another object": event(targetResources=[{"id": OTHER, "modifiedProperties": []}]),
    "the paired event without changes": event(activityDisplayName="Update application"),
    "no properties": event(targetResources=[{"id": OBJECT}]),
    "not an object": "Directory_1",
}


@pytest.mark.parametrize("scenario", OF_SOMETHING_ELSE)
def test_an_event_of_something_else_shows_nothing(scenario: str) -> None:
    """Only that key id leaving that object's list is the removal."""
    assert shown(OF_SOMETHING_ELSE[scenario]) == (Shows.NOT_YET, None)


def test_an_empty_log_shows_nothing_yet() -> None:
    """Events come a quarter of an hour later."""
    assert shown() == (Shows.NOT_YET, None)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_a_refusal_is_not_available(status: int) -> None:
    """Whatever the reason: it proves nothing either way."""
    assert shown(event(), status=status) == (Shows.NOT_AVAILABLE, None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff"])
def test_what_is_no_answer_is_not_available(body: bytes) -> None:
    """A page for people, a list, bytes."""
    assert read_witness(Response(200, {}, body), OBJECT, KEY, ACTOR).shows == Shows.NOT_AVAILABLE


@pytest.mark.parametrize("body", [b"{}", b'{"value":null}', b'{"value":{}}', b'{"value":[null,1]}'])
def test_an_answer_without_events_shows_nothing(body: bytes) -> None:
    """As an empty list."""
    assert read_witness(Response(200, {}, body), OBJECT, KEY, ACTOR).shows == Shows.NOT_YET


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_the_question_is_in_utc_and_begins_before_the_intent(zone: timezone) -> None:
    """By as much as clocks may differ."""
    since = datetime(2026, 7, 1, 12, 0, 0, 700, tzinfo=UTC).astimezone(zone)
    where = f"activityDateTime ge 2026-07-01T11:55:00Z and targetResources/any(t:t/id eq '{OBJECT}')"
    assert {"$filter": where, "$top": "50"} == query_for(OBJECT, since)
