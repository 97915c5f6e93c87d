"""An inventory entry as a row: the same columns in every database, times as their driver has them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from spentkey.core.classified import CredentialClass
from spentkey.core.inventory import Departure, InventoryEntry, ScanMark
from spentkey.core.listed import Owner

COLUMNS = tuple(one.name for one in fields(InventoryEntry))
TIMES = ("end", "first_seen", "last_seen", "lapsed_at", "left_at", "removed_at")
COLUMN_NAMES = {"end": "ends", "klass": "class"}
"""Where a column is called otherwise than its field: `end` is a word of SQL."""
IN_ORDER = ", ".join(COLUMN_NAMES.get(one, one) for one in COLUMNS)
MARK_COLUMNS = "scan, at, complete, lapsed, tenants, controls"


def row_of(entry: InventoryEntry, time: Callable[[datetime], Any]) -> list[Any]:
    """The values, in the order of `COLUMNS`; text without what no database takes."""
    return [_stored(name, getattr(entry, name), time) for name in COLUMNS]


def _stored(name: str, value: Any, time: Callable[[datetime], Any]) -> Any:
    if name in TIMES:
        return None if value is None else time(value)
    if name == "owners":
        owners = None if value is None else [[one.object_id, one.name, one.mail] for one in value]
        return None if owners is None else json.dumps(owners)
    return _text(str(value)) if isinstance(value, str) else value


def _text(value: str) -> str:
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def entry_of(row: Sequence[Any], time: Callable[[Any], datetime]) -> InventoryEntry:
    """The entry of a row."""
    found = dict(zip(COLUMNS, row, strict=True))
    for name in TIMES:
        found[name] = None if found[name] is None else time(found[name])
    owners = found["owners"]
    found["owners"] = None if owners is None else tuple(Owner(*one) for one in json.loads(owners))
    found["klass"] = CredentialClass(found["klass"])
    found["left_as"] = None if found["left_as"] is None else Departure(found["left_as"])
    return InventoryEntry(**found)


def mark_row(scan: ScanMark, time: Callable[[datetime], Any]) -> list[Any]:
    """A scan, in the order of `MARK_COLUMNS`."""
    return [
        scan.scan,
        time(scan.at),
        scan.complete,
        scan.lapsed,
        json.dumps(scan.tenants),
        json.dumps(dict(scan.controls)),
    ]


def mark_of(row: Sequence[Any], time: Callable[[Any], datetime]) -> ScanMark:
    """The scan of a row."""
    scan, at, complete, lapsed, tenants, controls = row
    read = tuple(json.loads(tenants))
    return ScanMark(str(scan), time(at), bool(complete), int(lapsed), read, json.loads(controls))
