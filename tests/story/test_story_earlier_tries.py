"""The story on real parts when an earlier try, or another task, has begun what this one finds."""

from pathlib import Path
from typing import Any

import pytest
from commands import spentkey
from fault_rules import fault
from real_simulator import RealSimulator
from test_story_again import crash_before
from test_story_limits import lose_the_live_secret
from worlds import EXPIRED_SECRET, LIVE_SECRET, TASK, parameters, sales, without, world

FORBIDDEN = fault("graph", "removePassword", "403")
UNWRITABLE = fault("ivanti", "task-write", "503")


def twice_asked() -> dict[str, Any]:
    """Two tasks for the same secret, as a request that was filed twice makes them."""
    made = world()
    made["ivanti"]["requests"].append({"number": 10197, "parameters": parameters()})
    made["ivanti"]["tasks"].append({"number": TASK + 1, "parent": 10197})
    return made


def kinds(sim: RealSimulator, what: str) -> list[dict[str, Any]]:
    """The records of one kind."""
    return [record for record in sim.evidence() if record["what"] == what]


async def test_a_hand_over_whose_note_is_there_is_finished_though_the_removal_would_work_now(
    sim: RealSimulator,
) -> None:
    """One note per assignment: a task is never closed under a note that says why it was not."""
    sim.faults(FORBIDDEN, UNWRITABLE)
    first = await sim.run(TASK)
    assert (first.outcome, first.ticket.value) == ("failed", "open")
    assert len(sim.task(TASK)["notes"]) == 1
    sim.faults()
    second = await sim.run(TASK)
    assert (second.outcome, second.ticket.value, second.exit_code) == ("failed", "handed-off", 3)
    assert (second.tenant, second.key_id, second.route) == ("production", EXPIRED_SECRET, "removePassword")
    assert "403" in (second.reason or "")
    assert sim.removals() == []
    assert len(sim.task(TASK)["notes"]) == 1


async def test_a_plan_foresees_that_the_hand_over_is_finished(sim: RealSimulator) -> None:
    """The same look ahead, without a write."""
    sim.faults(FORBIDDEN, UNWRITABLE)
    await sim.run(TASK)
    sim.faults()
    assert (await sim.plan(TASK)).action.value == "hand-off"


async def test_a_hand_over_whose_note_never_arrived_is_judged_anew(sim: RealSimulator) -> None:
    """Nothing was told to anybody, so what is possible now is done now."""
    sim.faults(FORBIDDEN, fault("ivanti", "note-create", "503"))
    assert (await sim.run(TASK)).ticket.value == "open"
    assert sim.task(TASK)["notes"] == []
    sim.faults()
    second = await sim.run(TASK)
    assert (second.outcome, second.ticket.value) == ("removed", "closed")
    assert len(sim.task(TASK)["notes"]) == 1


async def test_a_hand_over_that_was_given_back_before_its_record_is_a_new_assignment(sim: RealSimulator) -> None:
    """The minutes show that it took, so the next hand-over has a note and minutes of its own."""
    sim.reset(world(parameters(SecretType="Password"), task={"minutes": 4}))
    await sim.run(TASK)
    crash_before(sim, "handed-over")
    back = {"OwnerTeam": "Spentkey", "Status": "Logged"}
    sim.faults(fault("ivanti", "task-query", "edit-task", nth=1, params={"task": str(TASK), "fields": back}))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    notes = [note["body"] for note in sim.task(TASK)["notes"]]
    assert ["assignment=1" in notes[0], "assignment=2" in notes[1], len(notes)] == [True, True, 2]
    assert sim.task(TASK)["minutes"] == 6
    assert [one.get("found") for one in kinds(sim, "handed-over")] == [
        "the task shows it; it was given back since",
        None,
    ]


async def test_a_hand_over_that_never_took_is_finished_as_the_same_assignment(sim: RealSimulator) -> None:
    """The minutes are as before, so it is no new assignment: no second note."""
    sim.reset(world(parameters(SecretType="Password")))
    sim.faults(UNWRITABLE)
    await sim.run(TASK)
    sim.faults()
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert len(sim.task(TASK)["notes"]) == 1
    assert sim.task(TASK)["minutes"] == 1


async def test_a_second_task_for_what_we_removed_says_that_we_removed_it(sim: RealSimulator) -> None:
    """Attribution goes by our intent on record, for whichever task it was; nothing is sent a second time."""
    sim.reset(twice_asked())
    first, second = await sim.run(TASK), await sim.run(TASK + 1)
    assert (first.outcome, second.outcome) == ("removed", "removed")
    assert (second.attribution, second.route, second.ticket.value) == ("confirmed", "removePassword", "closed")
    assert sim.writes().count("removePassword") == 1


async def test_what_another_task_was_promised_confirms_a_removal_that_did_not_show_for_long(sim: RealSimulator) -> None:
    """Graph said 204 to the first task, and showed the secret until it went to people; the second finds it gone."""
    sim.reset(twice_asked())
    sim.faults(fault("graph", "*", "stale", params={"seconds": 3600}))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    sim.faults(fault("graph", "batch:read-application", "stale", times=2, params={"reads": 2}))
    second = await sim.run(TASK + 1)
    assert (second.outcome, second.attribution, second.ticket.value) == ("removed", "confirmed", "closed")


async def test_a_second_task_for_what_others_removed_says_that_it_was_gone(sim: RealSimulator) -> None:
    """Without any intent of ours on record, it was not us."""
    made = twice_asked()
    made["tenants"][0]["applications"] = [without(sales(), EXPIRED_SECRET)]
    sim.reset(made)
    outcomes = [(await sim.run(number)).outcome for number in (TASK, TASK + 1)]
    assert outcomes == ["already-gone", "already-gone"]


async def test_a_survivor_that_was_looked_into_stops_nothing_a_second_time(sim: RealSimulator, tmp_path: Path) -> None:
    """Its task could not be handed over when it was found; after `spentkey resume` it is, and other tasks go on."""
    made = twice_asked()
    made["ivanti"]["requests"][1]["parameters"] = parameters(SecretType="Password")
    sim.reset(made)
    sim.faults(fault("graph", "read-application", "503"))
    await sim.run(TASK)
    sim.faults(UNWRITABLE)
    await lose_the_live_secret(sim)
    assert (await sim.run(TASK)).ticket.value == "open"
    sim.faults()
    assert (await sim.run(TASK)).guard == "G8"
    spentkey("resume", "--config", str(sim.config), "--who", "somebody", "--why", "rotated", home=tmp_path)
    again = await sim.run(TASK)
    assert (again.outcome, again.ticket.value) == ("failed", "handed-off")
    assert LIVE_SECRET in (again.reason or "")
    assert (await sim.run(TASK + 1)).ticket.value == "handed-off"
    assert len(kinds(sim, "survivor-lost")) == 1


SAML = {
    "passwords": [{"key_id": EXPIRED_SECRET, "end": "-30d", "custom_key_identifier": "group"}],
    "certificates": [{"key_id": EXPIRED_SECRET, "certificate": "old", "usage": "Sign", "type": "X509CertAndPassword"}],
}


@pytest.mark.parametrize("asked", ["Secret", "Certificaat"])
async def test_a_saml_signing_group_on_the_service_principal_goes_to_people(sim: RealSimulator, asked: str) -> None:
    """Whichever kind the task says: recognised, named, and not touched."""
    made = world(
        parameters(SecretType=asked),
        application={**without(sales(), EXPIRED_SECRET), "service_principal": SAML},
    )
    sim.reset(made)
    result = await sim.run(TASK)
    assert (result.guard, result.ticket.value) == ("G4", "handed-off")
    assert "belongs to a SAML signing certificate" in (result.reason or "")
    assert "the security team must look at it" in (result.reason or "")
    assert sim.removals() == []
