"""Ivanti's JSON: what is read into the core, the one filter shape that is safe, and what its errors mean.

Filters are only ever `field eq literal` joined by `and`: functions are dropped without a word and parentheses are
misread by the server, both with status 200, so every row is also checked here.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from spentkey.adapters.ivanti.reasons import (
    KEY_REFUSED,
    LIST_VALUE,
    NO_ADDRESS,
    NO_LIST,
    NO_RECORD,
    NONE_WRITTEN,
    WRITE_REFUSED,
    WRITTEN,
)
from spentkey.core.errors import DeskRefused, Misconfigured, OddData, Outage, WriteRefused
from spentkey.core.reason import Reason, ReasonKind, listed
from spentkey.core.sanitize import plain
from spentkey.core.task import login_id
from spentkey.http.client import Response, json_value
from spentkey.http.reasons import ANSWERED

SYSTEM = "Ivanti"
"""What it is called in metrics, logs, traces, messages and findings."""
NONE_RELATED = "No instances found."
LONGEST_NUMBER = 19
"""Longest AssignmentID that is written as a text, in digits."""
MOST_MINUTES = Decimal(1_000_000_000)
"""More than anyone books; a larger number is not taken as minutes."""
OF_IVANTI = frozenset({"internalservices", "workflowengine"})
"""Login ids of Ivanti's own parts, which ask for nothing by themselves."""
_REC_ID = re.compile(r"[0-9A-F]{32}", re.ASCII)

Row = Mapping[str, Any]


UNREADABLE = ReasonKind(
    "desk-field-unreadable",
    en="{system} shows {record}, whose {field} cannot be read; correct it there",
    nl="{system} toont {record}, waarvan {field} niet leesbaar is; verbeter het daar",
    fr="{system} montre {record}, dont {field} est illisible ; corrigez-le là",
)


class UnreadableField(OddData):
    """A field of a record that is needed is not what it must be."""

    def __init__(self, field: str, record: str = "a record") -> None:
        super().__init__(UNREADABLE(system=SYSTEM, record=record, field=field))
        self.field = field

    def of(self, record: str) -> Reason:
        """The same in words, with the record's name."""
        return UNREADABLE(system=SYSTEM, record=record, field=self.field)


class Refused400(Outage):
    """A read is refused as it was asked: a field that Ivanti does not know, or does not show to this role."""


@dataclass(frozen=True)
class IvantiTask:
    """A task (`Task#Assignment`) as read; `minutes` is the effort booked so far."""

    rec_id: str
    number: int
    subject: str
    status: str
    owner: str
    owner_team: str
    read_only: bool
    parent_rec_id: str | None
    parent_category: str | None
    minutes: Decimal | None
    """None: what stands there is no number."""
    resolution: str | None = None
    changed: str = ""
    """When it was changed last, as Ivanti says it (`LastModDateTime`), and a digest of who did and to what."""
    shown_parent: str = ""
    """The number of the service request, as people know it (`ParentObjectDisplayID`); empty where it is not shown."""
    is_request: bool = True
    """Whether its parent is a service request, by `ivanti.parent_category`."""

    @property
    def service_request(self) -> str | None:
        """The record id of the parent service request, where the parent is one."""
        return self.parent_rec_id if self.is_request else None


def filter_by(**fields: str | int) -> str:
    """`field eq literal and …`; texts are quoted with their quotes doubled, numbers stand bare."""
    return " and ".join(f"{name} eq {_literal(value)}" for name, value in fields.items())


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def rec_id(value: Any) -> str:
    """A record id, 32 hexadecimal digits in any case; anything else never reaches a URL or a filter."""
    if not isinstance(value, str) or not _REC_ID.fullmatch(value.upper()):
        raise UnreadableField("RecId")
    return value


def usable_id(value: Any) -> str | None:
    """The record id, or None for what is none."""
    try:
        return rec_id(value)
    except UnreadableField:
        return None


def same(one: str, other: str) -> bool:
    """Statuses, teams and log-ins are not told apart by case."""
    return one.casefold() == other.casefold()


def same_id(one: object, other: str | None) -> bool:
    """Whether both are the same record id; some tenants show them in lower case."""
    return isinstance(one, str) and other is not None and one.upper() == other.upper()


def rows_of(response: Response) -> list[Row]:
    """The rows of a collection. An empty one is an empty body, status 204, or a text in place of the list.

    What is no record counts as one without any field, so that the others are still read.
    """
    check(response)
    if response.status == 204 or not response.body.strip():
        return []
    value = json_value(response, SYSTEM)
    rows = cast("Any", value).get("value") if isinstance(value, dict) else None
    if rows == NONE_RELATED:
        return []
    if not isinstance(rows, list):
        raise Outage(NO_LIST(system=SYSTEM))
    return [cast("Row", row) if isinstance(row, dict) else {} for row in cast("list[Any]", rows)]


def record_of(response: Response) -> Row | None:
    """One record; None for a key that does not exist (Ivanti answers 400 `Invalid key`, never 404)."""
    if response.status == 400 and b"Invalid key" in response.body:
        return None
    check(response)
    value = json_value(response, SYSTEM)
    if not isinstance(value, dict):
        raise Outage(NO_RECORD(system=SYSTEM))
    return cast("Row", value)


def check(response: Response) -> None:
    """Raise what a status means; bodies of errors are not quoted, because they can hold session internals."""
    if response.status == 401:
        raise DeskRefused(KEY_REFUSED(system=SYSTEM))
    if response.status == 404:
        raise Outage(NO_ADDRESS(system=SYSTEM))
    if response.status == 400:
        raise Refused400(ANSWERED(system=SYSTEM, status=f"400{_code_of(response)}"))
    if response.status >= 300:
        raise Outage(ANSWERED(system=SYSTEM, status=f"{response.status}{_code_of(response)}"))


def check_write(response: Response) -> None:
    """The same for a write: what Ivanti refuses by a rule of the tenant will not go through by waiting."""
    if response.status in (400, 403, 409):
        raise WriteRefused(WRITE_REFUSED(system=SYSTEM, what=f"{response.status}{_code_of(response)}"))
    check(response)


def hint_of(response: Response | None, body: Mapping[str, Any]) -> str:
    """What an answer with 500 to a write means, where its code tells; it may have been applied all the same."""
    if response is None or response.status != 500 or b'"ISM_5000"' not in response.body[:10_000]:
        return ""
    named = [name for name in ("Owner", "OwnerTeam", "Status") if name in body]
    return LIST_VALUE(written=listed(WRITTEN(name=name, value=str(body[name] or NONE_WRITTEN())) for name in named))


def _code_of(response: Response) -> str:
    """The ISM code, and for a 400 the rule that was broken; other bodies may hold session internals."""
    found = re.search(rb'"code"\s*:\s*"(ISM_\d{4})"', response.body[:10_000])
    if found is None or response.status != 400:
        return f" {found[1].decode()}" if found else ""
    rule = re.search(rb'"message"\s*:\s*\[?\s*"([^"\\{}]{1,200})', response.body[:10_000])
    words = f": {rule[1].decode(errors='replace')}" if rule else ""
    return f" {found[1].decode()}{words}"


def read_task(row: Row, minutes_field: str, resolution_field: str, parent_category: str = "ServiceReq") -> IvantiTask:
    """A task from its record; raises `Misconfigured` when a configured field does not exist on it."""
    for name in (minutes_field, resolution_field):
        if name and name not in row:
            raise Misconfigured(f"ivanti.fields: the field {name} does not exist on Task")
    resolution = row.get(resolution_field) if resolution_field else None
    return IvantiTask(
        rec_id=rec_id(row.get("RecId")),
        number=read_number(row.get("AssignmentID")),
        subject=str(row.get("Subject") or ""),
        status=_text(row, "Status"),
        owner=_text(row, "Owner"),
        owner_team=_text(row, "OwnerTeam"),
        read_only=row.get("ReadOnly") is True,
        parent_rec_id=_text(row, "ParentLink_RecID") or None,
        parent_category=_text(row, "ParentLink_Category") or None,
        minutes=read_minutes(row.get(minutes_field)) if minutes_field else Decimal(0),
        resolution=resolution if isinstance(resolution, str) else None,
        changed=_changed(row),
        shown_parent=_shown_number(row.get("ParentObjectDisplayID")),
        is_request=_text(row, "ParentLink_Category").rstrip("#").casefold() == parent_category.rstrip("#").casefold(),
    )


def read_number(value: Any) -> int:
    """AssignmentID, which is a JSON number or digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER:
        return int(value)
    raise UnreadableField("AssignmentID")


def read_minutes(value: Any) -> Decimal | None:
    """Booked minutes: a number, a decimal as a string (`1.0000`), or nothing, which counts as none. Else None."""
    if value is None or value == "":
        return Decimal(0)
    try:
        minutes = Decimal(str(value))
    except (InvalidOperation, ValueError):  # ValueError: an integer of more digits than Python turns into text
        return None
    if not minutes.is_finite() or minutes.copy_abs() > MOST_MINUTES:  # abs() rounds, and overflows at 10E999999
        return None
    return minutes


def read_parameter(row: Row) -> tuple[str, object]:
    """One request parameter, by name and value; its value is judged by guard G1."""
    return _text(row, "ParameterName"), row.get("ParameterValue")


def requester_of(rows: Iterable[Row]) -> str:
    """Under which login id the parameters were written (`CreatedBy`); empty where that is not one person's alone.

    Nothing is decided by it, so what cannot be read is left out.
    """
    logins = {login_id(row.get("CreatedBy")) for row in rows}
    (only,) = logins if len(logins) == 1 else ("",)
    return "" if only.casefold() in OF_IVANTI else only


def _shown_number(value: object) -> str:
    """A number as it is shown, as a JSON number or as digits; what is none is not worth refusing a task for."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER else ""


def name_of(row: Row) -> str:
    """What a record that cannot be read is called, for people: its number, else its RecId, as far as they are usable."""
    number, record = row.get("AssignmentID"), row.get("RecId")
    if isinstance(number, int | str) and str(number).isascii() and str(number).isdigit():
        return f"task {str(number)[:LONGEST_NUMBER]}"
    return f"the record {plain(record)}" if isinstance(record, str) and record else "a record without a usable RecId"


def _changed(row: Row) -> str:
    """When a record was changed last, and a digest of by whom and to what: two writes may fall into one second.

    A digest, because nobody's name belongs on record.
    """
    when = row.get("LastModDateTime")
    if not isinstance(when, str) or not when:
        return ""
    state = "\0".join(str(row.get(name) or "") for name in ("LastModBy", "Status", "Owner", "OwnerTeam"))
    return f"{when} {hashlib.sha256(state.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableField(name)
    return value
