"""The `ServiceDesk` port over a folder: requests are files of people, and what becomes of them stands in logs beside."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from spentkey.adapters.files.opening import asks_for, content_of, name_for, put
from spentkey.adapters.files.reading import refuse_open_folder
from spentkey.adapters.files.reasons import (
    CHANGED,
    CLOSED,
    ENDED,
    ENDED_MEANWHILE,
    HANDED_OFF,
    MAY_ASK_FOR_IT,
    NOT_APPROVED,
    OPEN,
)
from spentkey.adapters.files.request_file import RequestFile, names_in, read_request_file
from spentkey.adapters.files.request_log import RequestLog, RequestStatus, What, append, read_log
from spentkey.core.errors import EndedByOthers, OddData
from spentkey.core.notes import AddedNote, NewNote
from spentkey.core.reason import reason_for
from spentkey.core.rules import ParameterNames
from spentkey.core.task import Applied, Change, Provenance, Request, Task, TaskRef, login_id, request_of
from spentkey.ports.runtime import Clock
from spentkey.ports.service_desk import BeforeOpening, FoundRequest, NewRequest, Note, Sent

SYSTEM = "files"
"""What it is called in metrics, logs, traces, messages and findings."""
WORDS = {RequestStatus.OPEN: OPEN, RequestStatus.CLOSED: CLOSED, RequestStatus.HANDED_OFF: HANDED_OFF}
SECRET_ID = ParameterNames().secret_id
US, PEOPLE = "spentkey", "people"
"""Who has a request: we, until it is handed over."""


@dataclass(frozen=True)
class Pair:
    """A request and its log, as they were read."""

    file: RequestFile
    log: RequestLog

    @property
    def problem(self) -> str:
        """Why it cannot be worked on, in words; empty where it can be."""
        return self.file.problem or self.log.problem

    @property
    def approver(self) -> str:
        """Who approved it as it stands now by a line in the log; empty where nobody did."""
        approved = self.approvals()
        return str(approved[-1].get("by") or "") if approved else ""

    def approvals(self) -> Sequence[Mapping[str, Any]]:
        """The lines of the log that approve the request as it stands now."""
        return [one for one in self.log.of(What.APPROVED) if one.get("request_sha256") == self.file.sha256]

    @property
    def changed(self) -> bool:
        """Whether the request is another than the one that was seen first."""
        first = next(iter(self.log.of(What.SEEN)), None)
        return first is not None and first.get("request_sha256") != self.file.sha256


@dataclass(frozen=True)
class FilesDesk:
    """The desk on one folder."""

    directory: Path
    approve: bool
    clock: Clock

    async def find(self, ref: TaskRef) -> Task | None:
        """The request of that name."""
        return await asyncio.to_thread(self._find, ref)

    async def queue(self) -> list[Task]:
        """The open and approved requests that are as they were first seen, in the order of their names."""
        return [task for task in await self.all() if task.is_open and task.is_ours and not own(task).changed]

    async def all(self) -> list[Task]:
        """Every request, whatever its state."""
        return await asyncio.to_thread(self._all)

    async def reach(self) -> None:
        """Look at the folder, and read no request."""
        await asyncio.to_thread(self._names)

    def _all(self) -> list[Task]:
        found = [self._read(TaskRef(name)) for name in self._names()]
        return [task for task in found if task is not None]

    def _find(self, ref: TaskRef) -> Task | None:
        """Only by its exact name, also where the file system takes another case for the same."""
        return self._read(ref) if ref in self._names() else None

    def _names(self) -> list[str]:
        refuse_open_folder(self.directory)
        return names_in(self.directory)

    def _read(self, ref: TaskRef) -> Task | None:
        file = read_request_file(self.directory, ref)
        return None if file is None else self._task(ref, Pair(file, read_log(self.directory, ref)))

    def _task(self, ref: TaskRef, pair: Pair) -> Task:
        log, status = pair.log, pair.log.status
        if pair.problem:
            why_not = pair.problem
        elif status is not RequestStatus.OPEN:
            why_not = ENDED(status=WORDS[status]())
        else:
            why_not = self._why_not_approved(ref, pair)
        return Task(
            ref=ref,
            is_open=status is RequestStatus.OPEN,
            is_ours=status is RequestStatus.OPEN and not why_not,
            team=PEOPLE if status is RequestStatus.HANDED_OFF else US,
            owner=log.owner,
            version=str(log.version),
            why_not=why_not,
            own=pair,
        )

    def _why_not_approved(self, ref: TaskRef, pair: Pair) -> str:
        if not self.approve or pair.file.approved_by or pair.approvals():
            return ""
        return NOT_APPROVED(file=f"{ref}.toml")

    async def request(self, task: Task) -> Request:
        """What the table says; `changed` where it is not what was seen first."""
        approved_by = own(task).file.approved_by or own(task).approver
        provenance = Provenance(task.ref, approved_by=login_id(approved_by))
        asked = replace(request_of(own(task).file.table.items()), provenance=provenance)
        return replace(asked, changed=CHANGED(file=f"{task.ref}.toml")) if own(task).changed else asked

    async def begin(self, task: Task) -> None:
        """Keep what the request says at the first sight of it."""
        sha256 = own(task).file.sha256
        await self._append(task.ref, What.SEEN, lambda log: bool(log.of(What.SEEN)), request_sha256=sha256)

    async def notes(self, task: Task) -> Sequence[Note]:
        """The notes in the log as it is now."""
        log = await asyncio.to_thread(read_log, self.directory, task.ref)
        if log.problem:
            raise OddData(reason_for(log.problem))
        return [_note(one) for one in log.of(What.NOTE)]

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note carries the marker."""
        return any(marker in note.body for note in await self.notes(task))

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        """Append the note, unless it is there."""

        def there(log: RequestLog) -> bool:
            return any(note.marker in str(one.get("body") or "") for one in log.of(What.NOTE))

        await self._append(task.ref, What.NOTE, there, subject=note.subject, body=note.body)
        return AddedNote()

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        """Closed, by us."""
        del begun
        return Change({"status": RequestStatus.CLOSED, "owner": US, "resolution": resolution, "version": task.version})

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        """Handed off to people."""
        del begun
        return Change({"status": RequestStatus.HANDED_OFF, "owner": "", "version": task.version}, team=PEOPLE)

    async def apply(self, task: Task, change: Change) -> Applied:
        """Append the status, unless it is the present one; what people ended meanwhile stays as they ended it."""
        facts = change.facts
        status = RequestStatus(str(facts["status"]))

        def there(log: RequestLog) -> bool:
            if log.status not in (RequestStatus.OPEN, status):
                raise EndedByOthers(ENDED_MEANWHILE(status=WORDS[log.status]()))
            return log.status is status

        words = {"status": status, "owner": str(facts.get("owner") or ""), "body": str(facts.get("resolution") or "")}
        await self._append(task.ref, What.STATUS, there, **words)
        after = await asyncio.to_thread(read_log, self.directory, task.ref)
        return Applied(version=str(after.version))

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        """Whether the log shows that status after the version that it began from; the request may be open again since."""
        status = begun.get("status") or RequestStatus.HANDED_OFF
        written = [one for one in own(task).log.of(What.STATUS) if one.get("status") == status]
        took = any(int(one["version"]) > int(begun.get("version") or 0) for one in written)
        return Applied(version=task.version) if took else None

    async def time(self) -> datetime | None:
        """None: the folder has no clock of its own."""
        return None

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        """The files that name the credential as their SecretID, whatever became of them, and those of `also`."""
        found: list[FoundRequest] = []
        for task in await self.all():
            if own(task).file.problem:
                raise OddData(MAY_ASK_FOR_IT(why=reason_for(own(task).file.problem)))
            if task.ref in also or asks_for(own(task).file.table, SECRET_ID, key_id):
                found.append(await self._found(task))
        return found

    async def _found(self, task: Task) -> FoundRequest:
        pair = own(task)
        written = pair.log.of(What.STATUS)
        ended = datetime.fromisoformat(str(written[-1]["at"])) if written and not task.is_open else None
        waits = task.is_open and not pair.problem and bool(self._why_not_approved(task.ref, pair))
        return FoundRequest(
            task.ref,
            task.is_open or pair.log.status is RequestStatus.HANDED_OFF,
            await self.request(task),
            task,
            ended,
            waits,
        )

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        """Make the file once."""
        refuse_open_folder(self.directory)
        await before(new.values)
        return await asyncio.to_thread(put, self.directory, name_for(new), content_of(new))

    async def _append(self, ref: TaskRef, what: What, unless: Callable[[RequestLog], bool], **facts: str) -> None:
        line = {"at": self.clock.now().isoformat(), "what": what.value, "by": US, **facts}
        await asyncio.to_thread(append, self.directory, ref, line, unless)


def own(task: Task) -> Pair:
    """The request as its files have it."""
    return cast("Pair", task.own)


def _note(record_line: Mapping[str, Any]) -> Note:
    """A note in the log; the line says who wrote it."""
    texts = str(record_line.get("subject") or ""), str(record_line.get("body") or "")
    return Note(*texts, by_us=record_line.get("by") == US)
