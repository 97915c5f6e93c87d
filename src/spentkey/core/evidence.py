"""Evidence: a chain of records, each carrying the hash of the one before, and what a later run learns from it.

A record is one JSON object on one line, keys sorted, no spaces, in UTF-8; a lone surrogate, which UTF-8 cannot hold,
stands as its JSON escape. `hash` is the SHA-256 of the record without
its `hash`, in hexadecimal; `prev` is the hash of the record before, 64 zeros in the first. Times are ISO 8601 in UTC.
Records hold identifiers, never values of secrets.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

VERSION = 1
GENESIS = "0" * 64

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Sealed:
    """A record in the chain: its line as written, without the line feed, and its hash."""

    record_line: str
    hash: str
    seq: int
    record: Facts
    """What the line says, so that nobody reads it a second time."""


def canonical(record: Facts) -> str:
    """The one way a record is written."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def field_in_line(name: str, value: str) -> str:
    """How the text of a field stands in a line; quotes in texts are escaped, so no other field's text can hold it."""
    return canonical({name: value})[1:-1]


def seal(prev: str, seq: int, at: datetime, what: str, facts: Facts) -> Sealed:
    """Make the record that follows `prev`; `what` names the step, `facts` what was found or done."""
    as_read_back = json.loads(canonical(facts))
    record = {**as_read_back, "v": VERSION, "seq": seq, "at": at.isoformat(), "what": what, "prev": prev}
    digest = _digest(record)
    whole = {**record, "hash": digest}
    return Sealed(canonical(whole), digest, seq, whole)


def _digest(record: Facts) -> str:
    return hashlib.sha256(canonical(record).encode()).hexdigest()


def follows(record_line: str, prev: str, seq: int) -> Sealed | None:
    """Check that `line` is the record number `seq` that follows `prev`, written in the one way; None when it is not."""
    record = _record(record_line)
    if record is None or record.get("prev") != prev or record.get("seq") != seq:
        return None
    claimed = record.pop("hash", None)
    if not isinstance(claimed, str) or claimed != _digest(record):
        return None
    return Sealed(record_line, claimed, seq, {**record, "hash": claimed})


def _record(record_line: str) -> dict[str, Any] | None:
    """The record that `line` is, where it is written as `canonical` writes: another spelling would hide a change."""
    try:
        record = json.loads(record_line)
        if isinstance(record, dict) and canonical(cast("Facts", record)) == record_line:
            return cast("dict[str, Any]", record)
    except (ValueError, RecursionError):
        pass
    return None
