"""Step 8: tell the ticket how it ended: close it, or hand it over with the reason; each write is read back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from spentkey.core.errors import (
    PROBLEMS,
    Busy,
    DeskRefused,
    EndedByOthers,
    Misconfigured,
    OddData,
    SpentkeyError,
    Who,
    known,
)
from spentkey.core.evidence_line import EvidenceLine, root_text
from spentkey.core.guards import g7_still_ours
from spentkey.core.limits import limit_of
from spentkey.core.notes import (
    NewNote,
    Proof,
    anchoring_note,
    closing_note,
    drawn_in,
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
from spentkey.core.outcome_record import outcome_of
from spentkey.core.records import (
    ClosedRecord,
    ClosingRecord,
    HandedOverRecord,
    HandingOverRecord,
    NotedRecord,
    NotingRecord,
    NotReportedRecord,
    ReassigningRecord,
    RecordKind,
    ResultRecord,
    reason_facts,
)
from spentkey.core.step_reasons import HELD_UP, NO_NOTE_AFTER_CLOSE, NOT_YET_VERIFIED, TICKET_NOT_WRITTEN
from spentkey.core.task import Task
from spentkey.ports.evidence import Question
from spentkey.steps.attempt import Attempt
from spentkey.steps.resume import written_earlier

Telling = Callable[[Attempt], Awaitable[End | Result]]
"""What is told of a task: its story, or only that it ends the program."""


async def end_of(telling: Telling, attempt: Attempt) -> End | Result:
    """How the telling ends. Where the data that was asked about cannot be read, waiting does not help: people look in the end."""
    try:
        end = await telling(attempt)
        if isinstance(end, Result) and end.ticket is TicketState.CLOSED:
            await _note_after_earlier_close(attempt)
        return end
    except OddData as problem:
        return leave_open(Failed(problem.reason, problem.who))


async def finish(attempt: Attempt, end: End) -> Result:
    """Bring the ticket to the state that `end` asks for, and put the result on record.

    A close that the desk refuses, or that never takes, is handed over with the outcome as it was, once the tries are up.
    """
    written, problem = await _write(attempt, enough_tries(attempt, end))
    if written.ticket is TicketState.OPEN and problem is not None and problem.who is Who.PEOPLE:
        last = enough_tries(attempt, written)
        if last.ticket is TicketState.HANDED_OFF and end.ticket is TicketState.CLOSED:
            written, problem = await _write(attempt, last)
    outage = problem is not None and problem.who is Who.NOBODY
    return await settle(attempt, written, outage=outage, counts=problem is None or problem.who is Who.PEOPLE)


def left(raised: SpentkeyError | MemoryError, attempt: Attempt) -> End:
    """What a problem on the way means for the ticket: open for another try, or untouched if the desk refuses us.

    A configuration that cannot be used is no task's business: it ends the command, and the ticket stays as it is.
    """
    problem = known(raised)
    if isinstance(problem, Misconfigured):
        raise problem
    if isinstance(problem, DeskRefused):
        return leave_untouched(Failed(problem.reason, problem.who))
    if isinstance(problem, Busy):
        return leave_open(Refused("G9", problem.reason))
    if attempt.intent_made:
        return leave_open(CannotTell(NOT_YET_VERIFIED(why=problem.reason)))
    return leave_open(Failed(problem.reason, problem.who))


async def settle_problem(attempt: Attempt, problem: SpentkeyError | MemoryError) -> Result:
    """Put on record that the try ended by a problem; nothing is written to the ticket."""
    return await settle(attempt, left(problem, attempt), outage=known(problem).who is Who.NOBODY)


async def settle(attempt: Attempt, end: End, *, outage: bool, counts: bool = True) -> Result:
    """Put the result on record and show it; `counts` is for a try that is one of `max_attempts`."""
    awaits = isinstance(end.outcome, CannotTell) and end.outcome.awaits
    result = replace(attempt.result(end), outage=outage or awaits, not_before=end.not_before)
    if not isinstance(end.outcome, NotOurs):
        await attempt.try_to_record(ResultRecord(result, outage=outage or not counts or waits(end)))
    attempt.step(result.ticket.value, result.reason or result.outcome)
    return result


def enough_tries(attempt: Attempt, end: End) -> End:
    """After `max_attempts` tries that no outage explains, people must look; what guard G8 stops waits, however often,

    and so does what the operator must mend: a log-in that is refused, or evidence that cannot be written.
    """
    tries = attempt.history.open_attempts + 1
    if end.ticket is not TicketState.OPEN or waits(end) or tries < attempt.context.rules.max_attempts:
        return end
    return replace(hand_over(end.outcome), trouble=end.trouble)


def waits(end: End) -> bool:
    """Whether a limit, a stop, a refused log-in or the wait for an audit event holds the task up: no fault of its own."""
    if isinstance(end.outcome, CannotTell) and end.outcome.awaits and end.ticket is TicketState.OPEN:
        return True
    refused = isinstance(end.outcome, Failed) and end.outcome.who is Who.OPERATOR
    return refused or guard_of(end.outcome) == "G8" or (end.trouble or "").startswith("G8: ")


async def _write(attempt: Attempt, end: End) -> tuple[End, SpentkeyError | None]:
    """Write the end to the ticket; one that could not be written leaves the ticket open, the outcome as it was."""
    if end.ticket not in (TicketState.CLOSED, TicketState.HANDED_OFF):
        return end, None
    attempt.step("report", "close" if end.ticket is TicketState.CLOSED else "hand over")
    try:
        task = await attempt.context.desk.find(attempt.ref)
        changed = g7_still_ours(task, attempt.context.rules.request)
        if changed is not None or task is None:
            kept = end.outcome if isinstance(end.outcome, Removed | AlreadyGone) else changed or end.outcome
            return leave_untouched(kept), None
        if end.ticket is TicketState.CLOSED:
            await _close(attempt, task, end)
            return end, None
        too_many = await begin_hand_over(attempt, end)
        if too_many is not None:
            return held_up(end, too_many), None
        await _hand_over(attempt, task, end)
    except EndedByOthers as problem:
        attempt.warn((problem.reason,))
        await attempt.try_to_record(NotReportedRecord(str(problem), problem.reason.code))
        return leave_untouched(end.outcome), None
    except PROBLEMS as raised:
        problem = known(raised)
        await attempt.try_to_record(NotReportedRecord(str(problem), problem.reason.code))
        return replace(leave_open(end.outcome), trouble=TICKET_NOT_WRITTEN(why=problem.reason)), problem
    return end, None


async def _close(attempt: Attempt, task: Task, end: End) -> None:
    rules = attempt.context.rules.desk
    if not isinstance(end.outcome, Removed | AlreadyGone):
        raise TypeError(f"a task is never closed on the outcome {end.outcome.name}")
    text = resolution(attempt.subject, end.outcome)
    if rules.note_on_close:
        proof = Proof(attempt.reads, attempt.audit_event)
        note = closing_note(attempt.subject, end.outcome, proof, rules.language)
        await write_note(attempt, task, note)
    change = attempt.context.desk.closing(task, text, attempt.history.begun_change)
    minutes = change.facts.get("minutes")
    await attempt.record(ClosingRecord(attempt.result(end), change.facts, minutes))
    applied = await attempt.context.desk.apply(task, change)
    attempt.warn(applied.warnings)
    await attempt.record(ClosedRecord(minutes, warnings=applied.warnings))
    await note_after_close(attempt, task, end.outcome)


async def begin_hand_over(attempt: Attempt, end: End) -> Refused | None:
    """Put the hand-over on record, unless guard G8 has something against it; the note and the reassignment follow."""
    record = HandingOverRecord(
        attempt.result(end), **reason_facts(end), assignment=attempt.history.assignment, limit=limit_of(end).value
    )
    return await attempt.record_unless(too_many_hand_overs(attempt, end), record)


def too_many_hand_overs(attempt: Attempt, end: End) -> Question:
    """Guard G8 for hand-overs; one that was begun in the last hour may be finished."""
    now, limits = attempt.context.clock.now(), attempt.context.rules.limits
    which, limit = f"{attempt.ref}/{attempt.history.assignment}", limit_of(end)
    return lambda blast_radius: blast_radius.refuse_hand_over(which, now, limits, limit)


def held_up(end: End, too_many: Refused) -> End:
    """A hand-over that guard G8 stops: the task stays open, the outcome as it was."""
    message = HELD_UP(guard=too_many.guard, why=too_many.reason)
    return replace(leave_open(end.outcome), trouble=message, not_before=too_many.until)


async def _hand_over(attempt: Attempt, task: Task, end: End) -> None:
    language, asked = attempt.context.rules.desk.language, attempt.context.rules.request
    await write_note(attempt, task, hand_over_note(attempt.subject, end, language, asked))
    await reassign(attempt, task)


async def reassign(attempt: Attempt, task: Task) -> None:
    """Give the task to people; what the desk will be told is on record first."""
    change = attempt.context.desk.handing_over(task, attempt.history.begun_change)
    minutes, before = change.facts.get("minutes"), change.facts.get("from")
    await attempt.record(ReassigningRecord(change.facts, change.team, minutes, before))
    applied = await attempt.context.desk.apply(task, change)
    attempt.warn(applied.warnings)
    version = applied.version or None
    await attempt.record(HandedOverRecord(change.team, minutes, version=version, warnings=applied.warnings))


async def write_note(attempt: Attempt, task: Task, note: NewNote) -> tuple[NewNote, bool]:
    """One note per assignment and kind: the note with its marker, and whether it is new.

    Only a note whose marker is on record is looked for. Its random value is drawn once and written by every try, so
    that no text of a requester can stand for a note. Its last line says what the log was before `noting`; a note that
    is there keeps the line of the try that wrote it.
    """
    longest = attempt.context.rules.desk.longest_note
    begun = attempt.history.noting(note.marker)
    drawn = drawn_in(begun, note.marker)
    if begun is not None and await written_earlier(attempt, task, begun):
        marked = note.marked(drawn) if drawn else note
        line = attempt.history.noting_line(begun)
        return marked.ending_in(line, longest) if line is not None else marked, False
    marked = note.marked(drawn or attempt.context.ids.new())
    head = await attempt.record_upon(
        lambda before: NotingRecord(marked.subject, marked.marker, before.size, root_text(before))
    )
    whole = marked.ending_in(EvidenceLine(attempt.attempt_id, head), longest)
    added = await attempt.context.desk.add_note(task, whole)
    attempt.warn(added.warnings)
    await attempt.record(NotedRecord(whole.subject, whole.marker, added.note_id or None, added.warnings))
    return whole, True


async def note_after_close(attempt: Attempt, task: Task, outcome: Removed | AlreadyGone) -> None:
    """Where the resolution has a field of its own, a note behind the close says what the log was.

    The task is closed whatever becomes of it: a note that could not be written is a warning.
    """
    rules = attempt.context.rules.desk
    if not rules.note_after_close:
        return
    try:
        await write_note(attempt, task, anchoring_note(attempt.subject, outcome, rules.language))
    except PROBLEMS as raised:
        problem = known(raised)
        attempt.warn((NO_NOTE_AFTER_CLOSE(why=problem.reason),))
        await attempt.try_to_record(NotReportedRecord(str(problem), problem.reason.code))


async def _note_after_earlier_close(attempt: Attempt) -> None:
    """Of a try that died between its close and its result, the note may be missing too."""
    recorded = attempt.history.closed
    if not attempt.context.rules.desk.note_after_close or recorded is None:
        return
    outcome = outcome_of(recorded) if recorded.get("what") == RecordKind.CLOSING else None
    task = await attempt.context.desk.find(attempt.ref)
    if task is not None and not task.is_open and isinstance(outcome, Removed | AlreadyGone):
        attempt.take_up(recorded)
        await note_after_close(attempt, task, outcome)
