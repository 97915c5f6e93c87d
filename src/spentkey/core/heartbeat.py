"""When a heartbeat is due, and whether a record about checkpoints is there already: questions about the recent past."""

from datetime import datetime, timedelta

from spentkey.core.limits import BlastRadius
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.records import Record, RecordKind

ASKED_BY = "G8"
"""Guard G8 asks about the recent past; here nothing is guarded."""
EARLY = reason_for("the last heartbeat is not old enough yet")
THERE = reason_for("it is on record already")


def due_after(blast_radius: BlastRadius, now: datetime, every: timedelta) -> datetime | None:
    """When the next heartbeat is due after the latest, by any process; None where there is none.

    One that a wrong clock put into the future holds nothing up.
    """
    latest = blast_radius.past.latest(RecordKind.HEARTBEAT)
    if latest is None:
        return None
    due = datetime.fromisoformat(str(latest["at"])) + every
    return due if due <= now + 2 * every else now


def refuse_early(blast_radius: BlastRadius, now: datetime, every: timedelta) -> Refused | None:
    """Whether a heartbeat was made less than `every` ago, by any process; `until` is when the next one is due."""
    due = due_after(blast_radius, now, every)
    return Refused(ASKED_BY, EARLY, until=due) if due is not None and now < due else None


def refuse_twice(blast_radius: BlastRadius, record: Record, names: tuple[str, ...], since: int) -> Refused | None:
    """Whether a record of that kind, the same in these fields, is there from `since` on: one by a try that died."""
    latest = blast_radius.past.latest(record.what)
    if latest is None or int(latest["seq"]) < since:
        return None
    facts = record.facts()
    same = all(latest.get(name) == facts.get(name) for name in names)
    return Refused(ASKED_BY, THERE) if same else None
