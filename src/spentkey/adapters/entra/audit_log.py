"""The directory's audit log, asked once for the event of one removal (learn.microsoft.com/graph/api/directoryaudit-list).

A removal of a secret or a certificate is one event, "Update application – Certificates and secrets management" in
several spellings; its modified property `KeyDescription` lists the credentials before and after as
`[KeyIdentifier=…,KeyType=…]`. Which of them changed is read from that, never from the name of the event.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from spentkey.adapters.entra.reasons import (
    BY,
    BY_APPLICATION,
    BY_SOMEBODY,
    LISTS_UNREADABLE,
    LOG_ANSWERED,
    MORE_WENT,
    NO_EVENT_YET,
    NO_LIST_EVENT_YET,
    TOO_MANY_EVENTS,
)
from spentkey.adapters.entra.wire import SYSTEM
from spentkey.core.audit_event import AuditEvent, Shows, WrittenList
from spentkey.core.credential import SKEW, Kind
from spentkey.core.errors import Outage
from spentkey.core.reason import Reason
from spentkey.http.client import Response, json_object

PATH = "/v1.0/auditLogs/directoryAudits"
ABOUT = "certificates and secrets management"
MOST_EVENTS = 50
"""How many events are looked through; an application whose credentials change more often in minutes is not ours to judge."""
FAILURE = "failure"
"""The `result` of an event that changed nothing."""
_ENTRY = re.compile(r"\[KeyIdentifier=([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}),.*\]", re.S)


def query_for(object_id: str, since: datetime) -> Mapping[str, str]:
    """Events about that object since then, the clocks' difference allowed; `object_id` is a canonical UUID."""
    begin = (since - SKEW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = f"activityDateTime ge {begin} and targetResources/any(t:t/id eq '{object_id}')"
    return {"$filter": where, "$top": str(MOST_EVENTS)}


def not_available(why: Reason) -> AuditEvent:
    """The log cannot be asked, which proves nothing either way."""
    return AuditEvent(Shows.NOT_AVAILABLE, why)


def read_witness(response: Response, object_id: str, key_id: str, actor: str) -> AuditEvent:
    """What the events show; ours is one whose removal of that key id was made by the application `actor`."""
    if response.status != 200:
        return not_available(LOG_ANSWERED(system=SYSTEM, status=response.status))
    try:
        events = json_object(response, SYSTEM).get("value")
    except Outage as problem:
        return not_available(problem.reason)
    removals = [one for one in _objects(events) if _removes(one, object_id, key_id)]
    if not removals:
        return AuditEvent(Shows.NOT_YET, NO_EVENT_YET())
    ours = [one for one in removals if _actor(one) == actor]
    if ours:
        return AuditEvent(Shows.OURS, BY_APPLICATION(app_id=actor), _id(ours[0]))
    return AuditEvent(Shows.OTHERS, _by(removals[0]), _id(removals[0]))


def read_patch_event(response: Response, object_id: str, key_id: str, actor: str, written: WrittenList) -> AuditEvent:
    """What the events show of the lists that `actor` wrote: whether exactly that key id went, or more.

    All events of the actor are looked at, because a list may have been written twice.
    """
    if response.status != 200:
        return not_available(LOG_ANSWERED(system=SYSTEM, status=response.status))
    try:
        body = json_object(response, SYSTEM)
    except Outage as problem:
        return not_available(problem.reason)
    events = list(_objects(body.get("value")))
    changes = [(one, _read_change(change)) for one in events for change in _made_by(actor, one, object_id)]
    found = _not_ours_alone(changes, key_id, written)
    if found is None and "@odata.nextLink" in body:
        return not_available(TOO_MANY_EVENTS())
    return found or _ours(changes, key_id) or _somebodys(events, object_id, key_id)


Changes = Sequence[tuple[Mapping[str, Any], "_Rewritten | None"]]
"""The changes of one actor, each with its event; None for one that cannot be read."""


def _not_ours_alone(changes: Changes, key_id: str, written: WrittenList) -> AuditEvent | None:
    """An event that shows more than the removal, or does not show what it changed."""
    for event, change in changes:
        beside = change.beside(key_id, written) if change is not None else ()
        if beside:
            return AuditEvent(Shows.MORE, MORE_WENT(), _id(event), beside)
    unreadable = [event for event, change in changes if change is None]
    if unreadable:
        return AuditEvent(Shows.UNREADABLE, LISTS_UNREADABLE(), _id(unreadable[0]))
    return None


def _ours(changes: Changes, key_id: str) -> AuditEvent | None:
    for event, change in changes:
        if change is not None and key_id in change.dropped:
            return AuditEvent(Shows.OURS, BY_APPLICATION(app_id=_actor(event)), _id(event))
    return None


def _somebodys(events: Sequence[Mapping[str, Any]], object_id: str, key_id: str) -> AuditEvent:
    """No event of ours is there; one of somebody else may show the removal."""
    for event in events:
        if event.get("result") != FAILURE and _removes(event, object_id, key_id):
            return AuditEvent(Shows.OTHERS, _by(event), _id(event))
    return AuditEvent(Shows.NOT_YET, NO_LIST_EVENT_YET())


Lists = Mapping[str, tuple[str, ...]]
"""The credentials of `KeyDescription`: the texts of each key id."""


@dataclass(frozen=True)
class _Rewritten:
    """The credentials before and after one write."""

    before: Lists
    after: Lists

    @property
    def dropped(self) -> frozenset[str]:
        """The key ids that went."""
        return frozenset(self.before) - frozenset(self.after)

    def beside(self, key_id: str, written: WrittenList) -> tuple[tuple[Kind, str], ...]:
        """What a write of ours did to other credentials.

        What another program added with our sign-in is none of it: our list holds what was there, and can bring back that.
        """
        ours = self.dropped & (written.ours | {key_id})
        changed = {one for one in {*self.before, *self.after} if self.before.get(one) != self.after.get(one)} - ours
        if key_id not in self.dropped:
            changed = {one for one in changed if one in self.before or one in written.kept}
        return tuple((self._kind(one), one) for one in sorted(changed))

    def _kind(self, key_id: str) -> Kind:
        texts = (*self.before.get(key_id, ()), *self.after.get(key_id, ()))
        return Kind.SECRET if any("keytype=password" in text.lower() for text in texts) else Kind.CERTIFICATE


def _read_change(change: Mapping[str, Any]) -> _Rewritten | None:
    before, after = _listed(change.get("oldValue")), _listed(change.get("newValue"))
    return _Rewritten(before, after) if before is not None and after is not None else None


def _listed(value: object) -> Lists | None:
    """A list of `KeyDescription`, which is JSON in a text; None where it is not whole or not in the known form."""
    try:
        texts = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(texts, list):
        return None
    found: dict[str, tuple[str, ...]] = {}
    for text in cast("list[object]", texts):
        known = _ENTRY.fullmatch(text) if isinstance(text, str) else None
        if known is None:
            return None
        key_id = known[1].lower()
        found[key_id] = tuple(sorted((*found.get(key_id, ()), known[0])))
    return found


def _removes(event: Mapping[str, Any], object_id: str, key_id: str) -> bool:
    """Whether the event takes that key id out of that object's credentials."""
    mark = f"keyidentifier={key_id}"
    return any(
        mark in str(one.get("oldValue")).lower() and mark not in str(one.get("newValue")).lower()
        for one in _described(event, object_id)
    )


def _made_by(actor: str, event: Mapping[str, Any], object_id: str) -> list[Mapping[str, Any]]:
    """The changes of that object's credentials that the actor really made."""
    return _described(event, object_id) if _actor(event) == actor and event.get("result") != FAILURE else []


def _described(event: Mapping[str, Any], object_id: str) -> list[Mapping[str, Any]]:
    """The changes of that object's credentials that the event tells of."""
    if ABOUT not in str(event.get("activityDisplayName")).lower():
        return []
    targets = [one for one in _objects(event.get("targetResources")) if str(one.get("id")).lower() == object_id]
    changes = [change for one in targets for change in _objects(one.get("modifiedProperties"))]
    return [change for change in changes if change.get("displayName") == "KeyDescription"]


def _actor(event: Mapping[str, Any]) -> str:
    """The AppID of the application that initiated the event; empty for a person."""
    for initiator in _objects([event.get("initiatedBy")]):
        for app in _objects([initiator.get("app")]):
            return str(app.get("appId") or "").lower()
    return ""


def _by(event: Mapping[str, Any]) -> Reason:
    actor = _actor(event)
    return BY(actor=actor) if actor else BY_SOMEBODY()


def _id(event: Mapping[str, Any]) -> str | None:
    value = event.get("id")
    return value if isinstance(value, str) else None


def _objects(values: object) -> Iterable[Mapping[str, Any]]:
    """The JSON objects in a list; whatever else is there is left out."""
    listed = cast("list[Any]", values) if isinstance(values, list) else []
    return [cast("Mapping[str, Any]", one) for one in listed if isinstance(one, dict)]
