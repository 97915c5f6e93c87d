"""The tickets against the log: whatever is done to either is found, and an untouched log is never accused."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from evidence_store import keep
from noted_tickets import NotedTickets, line_of

from spentkey.core.errors import DeskRefused, OddData, Outage
from spentkey.core.notes import NewNote
from spentkey.core.records import GapRecord, NotedRecord, NotingRecord, PausedRecord
from spentkey.core.task import Task, TaskRef
from spentkey.core.ticket_notes import TicketFault, TicketUnread
from spentkey.ports.service_desk import Note

ROOT = re.compile(r"log (\d+) (\S{44})")


@pytest.fixture
def tickets(tmp_path: Path) -> NotedTickets:
    """An empty log, and no tickets yet."""
    return NotedTickets(tmp_path)


def faults(found: Sequence[TicketFault | TicketUnread]) -> list[str]:
    """What is wrong, in words; nothing may be left that was not compared."""
    assert all(isinstance(one, TicketFault) for one in found), found
    return [f"{one.where}: {one.message}" for one in found]


async def test_an_untouched_log_agrees_with_its_tickets(tickets: NotedTickets) -> None:
    """Whatever stands between the notes."""
    for number in range(12):
        await tickets.record("", PausedRecord("somebody", "a look"))
        await tickets.note(f"t{number % 5}", drawn=str(number), attempt=f"e-{number}")
    assert await tickets.verify() == []


async def test_an_empty_log_has_no_tickets(tickets: NotedTickets) -> None:
    """Nothing is asked of the desk."""
    assert await tickets.verify() == []


async def test_progress_is_told_ticket_by_ticket(tickets: NotedTickets) -> None:
    """So many of so many."""
    for name in ("a", "b", "a"):
        await tickets.note(name, drawn=name)
    told = list[tuple[int, int]]()

    def tell(done: int, of: int) -> None:
        told.append((done, of))

    await tickets.verify(told=tell)
    assert told == [(1, 2), (2, 2)]


EDITS: dict[str, tuple[str, str, str]] = {
    "another evidence": ("Evidence: e-1", "Evidence: e-2", "its note says evidence e-2, and record 1 says e-1"),
    "another size": (" log 1 ", " log 0 ", "names record 0 as the one that announced it, and that one does not"),
    "a size beyond the end": (" log 1 ", " log 3 ", "announced by record 3, and there are only 3 records"),
    "no line": ("Evidence: ", "Evidence ", "its last line, which says what the log was, is gone"),
    "another marker": ("[spentkey task=a", "[spentkey task=b", "and that one does not"),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_a_note_that_was_changed_is_found(tickets: NotedTickets, edit: str) -> None:
    """Each part of its last line, and the marker before it."""
    await tickets.record("a", PausedRecord("somebody", "a look"))
    await tickets.note("a")
    old, new, message = EDITS[edit]
    tickets.edit("a", old, new)
    assert any(message in one for one in faults(await tickets.verify()))


async def test_a_root_that_was_changed_is_found(tickets: NotedTickets) -> None:
    """Both are named."""
    note = await tickets.note("a")
    found = ROOT.search(note.body)
    assert found is not None
    tickets.edit("a", found[2], "A" * 43 + "=")
    (told,) = faults(await tickets.verify())
    assert told.startswith("ticket a: its note says that the root was AAAAAAAA")
    assert found[2] in told


async def test_a_note_that_was_taken_away_is_found(tickets: NotedTickets) -> None:
    """It was there when it was written."""
    await tickets.note("a")
    tickets.take_notes("a")
    found = await tickets.verify()
    assert faults(found) == ["ticket a: the note of record 1 is not on it any more"]
    assert [one.seq for one in found if isinstance(one, TicketFault)] == [1]


async def test_the_end_of_the_log_cut_off_is_found_by_a_ticket(tickets: NotedTickets) -> None:
    """One that is known from before; the note leads behind the end."""
    await tickets.note("a", drawn="1")
    await tickets.note("a", drawn="2")
    keep(tickets.state, 2)
    (told,) = faults(await tickets.verify())
    assert told == (
        "ticket a: its note was announced by record 2, and there are only 2 records: the end of the log was cut off"
    )


async def test_a_ticket_whose_records_were_all_cut_off_is_found_where_it_is_named(tickets: NotedTickets) -> None:
    """The log does not know it any more, people do."""
    await tickets.note("a")
    await tickets.note("b")
    keep(tickets.state, 2)
    assert await tickets.verify() == []
    (told,) = faults(await tickets.verify(more=[TaskRef("b"), TaskRef("a")]))
    assert told.startswith("ticket b: its note was announced by record 2")


Change = Callable[[list[dict[str, Any]]], Sequence[Mapping[str, Any]]]
ANEW: dict[str, tuple[Change, str]] = {
    "a record before it was changed": (
        lambda records: [{**records[0], "why": "another"}, *records[1:]],
        "the log was changed before record 2",
    ),
    "a record before it was taken out": (lambda records: records[1:], "announced"),
    "a record was put in before it": (lambda records: [records[0], *records], "does not"),
    "two before it changed places": (
        lambda records: [records[1], records[0], *records[2:]],
        "the log was changed before record 2",
    ),
    "what it announced was taken out": (lambda records: [*records[:2], *records[3:]], "does not"),
    "what it announced says another root": (
        lambda records: [{**one, "log_root": "A" * 43 + "="} if "log_root" in one else one for one in records],
        "and record 2 says AAAA",
    ),
    "what it announced says another try": (
        lambda records: [{**one, "attempt": "e-9"} for one in records],
        "its note says evidence e-1, and record 2 says e-9",
    ),
    "what it announced says nothing": (
        lambda records: [{k: v for k, v in one.items() if not k.startswith("log_")} for one in records],
        "does not",
    ),
}


@pytest.mark.parametrize("how", ANEW)
async def test_a_log_that_was_written_anew_is_found(tickets: NotedTickets, how: str) -> None:
    """The chain verifies and so does the tree; what another system keeps does not."""
    await tickets.record("", PausedRecord("somebody", "a look"))
    await tickets.record("", PausedRecord("somebody", "another look"))
    await tickets.note("a")
    change, message = ANEW[how]
    tickets.rewrite(change(tickets.records()))
    found = await tickets.verify()
    assert any(message in one for one in faults(found)), found


async def test_what_came_behind_the_last_note_is_no_ticket_s_business(tickets: NotedTickets) -> None:
    """A ticket says what the log was before it, and nothing of later."""
    await tickets.note("a")
    await tickets.record("", PausedRecord("somebody", "a look"))
    tickets.rewrite([*tickets.records()[:-1], {**tickets.records()[-1], "why": "another"}])
    assert await tickets.verify() == []


async def test_a_period_compares_its_own_tickets(tickets: NotedTickets) -> None:
    """Tickets of before are left alone; a note that an earlier try announced is looked up there."""
    await tickets.note("old")
    since = await tickets.later()
    await tickets.note("new")
    until = await tickets.later()
    await tickets.note("next")
    for name in ("old", "new", "next"):
        tickets.take_notes(name)
    assert [one.where for one in await tickets.verify(since, until)] == ["ticket new"]
    assert [one.where for one in await tickets.verify(since)] == ["ticket new", "ticket next"]
    assert [one.where for one in await tickets.verify(None, since)] == ["ticket old"]


async def test_a_note_of_an_earlier_try_agrees(tickets: NotedTickets) -> None:
    """Its reply was lost, so the next try announced it once more; what stands there is of the first."""
    await tickets.note("a", attempt="e-1", noted=False)
    since = await tickets.later()
    mark = "[spentkey task=a assignment=1 handed-over id=x "
    await tickets.record("a", NotingRecord("failed", mark, 1, "A" * 43 + "="), "e-2")
    await tickets.record("a", NotedRecord("failed", mark), "e-2")
    assert await tickets.verify() == []
    assert await tickets.verify(since) == []


async def test_a_note_that_was_never_read_back_may_be_missing(tickets: NotedTickets) -> None:
    """The process died before, or the desk refused it."""
    await tickets.note("a", noted=False)
    tickets.take_notes("a")
    assert await tickets.verify() == []


async def test_notes_of_older_versions_are_left_alone(tickets: NotedTickets) -> None:
    """They say nothing of the log, in whichever language."""
    mark = "[spentkey task=a assignment=1 handed-over id=x "
    await tickets.note("a", drawn="y")
    for label in ("Evidence", "Bewijs", "Preuve"):
        tickets.add("a", f"why\n{label}: e-0\n\n{mark}key=- reason=G1]", by="spentkey")
    await tickets.record("a", NotingRecord("failed", mark), "e-0")
    await tickets.record("a", NotedRecord("failed", mark), "e-0")
    assert await tickets.verify() == []


async def test_what_others_write_accuses_nobody(tickets: NotedTickets) -> None:
    """A quote of our note, also one that was changed, and lines that somebody made up."""
    note = await tickets.note("a")
    tickets.add("a", "> " + note.body.replace("\n", "\n> "))
    tickets.add("a", note.body.replace("e-1", "e-7"))
    tickets.add("a", line_of("e-1", 999))
    tickets.add("a", f"[spentkey task=a assignment=9 done id=z key=- reason=x]\n{line_of('e-1', 999)}")
    assert await tickets.verify() == []


async def test_a_note_of_our_own_user_that_no_record_announced_is_found(tickets: NotedTickets) -> None:
    """Its record was taken out, or cut off."""
    await tickets.note("a")
    tickets.add("a", f"[spentkey task=a assignment=2 done id=z key=- reason=x]\n{line_of('e-2', 0)}", by="spentkey")
    (told,) = faults(await tickets.verify())
    assert "its note names record 0 as the one that announced it, and that one does not" in told


async def test_what_the_desk_cut_from_the_start_is_not_compared(tickets: NotedTickets) -> None:
    """It is on record that the note was kept otherwise."""
    note = await tickets.note("a", noted=False)
    await tickets.record("a", NotedRecord("failed", note.marker, warnings=("Ivanti keeps only a part of the note",)))
    body = note.body
    for length in (100, 60, 10):
        tickets.edit("a", body, note.body[:length])
        body = note.body[:length]
        (one,) = await tickets.verify()
        assert isinstance(one, TicketUnread), one


async def test_a_note_that_is_known_by_its_id_and_was_cut_from_the_start_is_not_compared(
    tickets: NotedTickets,
) -> None:
    """Such a desk lets nothing be proven by its tickets, and says so."""
    note = await tickets.note("a", noted=False)
    await tickets.record("a", NotedRecord("failed", note.marker, "N1", ("Ivanti keeps only a part of the note",)))
    desk = OneDesk([Note("failed", note.body[:60], "n1", by_us=True)])
    assert [type(one) for one in await tickets.verify(desk=desk)] == [TicketUnread]
    desk = OneDesk([Note("failed", note.body.replace("e-1", "e-2"), "n1", by_us=True)])
    assert [type(one) for one in await tickets.verify(desk=desk)] == [TicketFault]


async def test_a_loss_that_is_on_record_is_no_fault(tickets: NotedTickets) -> None:
    """A standby was promoted that lacked the record; somebody looked into it."""
    await tickets.note("a", drawn="1")
    await tickets.note("a", drawn="2")
    keep(tickets.state, 2)
    await tickets.record("", GapRecord("somebody", "looked into", 2, 3, "0" * 64))
    (one,) = await tickets.verify()
    assert isinstance(one, TicketUnread)
    assert one.message == "its note was announced by record 2, which is on record as lost"


async def test_what_a_restored_backup_lost_is_no_fault(tickets: NotedTickets) -> None:
    """How much it was nobody knows, so it is told; what is on record and says something else is a fault all the same."""
    await tickets.note("a", drawn="1")
    await tickets.note("a", drawn="2")
    await tickets.note("b", drawn="3")
    keep(tickets.state, 2)
    log = tickets.log()
    await log.append("restored", {"who": "somebody", "why": "the disk died", "size": None})
    log.close()
    (one,) = await tickets.verify()
    assert isinstance(one, TicketUnread)
    assert one.message == "its note was announced by record 2, which may be lost: record 2 tells of a backup"
    tickets.rewrite([{**each, "attempt": "e-9"} for each in tickets.records()])
    found = await tickets.verify()
    assert [one.message for one in found if isinstance(one, TicketFault)] == [
        "its note says evidence e-1, and record 0 says e-9"
    ]


async def test_a_ticket_that_is_gone_is_not_compared(tickets: NotedTickets) -> None:
    """People take closed requests away."""
    await tickets.note("a")
    await tickets.note("b")
    (tickets.requests / "a.toml").unlink()
    assert await tickets.verify() == [TicketUnread("ticket a", "the desk has no such ticket, or not any more")]


@dataclass
class OneDesk:
    """A desk that shows the same notes on every ticket, or raises what it is told."""

    shown: list[Note]
    problems: list[Exception | None] | None = None

    async def find(self, ref: TaskRef) -> Task | None:
        problem = self.problems.pop(0) if self.problems else None
        if problem is not None:
            raise problem
        return Task(ref, is_open=False, is_ours=False, team="", owner="", version="")

    async def notes(self, task: Task) -> Sequence[Note]:
        del task
        return self.shown


async def noted(tickets: NotedTickets, count: int) -> NewNote:
    """So many tickets with a note each."""
    made = [await tickets.note(f"t{number}", drawn=str(number)) for number in range(count)]
    return made[-1]


async def test_a_desk_that_is_away_ends_it(tickets: NotedTickets) -> None:
    """After three tickets in a row, or after the only one."""
    await noted(tickets, 5)
    away: list[Exception | None] = [Outage("away")] * 5
    with pytest.raises(Outage):
        await tickets.verify(desk=OneDesk([], away))
    assert len(away) == 2


async def test_the_only_ticket_away_ends_it(tickets: NotedTickets) -> None:
    """Nothing was compared."""
    await noted(tickets, 1)
    with pytest.raises(Outage):
        await tickets.verify(desk=OneDesk([], [Outage("away")]))


async def test_one_ticket_that_cannot_be_read_is_named_and_the_others_are_compared(tickets: NotedTickets) -> None:
    """For a while, or for ever."""
    await noted(tickets, 4)
    problems: list[Exception | None] = [Outage("away"), None, OddData("no text"), Outage("away")]
    found = await tickets.verify(desk=OneDesk([], problems))
    told = {one.where: type(one) for one in found}
    assert told == {
        "ticket t0": TicketUnread,
        "ticket t1": TicketFault,
        "ticket t2": TicketUnread,
        "ticket t3": TicketUnread,
    }


async def test_a_desk_that_refuses_us_ends_it(tickets: NotedTickets) -> None:
    """The operator must act."""
    await noted(tickets, 2)
    with pytest.raises(DeskRefused):
        await tickets.verify(desk=OneDesk([], [DeskRefused("401")]))
