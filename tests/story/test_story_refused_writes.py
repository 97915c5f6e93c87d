"""The story on real parts: a gateway says 429 to a write that the system behind it has done."""

import pytest
from fault_rules import fault
from real_simulator import RealSimulator, SteppingClock
from worlds import TASK, parameters, world


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("route", ["note-create", "task-write"])
async def test_a_close_that_was_refused_but_done_is_not_done_twice(sim: RealSimulator, route: str, times: int) -> None:
    """Before a refused write is repeated, the ticket is looked at: one note, one close."""
    sim.faults(fault("ivanti", route, "429", "after", times=times, params={"retry_after": 1}))
    result = await sim.run(TASK)
    task = sim.task(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    assert (len(task["notes"]), len(task["writes"]), task["minutes"]) == (1, 1, 1)


@pytest.mark.parametrize("route", ["note-create", "task-write"])
async def test_a_hand_over_that_was_refused_but_done_is_not_done_twice(sim: RealSimulator, route: str) -> None:
    """The same for the note and the reassignment of a task that is for people."""
    sim.reset(world(parameters(SecretType="Key")))
    sim.faults(fault("ivanti", route, "429", "after", params={"retry_after": 1}))
    result = await sim.run(TASK)
    task = sim.task(TASK)
    assert (result.outcome, result.ticket.value) == ("refused", "handed-off"), result.reason
    assert (len(task["notes"]), len(task["writes"]), task["minutes"]) == (1, 1, 1)


async def test_a_write_that_was_refused_and_not_done_is_sent_again(sim: RealSimulator) -> None:
    """The look shows nothing, so the note is written after all."""
    sim.faults(fault("ivanti", "note-create", "429", times=2, params={"retry_after": 1}))
    result = await sim.run(TASK, SteppingClock(sim))
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    assert len(sim.task(TASK)["notes"]) == 1


@pytest.mark.parametrize("kind", ["close-task", "move-task"])
async def test_a_write_is_not_repeated_over_what_somebody_did_meanwhile(sim: RealSimulator, kind: str) -> None:
    """Somebody changes the task between the close and its read-back: there is one write, and their change stands."""
    sim.faults(fault("ivanti", "task-read", kind, times=1, params={"fields": {"Owner": "an.other"}}))
    result = await sim.run(TASK)
    task = sim.task(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "open", 4)
    assert (len(task["writes"]), task["owner"]) == (1, "an.other")


async def test_a_list_value_that_ivanti_does_not_know_is_explained(sim: RealSimulator) -> None:
    """It answers 500 with an empty message: the reason says which three values may be meant."""
    sim.reset(world(parameters(SecretType="Password")))
    result = await sim.run(TASK, SPENTKEY_IVANTI__ESCALATION_TEAM="Nobody")
    assert (result.ticket.value, "a list value was not accepted: Owner, OwnerTeam or Status" in str(result.reason)) == (
        "open",
        True,
    )


async def test_further_fields_of_a_close_reach_the_task(sim: RealSimulator) -> None:
    """What a rule of the tenant asks for; and no minutes."""
    sim.reset(world(task_fields=["CloseCode"]))
    settings = {
        "SPENTKEY_IVANTI__CLOSE_FIELDS": '{"CloseCode": "Automated"}',
        "SPENTKEY_IVANTI__FIELDS": '{"minutes": ""}',
    }
    result = await sim.run(TASK, None, **settings)
    task = sim.task(TASK)
    assert (result.ticket.value, task["status"], task["minutes"]) == ("closed", "Completed", 0)
    assert task["fields"]["CloseCode"] == "Automated"


async def test_a_close_without_an_owner_meets_the_rule_that_asks_for_one(sim: RealSimulator) -> None:
    """Told in Ivanti's words; the credential is gone, and the task stays open."""
    result = await sim.run(TASK, SPENTKEY_IVANTI__OWNER="none")
    assert (result.outcome, result.ticket.value, "Required field Task.Owner" in str(result.reason)) == (
        *("removed", "open"),
        True,
    )
