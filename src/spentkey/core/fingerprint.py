"""Fingerprints of credentials: whether an entry is unchanged can be told later, without keeping the entry.

Compared is what every read shows. `key` is not, because only some reads show it; nor is the notation, because two kinds
of read may write the same moment or the same thumbprint differently. An entry of 0.1 is known by its whole JSON.
"""

import base64
import binascii
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, cast

PREFIX = "fp2:"
FIELDS = (
    "keyId",
    "type",
    "usage",
    "customKeyIdentifier",
    "displayName",
    "startDateTime",
    "endDateTime",
    "hint",
)
"""What is compared, in this order."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_HEX_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)
_THUMBPRINT_LENGTHS = (20, 32)


def fingerprint_of(raw: str) -> str:
    """`fp2:` and SHA-256 over the compared fields of an entry, given as JSON."""
    entry = _object(raw)
    told = [raw] if entry is None else [_in_one_form(name, entry.get(name)) for name in FIELDS]
    return PREFIX + _sha256(json.dumps(told, sort_keys=True, separators=(",", ":")))


def fingerprint_of_0_1(raw: str) -> str:
    """SHA-256 over all of the JSON, `key` included: what version 0.1 put on record."""
    return _sha256(raw)


def is_of_0_1(fingerprint: str) -> bool:
    """Whether version 0.1 made the fingerprint, so that only a read that shows `key` can be compared with it."""
    return not fingerprint.startswith(PREFIX)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _object(raw: str) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _in_one_form(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name == "keyId":
        return value.lower()
    if name in ("startDateTime", "endDateTime"):
        return _moment(value)
    return _thumbprint(value) if name == "customKeyIdentifier" else value


def _moment(text: str) -> str:
    """The moment in UTC with every digit of its fraction but closing zeros; what is no moment stays as it is."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return text
    whole, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(whole + zone.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(fraction or '').rstrip('0')}Z"


def _thumbprint(text: str) -> str:
    """A thumbprint as hexadecimal digits, which Graph also writes as base64; any other text stays as it is."""
    if _HEX_THUMBPRINT.fullmatch(text):
        return text.upper()
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
    return data.hex().upper() if len(data) in _THUMBPRINT_LENGTHS else text
