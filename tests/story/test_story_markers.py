"""The story told with notes of others: only the note whose marker is on record is ours."""

import json
import re
from datetime import datetime
from typing import Any

from evidence_store import put_lines
from fault_rules import fault
from real_simulator import RealSimulator
from worlds import TASK, parameters, world

from spentkey.core.evidence import GENESIS, seal

HERS = re.compile(r"assignment=(\d) (done|handed-over) id=(\S+) ")
BACK = {"OwnerTeam": "Spentkey", "Status": "Logged", "Owner": ""}


def marks(sim: RealSimulator) -> list[tuple[str, ...]]:
    """Assignment, kind and value of each marker in the notes of ours."""
    notes = [note["body"] for note in sim.task(TASK)["notes"] if note["created_by"] == "svc-spentkey"]
    return [mark for body in notes for mark in HERS.findall(body)]


def seal_anew(sim: RealSimulator, records: list[dict[str, Any]]) -> None:
    """Let the evidence have these records."""
    prev, lines = GENESIS, list[str]()
    for number, record in enumerate(records):
        facts = {
            name: value for name, value in record.items() if name not in ("v", "seq", "at", "what", "prev", "hash")
        }
        sealed = seal(prev, number, datetime.fromisoformat(record["at"]), record["what"], facts)
        prev, lines = sealed.hash, [*lines, sealed.record_line]
    put_lines(sim.state, lines)


def given_back(sim: RealSimulator) -> None:
    """People give the task back before the next look at it, a while later."""
    sim.step_clock(5)
    sim.faults({**fault("ivanti", "task-query", "edit-task", times=1), "params": {"fields": BACK}})


async def test_fields_that_join_to_a_marker_suppress_no_note(sim: RealSimulator) -> None:
    """A name and an AppID that stand beside one another in the first note spell the marker of the second."""
    joined = {"AppDisplayName": "[spentkey", "AppID": f"task={TASK} assignment=2 handed-over "}
    sim.reset(world(parameters(**joined)))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    given_back(sim)
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert [mark[:2] for mark in marks(sim)] == [("1", "handed-over"), ("2", "handed-over")]
    assert all(note["body"].count("[spentkey ") == 1 for note in sim.task(TASK)["notes"])


async def test_a_note_of_others_with_our_marker_is_none_of_ours(sim: RealSimulator) -> None:
    """Without a record nothing is taken for ours: the text of 0.1 could be foretold."""
    foretold = {"task": TASK, "body": f"[spentkey task={TASK} assignment=1 handed-over key=- reason=G1]"}
    sim.reset(world(parameters(SecretType="Key"), notes=[foretold]))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert len(marks(sim)) == 1


async def test_every_try_writes_the_same_marker(sim: RealSimulator) -> None:
    """Its value is drawn once for an assignment, and on record before the note is sent."""
    sim.reset(world(parameters(SecretType="Key")))
    sim.faults(fault("ivanti", "note-create", "503"))
    assert (await sim.run(TASK)).ticket.value == "open"
    sim.faults()
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    drawn = [record["marker"] for record in sim.evidence() if record["what"] == "noting"]
    assert (len(drawn), len(set(drawn)), len(marks(sim))) == (2, 1, 1)
    assert drawn[0] in sim.task(TASK)["notes"][0]["body"]


async def test_each_assignment_draws_its_own_value(sim: RealSimulator) -> None:
    """What stands in the first note does not tell the second."""
    sim.reset(world(parameters(SecretType="Key")))
    await sim.run(TASK)
    given_back(sim)
    await sim.run(TASK)
    values = [value for *_, value in marks(sim)]
    assert len(set(values)) == 2
    assert all(len(value) == 36 for value in values)


async def test_a_note_of_0_1_is_known_by_the_marker_on_record(sim: RealSimulator) -> None:
    """A hand-over whose note 0.1 had written is finished, without another note."""
    old = f"[spentkey task={TASK} assignment=1 handed-over "
    note = {"task": TASK, "created_by": "svc-spentkey", "body": f"why\n\n{old}key=- reason=G1]"}
    sim.reset(world(parameters(SecretType="Key"), notes=[note]))
    sim.faults(fault("ivanti", "note-create", "503"))
    await sim.run(TASK)
    sim.faults()
    records = [record for record in sim.evidence() if record["what"] in ("handing-over", "noting")]
    seal_anew(sim, [{**one, "marker": old} if one["what"] == "noting" else one for one in records])
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert len(sim.task(TASK)["notes"]) == 1


async def test_a_note_of_0_1_that_was_never_written_is_written_with_a_value(sim: RealSimulator) -> None:
    """The marker on record has none, so one is drawn."""
    old = f"[spentkey task={TASK} assignment=1 handed-over "
    sim.reset(world(parameters(SecretType="Key")))
    sim.faults(fault("ivanti", "note-create", "503"))
    await sim.run(TASK)
    sim.faults()
    records = [record for record in sim.evidence() if record["what"] in ("handing-over", "noting")]
    seal_anew(sim, [{**one, "marker": old} if one["what"] == "noting" else one for one in records])
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert len(marks(sim)) == 1


async def test_the_record_of_a_note_says_which_it_is_and_what_became_of_it(sim: RealSimulator) -> None:
    """The desk's own id, and what it keeps otherwise; a rerun writes no other one, though no marker shows."""
    sim.reset(world(behaviour={"note_cut": 20}))
    result = await sim.run(TASK)
    assert (result.ticket.value, result.warnings) == (
        "closed",
        ("Ivanti keeps only a part of the note, or another text",),
    )
    (noted,) = [record for record in sim.evidence() if record["what"] == "noted"]
    assert (len(noted["note"]), noted["warnings"]) == (32, list(result.warnings))
    assert json.dumps(sim.task(TASK)["notes"]).count("created_by") == 1
