"""The reports of use: when a credential, and when a service principal, was last seen signing in.

learn.microsoft.com/graph/api/resources/appcredentialsigninactivity (beta). A credential that nobody wrote down has no
row, which says nothing about its use. Rows are only shown for what is still registered.
"""

import base64
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from spentkey_sim.entra import errors, positions
from spentkey_sim.entra.proofs import parse_time
from spentkey_sim.entra.state import find_application
from spentkey_sim.model import Application, KeyCredential, PasswordCredential, Tenant, World

OPTIONS = frozenset({"$filter", "$top", "$skiptoken", "$select", "$orderby"})
_EQUAL = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*")
_ENDS = {
    "end-date-time": ("expirationDateTime",),
    "end-date": ("expirationDate",),
    "both": ("expirationDateTime", "expirationDate"),
}


def filtered(options: Mapping[str, str], known: tuple[str, ...]) -> tuple[str, str]:
    """LEDGER: E-86, the one property that a report is filtered by, or two empty texts; anything else is refused."""
    order = options.get("$orderby")
    if order is not None and order.split()[0] not in ("signInActivity/lastSignInDateTime", "appId", "keyId"):
        raise errors.unsupported_query(f"Ordering by '{order}' is not supported.")
    text = options.get("$filter")
    if text is None:
        return "", ""
    found = _EQUAL.fullmatch(text)
    if found is None or found[1] not in known:
        raise errors.unsupported_query("Unsupported or invalid query filter clause specified.")
    return found[1], found[2].lower()


def credential_rows(world: World, tenant: Tenant, wanted: tuple[str, str], now: datetime) -> list[dict[str, Any]]:
    """The rows of the report on credentials."""
    field, value = wanted
    apps = _apps(tenant, value if field == "appId" else "")
    rows = [row for app in apps for row in _rows_of(world, app, now)]
    return [row for row in rows if not field or row[field].lower() == value]


def principal_rows(tenant: Tenant, wanted: tuple[str, str], now: datetime) -> list[dict[str, Any]]:
    """The rows of the report on service principals."""
    rows: list[dict[str, Any]] = []
    for app in _apps(tenant, wanted[1]):
        times = [one.last_used for one in (*app.passwords, *app.certificates) if _seen(one, now)]
        if times:
            last = _activity(app.app_id, max(time for time in times if time))
            rows.append({"id": _id(app.app_id), "appId": app.app_id, "lastSignInActivity": last})
    return rows


def _apps(tenant: Tenant, app_id: str) -> Iterator[Application]:
    if app_id:
        found = find_application(tenant, "appId", app_id)
        yield from [found] if found is not None else []
        return
    for _, app in positions.holders(tenant, positions.APPLICATIONS):
        yield app


def _rows_of(world: World, app: Application, now: datetime) -> Iterator[dict[str, Any]]:
    for origin, owner in (("application", app), ("servicePrincipal", app.service_principal)):
        for one in (*owner.passwords, *owner.certificates) if owner is not None else ():
            if _seen(one, now):
                yield _row(world, app, one, origin)


def _seen(one: PasswordCredential | KeyCredential, now: datetime) -> bool:
    """Whether a use is on record by now."""
    moment = parse_time(one.last_used) if one.last_used else None
    return moment is not None and moment <= now


def _row(world: World, app: Application, one: PasswordCredential | KeyCredential, origin: str) -> dict[str, Any]:
    secret = isinstance(one, PasswordCredential)
    ends: dict[str, Any] = dict.fromkeys(_ENDS[world.entra.use_report], one.end)
    return {
        "id": _id(f"{one.key_id}|{origin}"),
        "keyId": one.key_id,
        "keyType": "clientSecret" if secret else "certificate",
        "keyUsage": "verify" if secret else one.usage.lower(),
        "appId": app.app_id,
        "appObjectId": app.object_id,
        "servicePrincipalObjectId": app.service_principal.object_id if app.service_principal else None,
        "resourceId": "00000003-0000-0000-c000-000000000000",
        "credentialOrigin": origin,
        "createdDateTime": one.start,
        **ends,
        "signInActivity": _activity(one.key_id, one.last_used),
    }


def _activity(name: str, last: str | None) -> dict[str, Any]:
    return {
        "lastSignInDateTime": last,
        "lastSignInRequestId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {last}")),
    }


def _id(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
