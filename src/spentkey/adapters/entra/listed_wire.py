"""One entry of a list of applications or service principals: read into the core, or a reason why it cannot be.

An entry that cannot be read is named, never passed over: a list that is null or no list may hold anything, so it does
not count as one without credentials.
"""

from collections.abc import Mapping
from typing import Any, cast

from spentkey.adapters.entra.list_reasons import NO_IDS, NO_OBJECT, OBJECT_UNREADABLE
from spentkey.adapters.entra.wire import APPLICATION, TYPE, canonical_id, read_credentials, read_moment, text_of
from spentkey.core.credential import Target, TargetKind
from spentkey.core.listed import ListedObject
from spentkey.core.reason import Reason

PRINCIPAL = "microsoft.graph.servicePrincipal"
_TYPES = {TargetKind.APPLICATION: APPLICATION.casefold(), TargetKind.SERVICE_PRINCIPAL: PRINCIPAL.casefold()}


def read_entry(entry: Any, kind: TargetKind, page: int, nth: int) -> ListedObject | Reason:
    """The entry, `nth` from 1 on that page."""
    if not isinstance(entry, dict):
        return NO_OBJECT(page=page, nth=nth)
    record = cast("dict[str, Any]", entry)
    object_id, app_id = canonical_id(record.get("id")), canonical_id(record.get("appId"))
    if object_id is None:
        return NO_IDS(page=page, nth=nth, field="id")
    secrets, certificates = record.get("passwordCredentials"), record.get("keyCredentials")
    encryption_key = record.get("tokenEncryptionKeyId")
    if app_id is None:
        odd = "appId"
    elif not isinstance(secrets, list):
        odd = "passwordCredentials"
    elif not isinstance(certificates, list):
        odd = "keyCredentials"
    elif encryption_key is not None and not isinstance(encryption_key, str):
        odd = "tokenEncryptionKeyId"
    else:
        lists = cast("list[Any]", secrets), cast("list[Any]", certificates)
        return _listed(record, kind, (object_id, app_id), lists, encryption_key)
    return OBJECT_UNREADABLE(object_id=object_id, page=page, field=odd)


def _listed(
    record: Mapping[str, Any],
    kind: TargetKind,
    ids: tuple[str, str],
    lists: tuple[list[Any], list[Any]],
    encryption_key: str | None,
) -> ListedObject:
    credentials, unreadable = read_credentials(*lists, with_keys=False)
    told, tags = record.get(TYPE), record.get("tags")
    return ListedObject(
        Target(
            kind,
            *ids,
            text_of(record, "displayName") or "",
            credentials,
            encryption_key.lower() if encryption_key is not None else None,
            unreadable,
            _other_kind(told, kind) if told is not None else None,
        ),
        created=read_moment(record.get("createdDateTime")),
        service_management_reference=text_of(record, "serviceManagementReference"),
        notes=text_of(record, "notes"),
        tags=_texts(tags) if tags else (),
        principal_type=text_of(record, "servicePrincipalType"),
        owner_tenant=canonical_id(record.get("appOwnerOrganizationId")),
        disabled=_disabled(record.get("isDisabled"), record.get("accountEnabled")),
        created_by=canonical_id(record.get("createdByAppId")),
    )


def _other_kind(told: Any, kind: TargetKind) -> str | None:
    """The type that the object says it has, where that is not the one of its list."""
    name = str(told).removeprefix("#")
    return None if name.casefold() == _TYPES[kind] else name.rpartition(".")[2] or name


def _texts(values: Any) -> tuple[str, ...]:
    listed = cast("list[Any]", values) if isinstance(values, list) else []
    return tuple(one for one in listed if isinstance(one, str))


def _disabled(disabled: Any, enabled: Any) -> bool | None:
    """Whether it is switched off, by either of the two properties; None where neither tells."""
    if disabled is True or enabled is False:
        return True
    return False if disabled is False or enabled is True else None
