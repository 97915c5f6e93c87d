"""The owners of an object, as the directory lists them: people, and applications that own others."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from spentkey.adapters.entra.wire import canonical_id, text_of
from spentkey.core.listed import Owner

SELECT = "id,displayName,mail,userPrincipalName"
GUEST = "#EXT#"
"""What the name of a guest has in the middle, which is no address that mail could be sent to."""


def read_owners(entries: Sequence[Any]) -> tuple[Owner, ...] | None:
    """Each owner, in order; None where one cannot be read, because the list is not whole without it."""
    found = [_owner(cast("Mapping[str, Any]", one)) for one in entries if isinstance(one, dict)]
    owners = tuple(one for one in found if one is not None)
    return owners if len(owners) == len(entries) else None


def _owner(fields: Mapping[str, Any]) -> Owner | None:
    object_id = canonical_id(fields.get("id"))
    if object_id is None:
        return None
    login = text_of(fields, "userPrincipalName") or ""
    mail = text_of(fields, "mail") or (login if "@" in login and GUEST not in login else None)
    return Owner(object_id, text_of(fields, "displayName"), mail)
