"""The reports of use: when a credential, and when a service principal, was last seen signing in.

learn.microsoft.com/graph/api/resources/appcredentialsigninactivity (beta). A credential that nobody wrote down has no
row, which says nothing about its use. Rows are only shown for what is still registered.
"""

import base64
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from spentkey_sim.entra import errors, positions
from spentkey_sim.entra.proofs import parse_time
from spentkey_sim.model import Application, KeyCredential, PasswordCredential, Tenant, World

OPTIONS = frozenset({"$filter", "$top", "$skiptoken", "$select"})
_EQUAL = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*")
_ENDS = {
    "end-date-time": ("expirationDateTime",),
    "end-date": ("expirationDate",),
    "both": ("expirationDateTime", "expirationDate"),
}

_SECRETS = {"end-date-time": "clientSecret", "end-date": "secret", "both": "clientSecret"}
"""The two spellings of the reference: of the end of a credential, and of a secret."""


def filtered(options: Mapping[str, str], known: tuple[str, ...]) -> tuple[str, str]:
    """LEDGER: E-86, the one property that a report is filtered by, or two empty texts; anything else is refused."""
    text = options.get("$filter")
    if text is None:
        return "", ""
    found = _EQUAL.fullmatch(text)
    if found is None or found[1] not in known:
        raise errors.unsupported_query("Unsupported or invalid query filter clause specified.")
    return found[1], found[2].lower()


Rows = Iterator[tuple[int, dict[str, Any]]]
"""Rows, each with where the next one begins: a position in the list of applications, and a number there."""
_MANY = 1 << 20
"""More rows than one application has."""


def credential_rows(world: World, tenant: Tenant, wanted: tuple[str, str], now: datetime, first: int) -> Rows:
    """The rows of the report on credentials, from one on."""
    field, value = wanted

    def rows_of(app: Application) -> Iterator[dict[str, Any]]:
        return (row for row in _rows_of(world, app, now) if not field or str(row[field]).lower() == value)

    return _rows(tenant, wanted, rows_of, first)


def principal_rows(tenant: Tenant, wanted: tuple[str, str], now: datetime, first: int) -> Rows:
    """The rows of the report on service principals, from one on."""

    def rows_of(app: Application) -> Iterator[dict[str, Any]]:
        times = [one.last_used for one in (*app.passwords, *app.certificates) if one.last_used and _seen(one, now)]
        if times and wanted[1] in ("", app.app_id):
            last = _activity(app.app_id, max(times))
            yield {"id": _id(app.app_id), "appId": app.app_id, "lastSignInActivity": last}

    return _rows(tenant, wanted, rows_of, first)


def _rows(
    tenant: Tenant,
    wanted: tuple[str, str],
    rows_of: Callable[[Application], Iterator[dict[str, Any]]],
    first: int,
) -> Rows:
    begin, skipped = divmod(first, _MANY)
    chosen = wanted if wanted[0] == "appId" else ("", "")
    for at, app in positions.holders(tenant, positions.APPLICATIONS, begin, chosen):
        passed = skipped if at == begin else 0
        for number, row in enumerate(islice(rows_of(app), passed, None), passed):
            yield at * _MANY + number + 1, row


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
        "keyType": _SECRETS[world.entra.use_report] if secret else "certificate",
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
