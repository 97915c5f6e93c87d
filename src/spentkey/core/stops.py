"""Guard G8: the stops that stand, each with what it stops. Which ones those are is folded from the records.

A lost survivor stops its application and its tenant's route; a pause stops everything. One does not replace another:
each stands until somebody lifts it by its id, the `seq` of the record that made it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from spentkey.core.evidence import Facts
from spentkey.core.outcome import Refused
from spentkey.core.reason import Reason, ReasonKind
from spentkey.core.records import RecordKind

STOPS = (RecordKind.SURVIVOR_LOST, RecordKind.PAUSED, RecordKind.RESUMED, RecordKind.STOP_NARROWED)
"""The records that make a stop, lift stops, or narrow one."""
EVERYTHING = "everything"
ONE_FAULT = timedelta(hours=24)
"""Two survivors lost within that time, on different applications, are taken for one fault of ours."""

G8_EVERYTHING_STOPPED = ReasonKind(
    "g8-everything-stopped",
    en="everything is stopped since {since}, because another credential was lost in the work on task {task}; when that "
    "has been looked into: spentkey resume --stop {id} --why …",
    nl="alles is gestopt sinds {since}, omdat een andere credential verloren ging bij het werk aan taak {task}; "
    "als dat is onderzocht: spentkey resume --stop {id} --why …",
    fr="tout est arrêté depuis {since}, car un autre identifiant a été perdu lors du travail sur la tâche {task} ; "
    "une fois la cause examinée : spentkey resume --stop {id} --why …",
)
G8_APPLICATION_STOPPED = ReasonKind(
    "g8-application-stopped",
    en="removals on application {app_id} are stopped since {since}, because another credential was lost in the work on "
    "task {task}; when that has been looked into: spentkey resume --stop {id} --why …",
    nl="verwijderingen bij de applicatie {app_id} zijn gestopt sinds {since}, omdat een andere credential "
    "verloren ging bij het werk aan taak {task}; als dat is onderzocht: spentkey resume --stop {id} --why …",
    fr="les suppressions sur l'application {app_id} sont arrêtées depuis {since}, car un autre identifiant a été "
    "perdu lors du travail sur la tâche {task} ; une fois la cause examinée : spentkey resume --stop {id} --why …",
)
G8_ROUTE_STOPPED = ReasonKind(
    "g8-route-stopped",
    en="removals by {route} in tenant {tenant} are stopped since {since}, because another credential was lost in the work "
    "on task {task}; when that has been looked into: spentkey resume --stop {id} --why …",
    nl="verwijderingen met {route} in tenant {tenant} zijn gestopt sinds {since}, omdat een andere credential "
    "verloren ging bij het werk aan taak {task}; als dat is onderzocht: spentkey resume --stop {id} --why …",
    fr="les suppressions par {route} dans le tenant {tenant} sont arrêtées depuis {since}, car un autre "
    "identifiant a été perdu lors du travail sur la tâche {task} ; une fois la cause examinée : spentkey resume --stop {id} "
    "--why …",
)
G8_EVERYTHING_PAUSED = ReasonKind(
    "g8-everything-paused",
    en="everything is paused (until spentkey resume --stop {id} --why …) since {since} by {who}: {why}",
    nl="alles is gepauzeerd (tot spentkey resume --stop {id} --why …) sinds {since} door {who}: {why}",
    fr="tout est en pause (jusqu'à spentkey resume --stop {id} --why …) depuis {since} par {who} : {why}",
)
G8_NOTHING_STOPPED = ReasonKind(
    "g8-nothing-stopped", en="nothing is stopped", nl="er is niets gestopt", fr="rien n'est arrêté"
)
G8_STOPS_CHANGED = ReasonKind(
    "g8-stops-changed",
    en="the stops have changed since they were read, and what nobody has seen is not lifted; stopped now: {stops}",
    nl="de stops zijn veranderd sinds ze werden gelezen, en wat niemand heeft gezien, wordt niet opgeheven; nu gestopt: "
    "{stops}",
    fr="les arrêts ont changé depuis leur lecture, et ce que personne n'a vu n'est pas levé ; arrêtés à présent : {stops}",
)
G8_PAUSED_ALREADY = ReasonKind(
    "g8-paused-already",
    en="{who} has paused everything already (stop {id})",
    nl="{who} heeft alles al gepauzeerd (stop {id})",
    fr="{who} a déjà tout mis en pause (arrêt {id})",
)


@dataclass(frozen=True)
class About:
    """What a task is about, as far as it is known; what is not known yet is stopped by nothing but `everything`."""

    tenant: str | None = None
    route: str | None = None
    app_id: str | None = None

    def scopes(self) -> frozenset[str]:
        """The scopes of stops that hold it up."""
        application = {f"application:{self.app_id}"} if self.app_id else set[str]()
        route = {f"route:{self.tenant}/{self.route}"} if self.tenant and self.route else set[str]()
        return frozenset({EVERYTHING} | application | route)


@dataclass(frozen=True)
class Stop:
    """One stop that stands. A record that stops two things gives two of them, with one id."""

    id: str
    scope: str
    kind: str
    since: str
    task: str | None
    why: str
    who: str = ""
    """Who paused; empty for a lost survivor."""

    def as_json(self) -> dict[str, str | None]:
        """As the commands and the API show it."""
        return {
            "id": self.id,
            "scope": self.scope,
            "kind": self.kind,
            "since": self.since,
            "task": self.task,
            "why": self.why,
        }

    @property
    def reason(self) -> Reason:
        """What is stopped, since when and why, and how to lift it."""
        if self.kind == RecordKind.PAUSED:
            return G8_EVERYTHING_PAUSED(id=self.id, since=self.since, who=self.who, why=self.why)
        about = {"id": self.id, "since": self.since, "task": self.task or "?"}
        what, _, which = self.scope.partition(":")
        if what == "application":
            return G8_APPLICATION_STOPPED(app_id=which, **about)
        if what == "route":
            tenant, _, route = which.rpartition("/")
            return G8_ROUTE_STOPPED(tenant=tenant, route=route, **about)
        return G8_EVERYTHING_STOPPED(**about)


def worst_first(stops: Iterable[Stop]) -> list[Stop]:
    """Lost survivors before pauses, what stops everything before what stops less, else in the order of the records."""
    return sorted(stops, key=lambda one: (one.kind == RecordKind.PAUSED, one.scope != EVERYTHING))


def ids_of(stops: Iterable[Stop]) -> tuple[str, ...]:
    """The ids of stops, each once."""
    return tuple(dict.fromkeys(one.id for one in stops))


def reasons_of(stops: Iterable[Stop]) -> str | None:
    """All of them in words; None where there are none."""
    return "; ".join(one.reason for one in worst_first(stops)) or None


@dataclass
class StandingStops:
    """The stops that stand after the records that were noted, in their order."""

    _made: dict[str, Facts] = field(default_factory=dict[str, Facts])
    _narrowed: set[str] = field(default_factory=set[str])

    def note(self, record: Facts) -> None:
        """Take one record of `STOPS` into account."""
        what = record.get("what")
        if what == RecordKind.RESUMED:
            for one in lifted_by(record, self._made):
                self._made.pop(one, None)
        elif what == RecordKind.STOP_NARROWED:
            narrowed = str(record.get("stop"))
            if narrowed in self._made and _of_one_task(self._made[narrowed], record):
                self._narrowed.add(narrowed)
        else:
            self._made[str(record.get("seq"))] = record

    def standing(self) -> Sequence[Stop]:
        """All of them."""
        as_one = self._taken_for_one_fault()
        return [
            Stop(
                id=one,
                scope=scope,
                kind=str(record.get("what")),
                since=str(record.get("at")),
                task=None if record.get("task") is None else str(record.get("task")),
                why=_why(record),
                who=str(record.get("who") or ""),
            )
            for one, record in self._made.items()
            for scope in ((EVERYTHING,) if one in as_one else _scopes(record, explained=one in self._narrowed))
        ]

    def to_narrow(self, younger_than: datetime) -> Sequence[Facts]:
        """The records of lost survivors that may still turn out to be somebody's own doing."""
        return [record for _, record in self._unexplained() if _at(record) > younger_than and record.get("tenant")]

    def _unexplained(self) -> list[tuple[str, Facts]]:
        lost = [(one, made) for one, made in self._made.items() if made.get("what") == RecordKind.SURVIVOR_LOST]
        return [(one, record) for one, record in lost if one not in self._narrowed]

    def _taken_for_one_fault(self) -> Collection[str]:
        lost = self._unexplained()
        return {
            one
            for one, record in lost
            for _, other in lost
            if record.get("app_id") != other.get("app_id") and abs(_at(record) - _at(other)) <= ONE_FAULT
        }


def _of_one_task(one: Facts, other: Facts) -> bool:
    """The number 40021 is another task than the text; a store finds what narrows a stop by its task."""
    tasks = one.get("task"), other.get("task")
    return type(tasks[0]) is type(tasks[1]) and tasks[0] == tasks[1]


def lifted_by(record: Facts, standing: Iterable[str]) -> list[str]:
    """The ids that a `resumed` names; one of 0.1 names none, and lifts all that stood before it."""
    named = record.get("stops")
    return [str(one) for one in cast("list[object]", named)] if isinstance(named, list) else list(standing)


def _scopes(record: Facts, *, explained: bool) -> tuple[str, ...]:
    """What one record stops; where it does not say all of it, as those of 0.1, everything.

    `explained`: somebody else removed what was lost.
    """
    tenant, route, app_id = (record.get(name) for name in ("tenant", "route", "app_id"))
    if record.get("what") == RecordKind.PAUSED or not app_id:
        return (EVERYTHING,)
    application = f"application:{app_id}"
    if explained:
        return (application,)
    return (application, f"route:{tenant}/{route}") if tenant and route else (EVERYTHING,)


def _why(record: Facts) -> str:
    if record.get("what") == RecordKind.PAUSED:
        return str(record.get("why"))
    lost = ", ".join(f"{one.get('kind')} {one.get('key_id')}" for one in record.get("lost") or ())
    return f"another credential is missing or changed: {lost}" if lost else "another credential is missing or changed"


def _at(record: Facts) -> datetime:
    return datetime.fromisoformat(str(record.get("at")))


def refused_by(stop: Stop) -> Refused:
    """Guard G8's refusal of what a stop holds up."""
    return Refused("G8", stop.reason)
