"""The story told to a desk that is a witness: each note ends in what the log was, and is read back and compared."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from evidence_store import keep
from fault_rules import fault
from files_desk import files_desk_on
from noted_tickets import rewritten
from real_simulator import FAST, QuickClock, RealSimulator, Steps
from worlds import REF, TASK, parameters, world

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.tickets import desk_to_read, reading_tickets
from spentkey.core.errors import Outage
from spentkey.core.evidence_line import EvidenceLine, evidence_line_in, root_text
from spentkey.core.outcome import Result
from spentkey.core.ticket_notes import TicketFault, TicketUnread
from spentkey.core.tree import TreeHead
from spentkey.settings.schema import Settings
from spentkey.storage.desk_notes import compare_with_desk
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.system import SystemClock

CLOSE_TEXT: dict[str, Any] = {
    "SPENTKEY_IVANTI__FIELDS": '{"resolution": "CloseText"}',
    "SPENTKEY_IVANTI__ANCHOR_NOTE": "true",
}
KEEPS_TEXT: dict[str, Any] = {"task_fields": ["CloseText"], "notes_on_closed": "accepted"}
"""A desk with a field for the resolution, which takes notes on closed tasks."""
SAYS_KEY = parameters(SecretType="Key")
"""A request that is handed over."""


async def heads(state: Path, sizes: list[int]) -> list[TreeHead]:
    """What the log was."""
    log = SqliteEvidence(state, SystemClock(), read_only=True)
    try:
        return [await SqliteTree(log).head(size) for size in sizes]
    finally:
        log.close()


async def compared(state: Path, settings: Settings) -> list[TicketFault | TicketUnread]:
    """What the tickets and the log say otherwise of one another."""
    log = SqliteEvidence(state, SystemClock(), read_only=True)
    try:
        async with desk_to_read(settings, Steps(), QuickClock(), use_proxies=False) as desk:
            return [one async for one in compare_with_desk(SqliteTree(log), desk)]
    finally:
        log.close()


async def verified(sim: RealSimulator, **environment: str) -> list[str]:
    """The same for the simulator, in words."""
    return [one.message for one in await compared(sim.state, sim.settings(**environment))]


async def ends_as_announced(state: Path, body: str, records: list[dict[str, Any]], result: Result) -> bool:
    """Whether the last line of a note is that of its record, of its result, and of the tree then."""
    last = evidence_line_in(body)
    noting = [one for one in records if one["what"] == "noting" and one["marker"] in body][-1]
    (head,) = await heads(state, [int(noting["seq"])])
    assert (noting["log_size"], noting["log_root"]) == (noting["seq"], root_text(head))
    return last == EvidenceLine(str(result.evidence), head) and body.endswith(f"]\n{last}")


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
@pytest.mark.parametrize("asked", [parameters(), SAYS_KEY], ids=["closed", "handed-off"])
async def test_every_note_ends_in_what_the_log_was(sim: RealSimulator, asked: list[list[Any]], language: str) -> None:
    """In the same words in each language, by the record that announced it."""
    sim.reset(world(asked))
    result = await sim.run(TASK, SPENTKEY_IVANTI__LANGUAGE=language)
    (note,) = sim.task(TASK)["notes"]
    assert await ends_as_announced(sim.state, note["body"], sim.evidence(), result)
    assert len(re.findall("Evidence|Bewijs|Preuve", note["body"])) == 1
    assert await verified(sim) == []


async def test_a_request_in_a_folder_is_a_witness_too(sim: RealSimulator, tmp_path: Path) -> None:
    """The log of the request holds the same line."""
    desk = files_desk_on(sim, tmp_path)
    desk.ask(SecretType="Key")
    result = await desk.run()
    (body,) = [one["body"] for one in desk.log() if one["what"] == "note"]
    assert await ends_as_announced(desk.state, body, desk.evidence(), result)
    assert await compared(desk.state, load_settings(desk.config, FAST)) == []


async def test_a_note_that_an_earlier_try_wrote_keeps_its_line(sim: RealSimulator) -> None:
    """The reassignment failed; the second try finds the note, and does not write it anew."""
    sim.reset(world(SAYS_KEY))
    sim.faults(fault("ivanti", "task-write", "503"))
    first = await sim.run(TASK)
    (before,) = sim.task(TASK)["notes"]
    sim.faults()
    assert (first.ticket.value, (await sim.run(TASK)).ticket.value) == ("open", "handed-off")
    assert [note["body"] for note in sim.task(TASK)["notes"]] == [before["body"]]
    assert await ends_as_announced(sim.state, before["body"], sim.evidence(), first)
    assert await verified(sim) == []


async def test_a_note_that_an_earlier_try_did_not_write_says_what_the_log_is_now(sim: RealSimulator) -> None:
    """Both tries announced one, under the same marker."""
    sim.reset(world(SAYS_KEY))
    sim.faults(fault("ivanti", "note-create", "503"))
    await sim.run(TASK)
    sim.faults()
    result = await sim.run(TASK)
    (note,) = sim.task(TASK)["notes"]
    assert len([one for one in sim.evidence() if one["what"] == "noting"]) == 2
    assert await ends_as_announced(sim.state, note["body"], sim.evidence(), result)
    assert await verified(sim) == []


async def test_with_a_field_for_the_resolution_a_note_follows_the_close(sim: RealSimulator) -> None:
    """Once, with the line and without the resolution, which has its field; a rerun writes no other."""
    sim.reset(world(**KEEPS_TEXT))
    result = await sim.run(TASK, **CLOSE_TEXT)
    assert (result.ticket.value, list(result.warnings)) == ("closed", [])
    await sim.run(TASK, **CLOSE_TEXT)
    task = sim.task(TASK)
    (note,) = task["notes"]
    assert note["subject"] == "Expired credential removed"
    assert await ends_as_announced(sim.state, note["body"], sim.evidence(), result)
    kinds = [one["what"] for one in sim.evidence()]
    assert kinds[kinds.index("closed") :] == ["closed", "noting", "noted", "result"]
    assert await verified(sim, **CLOSE_TEXT) == []


@pytest.mark.parametrize("notes_on_closed", ["accepted", "refused"])
async def test_a_note_after_the_close_that_cannot_be_written_is_a_warning(
    sim: RealSimulator, notes_on_closed: str
) -> None:
    """The desk is away, or takes none on closed tasks: the task is closed all the same."""
    sim.reset(world(task_fields=["CloseText"], notes_on_closed=notes_on_closed))
    sim.faults(*([fault("ivanti", "note-create", "503")] if notes_on_closed == "accepted" else []))
    result = await sim.run(TASK, **CLOSE_TEXT)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "closed", 0)
    assert "the note that says what the log was could not be written" in result.warnings[0]
    assert sim.task(TASK)["notes"] == []


@pytest.mark.parametrize("last", ["closed", "noting"])
async def test_a_crash_after_the_close_leaves_the_note_to_the_next_run(sim: RealSimulator, last: str) -> None:
    """It died behind that record; whatever the desk shows by then, there is one note in the end."""
    sim.reset(world(**KEEPS_TEXT))
    sim.faults(fault("ivanti", "note-create", "503"))
    await sim.run(TASK, **CLOSE_TEXT)
    sim.faults()
    kinds = [one["what"] for one in sim.evidence()]
    keep(sim.state, kinds.index(last) + 1)
    for _ in range(2):
        assert (await sim.run(TASK, **CLOSE_TEXT)).ticket.value == "closed"
    assert len(sim.task(TASK)["notes"]) == 1
    assert await verified(sim, **CLOSE_TEXT) == []


@pytest.mark.parametrize("environment", [{}, {"SPENTKEY_IVANTI__ANCHOR_NOTE": "true"}], ids=["default", "for-nothing"])
async def test_without_a_field_for_the_resolution_there_is_one_note(
    sim: RealSimulator, environment: dict[str, Any]
) -> None:
    """The closing note has the line already."""
    await sim.run(TASK, **environment)
    assert len(sim.task(TASK)["notes"]) == 1


async def test_a_note_fits_what_the_desk_keeps(sim: RealSimulator) -> None:
    """Where its length is known, the line is never what is cut."""
    sim.reset(world(parameters(AppDisplayName="A" * 2000, SecretType="K" * 2000)))
    sim.behave(note_cut=1000)
    result = await sim.run(TASK, SPENTKEY_IVANTI__LONGEST_NOTE="1000")
    (note,) = sim.task(TASK)["notes"]
    assert len(note["body"]) <= 1000
    assert await ends_as_announced(sim.state, note["body"], sim.evidence(), result)
    assert (list(result.warnings), await verified(sim)) == ([], [])


async def test_a_note_that_the_desk_cut_is_not_compared_and_said_to_be(sim: RealSimulator) -> None:
    """It is on record that the desk kept a part of it; nobody is accused."""
    sim.reset(world(SAYS_KEY))
    sim.behave(note_cut=120)
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    found = await compared(sim.state, sim.settings())
    assert [type(one) for one in found] == [TicketUnread]
    assert "otherwise from the start" in found[0].message


async def test_faults_are_noted_by_kind_and_the_rest_is_told_in_words(sim: RealSimulator) -> None:
    """As the verification of the whole evidence wants them; a desk that is away ends it."""
    sim.reset(world(SAYS_KEY))
    await sim.run(TASK)
    log, noted = SqliteEvidence(sim.state, SystemClock(), read_only=True), list[tuple[Any, ...]]()
    compare = reading_tickets(sim.settings(), Steps(), QuickClock(), use_proxies=False)
    with_notes(sim)
    assert [text async for text in compare(SqliteTree(log), lambda *one: noted.append(one))] == []
    ((kind, message, seq, where),) = noted
    assert (kind, message, where) == ("ticket", f"the note of record {seq} is not on it any more", f"ticket {TASK}")
    sim.post_reset({**world(), "ivanti": {**world()["ivanti"], "tasks": []}})
    assert [text async for text in compare(SqliteTree(log), print)] == [
        f"ticket {TASK}: the desk has no such ticket, or not any more"
    ]
    sim.faults(fault("ivanti", "task-query", "503"))
    with pytest.raises(Outage):
        [text async for text in compare(SqliteTree(log), print)]
    log.close()


def with_notes(sim: RealSimulator, *notes: Mapping[str, Any]) -> None:
    """Let the ticket show these notes, whatever was written to it."""
    shown = [{"task": TASK, **one} for one in notes]
    task = sim.task(TASK)
    sim.post_reset(world(SAYS_KEY, task={"status": task["status"], "owner_team": task["owner_team"]}, notes=shown))


async def test_a_note_that_people_changed_at_the_desk_is_found(sim: RealSimulator) -> None:
    """By each of its three values."""
    sim.reset(world(SAYS_KEY))
    await sim.run(TASK)
    (note,) = sim.task(TASK)["notes"]
    line = evidence_line_in(note["body"])
    assert line is not None
    for old, new, message in (
        (line.id, "e-0", "its note says evidence e-0"),
        (f" log {line.head.size} ", " log 0 ", "names record 0"),
        (root_text(line.head), "A" * 43 + "=", "its note says that the root was AAAA"),
    ):
        with_notes(sim, {"created_by": "svc-spentkey", "body": note["body"].replace(old, new)})
        assert any(message in one for one in await verified(sim)), (message, await verified(sim))


async def test_a_note_that_people_took_away_is_found(sim: RealSimulator) -> None:
    """It was read back when it was written."""
    sim.reset(world(SAYS_KEY))
    await sim.run(TASK)
    with_notes(sim)
    assert [one.endswith("is not on it any more") for one in await verified(sim)] == [True]


async def test_a_log_that_was_written_anew_is_found_by_its_ticket(sim: RealSimulator) -> None:
    """Chain and tree hold by themselves, and the ticket says what the root was."""
    await sim.run(TASK)
    rewritten(sim.state, [{**one, "route": "x"} if one["what"] == "intent" else one for one in sim.evidence()])
    (told,) = await verified(sim)
    assert "the log was changed before record" in told


async def test_the_end_of_the_log_cut_off_is_found_by_its_ticket(sim: RealSimulator) -> None:
    """The record that announced the note is gone."""
    await sim.run(TASK)
    kinds = [one["what"] for one in sim.evidence()]
    keep(sim.state, kinds.index("noting"))
    (told,) = await verified(sim)
    assert told.endswith("the end of the log was cut off")
    assert str(TASK) == REF
