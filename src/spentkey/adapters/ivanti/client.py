"""The task desk on Ivanti: tasks, their request parameters, notes, and the two writes that end a task."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from spentkey.adapters.ivanti.wire import (
    SYSTEM,
    Row,
    check_write,
    filter_by,
    read_parameter,
    read_task,
    rec_id,
    record_of,
    rows_of,
)
from spentkey.core.errors import Outage, WriteRefused
from spentkey.core.notes import NewNote
from spentkey.core.secret import Secret
from spentkey.core.task import Parameter, Task
from spentkey.http.client import HttpClient, ReplyLost, Response
from spentkey.ports.service_desk import TaskChange

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
class Fields:
    """Names that differ between installations; `resolution` is empty where tasks have no such field."""

    minutes: str
    resolution: str
    note_category: str
    note_parent_category: str


@dataclass(frozen=True)
class IvantiDesk:
    """The `TaskDesk` port over Ivanti's OData API; the key travels in the header alone."""

    http: HttpClient
    api_key: Secret
    queue_team: str
    open_statuses: tuple[str, ...]
    fields: Fields

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"rest_api_key={self.api_key.reveal()}", "Accept": "application/json"}

    async def find(self, number: int) -> Task | None:
        """The task with that AssignmentID; the row is checked again, because a filter may be ignored."""
        rows = [row for row in await self._rows(TASKS, filter_by(AssignmentID=number)) if _is_number(row, number)]
        if len(rows) > 1:
            raise Outage(f"{SYSTEM} answered {len(rows)} tasks with the number {number}")
        return self._task(rows[0]) if rows else None

    async def queue(self) -> list[Task]:
        """The open tasks of the queue team, one query for each open status, in the order of their numbers."""
        tasks: dict[int, Task] = {}
        for status in self.open_statuses:
            for row in await self._rows(TASKS, filter_by(OwnerTeam=self.queue_team, Status=status)):
                task = self._task(row)
                if task.owner_team == self.queue_team and task.status in self.open_statuses:
                    tasks[task.number] = task
        return [tasks[number] for number in sorted(tasks)]

    async def parameters(self, task: Task) -> tuple[Parameter, ...]:
        """All parameters of the task's service request."""
        parent = rec_id(task.service_request)
        rows = await self._rows(PARAMETERS, filter_by(ParentLink_RecID=parent))
        return tuple(read_parameter(row) for row in rows if row.get("ParentLink_RecID") == parent)

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note on the task carries the marker."""
        rows = await self._rows(NOTES, filter_by(ParentLink_RecID=task.rec_id))
        return any(
            row.get("ParentLink_RecID") == task.rec_id and marker in str(row.get("NotesBody") or "") for row in rows
        )

    async def add_note(self, task: Task, note: NewNote) -> None:
        """Write the note and read it back; after a lost reply it is looked for before it is written again."""
        body = {
            "Subject": note.subject,
            "NotesBody": note.body,
            "Category": self.fields.note_category,
            "ParentLink_RecID": task.rec_id,
            "ParentLink_Category": self.fields.note_parent_category,
        }
        for _ in range(WRITES):
            created = await self._created(body, lambda: self.has_note(task, note.marker))
            if await self._shows(lambda created=created: self._note_is_there(task, note, created)):
                return
            if await self.has_note(task, note.marker):  # it is there, so another one would be a second note
                raise WriteRefused(f"{SYSTEM} keeps the note otherwise than written: check ivanti.note_parent_category")
        raise WriteRefused(f"{SYSTEM} does not show the note that was written to task {task.number}")

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
        wanted = (task.rec_id, self.fields.note_parent_category)
        return (record.get("ParentLink_RecID"), record.get("ParentLink_Category")) == wanted and note.marker in str(
            record.get("NotesBody")
        )

    async def change(self, task: Task, change: TaskChange) -> None:
        """Write the change and read it back; a write that shows no effect is sent again, at most three times."""
        path = f"{ODATA}/{TASKS}('{task.rec_id}')"
        body = self._body(change)

        def shows() -> Awaitable[bool]:
            return self._change_took(task, change)

        for _ in range(WRITES):
            with suppress(ReplyLost):  # whether it was applied is read back, as for every write
                check_write(await self.http.write("PATCH", path, body, self._headers, shows))
            if await self._shows(shows):
                return
            if await self._changed_by_others(task):
                raise WriteRefused(f"{SYSTEM}: somebody changed task {task.number} while it was written")
        raise WriteRefused(f"{SYSTEM} does not show the change that was written to task {task.number}")

    def _body(self, change: TaskChange) -> dict[str, Any]:
        body: dict[str, Any] = {
            "Status": change.status,
            "Owner": change.owner,
            self.fields.minutes: _number(change.minutes),
        }
        if change.owner_team is not None:
            body["OwnerTeam"] = change.owner_team
        if change.resolution is not None and self.fields.resolution:
            body[self.fields.resolution] = change.resolution
        return body

    async def _change_took(self, task: Task, change: TaskChange) -> bool:
        record = record_of(await self.read(f"{TASKS}('{task.rec_id}')"))
        return record is not None and took(self._task(record), change)

    async def _changed_by_others(self, task: Task) -> bool:
        """Whether the task shows neither the old nor the written values: then the write is not repeated over another person's work."""
        record = record_of(await self.read(f"{TASKS}('{task.rec_id}')"))
        shown = task if record is None else self._task(record)
        return (shown.status, shown.owner, shown.owner_team) != (task.status, task.owner, task.owner_team)

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
        raise Outage(f"{SYSTEM} answered more than {MOST_PAGES * PAGE} rows")

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Response:
        """GET below the OData root, with the key."""
        headers: Callable[[], Mapping[str, str]] = self._headers
        return await self.http.read(f"{ODATA}/{path}", query, headers)

    def _task(self, row: Row) -> Task:
        return read_task(row, self.fields.minutes, self.fields.resolution)


def took(shown: Task, change: TaskChange) -> bool:
    """Whether a task as read shows a change. After a reassignment the new team may already have acted on it."""
    if change.owner_team is not None:
        return shown.owner_team == change.owner_team and shown.minutes == change.minutes
    same = (shown.status, shown.owner.casefold(), shown.minutes) == (
        change.status,
        change.owner.casefold(),
        change.minutes,
    )
    return same and change.resolution in (None, shown.resolution)


def _is_number(row: Row, number: int) -> bool:
    return str(row.get("AssignmentID")) == str(number)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
