"""Passwordstate's JSON: entries, and how its answers are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from spentkey.adapters.passwordstate.reasons import (
    A_DOCUMENT_KEY,
    A_KEY,
    DOCUMENT_HTML,
    DOCUMENT_REFUSED,
    NO_ADDRESS,
    NO_NUMBER,
    NO_OBJECT,
    NO_SEARCH,
    NO_TEXT,
    REQUEST_REFUSED,
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
_SECRET_FIELDS = frozenset({"password", "otp", "otpuri"})
"""Fields that are never searched for an AppID and never kept as text."""


@dataclass(frozen=True)
class PasswordEntry:
    """A password entry: its id, its title, and the two values that log in. `texts` are its other fields, casefolded."""

    entry_id: int
    list_id: int
    title: str
    username: str
    password: Secret
    texts: tuple[str, ...]


@without_values(SpentkeyError)
def entries_of(response: Response) -> list[PasswordEntry]:
    """The entries of a search. No hit is an empty list or a 404 with an errors body; both mean none."""
    check(response, A_KEY())
    if response.status == 404:
        return []
    value = json_value(response, SYSTEM)
    if not isinstance(value, list):
        raise Outage(NO_SEARCH(system=SYSTEM))
    return [_entry(row) for row in cast("list[Any]", value)]


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


def _entry(row: Any) -> PasswordEntry:
    if not isinstance(row, dict):
        raise Outage(NO_OBJECT(system=SYSTEM))
    fields = {str(name).lower(): value for name, value in cast("dict[Any, Any]", row).items()}
    return PasswordEntry(
        entry_id=_number(fields, "passwordid"),
        list_id=_number(fields, "passwordlistid"),
        title=_text(fields, "title"),
        username=_text(fields, "username"),
        password=Secret(_text(fields, "password")),
        texts=tuple(_searchable(fields)),
    )


def _searchable(fields: Mapping[str, Any]) -> list[str]:
    texts = [value for name, value in fields.items() if isinstance(value, str) and name not in _SECRET_FIELDS]
    extras = fields.get("genericfieldinfo")
    named = (
        [cast("dict[str, Any]", extra) for extra in cast("list[Any]", extras) if isinstance(extra, dict)]
        if isinstance(extras, list)
        else []
    )
    texts += [str(extra.get("Value") or "") for extra in named]
    return [text.casefold() for text in texts if text]


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER:
        return int(value)
    raise Outage(NO_NUMBER(system=SYSTEM, name=name))


def _text(fields: Mapping[str, Any], name: str) -> str:
    """A text field; some builds give numbers and booleans where texts are expected."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    raise Outage(NO_TEXT(system=SYSTEM, name=name))


def document_of(response: Response, name: str) -> bytes:
    """The bytes of a document; an HTML page with status 200 is a log-in page, not a PFX. Its size is judged by who opens it."""
    check(response, A_DOCUMENT_KEY())
    if response.status == 404:
        raise AccessRefused(DOCUMENT_REFUSED(system=SYSTEM, name=name))
    if response.is_html():
        raise Outage(DOCUMENT_HTML(system=SYSTEM, name=name))
    return response.body
