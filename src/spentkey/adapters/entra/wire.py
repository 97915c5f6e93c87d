"""Microsoft Graph's JSON: what is read into the core, and what its errors mean. Raw JSON, never typed SDK models."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from spentkey.adapters.entra.reasons import CREDENTIAL_NO_OBJECT, NO_UUID, UNREADABLE, WITHOUT_FIELD, WITHOUT_LIST
from spentkey.core.credential import Credential, Kind, Target, TargetKind
from spentkey.core.errors import Outage
from spentkey.core.reason import Reason
from spentkey.http.client import Response, json_object

SYSTEM = "Microsoft Graph"
"""What it is called in metrics, logs, traces, messages and findings."""
SELECT = "id,appId,displayName,passwordCredentials,keyCredentials"
"""`key` is only shown with `$select=keyCredentials` on a single object (learn.microsoft.com/graph/api/resources/keycredential)."""
SELECT_APPLICATION = SELECT + ",tokenEncryptionKeyId"

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


def read_application(record: Mapping[str, Any]) -> Target:
    """An application with both credential lists; raises `Outage` when a part is missing or unreadable."""
    encryption_key = record.get("tokenEncryptionKeyId")
    return Target(
        kind=TargetKind.APPLICATION,
        object_id=_uuid(record, "id"),
        app_id=_uuid(record, "appId"),
        name=_text(record, "displayName"),
        credentials=_credentials(record),
        token_encryption_key_id=encryption_key.lower() if isinstance(encryption_key, str) else None,
    )


def read_principal(record: Mapping[str, Any]) -> Target:
    """A service principal with both credential lists."""
    app_id, name = record.get("appId"), record.get("displayName")
    return Target(
        kind=TargetKind.SERVICE_PRINCIPAL,
        object_id=_uuid(record, "id"),
        app_id=app_id.lower() if isinstance(app_id, str) else "",
        name=name if isinstance(name, str) else "",
        credentials=_credentials(record),
    )


def _credentials(record: Mapping[str, Any]) -> tuple[Credential, ...]:
    secrets = [_credential(entry, Kind.SECRET) for entry in _list(record, "passwordCredentials")]
    keys = [_credential(entry, Kind.CERTIFICATE) for entry in _list(record, "keyCredentials")]
    return tuple(secrets + keys)


def _credential(entry: Any, kind: Kind) -> Credential:
    if not isinstance(entry, dict):
        raise _unreadable(CREDENTIAL_NO_OBJECT())
    fields = cast("dict[str, Any]", entry)

    def text(name: str) -> str | None:
        value = fields.get(name)
        return value if isinstance(value, str) else None

    return Credential(
        key_id=_uuid(fields, "keyId"),
        kind=kind,
        display_name=text("displayName"),
        end=read_moment(fields.get("endDateTime")),
        raw=json.dumps(fields, sort_keys=True, separators=(",", ":")),
        type=text("type"),
        usage=text("usage"),
        custom_key_identifier=text("customKeyIdentifier"),
        key=_der(text("key")),
        start=read_moment(fields.get("startDateTime")),
    )


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


def directory_time(headers: Mapping[str, str]) -> datetime | None:
    """The directory's own clock, from the `Date` header."""
    try:
        moment = parsedate_to_datetime(headers["Date"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


def _list(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    if not isinstance(value, list):
        raise _unreadable(WITHOUT_LIST(name=name))
    return cast("list[Any]", value)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise _unreadable(WITHOUT_FIELD(name=name))
    return value


def _uuid(record: Mapping[str, Any], name: str) -> str:
    value = _text(record, name).lower()
    if not _UUID.fullmatch(value):
        raise _unreadable(NO_UUID(name=name))
    return value


def _unreadable(what: Reason) -> Outage:
    return Outage(UNREADABLE(system=SYSTEM, what=what))


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
