"""The story on real parts when things happen under way: changes by people, lost replies, stale reads, outages."""

from typing import Any

import pytest
from real_simulator import RealSimulator, SteppingClock
from worlds import EXPIRED_SECRET, TASK, certificate_parameters, parameters, sales, world


def fault(system: str, route: str, kind: str, when: str = "before", **more: Any) -> dict[str, Any]:
    """A fault rule for every object."""
    return {"system": system, "route": route, "object": "*", "kind": kind, "when": when, **more}


MEDDLING = {
    "closed by somebody": fault("ivanti", "task-query", "close-task", nth=2),
    "moved to another team": fault("ivanti", "task-query", "move-task", nth=2, params={"team": "Servicedesk"}),
    "taken by somebody": fault("ivanti", "task-query", "edit-task", nth=2, params={"fields": {"Owner": "an.other"}}),
    "another SecretID": fault(
        "ivanti",
        "task-query",
        "edit-task",
        nth=2,
        params={"parameters": {"SecretID": "33333333-3333-4333-8333-444444444444"}},
    ),
}


@pytest.mark.parametrize("scenario", MEDDLING)
async def test_a_task_that_changes_before_the_removal_is_left_alone(sim: RealSimulator, scenario: str) -> None:
    """G7: nothing is removed, and nothing is written to Ivanti."""
    sim.faults(MEDDLING[scenario])
    result = await sim.run(TASK)
    assert (
        result.outcome,
        result.guard,
        result.ticket.value,
        result.exit_code,
    ) == ("refused", "G7", "untouched", 4)
    assert sim.removals() == []
    assert sim.writes() == []


@pytest.mark.parametrize("gone", [False, True])
async def test_a_task_that_changes_after_the_removal_is_not_written_to(sim: RealSimulator, gone: bool) -> None:
    """The outcome stands, the ticket is somebody else's."""
    kept = [one for one in sales()["passwords"] if one["key_id"] != EXPIRED_SECRET]
    if gone:
        sim.reset(world(application={"passwords": kept}))
    sim.faults(fault("ivanti", "task-query", "close-task", nth=2 if gone else 3))
    result = await sim.run(TASK)
    wanted = ("already-gone" if gone else "removed", "untouched", 0)
    assert wanted == (result.outcome, result.ticket.value, result.exit_code)
    assert sim.task(TASK)["notes"] == []


async def test_a_removal_whose_reply_is_lost_is_verified_and_not_repeated(sim: RealSimulator) -> None:
    """Applied, then the connection breaks: reads show that it is gone; one removal was sent."""
    sim.faults(fault("graph", "removePassword", "reset", "after", nth=1))
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "presumed", "closed")
    assert sim.writes().count("removePassword") == 1


async def test_a_removal_that_never_arrived_is_repeated_once_after_enough_reads(sim: RealSimulator) -> None:
    """Not applied and the reply lost: verify_reads reads in a row still show it before the one repeat."""
    sim.faults(fault("graph", "removePassword", "reset", "before", nth=1))
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed")
    routes = [entry["route"] for entry in sim.journal() if entry["route"] in ("removePassword", "read-application")]
    assert ["removePassword", *["read-application"] * 3, "removePassword", *["read-application"] * 3] == routes


async def test_a_204_that_did_nothing_is_found_out(sim: RealSimulator) -> None:
    """Graph says 204 and the secret stays: StillThere at the deadline, handed over, not repeated."""
    sim.faults(fault("graph", "removePassword", "noop"))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert "still there" in (result.reason or "")
    assert sim.writes().count("removePassword") == 1


async def test_stale_reads_after_the_removal_are_waited_out(sim: RealSimulator) -> None:
    """A read that shows it again starts the count anew."""
    sim.faults(fault("graph", "read-application", "stale", nth=2), fault("graph", "read-application", "stale", nth=4))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed")
    reads = [record["reads"] for record in sim.evidence() if record["what"] == "verified"]
    assert reads == [["absent", "present", "absent", "present", "absent", "absent", "absent"]]


async def test_reads_that_never_agree_leave_the_task_open(sim: RealSimulator) -> None:
    """Mixed until the deadline: nobody can tell, and the next run looks again."""
    every_other = [fault("graph", "read-application", "stale", nth=number) for number in range(2, 40, 2)]
    sim.faults(*every_other)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("cannot-tell", "open", 4)
    sim.faults()
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution, again.ticket.value) == ("removed", "confirmed", "closed")
    assert len(sim.removals()) == 1


@pytest.mark.parametrize("params", [{"retry_after": 7}, {"retry_after": "date:7"}, {}])
@pytest.mark.parametrize("kind", ["429", "503"])
async def test_throttling_is_ridden_out_by_retry_after(sim: RealSimulator, kind: str, params: dict[str, Any]) -> None:
    """Seconds, a date or nothing: the removal is sent again and confirmed."""
    sim.faults(fault("graph", "removePassword", kind, times=2, params=params))
    result = await sim.run(TASK, SteppingClock(sim))
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed")
    assert sim.writes().count("removePassword") == 3


async def test_a_concurrency_violation_is_tried_again(sim: RealSimulator) -> None:
    """409 Directory_ConcurrencyViolation is refused before any effect."""
    sim.faults(fault("graph", "removePassword", "409", times=1))
    assert ((result := await sim.run(TASK)).outcome, result.attribution) == ("removed", "confirmed")


async def test_throttling_that_does_not_end_leaves_the_task_open(sim: RealSimulator) -> None:
    """Five tries at most; then the task waits for another run."""
    sim.faults(fault("graph", "removePassword", "429", params={"retry_after": 1}))
    result = await sim.run(TASK)
    assert (result.ticket.value, result.exit_code) == ("open", 4)
    assert sim.writes().count("removePassword") == 5
    assert sim.removals() == []


async def test_a_close_whose_reply_is_lost_is_looked_up(sim: RealSimulator) -> None:
    """The close took effect: it is not written again."""
    sim.faults(fault("ivanti", "task-write", "reset", "after", nth=1))
    result = await sim.run(TASK)
    assert result.ticket.value == "closed"
    assert sim.writes().count("task-write") == 1
    assert sim.task(TASK)["minutes"] == 1


async def test_a_note_whose_reply_is_lost_is_not_written_twice(sim: RealSimulator) -> None:
    """It is found by its marker."""
    sim.faults(fault("ivanti", "note-create", "504", "after", nth=1))
    result = await sim.run(TASK)
    assert result.ticket.value == "closed"
    assert len(sim.task(TASK)["notes"]) == 1


async def test_a_close_that_does_not_take_is_sent_again(sim: RealSimulator) -> None:
    """Ivanti says 200 and stores nothing: the read-back shows it."""
    sim.faults(fault("ivanti", "task-write", "noop", nth=1))
    assert (await sim.run(TASK)).ticket.value == "closed"
    assert sim.writes().count("task-write") == 2


async def test_a_close_that_never_takes_leaves_the_task_open_with_its_outcome(sim: RealSimulator) -> None:
    """The credential is gone, the ticket could not be written; a later run closes it without a second removal."""
    sim.faults(fault("ivanti", "task-write", "noop"))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "open", 4)
    assert "could not be written" in (result.reason or "")
    sim.faults()
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution, again.ticket.value) == ("removed", "confirmed", "closed")
    assert (len(sim.removals()), len(sim.task(TASK)["notes"])) == (1, 1)
    assert sim.task(TASK)["minutes"] == 1


OUTAGES = {
    "Ivanti away": fault("ivanti", "task-query", "503"),
    "Ivanti shows a page": fault("ivanti", "task-query", "html"),
    "Ivanti answers nonsense": fault("ivanti", "params-query", "garbage"),
    "the vault away": fault("passwordstate", "search", "503"),
    "the vault shows a page": fault("passwordstate", "search", "html"),
    "sign-in away": fault("login", "token", "503"),
    "sign-in shows a page": fault("login", "token", "html"),
    "Graph away": fault("graph", "batch", "503"),
    "Graph hangs up": fault("graph", "batch", "reset"),
    "Graph answers half": fault("graph", "batch", "truncate"),
}


@pytest.mark.parametrize("scenario", OUTAGES)
async def test_an_outage_leaves_the_task_open_and_nothing_written(sim: RealSimulator, scenario: str) -> None:
    """Nothing is handed over because a system is away."""
    sim.faults(OUTAGES[scenario])
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "open", 4), result.reason
    assert sim.writes() == []
    sim.faults()
    assert (await sim.run(TASK)).outcome == "removed"


@pytest.mark.parametrize(
    "rule",
    [
        fault("sql", "login", "18456"),
        fault("sql", "login", "down"),
        fault("sql", "query", "208"),
        fault("passwordstate", "document", "html"),
    ],
)
async def test_an_outage_on_the_way_to_the_signer_leaves_the_task_open(
    sim: RealSimulator, rule: dict[str, Any]
) -> None:
    """Database and documents belong to the vault: their trouble is not the requester's."""
    sim.reset(world(certificate_parameters()))
    sim.faults(rule)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "open", 4), result.reason
    assert sim.writes() == []


async def test_a_refused_ivanti_key_leaves_the_task_untouched(sim: RealSimulator) -> None:
    """Without a key nothing can be written anyway."""
    sim.faults(fault("ivanti", "task-query", "401"))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "untouched", 4)


async def test_a_rejected_proof_is_handed_over_with_what_it_means(sim: RealSimulator) -> None:
    """Graph's text blames the access token; the note says that the proof is meant."""
    sim.reset(world(certificate_parameters()))
    body = '{"error":{"code":"Authentication_MissingOrMalformed","message":"Access Token missing or malformed."}}'
    sim.faults(fault("graph", "removeKey", "401", params={"body": body}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert "means the proof" in (result.reason or "")


async def test_a_hand_over_that_stopped_after_its_note_is_finished_without_a_second_note(sim: RealSimulator) -> None:
    """The reassignment failed; the next run finds the note by its marker."""
    sim.reset(world(parameters(SecretType="Password")))
    sim.faults(fault("ivanti", "task-write", "503"))
    first = await sim.run(TASK)
    assert (first.outcome, first.ticket.value, first.exit_code) == ("refused", "open", 4)
    sim.faults()
    second = await sim.run(TASK)
    assert (second.outcome, second.ticket.value, second.exit_code) == ("refused", "handed-off", 3)
    task = sim.task(TASK)
    assert (len(task["notes"]), task["minutes"], task["owner_team"]) == (1, 1, "Systeemsoftware")


async def test_after_max_attempts_without_an_outage_people_must_look(sim: RealSimulator) -> None:
    """Reads that never agree leave the task open once, and hand it over the second time when two tries are allowed."""
    stale_reads = [fault("graph", "read-application", "stale", nth=number) for number in range(2, 40, 2)]
    sim.faults(*stale_reads)
    first = await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2")
    sim.faults(fault("graph", "batch:read-application", "stale"), *stale_reads)
    second = await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2")
    assert [(one.outcome, one.ticket.value) for one in (first, second)] == [
        ("cannot-tell", "open"),
        ("cannot-tell", "handed-off"),
    ]
    (note,) = sim.task(TASK)["notes"]
    assert "could not establish whether the credential is gone" in note["body"]


async def test_a_stale_look_after_a_removal_does_not_send_a_second_one(sim: RealSimulator) -> None:
    """The evidence holds the intent: the next run verifies what it did before it would repeat it."""
    sim.faults(fault("ivanti", "task-write", "503"))
    await sim.run(TASK)
    sim.faults(fault("graph", "batch:read-application", "stale"))
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution, again.ticket.value) == ("removed", "confirmed", "closed")
    assert sim.writes().count("removePassword") == 1


async def test_an_intent_and_absence_after_a_crash_are_a_presumed_removal(sim: RealSimulator) -> None:
    """The evidence of a run that died after the intent: the next run reads what is true, and removes nothing."""
    sim.faults(fault("graph", "removePassword", "reset", "after"), fault("graph", "read-application", "503"))
    first = await sim.run(TASK)
    assert (first.outcome, first.ticket.value) == ("cannot-tell", "open")
    sim.faults()
    second = await sim.run(TASK)
    assert (second.outcome, second.attribution, second.ticket.value) == ("removed", "presumed", "closed")
    assert len(sim.removals()) == 1


async def test_a_stale_look_that_shows_what_we_removed_is_no_lost_survivor(sim: RealSimulator) -> None:
    """A second task of the same application is judged on a read that still shows the first one's secret."""
    second = "33333333-3333-4333-8333-555555555555"
    passwords = [*sales()["passwords"], {"key_id": second, "display_name": "x", "start": "-400d", "end": "-20d"}]
    both = world(application={"passwords": passwords})
    both["ivanti"]["requests"].append({"number": 10197, "parameters": parameters(SecretID=second)})
    both["ivanti"]["tasks"].append({"number": 40022, "parent": 10197})
    sim.reset(both)
    await sim.run(TASK)
    sim.faults(fault("graph", "batch:read-application", "stale"))
    result = await sim.run(40022)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason


@pytest.mark.parametrize(
    "asked", [certificate_parameters(), parameters(SecretID="33333333-3333-4333-8333-555555555555")]
)
async def test_what_was_removed_for_another_task_meanwhile_is_no_lost_survivor(
    sim: RealSimulator, asked: list[list[Any]]
) -> None:
    """A removal that was left open, then another one on the same application, then the first one goes on."""
    old = {"key_id": "33333333-3333-4333-8333-555555555555", "display_name": "x", "start": "-400d", "end": "-20d"}
    both = world(application={"passwords": [*sales()["passwords"], old]})
    both["ivanti"]["requests"].append({"number": 10197, "parameters": asked})
    both["ivanti"]["tasks"].append({"number": 40022, "parent": 10197})
    sim.reset(both)
    sim.faults(fault("graph", "removePassword", "reset", "after"), fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).ticket.value == "open"
    sim.faults()
    between = await sim.run(40022)
    assert (between.outcome, between.ticket.value) == ("removed", "closed"), between.reason
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution, again.ticket.value) == ("removed", "presumed", "closed"), again.reason
    assert len(sim.removals()) == 2
    assert [one for one in sim.evidence() if one["what"] == "survivor-lost"] == []


async def test_a_close_that_ivanti_keeps_refusing_is_handed_over_with_its_outcome(sim: RealSimulator) -> None:
    """A rule of the tenant refuses the close in every try: after max_attempts people must look."""
    sim.faults(fault("ivanti", "task-write", "noop", times=6))
    ends = [await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2") for _ in range(2)]
    assert [(one.outcome, one.ticket.value) for one in ends] == [("removed", "open"), ("removed", "handed-off")]
    task = sim.task(TASK)
    assert task["owner_team"] == "Systeemsoftware"
    assert "The credential has been removed" in task["notes"][-1]["body"]
    assert len(sim.removals()) == 1


async def test_tries_that_an_outage_ended_do_not_count(sim: RealSimulator) -> None:
    """Ivanti away while the close is written: the task stays open however often that happens."""
    for _ in range(3):
        sim.faults(fault("ivanti", "task-write", "503"))
        result = await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2")
        assert (result.outcome, result.ticket.value) == ("removed", "open")
