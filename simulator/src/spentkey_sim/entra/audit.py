"""The directory audit log: an event for every change of credentials, by whomever, and the query that finds it.

learn.microsoft.com/graph/api/resources/directoryaudit, learn.microsoft.com/graph/api/directoryaudit-list. An event is
seen only some time after what it tells of.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from spentkey_sim.entra import errors
from spentkey_sim.entra.proofs import parse_time
from spentkey_sim.entra.query import offset_of, only, only_selected, selected, size_of
from spentkey_sim.model import Application, AuditEvent, Credentials, ServicePrincipal, Tenant

LARGEST_PAGE = 999
UPDATES = (
    "Update application \N{EN DASH} Certificates and secrets management ",
    "Update application \N{EN DASH} Certificates and secrets management",
    "Update application - Certificates and secrets management ",
    "Update application - Certificates and secrets management",
)
"""The spellings in which the one activity has been seen."""
UPDATE = "Update application"
PRINCIPAL_UPDATES = ("Remove service principal credentials", "Update service principal")
OPTIONS = frozenset({"$filter", "$top", "$skiptoken", "$select", "$orderby"})

_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
_TIME = re.compile(r"activityDateTime\s+(eq|ge|le)\s+(\S+)")
_TARGET = re.compile(r"targetResources/any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+'([^']*)'\s*\)")
_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_EQUAL = re.compile(r"(activityDisplayName|category|correlationId|id|initiatedBy/app/appId)\s+eq\s+'((?:[^']|'')*)'")

Test = Callable[[AuditEvent], bool]


@dataclass(frozen=True)
class Search:
    """What a client asks of the log."""

    tests: tuple[Test, ...]
    select: tuple[str, ...]
    size: int
    offset: int
    oldest_first: bool

    def found(self, events: Iterable[AuditEvent], now: datetime, delay: timedelta) -> list[AuditEvent]:
        """LEDGER: E-52, the events that match and are old enough to be seen; the latest ones first unless asked."""
        seen = [one for one in events if one.at + delay <= now and all(test(one) for test in self.tests)]
        return sorted(seen, key=lambda one: (one.at, one.number), reverse=not self.oldest_first)

    def narrow(self, event: AuditEvent) -> dict[str, Any]:
        """The selected properties of an event."""
        return only_selected(event.body, self.select, "directoryAudit")


def search(query: Mapping[str, str], page_size: int) -> Search:
    """LEDGER: E-54, the query options of the log."""
    only(query, OPTIONS)
    order = " ".join(query.get("$orderby", "activityDateTime desc").split())
    if order not in ("activityDateTime", "activityDateTime asc", "activityDateTime desc"):
        raise errors.unsupported_query(f"Ordering by '{order}' is not supported.")
    text = query.get("$filter")
    return Search(
        tests=tuple(_test(one.strip()) for one in _AND.split(text)) if text is not None else (),
        select=selected(query),
        size=size_of(query.get("$top"), page_size),
        offset=offset_of(query.get("$skiptoken")),
        oldest_first=order != "activityDateTime desc",
    )


def target_of(query: Mapping[str, str]) -> str:
    """The id of the object whose events are asked for, or an empty text."""
    found = _TARGET.search(query.get("$filter", ""))
    return found[2].lower() if found else ""


def _test(term: str) -> Test:
    """LEDGER: E-54, one condition of a filter; what the reference does not list is refused."""
    time, target, equal = _TIME.fullmatch(term), _TARGET.fullmatch(term), _EQUAL.fullmatch(term)
    moment = parse_time(time[2]) if time and _ZONE.search(time[2]) else None
    if time and moment is not None:
        return _timely(time[1], moment)
    if target:
        return lambda event: event.target == target[2].lower()
    if equal:
        return lambda event: _value(event.body, equal[1]) == equal[2].replace("''", "'")
    raise errors.unsupported_query("Unsupported or invalid query filter clause specified.")


def _timely(operator: str, moment: datetime) -> Test:
    match operator:
        case "ge":
            return lambda event: event.at >= moment
        case "le":
            return lambda event: event.at <= moment
        case _:
            return lambda event: event.at == moment


def _value(body: Any, path: str) -> Any:
    for name in path.split("/"):
        body = body.get(name) if isinstance(body, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return body  # pyright: ignore[reportUnknownVariableType]


def record(
    tenant: Tenant,
    app: Application,
    target: Application | ServicePrincipal,
    old: Credentials,
    new: Credentials,
    now: datetime,
    caller: str | None,
) -> None:
    """LEDGER: E-52, E-53, the two events of one write, if it changed a credential; `caller` is None for a person."""
    before, after = _described(old), _described(new)
    if before == after:
        return
    changed = {"displayName": "KeyDescription", "oldValue": json.dumps(before), "newValue": json.dumps(after)}
    included = {"displayName": "Included Updated Properties", "oldValue": None, "newValue": '"KeyDescription"'}
    first, second = _activities(tenant, target)
    correlation = len(tenant.audit) + 1
    for activity, properties in ((first, [changed, included]), (second, list[dict[str, Any]]())):
        number = len(tenant.audit) + 1
        body = _body(tenant, app, target, now, caller, number, correlation)
        body["activityDisplayName"] = activity
        body["targetResources"][0]["modifiedProperties"] = properties
        tenant.audit.append(AuditEvent(number, now, target.object_id, body))


def tell(tenant: Tenant, app: Application, activity: str, operation: str, now: datetime, caller: str | None) -> None:
    """LEDGER: E-89, the event of an application that was made, changed, deleted or restored."""
    number = len(tenant.audit) + 1
    body = _body(tenant, app, app, now, caller, number, number)
    body["activityDisplayName"], body["operationType"] = activity, operation
    tenant.audit.append(AuditEvent(number, now, app.object_id, body))


def _activities(tenant: Tenant, target: Application | ServicePrincipal) -> tuple[str, str]:
    """LEDGER: E-53, the spelling of the activity varies: by hash here, so that the same story tells the same."""
    if isinstance(target, ServicePrincipal):
        return PRINCIPAL_UPDATES
    return UPDATES[_digest(tenant, target.object_id, len(tenant.audit))[0] % len(UPDATES)], UPDATE


def _described(credentials: Credentials) -> list[str]:
    """LEDGER: E-53, each credential as one text."""
    certificates = [(one.key_id, one.type, one.usage, one.display_name) for one in credentials.certificates]
    passwords = [(one.key_id, "Password", "Verify", one.display_name) for one in credentials.passwords]
    return [
        f"[KeyIdentifier={key_id},KeyType={kind},KeyUsage={usage},DisplayName={name or ''}]"
        for key_id, kind, usage, name in (*certificates, *passwords)
    ]


def _body(
    tenant: Tenant,
    app: Application,
    target: Application | ServicePrincipal,
    now: datetime,
    caller: str | None,
    number: int,
    correlation: int,
) -> dict[str, Any]:
    kind = "Application" if isinstance(target, Application) else "ServicePrincipal"
    names: dict[str, Any] = {"id": target.object_id, "displayName": app.display_name, "type": kind}
    return {
        "id": f"Directory_{_guid(tenant, 'event', number)}_{number:05}",
        "category": "ApplicationManagement",
        "correlationId": _guid(tenant, "correlation", correlation),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": "",
        "activityDateTime": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z",
        "loggedByService": "Core Directory",
        "operationType": "Update",
        "initiatedBy": _initiator(tenant, caller),
        "targetResources": [{**names, "userPrincipalName": None, "groupType": None, "modifiedProperties": []}],
        "additionalDetails": [{"key": "AppId", "value": app.app_id}],
    }


def _initiator(tenant: Tenant, caller: str | None) -> dict[str, Any]:
    """LEDGER: E-53, the application that called, or the person; the other of the two is null."""
    if caller is None:
        name = "an.other"
        user = {"id": _guid(tenant, name), "displayName": None, "userPrincipalName": f"{name}@{tenant.domain}"}
        return {"app": None, "user": user | {"ipAddress": "", "roles": []}}
    known = next((one for one in tenant.applications if one.app_id == caller), None)
    client = next((one for one in tenant.clients if one.app_id == caller), None)
    principal = known.service_principal if known else None
    app = {
        "appId": caller,
        "displayName": known.display_name if known else client.entry if client else None,
        "servicePrincipalId": principal.object_id if principal else _guid(tenant, "service principal", caller),
        "servicePrincipalName": None,
    }
    return {"app": app, "user": None}


def _guid(tenant: Tenant, *names: object) -> str:
    return str(uuid.UUID(bytes=_digest(tenant, *names)[:16], version=4))


def _digest(tenant: Tenant, *names: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, (tenant.tenant_id, *names))).encode()).digest()
