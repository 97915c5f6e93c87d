"""Passwordstate's JSON: entries, and how its answers are told apart."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from spentkey.adapters.passwordstate.reasons import (
    A_DOCUMENT_KEY,
    A_KEY,
    DOCUMENT_HTML,
    DOCUMENT_REFUSED,
    ENTRY,
    ENTRY_AT,
    ERROR_UNDER_200,
    NO_ADDRESS,
    NO_NUMBER,
    NO_OBJECT,
    NO_SEARCH,
    NO_TITLE,
    ODD_ENTRY,
    REQUEST_REFUSED,
    WITH_ERROR,
)
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.reason import Reason
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.http.client import Response, json_value
from spentkey.http.reasons import ANSWERED

SYSTEM = "Passwordstate"
"""What it is called in metrics, logs, traces, messages and findings."""
LONGEST_NUMBER = 19
"""Longest number that is written as a text, in digits: SQL Server's bigint."""
logger = logging.getLogger(__name__)
_SECRET_FIELDS = frozenset({"password", "otp", "otpuri"})
"""Fields that are never searched for an AppID and never kept as text."""


NOT_ALLOWED = re.compile(r"not auth|unauth|denied|permission|forbidden|lacks|api key", re.I)
NOT_FOUND = re.compile(r"not found|no (passwords?|records?|results?)\b", re.I)
"""What the texts of an errors body mean, where the status does not tell."""


@dataclass(frozen=True)
class PasswordEntry:
    """A password entry: its id, its title, and the two values that log in, None where such a value is no text.

    `texts` are its other fields, casefolded.
    """

    entry_id: int
    list_id: int
    title: str
    username: str | None
    password: Secret | None
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Entries:
    """The entries of an answer, and in words those that cannot be read."""

    readable: tuple[PasswordEntry, ...] = ()
    unreadable: tuple[Reason, ...] = ()


class _Odd(Exception):
    """Why an entry cannot be read."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@without_values(SpentkeyError)
def entries_of(response: Response) -> Entries:
    """The entries of a search. No hit is an empty list or a 404 with an errors body; both mean none.

    An entry that cannot be read is named, and the others count; one alone may come without a list around it.
    """
    check(response, A_KEY())
    if response.status == 404:
        return Entries()
    value = json_value(response, SYSTEM)
    if not isinstance(value, dict | list) or value == {}:
        raise Outage(NO_SEARCH(system=SYSTEM))
    rows: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [cast("object", value)]
    readable: list[PasswordEntry] = []
    unreadable: list[Reason] = []
    for position, row in enumerate(rows, start=1):
        fields = _fields(row)
        try:
            if fields is None:
                raise _Odd(NO_OBJECT())
            if "errors" in fields and "passwordid" not in fields:
                _check_errors(fields["errors"])
                continue
            readable.append(_entry(fields))
        except _Odd as problem:
            unreadable.append(ODD_ENTRY(entry=_called(fields or {}, position), problem=problem.reason))
    for one in unreadable:
        logger.warning("%s: %s cannot be read and is passed over", SYSTEM, one)
    return Entries(tuple(readable), tuple(unreadable))


def _fields(row: Any) -> dict[str, Any] | None:
    if not isinstance(row, dict):
        return None
    return {str(name).lower(): value for name, value in cast("dict[Any, Any]", row).items()}


def _called(fields: Mapping[str, Any], position: int) -> Reason:
    """The id of an entry where it shows, else its position in the answer."""
    try:
        return ENTRY(number=_number(fields, "passwordid"))
    except _Odd:
        return ENTRY_AT(position=position)


def _check_errors(errors: object) -> None:
    """What an errors body under status 200 means. Its texts are not passed on: they may quote the key."""
    listed = cast("list[object]", errors) if isinstance(errors, list) else [errors]
    shown = "; ".join(str(text) for one in listed for text in _texts_of(one))
    if NOT_ALLOWED.search(shown):
        raise AccessRefused(REQUEST_REFUSED(system=SYSTEM, status=WITH_ERROR(), needed=A_KEY()))
    if not NOT_FOUND.search(shown):
        raise Outage(ERROR_UNDER_200(system=SYSTEM))


def _texts_of(error: object) -> list[object]:
    return list(cast("dict[object, object]", error).values()) if isinstance(error, dict) else [error]


def check(response: Response, needed: Reason) -> None:
    """Raise what a status means; 404 is left to the caller, because it means "none" as often as "not allowed"."""
    if response.status in (401, 403):
        raise AccessRefused(REQUEST_REFUSED(system=SYSTEM, status=response.status, needed=needed))
    if response.status == 404:
        if response.is_html():
            raise Outage(NO_ADDRESS(system=SYSTEM))
        return
    if response.status != 200:
        raise Outage(ANSWERED(system=SYSTEM, status=response.status))


def _entry(fields: Mapping[str, Any]) -> PasswordEntry:
    password = _text_or_none(fields, "password")
    title = _text_or_none(fields, "title")
    if title is None:
        raise _Odd(NO_TITLE())
    return PasswordEntry(
        entry_id=_number(fields, "passwordid"),
        list_id=_number(fields, "passwordlistid"),
        title=title,
        username=_text_or_none(fields, "username"),
        password=None if password is None else Secret(password),
        texts=tuple(_searchable(fields)),
    )


def _searchable(fields: Mapping[str, Any]) -> list[str]:
    texts = [value for name, value in fields.items() if isinstance(value, str) and name not in _SECRET_FIELDS]
    extras = fields.get("genericfieldinfo")
    listed = cast("list[Any]", extras) if isinstance(extras, list) else [extras]
    named = [cast("dict[str, Any]", extra) for extra in listed if isinstance(extra, dict)]
    texts += [str(extra.get("Value") or "") for extra in named]
    return [text.casefold() for text in texts if text]


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) <= LONGEST_NUMBER:
        return int(value)
    raise _Odd(NO_NUMBER(name=NAMES[name]))


NAMES = {"passwordid": "PasswordID", "passwordlistid": "PasswordListID"}


def _text_or_none(fields: Mapping[str, Any], name: str) -> str | None:
    """A text field; some builds give numbers and booleans where texts are expected. None for what is no text."""
    value = fields.get(name)
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else None


def document_of(response: Response, name: str) -> bytes:
    """The bytes of a document; an HTML page with status 200 is a log-in page, not a PFX. Its size is judged by who opens it."""
    check(response, A_DOCUMENT_KEY())
    if response.status == 404:
        raise AccessRefused(DOCUMENT_REFUSED(system=SYSTEM, name=name))
    if response.is_html():
        raise Outage(DOCUMENT_HTML(system=SYSTEM, name=name))
    return response.body
