"""The story's parts, for callers that run them one by one: a playbook that removes, then closes or hands over.

Each part asks the same guards as the story and keeps the same evidence. A removal leaves the ticket to its caller
and puts what it found on record (`step-result`); a task is closed only where such a record proves the removal, and a
hand-over that was begun here is finished by the story, or the other way round.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from spentkey.core.errors import PROBLEMS, Who, known
from spentkey.core.guard_reasons import G2_OTHER_TENANT, G7_ASKS_OTHERWISE
from spentkey.core.guards import folded, g0_task_is_ours, g2_tenant
from spentkey.core.history import History
from spentkey.core.notes import NewNote, Remark, hand_over_note, hand_over_subject, reason_of, remark_note
from spentkey.core.outcome import (
    AlreadyGone,
    End,
    Failed,
    NotOurs,
    Refused,
    Removed,
    Result,
    TicketState,
    close,
    hand_over,
    leave_open,
    leave_untouched,
)
from spentkey.core.outcome_record import hand_over_of, outcome_of
from spentkey.core.planned import Planned
from spentkey.core.reason import reason_for
from spentkey.core.records import RecordKind, StepResultRecord, reason_facts
from spentkey.core.step_reasons import BY_PLAYBOOK, NOT_PROVEN, NOTE_ONLY
from spentkey.core.task import NO_TASK, RemovalRequest, Task, TaskRef, Ticket
from spentkey.dry_run import decide_only, planned, writing_nothing
from spentkey.steps.ask import ask, what_is_asked
from spentkey.steps.attempt import Attempt
from spentkey.steps.context import Context
from spentkey.steps.report import (
    begin_hand_over,
    enough_tries,
    finish,
    held_up,
    left,
    reassign,
    settle,
    settle_problem,
    waits,
    write_note,
)
from spentkey.steps.stops import about, stopped
from spentkey.steps.ticket import no_such_task, read_ticket
from spentkey.story import on_application

WITHOUT_A_TASK = (RecordKind.INTENT, RecordKind.ANSWER, RecordKind.AWAITING_EVENT, RecordKind.AUDIT_EVENT)
"""What counts of earlier removals that belonged to no task: what was sent, and what became of it; no tries, no ends."""


@dataclass(frozen=True)
class Asked:
    """What a caller asks for; `tenant` is the one that it means, `task` the one that must ask for the same."""

    request: RemovalRequest
    tenant: str | None = None
    task: TaskRef | None = None


@dataclass(frozen=True)
class Written:
    """What became of a ticket, and whether this call changed anything in it."""

    result: Result
    changed: bool
    before: Task | None = None
    """The task as it was read."""
    text: NewNote | None = None
    """The note as it stands in the task."""


async def remove_asked(asked: Asked, context: Context) -> Result:
    """Steps 3 to 7. The result's `ticket` says what is to become of the task; nothing is written to it here."""
    attempt = await _attempt(asked, context)
    try:
        async with _task_lock(attempt):
            end = await _tell(attempt, asked)
            return end if isinstance(end, Result) else await _settle(attempt, enough_tries(attempt, end), outage=False)
    except PROBLEMS as problem:
        return await _settle(attempt, left(problem, attempt), outage=known(problem).who is Who.NOBODY)


async def dry_run_asked(asked: Asked, context: Context) -> Planned:
    """What `remove_asked` would do, without a single write."""
    attempt = await _attempt(asked, writing_nothing(context))
    try:
        ticket = await _ticket_for(attempt, asked)
        ended = isinstance(ticket, End | Result)
        end = ticket if ended else await decide_only(attempt, ticket, asked.request)
    except PROBLEMS as problem:
        end = left(problem, attempt)
    return await planned(attempt, end)


async def close_proven(ref: TaskRef, context: Context, wording: str | None = None) -> Written:
    """Close a task whose removal is on record; one that we closed before returns its recorded result."""
    attempt = Attempt(ref, attempt_id=context.ids.new(), context=context, wording=wording)
    try:
        async with context.locks.task(ref):
            ticket = await read_ticket(attempt)
            if isinstance(ticket, Result):
                return Written(ticket, changed=False)
            end = ticket if isinstance(ticket, End) else _proof(attempt, ticket)
            if isinstance(ticket, End) or end.ticket is not TicketState.CLOSED:
                return Written(attempt.result(end), changed=False)
            result = await finish(attempt, end)
            return Written(result, changed=result.ticket is TicketState.CLOSED, before=ticket.task)
    except PROBLEMS as problem:
        return Written(await settle_problem(attempt, problem), changed=False)


async def note_on(ref: TaskRef, remark: Remark, context: Context) -> Written:
    """Write a note once. The one of a hand-over begins it, and is the story's own where it tells of the last try."""
    attempt = Attempt(ref, attempt_id=context.ids.new(), context=context)
    try:
        async with context.locks.task(ref):
            ticket = await _our_ticket(attempt)
            if isinstance(ticket, End):
                return Written(attempt.result(ticket), changed=False)
            return await _note(attempt, ticket, remark)
    except PROBLEMS as problem:
        return Written(await settle_problem(attempt, problem), changed=False)


async def reassign_task(ref: TaskRef, context: Context) -> Written:
    """Give a task to the escalation team, within the limit of guard G8; one that has it from us already is left."""
    attempt = Attempt(ref, attempt_id=context.ids.new(), context=context)
    try:
        async with context.locks.task(ref):
            ticket = await _our_ticket(attempt)
            if isinstance(ticket, End):
                return Written(attempt.result(await _given_already(attempt) or ticket), changed=False)
            end = await _begin_or_go_on(attempt, _end_on_record(attempt) or hand_over(Failed(BY_PLAYBOOK())))
            if end.ticket is TicketState.OPEN:
                return Written(await settle(attempt, end, outage=False), changed=False)
            await reassign(attempt, ticket.task)
            return Written(await settle(attempt, end, outage=False), changed=True, before=ticket.task)
    except PROBLEMS as problem:
        return Written(await settle_problem(attempt, problem), changed=False)


async def _attempt(asked: Asked, context: Context) -> Attempt:
    attempt = Attempt(asked.task or NO_TASK, attempt_id=context.ids.new(), context=context)
    if asked.task is None:
        known = await attempt.on_record()
        attempt.history = History(tuple(one for one in known.records if one.get("what") in WITHOUT_A_TASK))
        attempt.request, attempt.secret_type = asked.request, asked.request.secret_type
    return attempt


@asynccontextmanager
async def _task_lock(attempt: Attempt) -> AsyncGenerator[None]:
    """Guard G9 for the task, where there is one."""
    if attempt.ref == NO_TASK:
        yield
    else:
        async with attempt.context.locks.task(attempt.ref):
            yield


async def _tell(attempt: Attempt, asked: Asked) -> End | Result:
    ticket = await _ticket_for(attempt, asked)
    if isinstance(ticket, End | Result):
        return ticket
    async with attempt.context.locks.application(asked.request.app_id):
        # the task's own spelling where there is a task: guard G7 compares it with the task word for word
        return await on_application(attempt, ticket, attempt.request or asked.request)


async def _ticket_for(attempt: Attempt, asked: Asked) -> Ticket | End | Result | None:
    """The ticket that asks for the same as the caller does; None where the caller names none."""
    if asked.task is None:
        held_up_by = await stopped(attempt, about(asked.request, attempt.context.rules.tenants))
        return held_up_by or _other_tenant(attempt, asked)
    found = await what_is_asked(attempt)
    if isinstance(found, End | Result):
        return found
    ticket, request = found
    if not _same(request, asked.request):
        return leave_untouched(Refused("G7", G7_ASKS_OTHERWISE()))
    return _other_tenant(attempt, asked) or ticket


def _same(one: RemovalRequest, other: RemovalRequest) -> bool:
    """Whether both mean the same credential; SecretType has several spellings."""

    def meant(request: RemovalRequest) -> tuple[object, ...]:
        name = folded(request.app_display_name)
        return request.app_id, request.key_id, request.kind, request.when, name

    return meant(one) == meant(other)


def _other_tenant(attempt: Attempt, asked: Asked) -> End | None:
    """Guard G2: the tenant that the caller names is the one that the parameters mean."""
    found = g2_tenant(asked.request, attempt.context.rules.tenants)
    if asked.tenant is None or isinstance(found, Refused) or found.name == asked.tenant:
        return None
    return hand_over(Refused("G2", G2_OTHER_TENANT(found=found.name, asked=asked.tenant)))


async def _settle(attempt: Attempt, end: End, *, outage: bool) -> Result:
    result = attempt.result(end)
    if not isinstance(end.outcome, NotOurs):
        await attempt.try_to_record(StepResultRecord(result, **reason_facts(end), outage=outage or waits(end)))
    attempt.step(result.ticket.value, result.reason or result.outcome)
    return result


def _proof(attempt: Attempt, ticket: Ticket) -> End:
    """The end that closes the task, if the removal that it asks for is on record."""
    request = ask(attempt, ticket)
    if isinstance(request, End):
        return leave_open(request.outcome)
    proof = attempt.history.proven(request.app_id, request.key_id)
    outcome = outcome_of(proof) if proof is not None else None
    if proof is None or not isinstance(outcome, Removed | AlreadyGone):
        return leave_open(Failed(NOT_PROVEN()))
    attempt.take_up(proof)
    attempt.reads = attempt.context.rules.verify.reads
    return close(outcome)


async def _our_ticket(attempt: Attempt) -> Ticket | End:
    """Guard G0. A stop (guard G8) does not keep a task from being handed over."""
    desk, rules = attempt.context.desk, attempt.context.rules.request
    task = await desk.find(attempt.ref)
    if task is None:
        return leave_untouched(no_such_task(attempt))
    attempt.history = await attempt.on_record()
    not_ours = g0_task_is_ours(task, None, rules)
    if not_ours is None:
        ticket = Ticket(task, await desk.request(task))
        not_ours = g0_task_is_ours(task, ticket.request, rules)
        if not_ours is None:
            attempt.learn_parameters(ticket)
            ask(attempt, ticket)
            return ticket
    return leave_untouched(not_ours)


def _end_on_record(attempt: Attempt) -> End | None:
    """How the last try of this assignment ended, if it was for people to look at."""
    begun = attempt.history.handing_over or attempt.history.ended()
    if begun is None or begun.get("ticket") != TicketState.HANDED_OFF:
        return None
    attempt.take_up(begun)
    return hand_over_of(begun)


async def _note(attempt: Attempt, ticket: Ticket, remark: Remark) -> Written:
    if not remark.hands_over:
        text = remark_note(attempt.subject, remark)
        text, changed = await write_note(attempt, ticket.task, text)
        return Written(attempt.result(leave_open(Failed(NOTE_ONLY()))), changed=changed, text=text)
    end = _end_to_tell(attempt, ticket, remark)
    begun = await _begin_or_go_on(attempt, end)
    if begun.ticket is TicketState.OPEN:
        return Written(await settle(attempt, begun, outage=False), changed=False)
    text = _hand_over_note(attempt, end, remark)
    text, changed = await write_note(attempt, ticket.task, text)
    return Written(attempt.result(end), changed=changed, text=text)


def _end_to_tell(attempt: Attempt, ticket: Ticket, remark: Remark) -> End:
    """What guard G1 has against the task, or the end of the last try, where the remark tells of nothing else."""
    request = ask(attempt, ticket)
    end = _end_on_record(attempt) or (request if isinstance(request, End) else None)
    if isinstance(request, End):
        return end or request
    if end is not None and remark.body.strip() in ("", reason_of(end.outcome) or "", end.trouble or ""):
        return end
    asked = (
        attempt.request is not None
        and attempt.history.intended(attempt.request.app_id, attempt.request.key_id) is not None
    )
    return hand_over(Failed(reason_for(remark.body.strip() or BY_PLAYBOOK()), asked=asked))


def _hand_over_note(attempt: Attempt, end: End, remark: Remark) -> NewNote:
    """The story's own note; a subject of the caller's stands in it, unless it is the story's own in English."""
    rules = attempt.context.rules
    note = hand_over_note(attempt.subject, end, rules.desk.language, rules.request)
    own = remark.safe_subject in ("", hand_over_subject(attempt.subject, "en"))
    return note if own else replace(note, subject=remark.safe_subject)


async def _begin_or_go_on(attempt: Attempt, end: End) -> End:
    """Put the hand-over on record, if guard G8 allows one more; one that was begun goes on."""
    if attempt.history.handing_over is not None:
        return end
    too_many = await begin_hand_over(attempt, end)
    return held_up(end, too_many) if too_many is not None else end


async def _given_already(attempt: Attempt) -> End | None:
    """A hand-over of ours that is complete: nothing is left to do."""
    given = [one for one in attempt.history.records if one.get("what") == RecordKind.HANDING_OVER]
    task = await attempt.context.desk.find(attempt.ref)
    last = [one for one in attempt.history.records if one.get("what") == RecordKind.HANDED_OVER]
    with_them = task is not None and bool(last) and task.team == last[-1].get("team")
    return hand_over_of(given[-1]) if given and with_them and attempt.history.assignment > 1 else None
