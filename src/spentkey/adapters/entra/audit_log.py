"""The directory's audit log, asked once for the event of one removal (learn.microsoft.com/graph/api/directoryaudit-list).

A removal of a secret or a certificate is one event, "Update application – Certificates and secrets management" in
several spellings; its modified property `KeyDescription` lists the credentials before and after as
`[KeyIdentifier=…,KeyType=…]`. Which of them changed is read from that, never from the name of the event.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from spentkey.adapters.entra.wire import SYSTEM
from spentkey.core.audit_event import AuditEvent, Shows
from spentkey.core.credential import SKEW
from spentkey.core.errors import Outage
from spentkey.http.client import Response, json_object

PATH = "/v1.0/auditLogs/directoryAudits"
ROLE = "AuditLog.Read.All"
ABOUT = "certificates and secrets management"
MOST_EVENTS = 50
"""How many events are looked through; an application whose credentials change more often in minutes is not ours to judge."""


def query_for(object_id: str, since: datetime) -> Mapping[str, str]:
    """Events about that object since then, the clocks' difference allowed; `object_id` is a canonical UUID."""
    begin = (since - SKEW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = f"activityDateTime ge {begin} and targetResources/any(t:t/id eq '{object_id}')"
    return {"$filter": where, "$top": str(MOST_EVENTS)}


def not_available(why: str) -> AuditEvent:
    """The log cannot be asked, which proves nothing either way."""
    return AuditEvent(Shows.NOT_AVAILABLE, why)


def read_witness(response: Response, object_id: str, key_id: str, actor: str) -> AuditEvent:
    """What the events show; ours is one whose removal of that key id was made by the application `actor`."""
    if response.status != 200:
        return not_available(f"{SYSTEM} answered {response.status} to a read of the audit log")
    try:
        events = json_object(response, SYSTEM).get("value")
    except Outage as problem:
        return not_available(str(problem))
    removals = [one for one in _objects(events) if _removes(one, object_id, key_id)]
    if not removals:
        return AuditEvent(Shows.NOT_YET, "no event of the audit log shows the removal so far")
    ours = [one for one in removals if _actor(one) == actor]
    if ours:
        return AuditEvent(Shows.OURS, f"initiated by the application {actor}", _id(ours[0]))
    return AuditEvent(Shows.OTHERS, f"initiated by {_actor(removals[0]) or 'somebody else'}", _id(removals[0]))


def _removes(event: Mapping[str, Any], object_id: str, key_id: str) -> bool:
    """Whether the event takes that key id out of that object's credentials."""
    if ABOUT not in str(event.get("activityDisplayName")).lower():
        return False
    targets = [one for one in _objects(event.get("targetResources")) if str(one.get("id")).lower() == object_id]
    changes = [change for one in targets for change in _objects(one.get("modifiedProperties"))]
    described = [change for change in changes if change.get("displayName") == "KeyDescription"]
    mark = f"keyidentifier={key_id}"
    return any(
        mark in str(one.get("oldValue")).lower() and mark not in str(one.get("newValue")).lower() for one in described
    )


def _actor(event: Mapping[str, Any]) -> str:
    """The AppID of the application that initiated the event; empty for a person."""
    for initiator in _objects([event.get("initiatedBy")]):
        for app in _objects([initiator.get("app")]):
            return str(app.get("appId") or "").lower()
    return ""


def _id(event: Mapping[str, Any]) -> str | None:
    value = event.get("id")
    return value if isinstance(value, str) else None


def _objects(values: object) -> Iterable[Mapping[str, Any]]:
    """The JSON objects in a list; whatever else is there is left out."""
    listed = cast("list[Any]", values) if isinstance(values, list) else []
    return [cast("Mapping[str, Any]", one) for one in listed if isinstance(one, dict)]
