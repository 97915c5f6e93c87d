"""Guard G8: the blast radius, counted by intents on record, so that it holds across processes and restarts."""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from spentkey.core.canary import canary_key
from spentkey.core.credential import SKEW
from spentkey.core.evidence import Facts
from spentkey.core.guard_reasons import G4_ON_PRINCIPAL, G8_APPLICATION, G8_HAND_OVERS, G8_HOUR, G8_RUN
from spentkey.core.outcome import Cause, End, Failed, Refused
from spentkey.core.reason import ReasonKind
from spentkey.core.records import RecordKind
from spentkey.core.rules import Limits
from spentkey.core.stops import (
    G8_NOTHING_STOPPED,
    G8_PAUSED_ALREADY,
    G8_STOPS_CHANGED,
    STOPS,
    About,
    StandingStops,
    Stop,
    ids_of,
    reasons_of,
    refused_by,
    worst_first,
)

HOUR = timedelta(hours=1)
"""How far back the limits count, in real time; a full hour, not the hour of a clock."""
G8_SENSELESS = ReasonKind(
    "g8-hand-overs-of-refused-requests",
    en="{limit} hand-overs in an hour are allowed of requests that are refused by what they say, and as many were begun",
    nl="{limit} overdrachten per uur zijn toegestaan van aanvragen die om hun inhoud worden geweigerd, en zoveel zijn er "
    "begonnen",
    fr="{limit} transmissions par heure sont permises pour les demandes refusées pour ce qu'elles disent, et autant ont été "
    "commencées",
)


class HandOverLimit(StrEnum):
    """Which limit a hand-over counts for: senseless requests do not hold up the hand-overs of others."""

    REQUEST = "request"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True)
class HandOver:
    """A hand-over that was begun: when, at the latest; task and assignment; and what it counts for, None for either."""

    at: datetime
    which: str
    limit: HandOverLimit | None


class Past(Protocol):
    """What guard G8 asks of the records. Times are those of the records, in UTC."""

    def stops(self) -> Sequence[Stop]:
        """The stops and pauses that stand."""
        ...

    def lost_to_narrow(self, younger_than: datetime) -> Sequence[Facts]:
        """The records of lost survivors that stop more than their application."""
        ...

    def removals_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Removals begun at that time or later: when, and the AppID; in the order of the records."""
        ...

    def removals_in(self, run: str) -> int:
        """How many removals a run has begun, however long ago."""
        ...

    def hand_overs_since(self, since: datetime) -> Sequence[HandOver]:
        """Hand-overs begun at that time or later; in the order of the records."""
        ...

    def latest(self, key: str) -> Facts | None:
        """The latest record whose `canary_key` this is, however long ago."""
        ...


@dataclass
class FoldedPast:
    """A `Past` that is fed every record, in order; it keeps what counts and nothing else.

    A hand-over was begun no later than any record after it says. One that a clock put into the future so counts from
    where the clock was right again. A removal counts by its own time: guard G5 held its clock against the directory's.
    """

    _stops: StandingStops = field(default_factory=StandingStops)
    _removals: deque[tuple[datetime, str]] = field(default_factory=deque[tuple[datetime, str]])
    _by_run: Counter[str] = field(default_factory=Counter[str])
    _hand_overs: deque[HandOver] = field(default_factory=deque[HandOver])
    _latest: datetime | None = None
    """The latest time of a hand-over."""
    _canaries: dict[str, Facts] = field(default_factory=dict[str, Facts])

    def note(self, record: Facts) -> None:
        """Take one record into account."""
        what = record.get("what")
        self.note_canary(record)
        if self._latest is not None:
            self._not_after(_at(record))
        if what == RecordKind.INTENT:
            self._removals.append(removal_of(record))
            self._by_run[str(record.get("run"))] += 1
        elif what == RecordKind.HANDING_OVER:
            self._hand_overs.append(hand_over_of(record))
            self._latest = max(self._latest or self._hand_overs[-1].at, self._hand_overs[-1].at)
        elif what in STOPS:
            self._stops.note(record)

    def note_canary(self, record: Facts) -> None:
        """Take one record into account as the latest of its kind, and no further."""
        key = canary_key(record)
        if key is not None:
            self._canaries[key] = record

    def _not_after(self, at: datetime) -> None:
        """What stands on record before that time was begun before it, as far as clocks may differ."""
        if self._latest is None or self._latest <= at + SKEW:
            return
        bounded = [replace(one, at=at) if one.at > at + SKEW else one for one in self._hand_overs]
        self._hand_overs = deque(bounded)
        self._latest = max((one.at for one in bounded), default=None)

    def stops(self) -> Sequence[Stop]:
        """As of the last record that was noted."""
        return self._stops.standing()

    def lost_to_narrow(self, younger_than: datetime) -> Sequence[Facts]:
        """As of the last record that was noted."""
        return self._stops.to_narrow(younger_than)

    def removals_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Those that are older are forgotten, wherever they stand; nobody asks for them again."""
        young = [one for one in self._removals if one[0] >= since]
        if len(young) < len(self._removals):
            self._removals = deque(young)
        return young

    def removals_in(self, run: str) -> int:
        """Counted from the first record on."""
        return self._by_run[run]

    def hand_overs_since(self, since: datetime) -> Sequence[HandOver]:
        """Those that are older are forgotten, wherever they stand; nobody asks for them again."""
        young = [one for one in self._hand_overs if one.at >= since]
        if len(young) < len(self._hand_overs):
            self._hand_overs = deque(young)
            self._latest = max((one.at for one in young), default=None)
        return young

    def latest(self, key: str) -> Facts | None:
        """As of the last record that was noted."""
        return self._canaries.get(key)


def removal_of(record: Facts) -> tuple[datetime, str]:
    """When an intent was put on record, and for which AppID."""
    return _at(record), str(record.get("app_id"))


def hand_over_of(record: Facts) -> HandOver:
    """When a hand-over was begun, which, and what it counts for; one of 0.1 shows that by its guard and its cause."""
    which = f"{record.get('task')}/{record.get('assignment')}"
    limit = record.get("limit")
    if isinstance(limit, str) and limit in set(HandOverLimit):
        return HandOver(_at(record), which, HandOverLimit(limit))
    if "guard" not in record and "cause" not in record:
        return HandOver(_at(record), which, None)
    reason = str(record.get("said") or record.get("reason") or "")
    on_principal = record.get("guard") == "G4" and ON_PRINCIPAL_OF_0_1 in reason
    return HandOver(_at(record), which, _limit(record.get("guard"), record.get("cause"), on_principal=on_principal))


def limit_of(end: End) -> HandOverLimit:
    """What the hand-over of such an end counts for."""
    outcome = end.outcome
    if isinstance(outcome, Refused):
        return _limit(outcome.guard, None, on_principal=outcome.reason.code == G4_ON_PRINCIPAL.code)
    return _limit(None, outcome.cause if isinstance(outcome, Failed) else None, on_principal=False)


ON_PRINCIPAL_OF_0_1 = " is a credential of the service principal, not of the app registration"
"""In the reason of G4 for a credential on a service principal, as version 0.1 has it on record without a code."""


def _limit(guard: object, cause: object, *, on_principal: bool) -> HandOverLimit:
    if cause == Cause.SURVIVOR_LOST or on_principal:
        return HandOverLimit.NONE
    return HandOverLimit.REQUEST if guard in ("G1", "G2", "G3", "G4") else HandOverLimit.OTHER


def _at(record: Facts) -> datetime:
    return datetime.fromisoformat(str(record.get("at")))


@dataclass(frozen=True)
class BlastRadius:
    """The limits, asked of what the evidence says about the recent past."""

    past: Past

    def stops(self) -> Sequence[Stop]:
        """The stops and pauses that stand."""
        return self.past.stops()

    def refuse_any(self, about: About) -> Refused | None:
        """Whether that is stopped, by a lost survivor or by a pause."""
        scopes = about.scopes()
        return _refused(one for one in self.past.stops() if one.scope in scopes)

    def refuse_to_pause(self, who: str) -> Refused | None:
        """Whether a pause of theirs stands already; beside a stop, or a pause of somebody else, one more is made."""
        for one in self.past.stops():
            if one.kind == RecordKind.PAUSED and one.who == who:
                return Refused("G8", G8_PAUSED_ALREADY(who=who, id=one.id))
        return None

    def refuse_to_lift(self, seen: Collection[str]) -> Refused | None:
        """Whether the stops that stand are other ones than those that somebody has seen."""
        standing = self.past.stops()
        if set(ids_of(standing)) == set(seen):
            return None
        return Refused("G8", G8_STOPS_CHANGED(stops=reasons_of(standing) or G8_NOTHING_STOPPED()))

    def refuse_to_narrow(self, stop: str, now: datetime) -> Refused | None:
        """Whether that stop was lifted or narrowed meanwhile, or is too old."""
        standing = [str(one.get("seq")) for one in self.past.lost_to_narrow(now - NARROWED_WITHIN)]
        return None if stop in standing else Refused("G8", G8_NOTHING_STOPPED())

    def refuse_intent(
        self,
        run: str,
        app_id: str,
        now: datetime,
        limits: Limits,
        tenant: str | None = None,
        route: str | None = None,
    ) -> Refused | None:
        """Whether one removal more would pass a limit, or is stopped; one by an unknown route by the stop of any."""
        begun = self.past.removals_since(now - HOUR)
        in_hour, in_app = [at for at, _ in begun], [at for at, app in begun if app == app_id]
        counts = (
            (self.past.removals_in(run), limits.per_run, G8_RUN, None),
            (len(in_app), limits.per_app, G8_APPLICATION, _free_again(in_app, limits.per_app, now)),
            (len(in_hour), limits.per_hour, G8_HOUR, _free_again(in_hour, limits.per_hour, now)),
        )
        passed = [(passes(limit=limit), until) for count, limit, passes, until in counts if count >= limit]
        stopped = self._refuse_removal(About(tenant, route, app_id))
        if stopped is not None or not passed:
            return stopped
        return Refused("G8", passed[0][0], until=passed[0][1])

    def _refuse_removal(self, about: About) -> Refused | None:
        scopes, known = about.scopes(), about.tenant is not None and about.route is not None
        return _refused(
            one for one in self.past.stops() if one.scope in scopes or (not known and one.scope.startswith("route:"))
        )

    def refuse_hand_over(
        self, hand_over: str, now: datetime, limits: Limits, limit: HandOverLimit = HandOverLimit.OTHER
    ) -> Refused | None:
        """Whether one hand-over more would pass its limit; one that was begun earlier may be finished."""
        recent = self.past.hand_overs_since(now - HOUR)
        if limit is HandOverLimit.NONE or hand_over in {one.which for one in recent}:
            return None
        counted = {one.which: one.at for one in recent if one.limit in (limit, None)}
        if len(counted) < limits.hand_overs_per_hour:
            return None
        free = _free_again([*counted.values()], limits.hand_overs_per_hour, now)
        passes = G8_SENSELESS if limit is HandOverLimit.REQUEST else G8_HAND_OVERS
        return Refused("G8", passes(limit=limits.hand_overs_per_hour), until=free)


NARROWED_WITHIN = timedelta(hours=2)
"""How long the audit log is asked who removed what was lost."""


def _refused(stops: Iterable[Stop]) -> Refused | None:
    worst = worst_first(stops)
    return refused_by(worst[0]) if worst else None


def _free_again(begun: Sequence[datetime], limit: int, now: datetime) -> datetime | None:
    """When so many of those that were begun are an hour old that the limit allows one more.

    What lies in the future counts as begun now.
    """
    times = sorted(min(at, now) for at in begun)
    return times[-limit] + HOUR if len(times) >= limit else None
