"""The story in pieces, as a playbook walks through it: each piece asks the same guards and keeps the same evidence."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from fault_rules import chain_is_whole, fault
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import (
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_SECRET,
    OTHER_APP,
    REF,
    TASK,
    certificate_parameters,
    parameters,
    world,
)

from spentkey.adapters.given_pfx import GivenPfx, VaultWithPfx
from spentkey.bootstrap.context import context_for
from spentkey.core.notes import Remark
from spentkey.core.outcome import Refused, Result
from spentkey.core.planned import Action
from spentkey.core.rules import RequestRules
from spentkey.core.secret import Secret
from spentkey.core.task import RemovalRequest, TaskRef, read_request, request_of
from spentkey.facade import Facade
from spentkey.step_by_step import Asked, Written, close_proven, dry_run_asked, note_on, reassign_task, remove_asked
from spentkey.steps.context import Context

T = TypeVar("T")


async def with_hands(sim: RealSimulator, do: Callable[[Context], Awaitable[T]], **environment: str) -> T:
    """Do one piece with all the real adapters and a clock that does not wait."""
    async with context_for(sim.settings(**environment), Steps(), use_proxies=False, clock=QuickClock()) as context:
        return await do(context)


RULES = RequestRules(when=("Onderwijs",))


def read_asked(given: Mapping[str, object]) -> RemovalRequest | Refused:
    """What such parameters ask for."""
    return read_request(request_of(given.items()), RULES)


def asked(task: TaskRef | None = REF, tenant: str | None = None, **changes: str) -> Asked:
    """What the default task asks for."""
    request = read_asked(dict(parameters(**changes)))
    assert isinstance(request, RemovalRequest)
    return Asked(request, tenant, task)


async def removes(sim: RealSimulator, what: Asked | None = None, **environment: str) -> Result:
    """Steps 3 to 7."""
    return await with_hands(sim, lambda context: remove_asked(what or asked(), context), **environment)


async def closes(sim: RealSimulator, wording: str | None = None) -> Written:
    """Close with proof."""
    return await with_hands(sim, lambda context: close_proven(REF, context, wording))


async def notes(sim: RealSimulator, body: str = "", subject: str = "", *, hands_over: bool = True) -> Written:
    """Write a note."""
    return await with_hands(sim, lambda context: note_on(REF, Remark(subject, body, hands_over), context))


async def reassigns(sim: RealSimulator, **environment: str) -> Written:
    """Hand over."""
    return await with_hands(sim, lambda context: reassign_task(REF, context), **environment)


def removed(sim: RealSimulator) -> list[str]:
    """The key ids that were really removed."""
    return [one["key_id"] for one in sim.removals()]


async def test_a_removal_leaves_the_ticket_to_its_caller(sim: RealSimulator) -> None:
    """The credential goes, the ticket is not written to, and the result says what is to become of it."""
    result = await removes(sim)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "confirmed", "closed")
    assert (removed(sim), sim.task(TASK)["writes"], sim.task(TASK)["notes"]) == ([EXPIRED_SECRET], [], [])
    assert [one["what"] for one in sim.evidence()][-1] == "step-result"
    assert chain_is_whole(sim.config.parent / "state")


async def test_the_close_is_that_of_the_story(sim: RealSimulator) -> None:
    """One note, one minute, and a rerun of the whole story shows the recorded result."""
    await removes(sim)
    written = await closes(sim)
    assert (written.changed, written.result.ticket.value) == (True, "closed")
    task = sim.task(TASK)
    assert (task["status"], task["minutes"], len(task["notes"]), len(task["writes"])) == ("Completed", 1, 1, 1)
    assert (await closes(sim)).changed is False
    assert (await sim.run(TASK)).outcome == "removed"
    assert len(sim.task(TASK)["writes"]) == 1


async def test_a_close_in_the_callers_own_words(sim: RealSimulator) -> None:
    """The resolution is the caller's, without what could pass for a marker or for markup."""
    await removes(sim)
    await closes(sim, "Done <b>now</b> [spentkey task=1]")
    first = sim.task(TASK)["notes"][0]["body"].splitlines()[0]
    assert first == "Done &lt;b&gt;now&lt;/b&gt; (spentkey task=1]"


async def test_nothing_is_closed_without_proof(sim: RealSimulator) -> None:
    """A task whose credential is still there stays as it is, whoever asks."""
    written = await closes(sim)
    assert (written.changed, written.result.outcome, written.result.ticket.value) == (False, "failed", "open")
    assert sim.task(TASK)["writes"] == []


async def test_the_proof_of_another_credential_is_none(sim: RealSimulator) -> None:
    """The task asks for something else than what was removed for no task at all."""
    await removes(sim, asked(task=None))
    assert removed(sim) == [EXPIRED_SECRET]
    sim.reset(world(certificate_parameters()))
    assert (await closes(sim)).result.ticket.value == "open"


async def test_what_was_removed_for_no_task_is_known_to_the_story(sim: RealSimulator) -> None:
    """The intent is on record with task 0, so the story finds the credential removed by us."""
    assert (await removes(sim, asked(task=None))).task == "0"
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed")


async def test_a_removal_without_a_task_asks_nothing_of_ivanti(sim: RealSimulator) -> None:
    """There is no ticket to read, and every other guard is asked."""
    await removes(sim, asked(task=None))
    assert [one for one in sim.journal() if one["system"] == "ivanti"] == []
    assert [one["task"] for one in sim.evidence()] == [0] * len(sim.evidence())


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"SecretID": LIVE_SECRET}, "G5"),
        ({"AppDisplayName": "Marketing"}, "G3"),
        ({"AppID": OTHER_APP}, "G2"),
        ({"SecretID": EXPIRED_CERT}, "G4"),
    ],
)
async def test_a_removal_without_a_task_is_refused_all_the_same(
    sim: RealSimulator, changes: dict[str, str], guard: str
) -> None:
    """Guards G2 to G5 do not need a ticket."""
    result = await removes(sim, asked(task=None, **changes))
    assert (result.outcome, result.guard, removed(sim)) == ("refused", guard, [])


async def test_a_task_that_asks_for_something_else_is_left_alone(sim: RealSimulator) -> None:
    """Guard G7: what the caller wants is only done if the task says the same."""
    result = await removes(sim, asked(SecretID=LIVE_SECRET))
    assert (result.guard, result.ticket.value, removed(sim)) == ("G7", "untouched", [])


async def test_a_tenant_that_the_parameters_do_not_mean_is_refused(sim: RealSimulator) -> None:
    """Guard G2: the caller's tenant is the one of Onderwijs."""
    result = await removes(sim, asked(tenant="onderwijs"))
    assert (result.guard, removed(sim)) == ("G2", [])


@pytest.mark.parametrize("changes", [{"AppDisplayName": "sales"}, {"SecretID": EXPIRED_SECRET.upper()}])
async def test_what_the_caller_spells_otherwise_is_no_change_of_the_task(
    sim: RealSimulator, changes: dict[str, str]
) -> None:
    """The task's own words are compared with what it says later."""
    assert ((await removes(sim, asked(REF, None, **changes))).outcome, removed(sim)) == ("removed", [EXPIRED_SECRET])


async def test_the_limits_hold_for_pieces_too(sim: RealSimulator) -> None:
    """Guard G8 counts the intents of removals without a task."""
    assert (await removes(sim, asked(task=None), SPENTKEY_POLICY__MAX_REMOVALS_PER_HOUR="1")).outcome == "removed"
    certificate = read_asked(dict(certificate_parameters()))
    assert isinstance(certificate, RemovalRequest)
    again = await removes(sim, Asked(certificate), SPENTKEY_POLICY__MAX_REMOVALS_PER_HOUR="1")
    assert (again.guard, again.ticket.value, removed(sim)) == ("G8", "open", [EXPIRED_SECRET])


async def test_an_interrupted_removal_is_taken_up(sim: RealSimulator) -> None:
    """The removal took and its reply was lost together with everything after it; the next call finds it done."""
    sim.faults(fault("graph", "application", "503", times=100), fault("graph", "read-application", "503", times=100))
    first = await removes(sim)
    assert (first.outcome, first.ticket.value) == ("cannot-tell", "open")
    sim.faults()
    second = await removes(sim)
    assert (second.outcome, second.ticket.value, removed(sim)) == ("removed", "closed", [EXPIRED_SECRET])


async def test_a_hand_over_in_pieces_is_that_of_the_story(sim: RealSimulator) -> None:
    """The same note, once; the same reassignment, once; afterwards it is not ours."""
    live = [{"key_id": LIVE_SECRET, "end": "2099-01-01T00:00:00Z"}]  # not told by seconds from now
    asks_too_early = world(parameters(SecretID=LIVE_SECRET), application={"passwords": live})
    sim.reset(asks_too_early)
    await sim.run(TASK)
    (by_story,) = sim.task(TASK)["notes"]
    sim.reset(asks_too_early)
    result = await removes(sim, asked(SecretID=LIVE_SECRET))
    assert result.ticket.value == "handed-off"
    assert ((await notes(sim, result.reason or "")).changed, (await notes(sim)).changed) == (True, False)
    (by_pieces,) = sim.task(TASK)["notes"]
    assert (await reassigns(sim)).changed is True
    assert (await reassigns(sim)).changed is False
    assert without_ids(by_story) == without_ids(by_pieces)
    assert (sim.task(TASK)["owner_team"], len(sim.task(TASK)["writes"])) == ("Systeemsoftware", 1)
    assert (await notes(sim, "too late", "x", hands_over=False)).result.outcome == "not-ours"


def without_ids(note: dict[str, Any]) -> list[str]:
    """A note without the id of its try and the value of its marker, which differ."""
    body = re.sub(r" id=\S+", "", note["body"])
    return [note["subject"], *(line for line in body.splitlines() if not line.startswith("Evidence"))]


async def test_a_hand_over_that_stopped_after_its_note_is_finished_by_the_story(sim: RealSimulator) -> None:
    """No second note, whoever goes on."""
    sim.reset(world(parameters(SecretID="")))
    await notes(sim, "SecretID is empty")
    result = await sim.run(TASK)
    assert (result.guard, result.ticket.value, len(sim.task(TASK)["notes"])) == ("G1", "handed-off", 1)


async def test_hand_overs_in_pieces_are_limited(sim: RealSimulator) -> None:
    """Guard G8: with no hand-over left the task stays open, and no note is written."""
    sim.reset(world(parameters(SecretID="")))
    none_left = {"SPENTKEY_POLICY__MAX_HANDOVERS_PER_HOUR": "1"}
    second = TASK + 1
    made = world(parameters(SecretID=""))
    made["ivanti"]["tasks"].append({**made["ivanti"]["tasks"][0], "number": second})
    sim.reset(made)
    await with_hands(sim, lambda context: reassign_task(TaskRef(str(second)), context), **none_left)
    written = await reassigns(sim, **none_left)
    assert (written.changed, written.result.ticket.value) == (False, "open")
    assert "G8" in (written.result.reason or "")
    assert sim.task(TASK)["writes"] == []


@pytest.mark.parametrize("task", [{"owner_team": "Servicedesk"}, {"owner": "somebody"}, {"status": "Completed"}])
async def test_pieces_do_not_touch_what_is_not_ours(sim: RealSimulator, task: dict[str, Any]) -> None:
    """Guard G0, for each piece."""
    sim.reset(world(task=task))
    assert (await removes(sim)).outcome == "not-ours"
    assert (await notes(sim, "x", "y", hands_over=False)).result.outcome == "not-ours"
    assert ((await reassigns(sim)).result.outcome, (await closes(sim)).result.outcome) == ("not-ours", "not-ours")
    assert (sim.writes(), sim.removals()) == ([], [])


async def test_a_piece_for_an_unknown_task_does_nothing(sim: RealSimulator) -> None:
    """There is none of that number."""
    written = await with_hands(sim, lambda context: reassign_task(TaskRef("99999"), context))
    assert (written.result.outcome, written.changed, sim.writes()) == ("not-ours", False, [])


async def test_what_would_be_done_is_foreseen(sim: RealSimulator) -> None:
    """For a task and without one, without a write or a record."""
    for what in (asked(), asked(task=None)):
        planned = await with_hands(sim, lambda context, what=what: dry_run_asked(what, context))
        assert planned.action is Action.REMOVE
    refused = await with_hands(sim, lambda context: dry_run_asked(asked(task=None, SecretID=LIVE_SECRET), context))
    assert (refused.action, refused.result.guard) == (Action.HAND_OFF, "G5")
    assert (sim.writes(), sim.evidence()) == ([], [])


async def test_a_pfx_that_the_caller_brings_signs(sim: RealSimulator) -> None:
    """The vault is not asked for it; a wrong one is refused with its name."""
    sim.reset(world(certificate_parameters()))
    request = read_asked(dict(certificate_parameters()))
    assert isinstance(request, RemovalRequest)
    wrong = GivenPfx("given.pfx", b"no PFX", Secret("a"), Secret("b"))

    async def with_pfx(context: Context) -> Result:
        brought = replace(context, vault=VaultWithPfx(context.vault, wrong))
        return await remove_asked(Asked(request, task=REF), brought)

    result = await with_hands(sim, with_pfx)
    assert (result.outcome, result.ticket.value, removed(sim)) == ("failed", "handed-off", [])
    assert "given.pfx" in (result.reason or "")
    assert "sql" not in {one["system"] for one in sim.journal()}


def test_a_caller_that_gives_no_key_id_is_refused_before_anything() -> None:
    """Guard G1 on what a program gives, word for word that of the task."""
    for given in (parameters(SecretID=""), parameters(SecretID=None), [*parameters(), ["secretid", LIVE_SECRET]]):
        refusal = read_asked(dict(given))
        assert isinstance(refusal, Refused)
        assert refusal.guard == "G1"


def test_a_check_by_the_library_leaves_nothing_behind(sim: RealSimulator) -> None:
    """Not even the state directory comes into being."""
    environment = {**sim.environment, "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.001"}
    facade = Facade.open(sim.config, environment, check=True)
    assert facade.dry_run(REF).action is Action.REMOVE
    assert (facade.reassign(REF).changed, facade.note(REF, Remark("a", "b")).changed) == (True, True)
    assert (sim.writes(), (sim.config.parent / "state").exists()) == ([], False)
