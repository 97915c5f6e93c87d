"""Step 8: tell the ticket how it ended: close it, or hand it over with the reason; each write is read back."""

from dataclasses import replace
from decimal import Decimal

from spentkey.core.errors import Busy, DeskRefused, Misconfigured, SpentkeyError, Who
from spentkey.core.guards import g7_still_ours
from spentkey.core.notes import (
    NewNote,
    Proof,
    closing_note,
    guard_of,
    hand_over_note,
    resolution,
)
from spentkey.core.outcome import (
    AlreadyGone,
    CannotTell,
    End,
    Failed,
    NotOurs,
    Refused,
    Removed,
    Result,
    TicketState,
    hand_over,
    leave_open,
    leave_untouched,
)
from spentkey.core.outcome_record import facts_of
from spentkey.core.task import Task
from spentkey.ports.evidence import Question
from spentkey.ports.service_desk import TaskChange
from spentkey.steps.attempt import Case
from spentkey.steps.resume import _written_earlier


async def finish(case: Case, end: End) -> Result:
    """Bring the ticket to the state that `end` asks for, and put the result on record.

    A close that Ivanti refuses, or that never takes, is handed over with the outcome as it was, once the tries are up.
    """
    written, problem = await _write(case, enough_tries(case, end))
    if written.ticket is TicketState.OPEN and problem is not None and problem.who is not Who.NOBODY:
        last = enough_tries(case, written)
        if last.ticket is TicketState.HANDED_OFF and end.ticket is TicketState.CLOSED:
            written, problem = await _write(case, last)
    return await settle(case, written, outage=problem is not None and problem.who is Who.NOBODY)


def left(problem: SpentkeyError, case: Case) -> End:
    """What a problem on the way means for the ticket: open for another try, or untouched if Ivanti refuses us.

    A configuration that cannot be used is no task's business: it ends the command, and the ticket stays as it is.
    """
    if isinstance(problem, Misconfigured):
        raise problem
    if isinstance(problem, DeskRefused):
        return leave_untouched(Failed(str(problem), problem.who))
    if isinstance(problem, Busy):
        return leave_open(Refused("G9", str(problem)))
    if case.intent_made:
        return leave_open(CannotTell(f"the removal was asked for, but not yet verified: {problem}"))
    return leave_open(Failed(str(problem), problem.who))


async def settle_problem(case: Case, problem: SpentkeyError) -> Result:
    """Put on record that the try ended by a problem; nothing is written to the ticket."""
    return await settle(case, left(problem, case), outage=problem.who is Who.NOBODY)


async def settle(case: Case, end: End, *, outage: bool) -> Result:
    """Put the result on record and show it."""
    result = replace(case.result(end), outage=outage, not_before=end.not_before)
    if not isinstance(end.outcome, NotOurs):
        await case.try_to_record("result", **recorded(case, result), outage=outage or waits(end))
    case.step(result.ticket.value, result.reason or result.outcome)
    return result


def recorded(case: Case, result: Result) -> dict[str, str | int | None]:
    """The result as evidence keeps it: a rerun of a closed task shows it again."""
    return {**result.as_json(), "task": case.number, "app_name": result.app_name}


def enough_tries(case: Case, end: End) -> End:
    """After `max_attempts` tries that no outage explains, people must look; what guard G8 stops waits, however often."""
    tries = case.history.open_attempts + 1
    if end.ticket is not TicketState.OPEN or waits(end) or tries < case.hands.rules.max_attempts:
        return end
    return replace(hand_over(end.outcome), trouble=end.trouble)


def waits(end: End) -> bool:
    """Whether a limit or a stop holds the task up, which is no fault of its own."""
    return guard_of(end.outcome) == "G8" or (end.trouble or "").startswith("G8: ")


async def _write(case: Case, end: End) -> tuple[End, SpentkeyError | None]:
    """Write the end to the ticket; one that could not be written leaves the ticket open, the outcome as it was."""
    if end.ticket not in (TicketState.CLOSED, TicketState.HANDED_OFF):
        return end, None
    case.step("report", "close" if end.ticket is TicketState.CLOSED else "hand over")
    try:
        task = await case.hands.desk.find(case.number)
        changed = g7_still_ours(task, case.hands.rules.desk)
        if changed is not None or task is None:
            kept = end.outcome if isinstance(end.outcome, Removed | AlreadyGone) else changed or end.outcome
            return leave_untouched(kept), None
        if end.ticket is TicketState.CLOSED:
            await _close(case, task, end)
            return end, None
        about = {**recorded(case, case.result(end)), **facts_of(end)}
        too_many = await case.record_unless(
            too_many_hand_overs(case), "handing-over", **about, assignment=case.history.assignment
        )
        if too_many is not None:
            return held_up(end, too_many), None
        await _hand_over(case, task, end)
    except SpentkeyError as problem:
        await case.try_to_record("not-reported", problem=str(problem))
        return replace(leave_open(end.outcome), trouble=f"the ticket could not be written: {problem}"), problem
    return end, None


async def _close(case: Case, task: Task, end: End) -> None:
    rules = case.hands.rules.desk
    if not isinstance(end.outcome, Removed | AlreadyGone):
        raise TypeError(f"a task is never closed on the outcome {end.outcome.name}")
    text = resolution(case.subject, end.outcome)
    if not rules.resolution_field:
        proof = Proof(case.reads, case.witness)
        note = closing_note(case.subject, end.outcome, proof, rules.language)
        await write_note(case, task, note, look=case.history.known)
    minutes = _minutes(case, task)
    await case.record("closing", **recorded(case, case.result(end)), minutes=str(minutes))
    change = TaskChange(
        status=rules.completed,
        owner=rules.login_id,
        minutes=minutes,
        resolution=text if rules.resolution_field else None,
    )
    await case.hands.desk.change(task, change)
    await case.record("closed", minutes=str(minutes))


def too_many_hand_overs(case: Case) -> Question:
    """Guard G8 for hand-overs; one that was begun in the last hour may be finished."""
    now, limits = case.hands.clock.now(), case.hands.rules.limits
    which = f"{case.number}/{case.history.assignment}"
    return lambda radius: radius.refuse_hand_over(which, now, limits)


def held_up(end: End, too_many: Refused) -> End:
    """A hand-over that guard G8 stops: the task stays open, the outcome as it was."""
    said = f"{too_many.guard}: {too_many.reason}"
    return replace(leave_open(end.outcome), trouble=said, not_before=too_many.until)


async def _hand_over(case: Case, task: Task, end: End) -> None:
    rules = case.hands.rules.desk
    await write_note(case, task, hand_over_note(case.subject, end, rules.language), look=True)
    await reassign(case, task)


async def reassign(case: Case, task: Task) -> None:
    """Give the task to the escalation team, with the minutes of this work."""
    rules = case.hands.rules.desk
    minutes = _minutes(case, task)
    await case.record("reassigning", minutes=str(minutes), team=rules.escalation_team, **{"from": str(task.minutes)})
    change = TaskChange(status=rules.handed_off, owner="", minutes=minutes, owner_team=rules.escalation_team)
    await case.hands.desk.change(task, change)
    await case.record("handed-over", minutes=str(minutes), team=rules.escalation_team)


async def write_note(case: Case, task: Task, note: NewNote, *, look: bool) -> bool:
    """One note per assignment: where an earlier try may have written it, it is looked for first. Whether it was new."""
    if look and await _written_earlier(case, task, note.marker):
        return False
    await case.record("noting", subject=note.subject, marker=note.marker)
    await case.hands.desk.add_note(task, note)
    await case.record("noted", subject=note.subject, marker=note.marker)
    return True


def _minutes(case: Case, task: Task) -> Decimal:
    """The field's value as read and the minutes of this work; an unfinished earlier write keeps its target."""
    target = case.history.minutes_target
    return Decimal(target) if target is not None else task.minutes + case.hands.rules.desk.minutes
