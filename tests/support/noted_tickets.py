"""A log and a folder as service desk, with notes on its tickets: what `evidence verify --desk` compares."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence_store import lines_in, put_lines
from support_core import ManualClock

from spentkey.adapters.files.client import FilesDesk
from spentkey.core.evidence import GENESIS, seal
from spentkey.core.evidence_line import EvidenceLine, root_text
from spentkey.core.notes import NewNote
from spentkey.core.records import NotedRecord, NotingRecord, Record
from spentkey.core.task import TaskRef
from spentkey.core.ticket_notes import TicketFault, TicketUnread
from spentkey.core.tree import TreeHead
from spentkey.ports.service_desk import TicketReader
from spentkey.storage.desk_notes import compare_with_desk
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree

REQUEST = '[request]\nAppID = "1"\n'


@dataclass
class NotedTickets:
    """Both, and whatever people do to them."""

    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.requests.mkdir(mode=0o770)
        self.desk = FilesDesk(self.requests, approve=False, clock=self.clock)

    @property
    def requests(self) -> Path:
        """Where requests are."""
        return self.folder / "requests"

    @property
    def state(self) -> Path:
        """Where the evidence is."""
        return self.folder / "state"

    def log(self) -> SqliteEvidence:
        """The evidence as a process of its own would open it."""
        return SqliteEvidence(self.state, self.clock)

    async def record(self, name: str, record: Record, attempt: str = "e-1") -> None:
        """One record about a ticket, or about none."""
        log = self.log()
        await log.append(record.what, {**({"task": name} if name else {}), "attempt": attempt, **record.facts()})
        log.close()

    async def note(self, name: str, drawn: str = "x", attempt: str = "e-1", *, noted: bool = True) -> NewNote:
        """A note as a try writes it, with its records."""
        file = self.requests / f"{name}.toml"
        file.write_text(REQUEST, "utf-8")
        file.chmod(0o640)
        mark = f"[spentkey task={name} assignment=1 handed-over id={drawn} "
        log = self.log()
        head = await log.append_upon(
            NotingRecord.what,
            lambda before: {
                "task": name,
                "attempt": attempt,
                **NotingRecord("failed", mark, before.size, root_text(before)).facts(),
            },
        )
        note = NewNote("failed", f"why\n\n{mark}key=- reason=G1]", mark).ending_in(EvidenceLine(attempt, head))
        task = await self.desk.find(TaskRef(name))
        assert task is not None
        await self.desk.add_note(task, note)
        log.close()
        if noted:
            await self.record(name, NotedRecord("failed", mark), attempt)
        return note

    async def verify(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        desk: TicketReader | None = None,
        **more: Any,
    ) -> list[TicketFault | TicketUnread]:
        """What a comparison finds."""
        log = SqliteEvidence(self.state, self.clock, read_only=True)
        try:
            found = compare_with_desk(SqliteTree(log), desk or self.desk, since, until, **more)
            return [one async for one in found]
        finally:
            log.close()

    def edit(self, name: str, old: str, new: str) -> None:
        """Somebody changes what a ticket's notes say."""
        file = self.requests / f"{name}.log"
        before = [json.loads(one) for one in file.read_text("utf-8").splitlines()]
        assert any(old in str(one.get("body")) for one in before)
        after = [{**one, "body": str(one.get("body") or "").replace(old, new)} for one in before]
        self._put(name, after)

    def take_notes(self, name: str) -> None:
        """Somebody takes the notes away."""
        self._put(name, [])

    def add(self, name: str, body: str, by: str = "an.other") -> None:
        """Somebody writes a note."""
        file = self.requests / f"{name}.log"
        before = [json.loads(one) for one in file.read_text("utf-8").splitlines()] if file.exists() else []
        self._put(name, [*before, {"at": "now", "what": "note", "by": by, "subject": "failed", "body": body}])

    def _put(self, name: str, lines: list[dict[str, Any]]) -> None:
        numbered = [json.dumps({**one, "version": number}) for number, one in enumerate(lines, start=1)]
        file = self.requests / f"{name}.log"
        file.write_text("".join(f"{one}\n" for one in numbered), "utf-8")
        file.chmod(0o640)

    def records(self) -> list[dict[str, Any]]:
        """The records, oldest first."""
        return [json.loads(one) for one in lines_in(self.state)]

    def rewrite(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Somebody who can write the store writes all of it anew."""
        rewritten(self.state, records)

    async def later(self, days: float = 1) -> datetime:
        """Let time pass; the time that it is then."""
        await self.clock.sleep(timedelta(days=days).total_seconds())
        return self.clock.now()


def line_of(evidence: str, size: int, root: bytes = bytes(32)) -> str:
    """The last line of a note."""
    return str(EvidenceLine(evidence, TreeHead(size, root)))


def rewritten(state: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Let there be these records, sealed anew: chain and tree hold."""
    prev, lines = GENESIS, list[str]()
    for number, record in enumerate(records):
        own = ("v", "seq", "at", "what", "prev", "hash")
        facts = {name: value for name, value in record.items() if name not in own}
        sealed = seal(prev, number, datetime.fromisoformat(record["at"]), record["what"], facts)
        prev, lines = sealed.hash, [*lines, sealed.record_line]
    put_lines(state, lines)
