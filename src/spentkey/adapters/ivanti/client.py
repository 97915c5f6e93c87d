"""The service desk on Ivanti: tasks, their request parameters, notes, and the two writes that end a task."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from spentkey.adapters.ivanti.judging import (
    MINUTES_UNREADABLE,
    hands_over,
    is_our_close,
    kept_otherwise,
    left_us,
    otherwise,
)
from spentkey.adapters.ivanti.reasons import (
    CHANGE_NOT_SHOWN,
    EMPTY,
    MAY_BE_THE_LOST_NOTE,
    NO_SERVICE_REQUEST,
    NO_TEAM,
    NOT_OPEN,
    NOTE_NOT_SHOWN,
    OTHER_OWNER,
    OTHER_TEAM,
    READ_ONLY,
    SEVERAL_TASKS,
)
from spentkey.adapters.ivanti.rows import Found, all_rows
from spentkey.adapters.ivanti.wire import (
    SYSTEM,
    IvantiTask,
    Refused400,
    Row,
    UnreadableField,
    check_write,
    filter_by,
    hint_of,
    name_of,
    read_number,
    read_parameter,
    read_task,
    rec_id,
    record_of,
    requester_of,
    same,
    same_id,
    usable_id,
)
from spentkey.core.errors import EndedByOthers, Outage, WriteRefused
from spentkey.core.notes import AddedNote, NewNote, lacks_marker
from spentkey.core.reason import Reason, ReasonKind
from spentkey.core.secret import Secret
from spentkey.core.task import Applied, Change, Provenance, Request, Task, TaskRef, request_of
from spentkey.http.client import HttpClient, ReplyLost, Response
from spentkey.ports.service_desk import Note

ODATA = "/api/odata/businessobject"
TASKS, PARAMETERS, NOTES = "Task__Assignments", "ServiceReqParams", "Journal__Notess"
"""Entity sets; Ivanti appends a literal s to the object's name, so the notes really end in ss."""
USED = (
    *("RecId", "AssignmentID", "Status", "Owner", "OwnerTeam", "ReadOnly"),
    *("ParentLink_RecID", "ParentLink_Category", "LastModDateTime", "LastModBy"),
)
"""The fields of a task that are used, besides those of `fields`."""
WRITES = 3
"""How often a write whose effect does not show is sent at most."""
LOOKS = 3
"""How many reads, `LOOK_INTERVAL_S` seconds apart, must not show a write before it is sent again."""
LOOK_INTERVAL_S = 1.0


@dataclass(frozen=True)
class TaskForms:
    """How tasks look at this installation when they are ours, and what is written when they are done."""

    queue_team: str
    escalation_team: str
    login_id: str
    open_statuses: tuple[str, ...]
    completed: str
    handed_off: str
    minutes: int
    """Minutes that a close or a hand-over adds to the task's booked minutes."""
    sets_owner: bool = True
    close_fields: Mapping[str, str | int | float | bool] = field(default_factory=dict[str, str | int | float | bool])
    hand_over_fields: Mapping[str, str | int | float | bool] = field(
        default_factory=dict[str, str | int | float | bool]
    )
    parent_category: str = "ServiceReq"

    def is_open(self, status: str) -> bool:
        """Whether a task with that status can be worked on, in any case."""
        return any(same(status, one) for one in self.open_statuses)


@dataclass(frozen=True)
class Fields:
    """Names that differ between installations; `resolution` is empty where tasks have no such field."""

    minutes: str
    resolution: str
    note_category: str
    note_parent_category: str


@dataclass(frozen=True)
class QueueLook:
    """The tasks in the queue that can be read, and in words what cannot be."""

    tasks: Sequence[Task]
    odd: Sequence[Reason]


ENDED_BY_OTHERS = ReasonKind(
    "desk-ended-by-others",
    en="somebody ended task {task}, or took it, while it was written; it is left as it is",
    nl="iemand heeft taak {task} beëindigd of overgenomen terwijl ze werd geschreven; ze blijft zoals ze is",
    fr="quelqu'un a terminé ou repris la tâche {task} pendant qu'elle était écrite ; elle reste comme elle est",
)
PARTLY_TAKEN = ReasonKind(
    "desk-partly-taken",
    en="task {task} was changed while it was written, or not all of it was taken: {otherwise}",
    nl="taak {task} werd gewijzigd terwijl ze werd geschreven, of niet alles werd aangenomen: {otherwise}",
    fr="la tâche {task} a été modifiée pendant l'écriture, ou tout n'a pas été accepté : {otherwise}",
)


@dataclass(frozen=True)
class IvantiDesk:
    """The `ServiceDesk` port over Ivanti's OData API; the key travels in the header alone."""

    http: HttpClient
    api_key: Secret
    forms: TaskForms
    fields: Fields

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"rest_api_key={self.api_key.reveal()}", "Accept": "application/json"}

    async def find(self, ref: TaskRef) -> Task | None:
        """The task with that AssignmentID; the row is checked again, because a filter may be ignored."""
        number = int(ref)
        found = await self._rows(TASKS, filter_by(AssignmentID=number))
        rows = [row for row in found.rows if _is_number(row, number)]
        if not rows and (found.left_out or any("AssignmentID" not in row for row in found.rows)):
            raise UnreadableField("AssignmentID", f"a record in the place of task {number}")
        if len(rows) > 1:
            raise Outage(SEVERAL_TASKS(system=SYSTEM, count=len(rows), number=number))
        return self._task(rows[0]) if rows else None

    async def queue(self) -> list[Task]:
        """The open tasks of the queue team, in the order of their numbers."""
        return list((await self.look()).tasks)

    async def look(self) -> QueueLook:
        """The same, and in words what could not be read. One query for each open status."""
        tasks: dict[int, Task] = {}
        odd: list[Reason] = []
        for status in self.forms.open_statuses:
            found = await self._selected(filter_by(OwnerTeam=self.forms.queue_team, Status=status))
            odd += found.left_out
            for row in found.rows:
                try:
                    task = self._own(row)
                except UnreadableField as problem:
                    odd.append(problem.reason)
                    tasks |= self._odd_task(row)
                    continue
                if same(task.owner_team, self.forms.queue_team) and self.forms.is_open(task.status):
                    tasks[task.number] = self._neutral(task)
        for problem in odd:
            self.http.meter.left_out(SYSTEM, "task", problem)
        return QueueLook([tasks[number] for number in sorted(tasks)], odd)

    def _odd_task(self, row: Row) -> dict[int, Task]:
        """A task that cannot be read, by its number where that can be: a try at it says so; the others are worked on."""
        try:
            number = read_number(row.get("AssignmentID"))
        except UnreadableField:
            return {}
        ref = TaskRef(str(number))
        return {number: Task(ref, is_open=True, is_ours=True, team=self.forms.queue_team, owner="", version="")}

    async def _selected(self, where: str) -> Found:
        """Tasks with the fields that are used, which is a small part of each; all fields where Ivanti has it otherwise."""
        names = [*USED, *(name for name in (self.fields.minutes, self.fields.resolution) if name)]
        try:
            found = await all_rows(self.read, TASKS, {"$filter": where, "$select": ",".join(names)})
        except Refused400:
            return await all_rows(self.read, TASKS, {"$filter": where})
        if all("RecId" in row and "Status" in row for row in found.rows if row):
            return found
        return await all_rows(self.read, TASKS, {"$filter": where})

    async def request(self, task: Task) -> Request:
        """All parameters of the task's service request; one whose name cannot be read is left out, and named."""
        if task.own is None or own(task).service_request is None:
            return Request()
        parent = rec_id(own(task).service_request)
        found = await self._rows(PARAMETERS, filter_by(ParentLink_RecID=parent))
        given: list[tuple[str, object]] = []
        if found.left_out:
            raise UnreadableField("value", f"a parameter of task {task.ref}")  # it may be the one that is needed
        odd: list[Reason] = []
        mine = [row for row in found.rows if same_id(row.get("ParentLink_RecID"), parent)]
        for row in mine:
            try:
                given.append(read_parameter(row))
            except UnreadableField as problem:
                odd.append(problem.of(f"a parameter of task {task.ref}"))
        for problem in odd:
            self.http.meter.left_out(SYSTEM, "parameter", problem)
        provenance = Provenance(own(task).shown_parent, requester_of(mine))
        return replace(request_of(given), odd=tuple(odd), provenance=provenance)

    async def begin(self, task: Task) -> None:
        """Nothing: Ivanti keeps its own history."""
        del task

    async def notes(self, task: Task) -> Sequence[Note]:
        """The journal's notes on the task."""
        return [self._note(row) for row in await self._noted(task)]

    def _note(self, row: Row) -> Note:
        """One note; what cannot be read of it is empty."""
        by_us = same(str(row.get("CreatedBy") or ""), self.forms.login_id)
        texts = str(row.get("Subject") or ""), str(row.get("NotesBody") or "")
        return Note(*texts, usable_id(row.get("RecId")) or "", by_us)

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note on the task carries the marker."""
        return any(marker in str(row.get("NotesBody") or "") for row in await self._noted(task))

    async def _noted(self, task: Task) -> list[Row]:
        found = await self._rows(NOTES, filter_by(ParentLink_RecID=own(task).rec_id))
        for problem in found.left_out:
            self.http.meter.left_out(SYSTEM, "note", problem)
        if found.left_out or not all(found.rows):
            raise UnreadableField("text", f"a note on task {task.ref}")  # it may be ours, so no other one is written
        return [row for row in found.rows if same_id(row.get("ParentLink_RecID"), own(task).rec_id)]

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        """Write the note and read it back; after a lost reply it is looked for before it is written again.

        Where Ivanti told its RecId, the note is looked for by that: its text may be cut, its category another one.
        """
        body = {
            "Subject": note.subject,
            "NotesBody": note.body,
            "Category": self.fields.note_category,
            "ParentLink_RecID": own(task).rec_id,
            "ParentLink_Category": self.fields.note_parent_category,
        }
        for _ in range(WRITES):
            created = await self._created(body, lambda: self.has_note(task, note.marker))
            for look in range(LOOKS):
                if look:
                    await self.http.clock.sleep(LOOK_INTERVAL_S)
                added = await self._added(task, note, body, created)
                if added is not None:
                    return added
            if created is None and any(
                one.by_us and one.subject == note.subject and lacks_marker(one.body) for one in await self.notes(task)
            ):
                raise Outage(MAY_BE_THE_LOST_NOTE(system=SYSTEM, ref=task.ref))
        raise WriteRefused(NOTE_NOT_SHOWN(system=SYSTEM, ref=task.ref))

    async def _created(self, body: dict[str, Any], shows: Callable[[], Awaitable[bool]]) -> str | None:
        """The RecId of the new note, or None when the reply was lost, or does not tell it."""
        try:
            response = await self.http.write("POST", f"{ODATA}/{NOTES}", body, self._headers, shows)
        except ReplyLost:
            return None
        check_write(response)
        record = record_of(response)
        return usable_id((record or {}).get("RecId"))

    async def _added(self, task: Task, note: NewNote, body: Mapping[str, str], created: str | None) -> AddedNote | None:
        """The note as Ivanti keeps it, by its RecId where that is known, else by its marker; None while it does not show."""
        if created is not None:
            record = record_of(await self.read(f"{NOTES}('{created}')"))
            if record is not None and same_id(record.get("ParentLink_RecID"), own(task).rec_id):
                return AddedNote(created, kept_otherwise(record, body))
        rows = [row for row in await self._noted(task) if note.marker in str(row.get("NotesBody") or "")]
        return AddedNote(usable_id(rows[0].get("RecId")) or "", kept_otherwise(rows[0], body)) if rows else None

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        """Completed, owned by us, with our minutes; and the resolution where a field takes it."""
        forms = self.forms
        facts: dict[str, str | None] = {
            "status": forms.completed,
            **self._booked(task, begun),
            **_more(forms.close_fields),
        }
        if forms.sets_owner:
            facts["owner"] = forms.login_id
        if self.fields.resolution:
            facts["resolution"] = resolution
        return Change(facts)

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        """With the escalation team, owned by nobody, with our minutes."""
        forms = self.forms
        facts: dict[str, str | None] = {"status": forms.handed_off, "owner": "", "team": forms.escalation_team}
        booked = self._booked(task, begun)
        if booked and own(task).minutes is not None:
            booked["from"] = str(own(task).minutes)
        return Change({**facts, **booked, **_more(forms.hand_over_fields)}, team=forms.escalation_team)

    def _booked(self, task: Task, begun: Mapping[str, Any] | None) -> dict[str, str | None]:
        """The minutes, where tasks have a field for them and what stands there is a number."""
        minutes = self._minutes(task, begun)
        return {"minutes": str(minutes)} if self.fields.minutes and minutes is not None else {}

    def _minutes(self, task: Task, begun: Mapping[str, Any] | None) -> Decimal | None:
        """The field's value as read and the minutes of this work; an unfinished earlier write keeps its sum."""
        if begun is not None and begun.get("minutes") is not None:
            return Decimal(str(begun["minutes"]))
        booked = own(task).minutes
        return None if booked is None else booked + self.forms.minutes

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        """By the status, or what was written with it; of a hand-over by the team, or by the minutes written with it."""
        shown, forms = own(task), self.forms
        if left_us(shown, begun, forms.queue_team, forms.is_open):
            ours = hands_over(begun) or is_our_close(shown, begun, forms.completed)
            return self._applied(shown, begun) if ours else None
        before, after = begun.get("from"), begun.get("minutes")
        if before is None or after is None or shown.minutes is None:
            return None
        return Applied() if Decimal(str(before)) != Decimal(str(after)) == shown.minutes else None

    async def time(self) -> datetime | None:
        """The time of Ivanti's answer to a small request."""
        return (await self.read(TASKS, {"$top": "1"})).time()

    async def apply(self, task: Task, change: Change) -> Applied:
        """Write the change and read it back; a write that shows no effect is sent again, at most three times."""
        before, facts, answered, hint = own(task), change.facts, False, ""
        path, body = f"{ODATA}/{TASKS}('{before.rec_id}')", self.body_of(change)

        async def left() -> bool:
            return self._left(await self._shown(before), facts)

        for _ in range(WRITES):
            try:
                check_write(await self.http.write("PATCH", path, body, self._headers, left))
                answered = True
            except ReplyLost as problem:  # whether it was applied is read back, as for every write
                hint = hint_of(problem.response, body)
            shown = await self._read_back(before, facts)
            if self._left(shown, facts):
                if answered or hands_over(facts) or is_our_close(shown, facts, self.forms.completed, before):
                    unread = self._unread_minutes(before)
                    return replace(self._applied(shown, facts, unread), version=shown.changed)
                raise EndedByOthers(ENDED_BY_OTHERS(task=task.ref))
            self._refuse_changed(before, shown, facts)
        raise WriteRefused(CHANGE_NOT_SHOWN(system=SYSTEM, ref=task.ref, hint=hint))

    def _left(self, shown: IvantiTask, facts: Mapping[str, Any]) -> bool:
        return left_us(shown, facts, self.forms.queue_team, self.forms.is_open)

    async def _read_back(self, before: IvantiTask, facts: Mapping[str, Any]) -> IvantiTask:
        """The task as the last of a few spaced reads shows it, or the first that shows that it left us."""
        shown = await self._shown(before)
        for _ in range(LOOKS - 1):
            if self._left(shown, facts):
                break
            await self.http.clock.sleep(LOOK_INTERVAL_S)
            shown = await self._shown(before)
        return shown

    async def _shown(self, before: IvantiTask) -> IvantiTask:
        """The task as it is now; as it was, where Ivanti does not show it."""
        record = record_of(await self.read(f"{TASKS}('{before.rec_id}')"))
        return before if record is None else self._own(record)

    def _refuse_changed(self, before: IvantiTask, shown: IvantiTask, facts: Mapping[str, Any]) -> None:
        """Nothing is written again over another person's work, or where Ivanti took a part of it only."""
        was, now = ((one.status, one.owner, one.owner_team) for one in (before, shown))
        changed = [(old, new) for old, new in zip(was, now, strict=True) if not same(old, new)]
        if not changed:
            return
        if self._why_not_open(shown) or self._why_not_ours(shown):
            raise EndedByOthers(ENDED_BY_OTHERS(task=str(shown.number)))
        raise WriteRefused(
            PARTLY_TAKEN(task=str(shown.number), otherwise=self._applied(shown, facts).warnings)  # pyright: ignore[reportArgumentType]
        )

    def _applied(self, shown: IvantiTask, facts: Mapping[str, Any], more: tuple[Reason, ...] = ()) -> Applied:
        return Applied((*otherwise(shown, facts, self.fields.minutes, self.fields.resolution), *more), shown.changed)

    def _unread_minutes(self, before: IvantiTask) -> tuple[Reason, ...]:
        unread = self.fields.minutes and before.minutes is None
        return (MINUTES_UNREADABLE(system=SYSTEM, field=self.fields.minutes),) if unread else ()

    def body_of(self, change: Change) -> dict[str, Any]:
        """What the change looks like in Ivanti's words; the record of it is enough."""
        facts = change.facts
        body: dict[str, Any] = json.loads(facts.get("fields") or "{}")
        body["Status"] = facts["status"]
        if "owner" in facts:
            body["Owner"] = facts["owner"] or None  # an empty text is refused by some tenants, null is not
        if facts.get("minutes") is not None and self.fields.minutes:
            body[self.fields.minutes] = _number(Decimal(str(facts["minutes"])))
        if facts.get("team") is not None:
            body["OwnerTeam"] = facts["team"]
        if facts.get("resolution") is not None and self.fields.resolution:
            body[self.fields.resolution] = facts["resolution"]
        return body

    async def _rows(self, entity_set: str, where: str) -> Found:
        return await all_rows(self.read, entity_set, {"$filter": where})

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Response:
        """GET below the OData root, with the key."""
        headers: Callable[[], Mapping[str, str]] = self._headers
        return await self.http.read(f"{ODATA}/{path}", query, headers)

    def _own(self, row: Row) -> IvantiTask:
        """The task; raises `UnreadableField`, which names it."""
        try:
            return self._as_read(row)
        except UnreadableField as problem:
            raise UnreadableField(problem.field, name_of(row)) from None

    def _as_read(self, row: Row) -> IvantiTask:
        return read_task(row, self.fields.minutes, self.fields.resolution, self.forms.parent_category)

    def _task(self, row: Row) -> Task:
        return self._neutral(self._own(row))

    def _neutral(self, task: IvantiTask) -> Task:
        why_not = self._why_not_open(task) or self._why_not_ours(task)
        return Task(
            ref=TaskRef(str(task.number)),
            is_open=not self._why_not_open(task),
            is_ours=not self._why_not_ours(task),
            team=task.owner_team,
            owner=task.owner,
            version=task.changed,
            why_not=why_not,
            own=task,
        )

    def _why_not_open(self, task: IvantiTask) -> str:
        if self.forms.is_open(task.status):
            return ""
        return NOT_OPEN(status=task.status or EMPTY(), open=", ".join(self.forms.open_statuses))

    def _why_not_ours(self, task: IvantiTask) -> str:
        if task.read_only:
            return READ_ONLY()
        if not same(task.owner_team, self.forms.queue_team):
            return OTHER_TEAM(team=task.owner_team or NO_TEAM(), ours=self.forms.queue_team)
        if task.owner and task.owner.casefold() != self.forms.login_id.casefold():
            return OTHER_OWNER()
        return "" if task.service_request is not None else NO_SERVICE_REQUEST()


def own(task: Task) -> IvantiTask:
    """The task as Ivanti has it."""
    return cast("IvantiTask", task.own)


def _more(fields: Mapping[str, str | int | float | bool]) -> dict[str, str | None]:
    """Further fields as one fact, so that they can be written from the record."""
    return {"fields": json.dumps(dict(fields), sort_keys=True)} if fields else {}


def _is_number(row: Row, number: int) -> bool:
    return str(row.get("AssignmentID")) == str(number)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
