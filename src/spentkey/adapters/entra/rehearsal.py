"""Finds an application for a rehearsal: one on which a request for a secret that never was is closed as already gone.

Where an expired secret is left, guard G4 takes the SecretID for a typing error, and hands the task over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from spentkey.adapters.entra.client import EntraDirectory
from spentkey.core.errors import SpentkeyError

FIRST = 100
"""How many applications are looked at."""
QUERY = {"$select": "appId,displayName,passwordCredentials", "$top": str(FIRST)}
"""Without keyCredentials, whose reads are few."""


@dataclass(frozen=True)
class Candidate:
    """An application without an expired secret."""

    app_id: str
    name: str


async def application_to_rehearse_on(directory: EntraDirectory, now: datetime) -> Candidate | None:
    """The first that will do, of those that the tenant lists first; None where none is seen. It is only a proposal."""
    try:
        listed = await directory.read_list("/v1.0/applications", QUERY)
    except SpentkeyError:
        return None
    rows = cast("list[Any]", listed) if isinstance(listed, list) else []
    found = [one for row in rows if (one := _candidate(row, now)) is not None and one.app_id != directory.client_id]
    return found[0] if found else None


def _candidate(row: Any, now: datetime) -> Candidate | None:
    if not isinstance(row, dict):
        return None
    record = cast("dict[str, Any]", row)
    app_id, name, secrets = (record.get(field) for field in ("appId", "displayName", "passwordCredentials"))
    texts = isinstance(app_id, str) and isinstance(name, str) and name
    if not texts or not isinstance(secrets, list) or not all(_lives(one, now) for one in cast("list[Any]", secrets)):
        return None
    return Candidate(str(app_id).lower(), str(name))


def _lives(secret: Any, now: datetime) -> bool:
    """Whether a secret has not ended; one whose end cannot be read may have, and one without a key id may be any."""
    fields = cast("dict[str, Any]", secret) if isinstance(secret, dict) else {}
    end = fields.get("endDateTime") if isinstance(fields.get("keyId"), str) else None
    try:
        return isinstance(end, str) and datetime.fromisoformat(end) > now
    except (TypeError, ValueError):  # TypeError: an end without a zone
        return False
