"""Reads notes back from the desk and holds them against the log: the tickets are a witness that the log cannot change."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Any, cast

from spentkey.core.errors import OddData, Outage
from spentkey.core.evidence import Facts
from spentkey.core.evidence_line import EvidenceLine
from spentkey.core.task import TaskRef
from spentkey.core.ticket_notes import (
    RESTORED,
    ShownNote,
    TicketFault,
    TicketRecords,
    TicketsOnRecord,
    TicketUnread,
    announces,
    cut_off,
    disagreement,
    missing_among,
    not_announced,
    ours_among,
)
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.service_desk import TicketReader

MOST_AWAY = 3
"""How many tickets in a row may be unreadable because the desk is away, before it counts as away for all of them."""
LOSSES = ('"what":"gap"', f'"what":"{RESTORED}"')
TicketFinding = TicketFault | TicketUnread
Told = Callable[[int, int], None]
"""Hears how many tickets of how many were looked at."""


def untold(done: int, of: int) -> None:
    """For callers whom it does not concern."""
    del done, of


async def compare_with_desk(
    tree: EvidenceTree,
    desk: TicketReader,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    more: Sequence[TaskRef] = (),
    told: Told = untold,
) -> AsyncGenerator[TicketFault | TicketUnread]:
    """What does not agree, and what could not be compared, of the tickets of the removals and hand-overs of a period.

    `more` are tickets that somebody names besides: of one whose records were all cut off nothing else is known. Nothing
    is written. Raises `DeskRefused`, `Outage` and the like where the desk cannot be read, and `EvidenceBroken` where the
    log does not hold by itself.
    """
    records = await _on_record(tree, since, until)
    for ref in more:
        if not any(str(task) == ref for task in records.tickets):
            records.tickets[ref] = TicketRecords(ref)
    looking, away = _Looking(tree, desk, records), 0
    for done, ticket in enumerate(list(records.tickets.values()), start=1):
        try:
            found = await looking.at(ticket)
            away = 0
        except OddData as problem:
            found = [TicketUnread(ticket.where, str(problem))]
        except Outage as problem:
            away += 1
            if away >= min(MOST_AWAY, len(records.tickets)):
                raise
            found = [TicketUnread(ticket.where, str(problem))]
        for one in found:
            yield one
        told(done, len(records.tickets))


async def _on_record(tree: EvidenceTree, since: datetime | None, until: datetime | None) -> TicketsOnRecord:
    """The tickets of a period; a loss may be on record anywhere."""
    first, end = await tree.span(since, until)
    records = TicketsOnRecord()
    async for record_line in tree.lines(first, end):
        records.take(record_line)
    for part in ((0, first), (end, None)):
        async for record_line in tree.lines(*part):
            if any(loss in record_line for loss in LOSSES):
                records.take(record_line)
    return records


class _Looking:
    """One look at the desk, ticket by ticket."""

    def __init__(self, tree: EvidenceTree, desk: TicketReader, records: TicketsOnRecord) -> None:
        self._tree, self._desk, self._records = tree, desk, records

    async def at(self, ticket: TicketRecords) -> list[TicketFinding]:
        """What is found on one ticket."""
        task = await self._desk.find(TaskRef(str(ticket.task)))
        if task is None:
            return [TicketUnread(ticket.where, "the desk has no such ticket, or not any more")]
        notes = [ShownNote(one.body, one.note_id, one.by_us) for one in await self._desk.notes(task)]
        found = missing_among(ticket, notes)
        for note in ours_among(ticket, notes):
            named = note.last_line
            if named is not None:
                found += await self._compared(ticket, note, named)
        return found

    async def _compared(self, ticket: TicketRecords, note: ShownNote, named: EvidenceLine) -> list[TicketFinding]:
        size = named.head.size
        length = (await self._tree.head()).size  # read behind the note: the log grows while this goes on
        if size >= length:
            return [self._unless_lost(ticket, size, None, cut_off(size, length))]
        record = await self._record(size)
        if not announces(record, note):
            return [self._unless_lost(ticket, size, size, not_announced(size))]
        message = disagreement(named, record, await self._tree.head(size))
        return [TicketFault(size, ticket.where, message)] if message is not None else []

    def _unless_lost(self, ticket: TicketRecords, size: int, seq: int | None, message: str) -> TicketFinding:
        """The fault, unless the loss of that record is on record."""
        loss = self._records.loss_of(size)
        return TicketFault(seq, ticket.where, message) if loss is None else TicketUnread(ticket.where, loss)

    async def _record(self, seq: int) -> Facts | None:
        """The record of that number; None where it is none."""
        async for record_line in self._tree.lines(seq, seq + 1):
            try:
                value = json.loads(record_line)
            except ValueError:
                return None
            return cast("dict[str, Any]", value) if isinstance(value, dict) else None
        return None
