"""Guard G8: the blast radius, counted by intents on record, so that it holds across processes and restarts."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from spentkey.core.canary import canary_key
from spentkey.core.evidence import Facts
from spentkey.core.guard_reasons import (
    G8_APPLICATION,
    G8_HAND_OVERS,
    G8_HOUR,
    G8_NOT_STOPPED,
    G8_PAUSED,
    G8_RUN,
    G8_STOPPED,
)
from spentkey.core.outcome import Refused
from spentkey.core.records import RecordKind
from spentkey.core.rules import Limits

HOUR = timedelta(hours=1)
"""How far back the limits count, in real time; a full hour, not the hour of a clock."""


class Past(Protocol):
    """What guard G8 asks of the records. Times are those of the records, in UTC."""

    def stop(self) -> Facts | None:
        """The record that stopped or paused everything; None while work goes on."""
        ...

    def removals_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Removals begun at that time or later: when, and the AppID; in the order of the records."""
        ...

    def removals_in(self, run: str) -> int:
        """How many removals a run has begun, however long ago."""
        ...

    def hand_overs_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Hand-overs begun at that time or later: when, and task and assignment; in the order of the records."""
        ...

    def latest(self, key: str) -> Facts | None:
        """The latest record whose `canary_key` this is, however long ago."""
        ...


@dataclass
class FoldedPast:
    """A `Past` that is fed every record, in order; it keeps what counts and nothing else."""

    _stop: Facts | None = None
    _removals: deque[tuple[datetime, str]] = field(default_factory=deque[tuple[datetime, str]])
    _by_run: Counter[str] = field(default_factory=Counter[str])
    _hand_overs: deque[tuple[datetime, str]] = field(default_factory=deque[tuple[datetime, str]])
    _latest: dict[str, Facts] = field(default_factory=dict[str, Facts])

    def note(self, record: Facts) -> None:
        """Take one record into account."""
        what = record.get("what")
        self.note_canary(record)
        if what == RecordKind.INTENT:
            self._removals.append(removal_of(record))
            self._by_run[str(record.get("run"))] += 1
        elif what == RecordKind.HANDING_OVER:
            self._hand_overs.append(hand_over_of(record))
        elif what in STOPS:
            self._stop = stopped_after(self._stop, record)

    def note_canary(self, record: Facts) -> None:
        """Take one record into account as the latest of its kind, and no further."""
        key = canary_key(record)
        if key is not None:
            self._latest[key] = record

    def stop(self) -> Facts | None:
        """As of the last record that was noted."""
        return self._stop

    def removals_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Those that are older are forgotten; nobody asks for them again."""
        return _kept_since(self._removals, since)

    def removals_in(self, run: str) -> int:
        """Counted from the first record on."""
        return self._by_run[run]

    def hand_overs_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Those that are older are forgotten; nobody asks for them again."""
        return _kept_since(self._hand_overs, since)

    def latest(self, key: str) -> Facts | None:
        """As of the last record that was noted."""
        return self._latest.get(key)


def _kept_since(begun: deque[tuple[datetime, str]], since: datetime) -> list[tuple[datetime, str]]:
    """Forget by age, wherever it stands: a clock that was wrong for a while leaves the order of times broken."""
    young = [one for one in begun if one[0] >= since]
    if len(young) < len(begun):
        begun.clear()
        begun.extend(young)
    return young


STOPS = (RecordKind.SURVIVOR_LOST, RecordKind.PAUSED, RecordKind.RESUMED)
"""The records that stop everything, or end that."""


def stopped_after(stop: Facts | None, record: Facts) -> Facts | None:
    """What stops everything after one more record of `STOPS`: a lost survivor goes before a pause."""
    what = record.get("what")
    if what == RecordKind.RESUMED:
        return None
    return record if what == RecordKind.SURVIVOR_LOST or stop is None else stop


def removal_of(record: Facts) -> tuple[datetime, str]:
    """When an intent was put on record, and for which AppID."""
    return _at(record), str(record.get("app_id"))


def hand_over_of(record: Facts) -> tuple[datetime, str]:
    """When a hand-over was begun, and which: task and assignment."""
    return _at(record), f"{record.get('task')}/{record.get('assignment')}"


def _at(record: Facts) -> datetime:
    return datetime.fromisoformat(str(record.get("at")))


@dataclass(frozen=True)
class BlastRadius:
    """The limits, asked of what the evidence says about the recent past."""

    past: Past

    def refuse_any(self) -> Refused | None:
        """Whether everything is stopped, by a lost survivor or by a pause."""
        stop = self.past.stop()
        if stop is None:
            return None
        if stop.get("what") == RecordKind.PAUSED:
            who, why = str(stop.get("who")), str(stop.get("why"))
            return Refused("G8", G8_PAUSED(since=str(stop.get("at")), who=who, why=why))
        return Refused(
            "G8",
            G8_STOPPED(since=str(stop.get("at")), task=str(stop.get("task"))),
        )

    def refuse_to_resume(self) -> Refused | None:
        """Whether there is nothing that could be lifted."""
        return Refused("G8", G8_NOT_STOPPED()) if self.past.stop() is None else None

    def refuse_intent(self, run: str, app_id: str, now: datetime, limits: Limits) -> Refused | None:
        """Whether one removal more would pass a limit."""
        begun = self.past.removals_since(now - HOUR)
        in_hour, in_app = [at for at, _ in begun], [at for at, app in begun if app == app_id]
        counts = (
            (self.past.removals_in(run), limits.per_run, G8_RUN, None),
            (len(in_app), limits.per_app, G8_APPLICATION, _free_again(in_app, limits.per_app)),
            (len(in_hour), limits.per_hour, G8_HOUR, _free_again(in_hour, limits.per_hour)),
        )
        passed = [(passes(limit=limit), until) for count, limit, passes, until in counts if count >= limit]
        stopped = self.refuse_any()
        if stopped is not None or not passed:
            return stopped
        return Refused("G8", passed[0][0], until=passed[0][1])

    def refuse_hand_over(self, hand_over: str, now: datetime, limits: Limits) -> Refused | None:
        """Whether one hand-over more would pass the limit; one that was begun earlier may be finished."""
        recent = self.past.hand_overs_since(now - HOUR)
        begun = {which for _, which in recent}
        if hand_over in begun or len(begun) < limits.hand_overs_per_hour:
            return None
        free = _free_again([at for at, _ in recent], limits.hand_overs_per_hour)
        return Refused("G8", G8_HAND_OVERS(limit=limits.hand_overs_per_hour), until=free)


def _free_again(begun: Sequence[datetime], limit: int) -> datetime | None:
    """When so many of those that were begun are an hour old that the limit allows one more."""
    return begun[-limit] + HOUR if len(begun) >= limit else None
