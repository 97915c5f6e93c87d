"""The desk: what Spentkey's port `ServiceDesk` asks for, on one JSON file."""

import fcntl
import json
import os
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from spentkey.core.errors import Outage, SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.core.notes import AddedNote, NewNote
from spentkey.core.reason import reason_for
from spentkey.core.task import Applied, Change, Request, Task, TaskRef, request_of
from spentkey.ports.service_desk import BeforeOpening, FoundRequest, NewRequest, Note, Sent, SentState

Tasks = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class JsonDesk:
    """Every call reads the file; a write holds a lock and replaces it."""

    file: Path
    group: str
    people: str

    async def find(self, ref: TaskRef) -> Task | None:
        """The task in neutral words."""
        found = self._read().get(ref)
        return self._task(ref, found) if found is not None else None

    async def queue(self) -> list[Task]:
        """What is open and with us."""
        tasks = [self._task(TaskRef(ref), found) for ref, found in self._read().items()]
        return [task for task in tasks if task.is_open and task.is_ours]

    def _task(self, ref: TaskRef, found: Mapping[str, Any]) -> Task:
        is_open, is_ours = found["state"] == "open", found["group"] == self.group
        why_not = "" if is_open else f"the task is {found['state']}"
        if is_open and not is_ours:
            why_not = f"the task is with {found['group']}, not {self.group}"
        return Task(ref, is_open, is_ours, found["group"], "", str(found["version"]), why_not, own=found)

    async def request(self, task: Task) -> Request:
        """Names and values as the requester wrote them; Spentkey judges them."""
        return request_of(self._read()[task.ref]["asks"].items())

    async def begin(self, task: Task) -> None:
        """Nothing is kept of that."""

    async def notes(self, task: Task) -> Sequence[Note]:
        """Every note."""
        return [Note(one["subject"], one["body"]) for one in self._read()[task.ref]["notes"]]

    async def has_note(self, task: Task, marker: str) -> bool:
        """Look for the marker in the bodies."""
        return any(marker in note.body for note in await self.notes(task))

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        """Once: if the marker is there already, the reply to an earlier write was lost."""
        with self._writing() as tasks:
            notes = tasks[task.ref]["notes"]
            if not any(note.marker in one["body"] for one in notes):
                notes.append({"subject": note.subject, "body": note.body})
        return AddedNote()

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        """What `apply` will write. It goes on record first, so it holds all that `apply` needs."""
        del begun  # nothing is added up here, so an unfinished close is simply made again
        return Change({"state": "closed", "resolution": resolution, "version": task.version})

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        """The same for a hand-over; `team` says who gets it."""
        del begun
        return Change({"state": "open", "group": self.people, "version": task.version}, team=self.people)

    async def apply(self, task: Task, change: Change) -> Applied:
        """Write it; a second time changes nothing."""
        wanted = {name: value for name, value in change.facts.items() if name in ("state", "group", "resolution")}
        with self._writing() as tasks:
            found = tasks[task.ref]
            if any(found.get(name) != value for name, value in wanted.items()):
                handed = [*found.get("handed", []), found["version"] + 1] if change.team else found.get("handed", [])
                found.update(wanted, version=found["version"] + 1, handed=handed)
            return Applied(version=str(found["version"]))

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        """Whether a change that began at that version took; a hand-over, also where the task is with us again."""
        own: Any = task.own
        if begun.get("group"):
            took = any(version > int(begun.get("version") or 0) for version in own.get("handed", []))
        else:
            took = own["state"] == "closed"
        return Applied(version=task.version) if took else None

    async def time(self) -> datetime | None:
        """A file has no clock."""
        return None

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        """The tasks that ask for it, which are requests of their own here."""
        found = [(TaskRef(ref), await self.find(TaskRef(ref))) for ref in self._read()]
        asked = [(ref, task, await self.request(task)) for ref, task in found if task is not None]
        return [
            FoundRequest(ref, task.is_open, request, task)
            for ref, task, request in asked
            if ref in also or request.value("SecretID") == key_id
        ]

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        """People alone make tasks here."""
        del new, before
        return Sent(SentState.REFUSED, reason=reason_for("people alone make tasks in this file"))

    def _read(self) -> Tasks:
        try:
            tasks: Tasks = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError) as problem:
            raise Outage(f"{self.file} cannot be read ({type(problem).__name__})") from None
        return tasks

    @contextmanager
    def _writing(self) -> Generator[Tasks]:
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tasks = self._read()
            yield tasks
            beside = self.file.with_suffix(".new")
            with beside.open("w", encoding="utf-8") as stream:
                json.dump(tasks, stream)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(self.file)


@dataclass(frozen=True)
class JsonDeskCheck:
    """What must be in place."""

    desk: JsonDesk

    async def findings(self) -> AsyncIterator[Finding]:
        """One line: whether the file can be read, and how much waits."""
        try:
            waiting = len(await self.desk.queue())
        except SpentkeyError as problem:
            yield Finding(
                "json desk", "file", FindingState.FAIL, str(problem), "set json_desk.file to the file with the tasks"
            )
            return
        yield Finding("json desk", "file", FindingState.OK, f"{waiting} open tasks with {self.desk.group}")
