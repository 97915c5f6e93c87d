"""Microsoft Graph's JSON: what is read into the core, and what its errors mean. Raw JSON, never typed SDK models."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, cast

from spentkey.adapters.entra.reasons import NO_USABLE, UNREADABLE_ANSWER, WITHOUT_LIST
from spentkey.core.credential import UNREADABLE, Credential, Kind, Target, TargetKind, UnreadableCredential
from spentkey.core.errors import Outage
from spentkey.core.reason import Reason
from spentkey.http.client import Response, json_object

SYSTEM = "Microsoft Graph"
"""What it is called in metrics, logs, traces, messages and findings."""
WITH_KEYS = "id,appId,displayName,passwordCredentials,keyCredentials,tokenEncryptionKeyId"
"""`key` is shown with `$select=keyCredentials` alone (learn.microsoft.com/graph/api/resources/keycredential); this is what
version 0.1 selected. Everything else is shown without `$select`, which counts in no limit of its own."""
TYPE = "@odata.type"
APPLICATION = "microsoft.graph.application"

NOT_PRESENT = ("No password credential found with keyId", "No credentials found to be removed")
"""How Graph begins its 400 when the key id is not there; the code alone (Request_BadRequest) does not tell."""

BAD_REQUEST = "Request_BadRequest"
CONCURRENT = "Directory_ConcurrencyViolation"
"""Somebody else writes in this tenant: nothing was done, under whatever status it comes (409, but 400 as well)."""
DENIED = "Authorization_RequestDenied"
NO_TOKEN = "InvalidAuthenticationToken"  # noqa: S105  # the name of a code
NOT_FOUND = "Request_ResourceNotFound"
"""The object does not exist. The directory has other codes for 404, such as Directory_ObjectNotFound, which say that it
could not look; and what has no code at all comes from somebody in between."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def read_application(record: Mapping[str, Any], *, with_keys: bool = False) -> Target | Reason:
    """An application with both credential lists, or why this one cannot be read; raises `Outage` for what is no answer.

    A name that cannot be read is empty, which guard G3 never takes for one.
    """
    lists = _lists(record)
    ids = {name: canonical_id(record.get(name)) for name in ("id", "appId")}
    object_id, app_id, encryption_key = ids["id"], ids["appId"], record.get("tokenEncryptionKeyId")
    if object_id is None or app_id is None:
        return NO_USABLE(system=SYSTEM, field="id" if object_id is None else "appId")
    if not isinstance(encryption_key, str | None):  # guard G6 needs it
        return NO_USABLE(system=SYSTEM, field="tokenEncryptionKeyId")
    return Target(
        kind=TargetKind.APPLICATION,
        object_id=object_id,
        app_id=app_id,
        name=text_of(record, "displayName") or "",
        token_encryption_key_id=encryption_key.lower() if encryption_key is not None else None,
        other_kind=_other_kind(record.get(TYPE)),
        with_keys=with_keys,
        **lists,
    )


def read_principal(record: Mapping[str, Any]) -> Target:
    """A service principal with both credential lists."""
    return Target(
        kind=TargetKind.SERVICE_PRINCIPAL,
        object_id=canonical_id(record.get("id")) or "",
        app_id=(text_of(record, "appId") or "").lower(),
        name=text_of(record, "displayName") or "",
        **_lists(record),
    )


def _other_kind(told: Any) -> str | None:
    """The type that the object says it has, where that is not application: a derived one is not ours to change."""
    if told is None:
        return None
    name = str(told).removeprefix("#")
    return None if name.casefold() == APPLICATION.casefold() else name.rpartition(".")[2] or name


class _Lists(TypedDict):
    credentials: tuple[Credential, ...]
    unreadable: tuple[UnreadableCredential, ...]


def _lists(record: Mapping[str, Any]) -> _Lists:
    credentials, unreadable = read_credentials(_list(record, "passwordCredentials"), _list(record, "keyCredentials"))
    return {"credentials": credentials, "unreadable": unreadable}


def read_credentials(
    secrets: list[Any], certificates: list[Any], *, with_keys: bool = True
) -> tuple[tuple[Credential, ...], tuple[UnreadableCredential, ...]]:
    """Both lists of an object: what can be read, and what cannot.

    Without `with_keys` the `key` of certificates is left out, of `raw` too: it is most of what a long list weighs.
    """
    if not secrets and not certificates:  # most service principals
        return (), ()
    read = [_credential(one, Kind.SECRET, nth, with_keys=with_keys) for nth, one in enumerate(secrets)]
    read += [_credential(one, Kind.CERTIFICATE, nth, with_keys=with_keys) for nth, one in enumerate(certificates)]
    unreadable = tuple(one for one in read if isinstance(one, UnreadableCredential))
    if not unreadable:
        return tuple(read), ()
    return tuple(one for one in read if not isinstance(one, UnreadableCredential)), unreadable


_LIST_OF = {Kind.SECRET: "passwordCredentials", Kind.CERTIFICATE: "keyCredentials"}
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _credential(entry: Any, kind: Kind, nth: int, *, with_keys: bool) -> Credential:
    """One entry. What is not needed is read as far as it can be; without a key id it is `UnreadableCredential`."""
    fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    key = text_of(fields, "key")
    if not with_keys and key is not None:
        entry, key = {one: value for one, value in fields.items() if one != "key"}, None
    key_id = canonical_id(fields.get("keyId"))
    read = (
        kind,
        text_of(fields, "displayName"),
        read_moment(fields.get("endDateTime")),
        _canonical(entry),
        text_of(fields, "type"),
        text_of(fields, "usage"),
        text_of(fields, "customKeyIdentifier"),
        _der(key) if key is not None else None,
        read_moment(fields.get("startDateTime")),
    )
    if key_id is not None:
        return Credential(key_id, *read)
    where, told = f"{_LIST_OF[kind]}[{nth}]", text_of(fields, "keyId") or None
    return UnreadableCredential(UNREADABLE, *read, where, told)


def _der(key: str | None) -> bytes | None:
    try:
        return base64.b64decode(key, validate=True) if key else None
    except (binascii.Error, ValueError):
        return None


def read_moment(value: Any) -> datetime | None:
    """A moment with its zone, or None for what is missing, unreadable or without a zone."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _list(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    if not isinstance(value, list):
        raise Outage(UNREADABLE_ANSWER(system=SYSTEM, what=WITHOUT_LIST(name=name)))
    return cast("list[Any]", value)


def text_of(record: Mapping[str, Any], name: str) -> str | None:
    """The text of that name; None for anything else."""
    value = record.get(name)
    return value if isinstance(value, str) else None


def canonical_id(value: Any) -> str | None:
    """The canonical form of a UUID in the form that Graph writes; None for anything else."""
    if not isinstance(value, str):
        return None
    if _UUID.fullmatch(value):
        return value
    text = value.lower()
    return text if _UUID.fullmatch(text) else None


def error_of(response: Response) -> tuple[str, str]:
    """The code and message of Graph's error envelope; both empty when there is none."""
    try:
        envelope = json_object(response, SYSTEM).get("error")
    except Outage:
        return "", ""
    if not isinstance(envelope, dict):
        return "", ""
    fields = cast("dict[str, Any]", envelope)
    return str(fields.get("code") or ""), str(fields.get("message") or "")


def code_in(body: object) -> str:
    """The code of an error envelope that has been read already; empty when there is none."""
    envelope = cast("dict[str, Any]", body).get("error") if isinstance(body, dict) else None
    code = cast("dict[str, Any]", envelope).get("code") if isinstance(envelope, dict) else None
    return code if isinstance(code, str) else ""


def refused_before_effect(response: Response) -> bool:
    """Whether Graph says that it did nothing: throttled, at odds with another write, or not available by its own word.

    A 503 of a gateway does not say so: it is a page, or has no code of Graph's.
    """
    if response.status == 429:
        return True
    code, _ = error_of(response) if response.status >= 400 else ("", "")
    return code == CONCURRENT or (response.status == 503 and code != "")


def certainly_nothing_done(response: Response) -> bool:
    """Whether such a refusal settles that this try removed nothing, also for what is said of it years later.

    A 503 is worth another try, but was seen after an effect; and who answers 429 without a code is not Graph.
    """
    code, _ = error_of(response)
    return code == CONCURRENT or (response.status == 429 and code != "")
