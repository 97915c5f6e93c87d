"""Guard G8: the blast radius, counted by intents on record, so that it holds across processes and restarts."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from spentkey.core.evidence import Facts
from spentkey.core.outcome import Refused
from spentkey.core.records import RecordKind
from spentkey.core.rules import Limits

HOUR = timedelta(hours=1)
"""How far back the limits count, in real time; a full hour, not the hour of a clock."""


@dataclass
class BlastRadius:
    """What the evidence says about the recent past. It is fed every record, in order."""

    stop: Facts | None = None
    """The record that stopped or paused everything; None while work goes on."""
    _intents: deque[tuple[datetime, str]] = field(default_factory=deque[tuple[datetime, str]])
    """Removals begun in the last hour: when, and the AppID."""
    _by_app: dict[str, deque[datetime]] = field(default_factory=dict[str, deque[datetime]])
    """The same by AppID: when each began."""
    _by_run: Counter[str] = field(default_factory=Counter[str])
    """How many removals each run has begun, however long ago."""
    _hand_overs: deque[tuple[datetime, str]] = field(default_factory=deque[tuple[datetime, str]])
    """Hand-overs begun in the last hour: when, and task and assignment."""

    def note(self, record: Facts) -> None:
        """Take one record into account."""
        what, at = record.get("what"), datetime.fromisoformat(str(record.get("at")))
        if what == RecordKind.INTENT:
            app_id = str(record.get("app_id"))
            self._intents.append((at, app_id))
            self._by_app.setdefault(app_id, deque()).append(at)
            self._by_run[str(record.get("run"))] += 1
        elif what == RecordKind.HANDING_OVER:
            self._hand_overs.append((at, f"{record.get('task')}/{record.get('assignment')}"))
        elif what == RecordKind.SURVIVOR_LOST or (what == RecordKind.PAUSED and self.stop is None):
            self.stop = record
        elif what == RecordKind.RESUMED:
            self.stop = None

    def refuse_any(self) -> Refused | None:
        """Whether everything is stopped, because a survivor was lost or because somebody paused it."""
        if self.stop is None:
            return None
        if self.stop.get("what") == RecordKind.PAUSED:
            who, why = self.stop.get("who"), self.stop.get("why")
            return Refused("G8", f"everything is paused since {self.stop.get('at')} by {who}: {why}")
        return Refused(
            "G8",
            f"everything is stopped since {self.stop.get('at')}, because another credential was lost in the work on "
            f"task {self.stop.get('task')}; when that has been looked into: spentkey resume --why …",
        )

    def refuse_to_resume(self) -> Refused | None:
        """Whether there is nothing that could be lifted."""
        return Refused("G8", "nothing is stopped") if self.stop is None else None

    def refuse_intent(self, run: str, app_id: str, now: datetime, limits: Limits) -> Refused | None:
        """Whether one removal more would pass a limit."""
        self._forget(now)
        in_app, in_hour = self._by_app.get(app_id, ()), len(self._intents)
        until = self._intents[-limits.per_hour][0] + HOUR if in_hour >= limits.per_hour else None
        counts = (
            (self._by_run[run], limits.per_run, "in this run", None),
            (len(in_app), limits.per_app, "on this application in the last hour", _free_again(in_app, limits.per_app)),
            (in_hour, limits.per_hour, "in the last hour", until),
        )
        passed = [
            (f"{limit} removals {where} are allowed", until) for count, limit, where, until in counts if count >= limit
        ]
        if self.stop is not None or not passed:
            return self.refuse_any()
        return Refused("G8", f"{passed[0][0]}, and as many were begun", until=passed[0][1])

    def refuse_hand_over(self, hand_over: str, now: datetime, limits: Limits) -> Refused | None:
        """Whether one hand-over more would pass the limit; one that was begun earlier may be finished."""
        self._forget(now)
        begun = {which for _, which in self._hand_overs}
        if hand_over in begun or len(begun) < limits.hand_overs_per_hour:
            return None
        free = _free_again([at for at, _ in self._hand_overs], limits.hand_overs_per_hour)
        message = f"{limits.hand_overs_per_hour} hand-overs in an hour are allowed, and as many were begun"
        return Refused("G8", message, until=free)

    def _forget(self, now: datetime) -> None:
        while self._hand_overs and now - self._hand_overs[0][0] > HOUR:
            self._hand_overs.popleft()
        while self._intents and now - self._intents[0][0] > HOUR:
            _, app_id = self._intents.popleft()
            in_app = self._by_app[app_id]
            in_app.popleft()
            if not in_app:
                del self._by_app[app_id]


def _free_again(begun: Sequence[datetime], limit: int) -> datetime | None:
    """When so many of those that were begun are an hour old that the limit allows one more."""
    return begun[-limit] + HOUR if len(begun) >= limit else None
