"""The service desk on Ivanti: tasks, their request parameters, notes, and the two writes that end a task."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, cast

from spentkey.adapters.ivanti.reasons import (
    CHANGE_NOT_SHOWN,
    CHANGED_MEANWHILE,
    EMPTY,
    NO_SERVICE_REQUEST,
    NO_TEAM,
    NOT_OPEN,
    NOTE_KEPT_OTHERWISE,
    NOTE_NOT_SHOWN,
    OTHER_OWNER,
    OTHER_TEAM,
    READ_ONLY,
    SEVERAL_TASKS,
    TOO_MANY_ROWS,
)
from spentkey.adapters.ivanti.wire import (
    SYSTEM,
    IvantiTask,
    Row,
    check_write,
    filter_by,
    hint_of,
    read_parameter,
    read_task,
    rec_id,
    record_of,
    rows_of,
    same_id,
)
from spentkey.core.errors import Outage, WriteRefused
from spentkey.core.notes import NewNote
from spentkey.core.secret import Secret
from spentkey.core.task import Change, Request, Task, TaskRef, request_of
from spentkey.http.client import HttpClient, ReplyLost, Response
from spentkey.ports.service_desk import Note

ODATA = "/api/odata/businessobject"
TASKS, PARAMETERS, NOTES = "Task__Assignments", "ServiceReqParams", "Journal__Notess"
"""Entity sets; Ivanti appends a literal s to the object's name, so the notes really end in ss."""
PAGE = 100
"""Largest `$top` that Ivanti takes."""
MOST_PAGES = 100
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
        return any(_same(status, one) for one in self.open_statuses)


@dataclass(frozen=True)
class Fields:
    """Names that differ between installations; `resolution` is empty where tasks have no such field."""

    minutes: str
    resolution: str
    note_category: str
    note_parent_category: str


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
        rows = [row for row in await self._rows(TASKS, filter_by(AssignmentID=number)) if _is_number(row, number)]
        if len(rows) > 1:
            raise Outage(SEVERAL_TASKS(system=SYSTEM, count=len(rows), number=number))
        return self._task(rows[0]) if rows else None

    async def queue(self) -> list[Task]:
        """The open tasks of the queue team, one query for each open status, in the order of their numbers."""
        tasks: dict[int, IvantiTask] = {}
        for status in self.forms.open_statuses:
            for row in await self._rows(TASKS, filter_by(OwnerTeam=self.forms.queue_team, Status=status)):
                task = self._own(row)
                if _same(task.owner_team, self.forms.queue_team) and self.forms.is_open(task.status):
                    tasks[task.number] = task
        return [self._neutral(tasks[number]) for number in sorted(tasks)]

    async def request(self, task: Task) -> Request:
        """All parameters of the task's service request."""
        if own(task).service_request is None:
            return Request()
        parent = rec_id(own(task).service_request)
        rows = await self._rows(PARAMETERS, filter_by(ParentLink_RecID=parent))
        return request_of(read_parameter(row) for row in rows if same_id(row.get("ParentLink_RecID"), parent))

    async def begin(self, task: Task) -> None:
        """Nothing: Ivanti keeps its own history."""
        del task

    async def notes(self, task: Task) -> Sequence[Note]:
        """The journal's notes on the task."""
        return [Note(str(row.get("Subject") or ""), str(row.get("NotesBody") or "")) for row in await self._noted(task)]

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note on the task carries the marker."""
        return any(marker in str(row.get("NotesBody") or "") for row in await self._noted(task))

    async def _noted(self, task: Task) -> list[Row]:
        rows = await self._rows(NOTES, filter_by(ParentLink_RecID=own(task).rec_id))
        return [row for row in rows if same_id(row.get("ParentLink_RecID"), own(task).rec_id)]

    async def add_note(self, task: Task, note: NewNote) -> None:
        """Write the note and read it back; after a lost reply it is looked for before it is written again."""
        body = {
            "Subject": note.subject,
            "NotesBody": note.body,
            "Category": self.fields.note_category,
            "ParentLink_RecID": own(task).rec_id,
            "ParentLink_Category": self.fields.note_parent_category,
        }
        for _ in range(WRITES):
            created = await self._created(body, lambda: self.has_note(task, note.marker))
            if await self._shows(lambda created=created: self._note_is_there(task, note, created)):
                return
            if await self.has_note(task, note.marker):  # it is there, so another one would be a second note
                raise WriteRefused(NOTE_KEPT_OTHERWISE(system=SYSTEM))
        raise WriteRefused(NOTE_NOT_SHOWN(system=SYSTEM, ref=task.ref))

    async def _created(self, body: dict[str, Any], shows: Callable[[], Awaitable[bool]]) -> str | None:
        """The RecId of the new note, or None when the reply was lost."""
        try:
            response = await self.http.write("POST", f"{ODATA}/{NOTES}", body, self._headers, shows)
        except ReplyLost:
            return None
        check_write(response)
        record = record_of(response)
        return rec_id(record.get("RecId")) if record is not None else None

    async def _note_is_there(self, task: Task, note: NewNote, created: str | None) -> bool:
        if created is None:
            return await self.has_note(task, note.marker)
        record = record_of(await self.read(f"{NOTES}('{created}')"))
        if record is None:
            return await self.has_note(task, note.marker)
        there = same_id(record.get("ParentLink_RecID"), own(task).rec_id)
        sort = record.get("ParentLink_Category") == self.fields.note_parent_category
        return there and sort and note.marker in str(record.get("NotesBody"))

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
        if booked:
            booked["from"] = str(own(task).minutes)
        return Change({**facts, **booked, **_more(forms.hand_over_fields)}, team=forms.escalation_team)

    def _booked(self, task: Task, begun: Mapping[str, Any] | None) -> dict[str, str | None]:
        """The minutes, where tasks have a field for them."""
        return {"minutes": str(self._minutes(task, begun))} if self.fields.minutes else {}

    def _minutes(self, task: Task, begun: Mapping[str, Any] | None) -> Decimal:
        """The field's value as read and the minutes of this work; an unfinished earlier write keeps its sum."""
        if begun is not None and begun.get("minutes") is not None:
            return Decimal(str(begun["minutes"]))
        return own(task).minutes + self.forms.minutes

    def took(self, task: Task, begun: Mapping[str, Any]) -> bool:
        """The minutes show it, because they are written together with the team."""
        if begun.get("from") is None or begun.get("minutes") is None:
            return False
        return Decimal(str(begun["from"])) != Decimal(str(begun["minutes"])) == own(task).minutes

    async def time(self) -> datetime | None:
        """The time of Ivanti's answer to a small request."""
        return date_of(await self.read(TASKS, {"$top": "1"}))

    async def apply(self, task: Task, change: Change) -> None:
        """Write the change and read it back; a write that shows no effect is sent again, at most three times."""
        path = f"{ODATA}/{TASKS}('{own(task).rec_id}')"
        body, hint = self.body_of(change), ""

        def shows() -> Awaitable[bool]:
            return self._change_took(task, change.facts)

        for _ in range(WRITES):
            try:
                check_write(await self.http.write("PATCH", path, body, self._headers, shows))
            except ReplyLost as problem:  # whether it was applied is read back, as for every write
                hint = hint_of(problem.response)
            if await self._shows(shows):
                return
            if await self._changed_by_others(own(task)):
                raise WriteRefused(CHANGED_MEANWHILE(system=SYSTEM, ref=task.ref))
        raise WriteRefused(CHANGE_NOT_SHOWN(system=SYSTEM, ref=task.ref, hint=hint))

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

    async def _change_took(self, task: Task, facts: Mapping[str, str | None]) -> bool:
        record = record_of(await self.read(f"{TASKS}('{own(task).rec_id}')"))
        return record is not None and took(self._own(record), facts)

    async def _changed_by_others(self, task: IvantiTask) -> bool:
        """Whether the task shows neither the old nor the written values: then the write is not repeated over another person's work."""
        record = record_of(await self.read(f"{TASKS}('{task.rec_id}')"))
        shown = task if record is None else self._own(record)
        before, after = ((one.status, one.owner, one.owner_team) for one in (task, shown))
        return not all(_same(*pair) for pair in zip(before, after, strict=True))

    async def _shows(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Whether one of a few spaced reads shows what was written."""
        for attempt in range(LOOKS):
            if attempt:
                await self.http.clock.sleep(LOOK_INTERVAL_S)
            if await look():
                return True
        return False

    async def _rows(self, entity_set: str, where: str) -> list[Row]:
        rows: list[Row] = []
        for page in range(MOST_PAGES):
            query = {"$filter": where, "$top": str(PAGE), "$skip": str(page * PAGE)}
            if page == 0:
                del query["$skip"]
            found = rows_of(await self.read(entity_set, query))
            rows += found
            if len(found) < PAGE:
                return rows
        raise Outage(TOO_MANY_ROWS(system=SYSTEM, most=MOST_PAGES * PAGE))

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Response:
        """GET below the OData root, with the key."""
        headers: Callable[[], Mapping[str, str]] = self._headers
        return await self.http.read(f"{ODATA}/{path}", query, headers)

    def _own(self, row: Row) -> IvantiTask:
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
        if not _same(task.owner_team, self.forms.queue_team):
            return OTHER_TEAM(team=task.owner_team or NO_TEAM(), ours=self.forms.queue_team)
        if task.owner and task.owner.casefold() != self.forms.login_id.casefold():
            return OTHER_OWNER()
        return "" if task.service_request is not None else NO_SERVICE_REQUEST()


def own(task: Task) -> IvantiTask:
    """The task as Ivanti has it."""
    return cast("IvantiTask", task.own)


def took(shown: IvantiTask, facts: Mapping[str, str | None]) -> bool:
    """Whether a task as read shows a change. After a reassignment the new team may already have acted on it."""
    minutes = facts.get("minutes")
    if minutes is not None and shown.minutes != Decimal(str(minutes)):
        return False
    if facts.get("team") is not None:
        return _same(shown.owner_team, str(facts["team"]))
    owner = facts.get("owner")
    same = _same(shown.status, str(facts["status"])) and (owner is None or _same(shown.owner, owner))
    return same and facts.get("resolution") in (None, shown.resolution)


def _same(one: str, other: str) -> bool:
    """Statuses, teams and log-ins are not told apart by case."""
    return one.casefold() == other.casefold()


def _more(fields: Mapping[str, str | int | float | bool]) -> dict[str, str | None]:
    """Further fields as one fact, so that they can be written from the record."""
    return {"fields": json.dumps(dict(fields), sort_keys=True)} if fields else {}


def date_of(response: Response) -> datetime | None:
    """The server's time, by its header `Date`."""
    try:
        return parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None


def _is_number(row: Row, number: int) -> bool:
    return str(row.get("AssignmentID")) == str(number)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
