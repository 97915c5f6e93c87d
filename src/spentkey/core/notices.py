"""What people are told of without asking: which events there are, and what a notice of one says. No names of people.

An event is known by its key, so that it is told once however many processes see it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from spentkey.core.inventory import ScanMark
from spentkey.core.records import RecordKind
from spentkey.core.stops import EVERYTHING, Stop, ids_of

DAYS_BEFORE = (1, 3, 7, 14, 30)
"""How many days before its end a credential is told of: once when each of these is reached."""


class Event(StrEnum):
    """The kinds of events."""

    STOP = "stop"
    SCAN_INCOMPLETE = "scan-incomplete"
    SCAN_OVERDUE = "scan-overdue"
    CHECKPOINT_OVERDUE = "checkpoint-overdue"
    CREDENTIAL_ENDS = "credential-ends"


@dataclass(frozen=True)
class Occurrence:
    """One event that has happened; `key` is the same for whoever sees it."""

    key: str
    event: Event
    message: str
    about: Mapping[str, object]


@dataclass(frozen=True)
class Notice:
    """What is sent of an occurrence: the same bytes and the same id, however often it is tried."""

    key: str
    id: str
    at: datetime
    event: str
    body: str

    @classmethod
    def of(cls, occurrence: Occurrence, notice_id: str, at: datetime) -> "Notice":
        """The notice of an occurrence that was seen at that time."""
        body = {
            "id": notice_id,
            "at": at.isoformat(),
            "event": occurrence.event.value,
            "message": occurrence.message,
            "about": occurrence.about,
        }
        return cls(occurrence.key, notice_id, at, occurrence.event.value, json.dumps(body, ensure_ascii=False))


def of_stops(stops: Sequence[Stop]) -> list[Occurrence]:
    """One for each stop or pause that stands. Why and by whom is free text of people or of tasks, and stays behind the login."""
    found = {one: [stop for stop in stops if stop.id == one] for one in ids_of(stops)}
    return [_of_stop(parts) for parts in found.values()]


def _of_stop(parts: Sequence[Stop]) -> Occurrence:
    first, scopes = parts[0], [stop.scope for stop in parts]
    if first.kind == RecordKind.PAUSED:
        message = f"all removals are paused (stop {first.id}); spentkey status says by whom and why"
    else:
        what = "all removals" if EVERYTHING in scopes else f"removals for {' and '.join(scopes)}"
        message = f"{what} are stopped (stop {first.id}); spentkey status says why"
    about = {"stop": first.id, "scopes": scopes, "kind": first.kind, "since": first.since, "task": first.task}
    return Occurrence(f"stop {first.id} {first.since}", Event.STOP, message, about)


@dataclass(frozen=True)
class Ending:
    """A credential of the automation itself: of which tenant, of what kind, and when it ends."""

    tenant: str
    kind: str
    ends: datetime


def of_endings(endings: Iterable[Ending], now: datetime) -> list[Occurrence]:
    """One for each credential that ends within 30, 14, 7, 3 or 1 days, or has ended; by the least of these."""
    found: list[Occurrence] = []
    for one in endings:
        reached = [days for days in DAYS_BEFORE if one.ends - now <= timedelta(days=days)]
        if reached:
            found.append(_of_ending(one, reached[0], now))
    return found


def _of_ending(one: Ending, reached: int, now: datetime) -> Occurrence:
    days, ends = (one.ends - now).days, one.ends.isoformat()
    when = "has ended" if one.ends <= now else f"ends within {reached} day{'s' if reached > 1 else ''}"
    message = f"the automation's own {one.kind} of tenant {one.tenant} {when}, at {ends}"
    about = {"tenant": one.tenant, "kind": one.kind, "ends": ends, "days": days}
    return Occurrence(f"credential {one.tenant} {one.kind} {ends} {reached}", Event.CREDENTIAL_ENDS, message, about)


def of_checkpoint(last: datetime | None, since: datetime, every: timedelta, now: datetime) -> list[Occurrence]:
    """One where none was signed for more than twice `every`, by a process that has worked since `since` for as long."""
    if now - max(last or since, since) <= 2 * every:
        return []
    when = f"since {last.isoformat()}" if last is not None else "yet"
    hours = f"{every.total_seconds() / 3600:g} h"
    message = (
        f"no checkpoint over the evidence was signed {when}, and one is due every {hours}; spentkey check says why"
    )
    about = {"last": last.isoformat() if last is not None else None, "every_s": round(every.total_seconds())}
    return [Occurrence(f"checkpoint after {about['last']}", Event.CHECKPOINT_OVERDUE, message, about)]


def of_scans(
    last: ScanMark | None, whole: ScanMark | None, since: datetime, every: timedelta | None, now: datetime
) -> list[Occurrence]:
    """One where the latest scan was not whole; and one where none was for more than twice `every`, by a process that has
    worked since `since` for as long. Where nobody scans by himself (`every` is None), none is overdue.
    """
    found: list[Occurrence] = []
    if last is not None and not last.complete:
        message = (
            f"the scan of {last.at.isoformat()} is INCOMPLETE: not every list was read whole; spentkey scan says why"
        )
        about: dict[str, object] = {"scan": last.scan, "at": last.at.isoformat()}
        found.append(Occurrence(f"scan {last.scan}", Event.SCAN_INCOMPLETE, message, about))
    if every is None or now - max(whole.at if whole is not None else since, since) <= 2 * every:
        return found
    when = f"since {whole.at.isoformat()}" if whole is not None else "yet"
    hours = f"{every.total_seconds() / 3600:g} h"
    message = f"no scan was whole {when}, and one is due every {hours}; spentkey scan says why"
    about = {"last": whole.at.isoformat() if whole is not None else None, "every_s": round(every.total_seconds())}
    return [*found, Occurrence(f"scan after {about['last']}", Event.SCAN_OVERDUE, message, about)]
