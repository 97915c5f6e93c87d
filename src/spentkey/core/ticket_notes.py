"""What tickets say of the log, held against the log: which notes must be there, and what each of them must say.

A note is looked up by what it says itself: its size is the number of the record `noting` that announced it. So nothing has
to be remembered of a note but that it was seen, and a note whose record was cut off leads behind the end of the log.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from spentkey.core.evidence import Facts
from spentkey.core.evidence_line import EvidenceLine, evidence_line_in, in_words, line_on_record, root_text
from spentkey.core.records import RecordKind
from spentkey.core.tree import TreeHead

RESTORED = "restored"
_TELLING = re.compile(
    r'"what":"(?:noting|noted|intent|handing-over|reassigning|handed-over|closing|closed|gap|restored)"', re.ASCII
)
"""The kinds that name a ticket which may have a note of ours, and those that say what was lost."""


@dataclass(frozen=True)
class TicketFault:
    """A ticket and the log do not agree; `seq` is the record that is meant, as far as there is one."""

    seq: int | None
    where: str
    """Which ticket."""
    message: str


@dataclass(frozen=True)
class TicketUnread:
    """What could not be compared, and why."""

    where: str
    message: str


@dataclass(frozen=True)
class SeenNote:
    """A note that was read back when it was written."""

    seq: int
    marker: str
    note_id: str
    is_whole: bool
    """Whether the desk showed it as it was written."""


@dataclass
class TicketRecords:
    """What is on record about the notes on one ticket."""

    task: int | str
    announced: set[str] = field(default_factory=set[str])
    """The markers of the notes whose last line says what the log was."""
    seen: dict[str, SeenNote] = field(default_factory=dict[str, SeenNote])
    """Those of them that were read back, by their markers."""

    @property
    def where(self) -> str:
        """How the ticket is called."""
        return f"ticket {self.task}"

    def take(self, record: Facts) -> None:
        """Take one record about it."""
        marker = str(record.get("marker") or "")
        if record["what"] == RecordKind.NOTING and line_on_record(record) is not None:
            self.announced.add(marker)
        elif record["what"] == RecordKind.NOTED and marker in self.announced:
            is_whole = not record.get("warnings")
            self.seen[marker] = SeenNote(int(record["seq"]), marker, str(record.get("note") or ""), is_whole)


@dataclass
class TicketsOnRecord:
    """The tickets of a period, oldest first, and the records that are known to be lost."""

    tickets: dict[int | str, TicketRecords] = field(default_factory=dict[int | str, TicketRecords])
    lost: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """The first and the last `seq` of each loss that is on record."""

    restored: int | None = None
    """The `seq` of the last record that says that a backup was restored: how much was lost by that, nobody knows."""

    def take(self, record_line: str) -> None:
        """Take the next record, as it is written."""
        if _TELLING.search(record_line) is None:
            return
        record = json.loads(record_line)
        if record["what"] == RecordKind.GAP:
            self.lost.append((int(record["first"]), int(record["last"])))
        if record["what"] == RESTORED:
            self.restored = int(record["seq"])
        task = record.get("task")
        if isinstance(task, int | str) and task != 0:
            self.tickets.setdefault(task, TicketRecords(task)).take(record)

    def loss_of(self, seq: int) -> str | None:
        """What may have become of a record of that number, in words; None where nothing that is on record explains it."""
        if any(first <= seq <= last for first, last in self.lost):
            return f"its note was announced by record {seq}, which is on record as lost"
        if self.restored is not None:
            return (
                f"its note was announced by record {seq}, which may be lost: record {self.restored} tells of a backup"
            )
        return None


@dataclass(frozen=True)
class ShownNote:
    """A note as the desk shows it now."""

    body: str
    note_id: str
    by_us: bool

    @property
    def last_line(self) -> EvidenceLine | None:
        """What its last line says; None where no whole one is there."""
        return evidence_line_in(self.body)

    def has(self, marker: str) -> bool:
        """Whether it carries that marker."""
        return bool(marker) and marker.strip() in in_words(self.body)

    def is_seen(self, seen: SeenNote) -> bool:
        """Whether it is the note that was read back then: by the desk's id, else by its marker."""
        return (bool(seen.note_id) and self.note_id.upper() == seen.note_id.upper()) or self.has(seen.marker)


def ours_among(ticket: TicketRecords, notes: Iterable[ShownNote]) -> list[ShownNote]:
    """The notes that are ours: that our own user wrote, or that were read back; by the marker only where neither is known.

    Others may quote a note of ours, and change what they quote.
    """
    shown = list(notes)
    sure = [one for one in shown if one.by_us or any(_has_id(one, seen) for seen in ticket.seen.values())]
    known = {marker for marker in ticket.announced if any(one.has(marker) for one in sure)}
    by_marker = [one for one in shown if any(one.has(marker) for marker in ticket.announced - known)]
    return [one for one in shown if one in sure or one in by_marker]


def _has_id(note: ShownNote, seen: SeenNote) -> bool:
    return bool(seen.note_id) and note.note_id.upper() == seen.note_id.upper()


def missing_among(ticket: TicketRecords, notes: Iterable[ShownNote]) -> list[TicketFault | TicketUnread]:
    """What is wrong with the notes that were read back when they were written."""
    shown, found = list(notes), list[TicketFault | TicketUnread]()
    for seen in ticket.seen.values():
        mine = [one for one in shown if one.is_seen(seen)]
        if not mine and (seen.is_whole or seen.note_id):
            found.append(TicketFault(seen.seq, ticket.where, f"the note of record {seen.seq} is not on it any more"))
        elif all(one.last_line is None for one in mine):
            found.append(_without_line(ticket, seen))
    return found


def _without_line(ticket: TicketRecords, seen: SeenNote) -> TicketFault | TicketUnread:
    if seen.is_whole:
        message = (
            f"the note of record {seen.seq} was changed or cut: its last line, which says what the log was, is gone"
        )
        return TicketFault(seen.seq, ticket.where, message)
    message = f"the desk kept the note of record {seen.seq} otherwise from the start, without the line of the evidence"
    return TicketUnread(ticket.where, message)


def announces(record: Facts | None, note: ShownNote) -> bool:
    """Whether that record announced that note."""
    if record is None or record.get("what") != RecordKind.NOTING or line_on_record(record) is None:
        return False
    return note.has(str(record.get("marker") or ""))


def disagreement(named: EvidenceLine, record: Facts | None, tree: TreeHead) -> str | None:
    """What a note and the log say otherwise of one another, in words; None where they agree.

    `record` is the one that announced the note, `tree` what the log is over the records before it.
    """
    size, on_record = named.head.size, line_on_record(record or {})
    if on_record is None:
        return not_announced(size)
    if on_record.id != named.id:
        return f"its note says evidence {named.id}, and record {size} says {on_record.id}"
    noted, said_root, now = root_text(named.head), root_text(on_record.head), root_text(tree)
    if said_root != noted:
        return f"its note says that the root was {noted}, and record {size} says {said_root}"
    if on_record.head != tree or named.head != tree:
        return (
            f"its note says that the root over the first {size} records was {noted}, and it is {now}: the log was changed "
            f"before record {size}"
        )
    return None


def not_announced(size: int) -> str:
    """The words for a note whose record is not the one that it names."""
    return f"its note names record {size} as the one that announced it, and that one does not: the log was changed, or the note"


def cut_off(size: int, length: int) -> str:
    """The words for a note that leads behind the end of the log."""
    return (
        f"its note was announced by record {size}, and there are only {length} records: the end of the log was cut off"
    )
