"""When a request for a lapsed credential may be opened: at most one that is open, and a second only by the reopen rule.

Nothing here asks a service desk: what it shows, what is on record, and the time are given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from spentkey.core.credential import Kind
from spentkey.core.evidence import Facts
from spentkey.core.opening_reasons import (
    ALREADY_OPEN,
    ASKED_FOR_TWICE,
    CLOSED_LATELY,
    NOT_SHOWN,
    REMOVED_LATELY,
    WITHOUT_ANSWERS,
)
from spentkey.core.reason import Reason, read_reason
from spentkey.core.records import RecordKind
from spentkey.core.rules import DeskRules, TenantRules
from spentkey.core.task import FaultKind, Request, TaskRef
from spentkey.core.trim import trimmed

SETTLED_AFTER = timedelta(hours=1)
"""How long after a removal was proven a list may still show the credential, so that it does not count as there again."""
DAY = timedelta(days=1)
LOOK_EVERY_S = 5.0
LOOK_FOR_S = 180.0
"""How long and how often a request whose reply was lost is looked for: workflows of service desks settle within three minutes."""


class OpenedState(StrEnum):
    """What became of a credential that a request was to be opened for."""

    OPENED = "opened"
    KNOWN = "known"
    CAPPED = "capped"
    STOPPED = "stopped"
    UNCLEAR = "unclear"
    NO = "no"


@dataclass(frozen=True)
class Opened:
    """The same with the request and its task, as far as they are known, and why it is so."""

    state: OpenedState
    task: TaskRef | None = None
    request: str | None = None
    """The desk's own reference of the request."""
    reason: Reason | None = None


@dataclass(frozen=True)
class ToOpen:
    """A lapsed credential for which a request may be opened."""

    tenant: str
    app_id: str
    app_name: str
    key_id: str
    kind: Kind
    end: datetime
    seen: datetime
    """When the list that shows it was read."""
    team: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Tenant and key id."""
        return self.tenant, self.key_id


@dataclass(frozen=True)
class OpenRules:
    """The part of the settings that opening depends on."""

    max_per_run: int = 25
    max_per_day: int = 100
    reopen_after: timedelta = timedelta(days=30)
    look_for_s: float = LOOK_FOR_S
    look_every_s: float = LOOK_EVERY_S


@dataclass(frozen=True)
class EarlierRequest:
    """A request that the desk shows for a credential, whoever opened it."""

    reference: str
    is_open: bool
    asks: Request
    ended: datetime | None = None
    """When it was closed, as far as the desk tells."""
    task: TaskRef | None = None
    removed: datetime | None = None
    """When its task was proven to have removed the credential, by what is on record."""


class OpeningState(StrEnum):
    """What a record `opening` or `opened` tells."""

    ALLOWED = "allowed"
    SENDING = "sending"
    OPENED = "opened"
    STOPPED = "stopped"
    REFUSED = "refused"
    UNCLEAR = "unclear"


ENDED = (OpeningState.OPENED, OpeningState.STOPPED, OpeningState.REFUSED)
"""What ends an intent to open a request; one that is unclear is looked for by the next scan."""


@dataclass(frozen=True)
class OpeningHistory:
    """What is on record about the requests for one credential, oldest first."""

    records: Sequence[Facts] = field(default=())

    @property
    def intended(self) -> Facts | None:
        """The intent whose end is not on record."""
        found: Facts | None = None
        for record in self.records:
            if record.get("state") == OpeningState.SENDING:
                found = record
            elif record.get("what") == RecordKind.OPENED and record.get("state") in ENDED:
                found = None
        return found

    @property
    def references(self) -> tuple[str, ...]:
        """The requests that are on record, each once."""
        return tuple(dict.fromkeys(str(record["request"]) for record in self.records if record.get("request")))

    @property
    def opened(self) -> Facts | None:
        """The latest request that was opened as it should be."""
        found = [record for record in self.records if record.get("state") == OpeningState.OPENED]
        return found[-1] if found else None

    def unusable(self, reference: str) -> bool:
        """Whether that request was made otherwise than it was asked for."""
        of_it = [record for record in self.records if record.get("request") == reference]
        return bool(of_it) and of_it[-1].get("state") == OpeningState.STOPPED

    def end_when_asked(self, reference: str) -> str | None:
        """The credential's end when that request was opened by us."""
        ends = [str(r.get("ended")) for r in self.records if r.get("request") == reference and r.get("ended")]
        return ends[-1] if ends else None


@dataclass(frozen=True)
class Anew:
    """A request is to be opened; `names` is the earlier one that it follows."""

    names: str | None = None


def decide(
    wanted: ToOpen, earlier: Sequence[EarlierRequest], history: OpeningHistory, now: datetime, reopen_after: timedelta
) -> Opened | Anew:
    """Whether a request may be opened, or what is known of the one that there is."""
    still_open = [one for one in earlier if one.is_open]
    unusable = next((one for one in still_open if history.unusable(one.reference)), None)
    usable = [one for one in still_open if not history.unusable(one.reference)]
    if usable:
        return _known(usable[0], _doubled(usable))
    if unusable is not None:
        return Opened(OpenedState.STOPPED, None, unusable.reference, WITHOUT_ANSWERS(request=unusable.reference))
    closed = [one for one in earlier if not history.unusable(one.reference)]
    if closed:
        return _after_closed(
            wanted, max(closed, key=lambda one: (one.ended or now, one.reference)), history, now, reopen_after
        )
    return _after_vanished(wanted, earlier, history, now, reopen_after)


def _doubled(usable: Sequence[EarlierRequest]) -> Reason:
    if len(usable) == 1:
        return ALREADY_OPEN(request=usable[0].reference)
    return ASKED_FOR_TWICE(requests=", ".join(one.reference for one in usable))


def _known(request: EarlierRequest, why: Reason) -> Opened:
    return Opened(OpenedState.KNOWN, request.task, request.reference, why)


def _after_closed(
    wanted: ToOpen, latest: EarlierRequest, history: OpeningHistory, now: datetime, reopen_after: timedelta
) -> Opened | Anew:
    """The reopen rule, by the request that was closed last."""
    if latest.removed is not None:
        back = wanted.seen - latest.removed >= SETTLED_AFTER
        return Anew(latest.reference) if back else _known(latest, REMOVED_LATELY(request=latest.reference))
    asked_end = history.end_when_asked(latest.reference)
    if asked_end is not None and asked_end != wanted.end.isoformat():
        return Anew(latest.reference)
    if latest.ended is not None and now - latest.ended >= reopen_after:
        return Anew(latest.reference)
    return _known(latest, CLOSED_LATELY(request=latest.reference, days=reopen_after.days))


def _after_vanished(
    wanted: ToOpen,
    earlier: Sequence[EarlierRequest],
    history: OpeningHistory,
    now: datetime,
    reopen_after: timedelta,
) -> Opened | Anew:
    """One that is on record and that the desk does not show any more was deleted, by people: as if they had closed it."""
    record = history.opened
    if record is None:
        return Anew(earlier[-1].reference if earlier else None)
    reference = str(record.get("request"))
    changed = record.get("ended") != wanted.end.isoformat()
    if changed or now - datetime.fromisoformat(str(record["at"])) >= reopen_after:
        return Anew(reference)
    task = TaskRef(str(record["opened_task"])) if record.get("opened_task") else None
    return Opened(OpenedState.KNOWN, task, reference, NOT_SHOWN(request=reference, days=reopen_after.days))


def parameters_of(wanted: ToOpen, desk: DeskRules, tenant: TenantRules) -> Mapping[str, str]:
    """What a request says: the four parameters, and what makes it one of that tenant."""
    word = next((one for one, kind in desk.secret_types.items() if kind is wanted.kind), wanted.kind.value)
    values = (wanted.app_name, wanted.app_id, wanted.key_id, word)
    return {**dict(zip(desk.names.in_order(), values, strict=True)), **tenant.when}


def otherwise_in(values: Request, asked: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the parameters that a request does not show as they were asked."""
    return tuple(name for name, value in asked.items() if not _shows(values, name, value))


def _shows(values: Request, name: str, value: str) -> bool:
    shown = values.value(name)
    return not isinstance(shown, FaultKind) and trimmed(shown) == trimmed(value)


def asked_in(record: Facts) -> Mapping[str, str]:
    """The parameters that an intent on record says."""
    given = cast("Mapping[str, Any]", record.get("values") or {})
    return {name: str(value) for name, value in given.items()}


def stopped_since(stops: Sequence[Facts], allowed: Sequence[Facts], tenant: str) -> Reason | None:
    """Why opening is stopped in that tenant; None where it is not, or somebody allowed it since."""
    mine = [record for record in stops if record.get("tenant") == tenant]
    latest = max((int(r["seq"]) for r in allowed if r.get("tenant") == tenant), default=-1)
    if not mine or int(mine[-1]["seq"]) < latest:
        return None
    return read_reason(str(mine[-1].get("said") or ""), mine[-1].get("reason"))


def room(rules: OpenRules, in_run: int, in_day: int, in_hour: int, hand_overs: int, most_hand_overs: int) -> int:
    """How many requests more may be opened now: each of them may come back to people as a hand-over."""
    return max(0, min(rules.max_per_run - in_run, rules.max_per_day - in_day, most_hand_overs - hand_overs - in_hour))
