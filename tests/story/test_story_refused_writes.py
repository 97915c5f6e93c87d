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
    """Somebody changes the task between the close and its read-back: it was closed, and their change stands."""
    sim.faults(fault("ivanti", "task-read", kind, times=1, params={"fields": {"Owner": "an.other"}}))
    result = await sim.run(TASK)
    task = sim.task(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "closed", 0)
    assert result.warnings == ("Ivanti shows another Owner than svc-spentkey, which was written",)
    assert (len(task["writes"]), task["owner"]) == (1, "an.other")


@pytest.mark.parametrize("ended", ["Cancelled", "Waiting"])
async def test_a_close_whose_reply_was_lost_is_not_ours_where_people_ended_the_task(
    sim: RealSimulator, ended: str
) -> None:
    """Nothing on it was written by us: it is left as they left it, and the removal is done."""
    sim.faults(
        fault("ivanti", "task-write", "reset", times=1),
        fault("ivanti", "task-read", "edit-task", times=1, params={"fields": {"Status": ended, "Owner": "an.other"}}),
    )
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "untouched", 0)
    assert result.warnings == (f"somebody ended task {TASK}, or took it, while it was written; it is left as it is",)
    assert (sim.task(TASK)["writes"], sim.task(TASK)["status"]) == ([], ended)
    before = sim.evidence()
    again = await sim.run(TASK)
    assert (again.outcome, again.ticket.value, again.exit_code) == ("removed", "untouched", 0)
    assert sim.evidence() == before


async def test_a_close_whose_reply_was_lost_is_ours_where_the_task_shows_it(sim: RealSimulator) -> None:
    """Its status was moved on by a workflow; the owner that was written is there."""
    sim.faults(
        fault("ivanti", "task-write", "reset", "after", times=1),
        fault("ivanti", "task-read", "edit-task", times=1, params={"fields": {"Status": "Rejected"}}),
    )
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "closed", 0)
    assert result.warnings == ("Ivanti shows Status as Rejected, not as Completed, which was written",)
    assert len(sim.task(TASK)["writes"]) == 1
    (closed,) = [record for record in sim.evidence() if record["what"] == "closed"]
    assert closed["warnings"] == list(result.warnings)


async def test_a_hand_over_that_was_routed_on_took(sim: RealSimulator) -> None:
    """The task is not with us any more; where it is instead is a warning."""
    sim.reset(world(parameters(SecretType="Key")))
    sim.faults(fault("ivanti", "task-read", "move-task", times=1, params={"team": "Servicedesk"}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("refused", "handed-off", 3)
    assert result.warnings == ("Ivanti shows OwnerTeam as Servicedesk, not as Systeemsoftware, which was written",)
    (handed,) = [record for record in sim.evidence() if record["what"] == "handed-over"]
    assert (handed["warnings"], bool(handed["version"])) == (list(result.warnings), True)


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


async def test_a_hand_over_is_not_written_again_over_somebodys_close(sim: RealSimulator) -> None:
    """Its write had no effect, and somebody closed the task meanwhile: it is left as they left it."""
    sim.reset(world(parameters(SecretType="Key")))
    sim.faults(fault("ivanti", "task-write", "noop", times=1), fault("ivanti", "task-read", "close-task", times=1))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("refused", "untouched", 4)
    assert (len(sim.task(TASK)["writes"]), sim.task(TASK)["owner_team"]) == (0, "Spentkey")


async def test_a_value_that_the_desk_refuses_is_told_by_name(sim: RealSimulator) -> None:
    """Minutes that the role may not write; the credential is gone, and the task stays open for people to see why."""
    sim.reset(world(behaviour={"minutes": "refused"}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, "ActualEffort" in str(result.reason)) == ("removed", "open", True)


@pytest.mark.parametrize("behaviour", [{"prompt_to_close": True}, {"required_to_close": "CloseCode"}])
async def test_a_close_that_a_rule_forbids_goes_to_people_in_the_end(
    sim: RealSimulator, behaviour: dict[str, object]
) -> None:
    """With the rule in Ivanti's words; once, after `max_attempts`."""
    sim.reset(world(behaviour=behaviour, task_fields=["CloseCode"]))
    results = [await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2") for _ in range(3)]
    assert [one.ticket.value for one in results] == ["open", "handed-off", "untouched"]
    assert "PromptException" in str(results[1].reason) or "CloseCode" in str(results[1].reason)
    assert len(sim.task(TASK)["writes"]) == 1


async def test_an_owner_who_is_not_in_the_team_is_told(sim: RealSimulator) -> None:
    """500 with an empty message: what was written stands in the reason."""
    sim.reset(world(behaviour={"owner_must_be_member": True}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "open")
    assert "see whether the owner is a member of the team. Written was Owner svc-spentkey" in str(result.reason)
