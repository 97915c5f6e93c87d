"""A task of the service desk and what it asks for: named texts, read strictly into one exact request."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NewType

from spentkey.core.credential import Kind
from spentkey.core.guard_reasons import (
    G1_CONTROL_CHARACTERS,
    G1_EMPTY,
    G1_MISSING,
    G1_NOT_A_UUID,
    G1_NOT_TEXT,
    G1_REPEATED,
    G1_TOO_LONG,
    G1_UNSEEN_CHARACTER,
    G1_UNSUPPORTED_TYPE,
    UNSEEN,
    one_of,
)
from spentkey.core.outcome import Refused
from spentkey.core.reason import Reason
from spentkey.core.rules import ParameterNames, RequestRules
from spentkey.core.trim import is_unseen, trimmed

TaskRef = NewType("TaskRef", str)
"""By what the service desk knows a task: `40021`, `SCTASK0010001`. Each desk says which texts are valid."""
NO_TASK = TaskRef("")
"""A removal that belongs to no task; in the evidence it is the number 0."""
EXAMPLE_UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
NOT_A_UUID = f"is not a UUID such as {EXAMPLE_UUID}"
"""What is said of an AppID or SecretID that has another form, after its name."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_LOGIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}", re.ASCII)
_LONGEST = 256
"""Longest value that is read, in characters (Graph allows 256 for `displayName`)."""


def recorded(ref: TaskRef, numbers: bool) -> int | str:
    """A reference as it stands in records: a number where the desk's references are numbers, and for no task."""
    return int(ref or 0) if numbers or ref == NO_TASK else str(ref)


class FaultKind(StrEnum):
    """Why the value of a parameter cannot be read."""

    MISSING = "missing"
    REPEATED = "repeated"
    NOT_TEXT = "not-text"


@dataclass(frozen=True)
class Fault:
    """A parameter whose value cannot be read."""

    name: str
    kind: FaultKind


@dataclass(frozen=True)
class Provenance:
    """Where a request comes from, as its desk shows it: references and login ids, which go on record; no names, no mail."""

    request: str = ""
    """The desk's own reference of the request; empty where it shows none."""
    requested_by: str = ""
    """The login id of who asked; empty where the desk shows none."""
    approved_by: str = ""
    """The login id of who approved; the same."""


NOT_SHOWN = Provenance()


@dataclass(frozen=True)
class Request:
    """What a task asks for, as its desk shows it: values by name, and the parameters that have none."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[Fault, ...] = ()
    changed: str = ""
    """Why it is not what it was when work on the task first began (a `Reason`, or a text that no note translates), where
    the desk keeps that; else empty."""
    odd: tuple[str, ...] = field(default=(), compare=False)
    """What the desk shows of it that cannot be read and is left out, in words."""
    provenance: Provenance = field(default=NOT_SHOWN, compare=False)
    """Who asked and who approved, for the evidence; nothing is decided by it."""

    def value(self, name: str) -> str | FaultKind:
        """The value of the parameter of that name, in any case; or why there is none."""
        wanted = folded_name(name)
        for fault in self.faults:
            if folded_name(fault.name) == wanted:
                return fault.kind
        found = [value for one, value in self.values.items() if folded_name(one) == wanted]
        return found[0] if found else FaultKind.MISSING

    def names(self) -> frozenset[str]:
        """The names that are there, readable or not, as they are compared."""
        return frozenset(map(folded_name, (*self.values, *(fault.name for fault in self.faults))))


def request_of(given: Iterable[tuple[str, object]]) -> Request:
    """A request from pairs of name and value, as JSON or a form holds them; an empty value is an empty text."""
    values: dict[str, str] = {}
    faults: dict[str, Fault] = {}
    seen: set[str] = set()
    for name, value in given:
        known = folded_name(name)
        if known in seen:
            faults[known] = Fault(name, FaultKind.REPEATED)
        elif not isinstance(value, str | None):
            faults[known] = Fault(name, FaultKind.NOT_TEXT)
        else:
            values[name] = value or ""
        seen.add(known)
    readable = {name: value for name, value in values.items() if folded_name(name) not in faults}
    return Request(readable, tuple(faults.values()))


@dataclass(frozen=True)
class Task:
    """A task as its desk shows it now, without anything that only that desk has."""

    ref: TaskRef
    is_open: bool
    """Whether its status lets it be worked on."""
    is_ours: bool
    """Whether it is with us, nobody else has taken it, and it may be written."""
    team: str
    owner: str
    version: str
    """Changes with each write, by whomever; empty where the desk has nothing of the kind."""
    why_not: str = ""
    """Why it is not open or not ours: a `Reason`, or a text that no note translates; empty where it is both."""
    own: object = None
    """What the desk itself needs of it later."""


@dataclass(frozen=True)
class Change:
    """What a desk writes to end a task. It goes on record before it is written, and can be written from the record."""

    facts: Mapping[str, str | None]
    """The desk's own; JSON, and nothing secret."""
    team: str | None = None
    """Who gets the task; None for a close."""


@dataclass(frozen=True)
class Applied:
    """What a change has come to, by a read of the task that shows it."""

    warnings: tuple[str, ...] = ()
    """What came out otherwise than it was written, in words; never a reason to write it again."""
    version: str = ""
    """`Task.version` then."""


@dataclass(frozen=True)
class RemovalRequest:
    """What the task asks: exactly one credential of one application, with every field in its canonical form."""

    app_display_name: str
    app_id: str
    key_id: str
    kind: Kind
    secret_type: str
    when: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the parameters say that choose a tenant: folded name to folded value."""
    names: ParameterNames = field(default=ParameterNames(), compare=False)
    """What the service desk calls the parameters, for reasons."""

    def says(self, name: str) -> str | None:
        """The value of a parameter that a tenant's `when` names, as it is compared."""
        return self.when.get(folded_name(name))


@dataclass(frozen=True)
class Ticket:
    """A task that is ours, and what it asks for."""

    task: Task
    request: Request


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in the form of RFC 9562, section 4, in any case."""
    return _UUID.fullmatch(text.lower()) is not None


def login_id(shown: object) -> str:
    """A login id as records may hold it; empty for what looks like a name or a mail address, which never go on record."""
    trimmed_text = trimmed(shown) if isinstance(shown, str) else ""
    return trimmed_text if _LOGIN_ID.fullmatch(trimmed_text) else ""


@lru_cache(maxsize=256)
def folded_name(name: str) -> str:
    """A parameter's name as names are compared: trimmed, in any case."""
    return trimmed(name).casefold()


def folded_value(value: str) -> str:
    """A value as a tenant's `when` is compared with it: trimmed, in any case; not casefolded, which merges more."""
    return trimmed(value).lower()


def read_request(request: Request, rules: RequestRules) -> RemovalRequest | Refused:
    """Guard G1: each parameter once and canonical, or a refusal that names the field."""
    names = rules.names
    found: dict[str, str] = {}
    for name in (*names.in_order(), *rules.when):
        value = _only_value(name, request)
        if isinstance(value, Refused):
            return value
        found[folded_name(name)] = value
    app_id, key_id, secret_type = (
        found[folded_name(name)] for name in (names.app_id, names.secret_id, names.secret_type)
    )
    for name, value in ((names.app_id, app_id), (names.secret_id, key_id)):
        problem = _unseen_inside(name, value) or (
            None if is_uuid(value) else _refuse(G1_NOT_A_UUID(name=name, example=EXAMPLE_UUID))
        )
        if problem is not None:
            return problem
    problem = _unseen_inside(names.secret_type, secret_type, " ")
    if problem is not None:
        return problem
    kind = rules.kind_of(secret_type)
    if kind is None:
        return _refuse(G1_UNSUPPORTED_TYPE(name=names.secret_type, words=one_of(tuple(rules.secret_types))))
    return RemovalRequest(
        app_display_name=found[folded_name(names.app_display_name)],
        app_id=app_id.lower(),
        key_id=key_id.lower(),
        kind=kind,
        secret_type=secret_type,
        when={folded_name(name): folded_value(found[folded_name(name)]) for name in rules.when},
        names=names,
    )


def _only_value(name: str, request: Request) -> str | Refused:
    value = request.value(name)
    if isinstance(value, FaultKind):
        words = {
            FaultKind.MISSING: G1_MISSING,
            FaultKind.REPEATED: G1_REPEATED,
            FaultKind.NOT_TEXT: G1_NOT_TEXT,
        }
        return _refuse(words[value](name=name))
    text = trimmed(value)
    if not text:
        return _refuse(G1_EMPTY(name=name))
    if len(text) > _LONGEST:
        return _refuse(G1_TOO_LONG(name=name, most=_LONGEST))
    if not text.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return _refuse(G1_CONTROL_CHARACTERS(name=name))
    return text


def _unseen_inside(name: str, value: str, allowed: str = "") -> Refused | None:
    """A space or a format character inside a value that has none: it is never guessed what was meant."""
    plain = value.isascii() and value.isprintable() and " " not in value  # nearly always, and a scan asks for thousands
    found = None if plain else next((one for one in value if is_unseen(one) and one not in allowed), None)
    if found is None:
        return None
    what = unicodedata.name(found, "").lower() or UNSEEN()
    return _refuse(G1_UNSEEN_CHARACTER(name=name, code_point=f"U+{ord(found):04X}", what=what))


def asked_text(name: str, request: Request) -> str:
    """What the requester wrote there, for the texts of a note; empty where there is nothing readable."""
    value = request.value(name)
    return "" if isinstance(value, FaultKind) else trimmed(value)


def _refuse(reason: Reason) -> Refused:
    return Refused("G1", reason)
