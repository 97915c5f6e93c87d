"""What the simulator was asked, request by request, including those whose answer never arrived."""

from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, TypedDict, Unpack

BODY_LIMIT = 4000
"""Characters of a request body that the journal keeps."""


@dataclass(frozen=True)
class JournalEntry:
    """One request. `status` is 0 when the connection was dropped; `applied` says whether state really changed."""

    n: int
    at: str
    system: str
    route: str
    object: str
    method: str
    path: str
    status: int
    write: bool
    applied: bool
    client_request_id: str | None
    fault: str | None
    body: str

    def to_json(self) -> dict[str, Any]:
        """The entry as `GET /journal` shows it."""
        return asdict(self)


class Fields(TypedDict, total=False):
    """What a system may say of a request; everything left out keeps the default of `_DEFAULTS`."""

    at: str
    system: str
    route: str
    object: str
    method: str
    path: str
    status: int
    write: bool
    applied: bool
    client_request_id: str | None
    fault: str | None
    body: str


_DEFAULTS: Fields = {
    "at": "",
    "system": "",
    "route": "other",
    "object": "",
    "method": "",
    "path": "",
    "status": 0,
    "write": False,
    "applied": False,
    "client_request_id": None,
    "fault": None,
    "body": "",
}


class Journal:
    """The list of entries, in the order in which the answers were decided. Safe to use from several threads."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self._lock = Lock()

    def add(self, **fields: Unpack[Fields]) -> JournalEntry:
        """Append one entry; its number is given here and its body is cut to `BODY_LIMIT`."""
        known: dict[str, Any] = {**_DEFAULTS, **fields}
        known["body"] = str(known["body"])[:BODY_LIMIT]
        with self._lock:
            entry = JournalEntry(n=len(self.entries) + 1, **known)
            self.entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything; the next entry is number 1 again."""
        with self._lock:
            self.entries.clear()
