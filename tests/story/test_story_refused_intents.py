"""The story on real parts: an intent that Graph refused for sure removed nothing, whatever is gone later."""

from typing import Any

import pytest
from fault_rules import fault
from real_simulator import RealSimulator, SteppingClock
from test_story_asked_again import Meanwhile, end, ours, paused, removed_by_hand, replies
from worlds import EXPIRED_CERT, EXPIRED_SECRET, TASK, certificate_parameters, parameters, sales, world

OTHER = "33333333-3333-4333-8333-555555555555"
ONE_TRY = {"SPENTKEY_POLICY__MAX_ATTEMPTS": "1"}
GIVEN_BACK = {"OwnerTeam": "Spentkey", "Status": "Logged"}


def refuses(status: str, code: str) -> dict[str, Any]:
    """Graph refuses the removal with that code."""
    body = f'{{"error":{{"code":"{code}","message":"No."}}}}'
    return fault("graph", "removePassword", status, params={"body": body, "retry_after": 1})


def give_back(sim: RealSimulator, number: int = TASK) -> None:
    """People give the task back to us; the next look at it shows that."""
    back = fault("ivanti", "task-query", "edit-task", nth=1, params={"task": str(number), "fields": GIVEN_BACK})
    sim.faults(back)


def two_tasks(key_id: str) -> dict[str, Any]:
    """A second expired secret, and a second task, for that key id."""
    old = {"key_id": OTHER, "display_name": "x", "start": "-400d", "end": "-20d"}
    made = world(application={"passwords": [*sales()["passwords"], old]})
    made["ivanti"]["requests"].append({"number": 10197, "parameters": parameters(SecretID=key_id)})
    made["ivanti"]["tasks"].append({"number": TASK + 1, "parent": 10197})
    return made


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "403": (refuses("403", "Authorization_RequestDenied"), "forbidden"),
    "400": (refuses("400", "Request_BadRequest"), "rejected"),
    "401 of a fresh token": (refuses("401", "InvalidAuthenticationToken"), "not-done"),
    "429 for ever": (fault("graph", "removePassword", "429", params={"retry_after": 1}), "not-done"),
    "429 until tomorrow": (fault("graph", "removePassword", "429", params={"retry_after": 86400}), "not-done"),
    "at odds for ever": (fault("graph", "removePassword", "409"), "not-done"),
}


@pytest.mark.parametrize("how", REFUSED)
async def test_what_people_remove_after_a_refusal_is_not_ours(sim: RealSimulator, how: str) -> None:
    """They did it by hand, as the note asked; the next run says so, and claims nothing."""
    rule, answer = REFUSED[how]
    sim.faults(rule)
    first = await sim.run(TASK, SteppingClock(sim))
    assert (first.outcome, first.ticket.value in ("handed-off", "open")) == ("failed", True), first.reason
    assert replies(sim) == [answer]
    sim.faults()
    await removed_by_hand(sim)
    give_back(sim)
    assert end(await sim.run(TASK)) == ("already-gone", "closed", None, 0)
    assert ours(sim) == []


async def test_neither_is_it_for_a_second_task_about_the_same(sim: RealSimulator) -> None:
    """Whichever task the refused intent was for."""
    sim.reset(two_tasks(EXPIRED_SECRET))
    sim.faults(REFUSED["403"][0])
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    sim.faults()
    await removed_by_hand(sim)
    second = await sim.run(TASK + 1)
    assert second.outcome != "removed", second.reason


async def test_a_try_after_a_refusal_starts_afresh(sim: RealSimulator) -> None:
    """Nothing was lost, so no reads come first: it is sent at once, and confirmed."""
    sim.faults(REFUSED["403"][0])
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    give_back(sim)
    result = await sim.run(TASK)
    assert (*end(result), result.attribution) == ("removed", "closed", None, 0, "confirmed")
    routes = [one["route"] for one in sim.journal()]
    assert "read-application" not in routes[: len(routes) - routes[::-1].index("removePassword")]


async def test_a_refusal_after_a_lost_reply_leaves_that_one_open(sim: RealSimulator) -> None:
    """The first may have taken, so what is gone later is presumed to be ours."""
    sim.faults(fault("graph", "removePassword", "reset", nth=1), fault("graph", "removePassword", "403", nth=2))
    first = await sim.run(TASK)
    assert (first.outcome, first.ticket.value, replies(sim)) == ("failed", "handed-off", ["lost", "forbidden"])
    sim.faults()
    await removed_by_hand(sim)
    give_back(sim)
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution) == ("removed", "presumed"), again.reason


async def test_what_was_refused_must_survive_the_next_removal(sim: RealSimulator) -> None:
    """It is still on the application, and nobody asked for it any more."""
    sim.reset(two_tasks(OTHER))
    sim.faults(REFUSED["403"][0])
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    sim.faults(fault("graph", "read-application", "503"))
    assert (await sim.run(TASK + 1)).outcome == "cannot-tell"
    sim.faults()
    survivors = [one["survivors"] for one in sim.evidence() if one["what"] == "intent"][-1]
    assert EXPIRED_SECRET in [one["key_id"] for one in survivors]
    await removed_by_hand(sim)
    lost = await sim.run(TASK + 1)
    assert (lost.outcome, lost.ticket.value) == ("failed", "handed-off"), lost.reason
    assert EXPIRED_SECRET in (lost.reason or "")


async def test_rejected_proofs_are_no_removals(sim: RealSimulator) -> None:
    """Of a certificate; a later try is a first one."""
    sim.reset(world(certificate_parameters()))
    body = '{"error":{"code":"Authentication_MissingOrMalformed","message":"Access Token missing or malformed."}}'
    sim.faults(fault("graph", "removeKey", "401", params={"body": body}))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert replies(sim) == ["proof-rejected"]
    give_back(sim)
    result = await sim.run(TASK)
    assert (*end(result), result.attribution) == ("removed", "closed", None, 0, "confirmed")
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]


async def test_refused_intents_still_count(sim: RealSimulator) -> None:
    """A limit is about what was begun."""
    sim.reset(two_tasks(OTHER))
    sim.faults(REFUSED["403"][0])
    one = {"SPENTKEY_POLICY__MAX_REMOVALS_PER_HOUR": "1"}
    assert (await sim.run(TASK, None, **one)).ticket.value == "handed-off"
    sim.faults()
    assert end(await sim.run(TASK + 1, None, **one)) == ("refused", "open", "G8", 4)


DOUBTFUL = {
    "503 with a code": {"kind": "503", "params": {"retry_after": 1}},
    "429 without a code": {"kind": "429", "params": {"retry_after": 1, "html": True}},
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", DOUBTFUL)
async def test_a_refusal_that_may_hide_an_effect_settles_nothing(sim: RealSimulator, how: str, when: str) -> None:
    """It is sent again as before; given up, it may have taken, and the next run reads what is true."""
    sim.faults({**fault("graph", "removePassword", "", when), **DOUBTFUL[how]})
    first = await sim.run(TASK, SteppingClock(sim))
    assert (*end(first), replies(sim)) == ("cannot-tell", "open", None, 4, ["lost"]), first.reason
    sim.faults()
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution) == ("removed", "confirmed" if when == "before" else "presumed")
    assert len(ours(sim)) == 1


@pytest.mark.parametrize("how", DOUBTFUL)
async def test_a_pause_after_such_a_refusal_leaves_it_open_what_happened(sim: RealSimulator, how: str) -> None:
    """The repeat is not sent, and nobody can tell what became of the first one."""
    rule = {**fault("graph", "removePassword", "", "after"), **DOUBTFUL[how]}
    sim.faults(rule)
    result = await sim.run(TASK, Meanwhile(sim, 1, paused))
    assert (*end(result), replies(sim)) == ("cannot-tell", "open", None, 4, ["lost"]), result.reason
    assert "G8: everything is paused" in (result.reason or "")
    assert sim.writes().count("removePassword") == 1


async def test_a_plain_no_after_such_a_refusal_is_no_proof(sim: RealSimulator) -> None:
    """403 to the second try says nothing of the first, which had taken."""
    sim.faults(
        fault("graph", "removePassword", "503", "after", nth=1, params={"retry_after": 1}),
        fault("graph", "removePassword", "403", nth=2),
    )
    first = await sim.run(TASK, SteppingClock(sim))
    assert (first.outcome, first.ticket.value, replies(sim)) == ("failed", "handed-off", ["lost"])
    (note,) = sim.task(TASK)["notes"]
    assert "removed nothing" not in note["body"]
    give_back(sim)
    again = await sim.run(TASK)
    assert (again.outcome, again.attribution) == ("removed", "presumed"), again.reason


async def test_a_throttled_removal_that_was_given_up_is_no_cannot_tell(sim: RealSimulator) -> None:
    """Graph said each time that it did nothing, so an outage is all there is to say; it does not count as a try."""
    sim.faults(REFUSED["429 until tomorrow"][0])
    for _ in range(2):
        result = await sim.run(TASK, None, **ONE_TRY)
        assert (*end(result), result.outage) == ("failed", "open", None, 4, True), result.reason
    assert "429" in (result.reason or "")  # pyright: ignore[reportPossiblyUnboundVariable]
