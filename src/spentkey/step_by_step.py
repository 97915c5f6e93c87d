"""The story in pieces, for callers who walk through it themselves: a playbook that removes, then closes or hands over.

Every piece asks the same guards as the story and keeps the same evidence. A removal leaves the ticket to its caller
and puts what it found on record (`step-result`); a task is closed only where such a record proves the removal, and a
hand-over that was begun here is finished by the story, or the other way round.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from spentkey.core.errors import SpentkeyError, Who
from spentkey.core.guards import folded, g0_task_is_ours, g2_tenant
from spentkey.core.history import History
from spentkey.core.notes import NewNote, Remark, hand_over_note, reason_of, remark_note
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
from spentkey.core.outcome_record import facts_of, hand_over_of, outcome_of
from spentkey.core.task import RemovalRequest, Task, Ticket
from spentkey.dry_run import Foresight, foresight, look_at_application
from spentkey.ports.read_only import SilentEvidence
from spentkey.steps.attempt import Case
from spentkey.steps.context import Hands
from spentkey.steps.report import (
    enough_tries,
    finish,
    held_up,
    left,
    reassign,
    recorded,
    settle,
    settle_problem,
    too_many_hand_overs,
    waits,
    write_note,
)
from spentkey.steps.ticket import ask, read_ticket, what_is_asked
from spentkey.story import on_application

NO_TASK = 0
"""Stands in the evidence where a removal belongs to no task; Ivanti's numbers begin at 1."""


@dataclass(frozen=True)
class Asked:
    """What a caller asks for; `tenant` is the one that it means, `task` the one that must ask for the same."""

    request: RemovalRequest
    tenant: str | None = None
    task: int | None = None


@dataclass(frozen=True)
class Written:
    """What became of a ticket, and whether this call changed anything in it."""

    result: Result
    changed: bool
    before: Task | None = None
    """The task as it was read."""
    text: NewNote | None = None
    """The note as it stands in the task."""


async def remove_asked(asked: Asked, hands: Hands) -> Result:
    """Steps 3 to 7. The result's `ticket` says what is to become of the task; nothing is written to it here."""
    case = await _case(asked, hands)
    try:
        async with _task_turn(case):
            end = await _tell(case, asked)
            return end if isinstance(end, Result) else await _settle(case, enough_tries(case, end), outage=False)
    except SpentkeyError as problem:
        return await _settle(case, left(problem, case), outage=problem.who is Who.NOBODY)


async def foresee_asked(asked: Asked, hands: Hands) -> Foresight:
    """What `remove_asked` would do, without a single write."""
    case = await _case(asked, replace(hands, evidence=SilentEvidence(hands.evidence)))
    try:
        ticket = await _ticket_for(case, asked)
        ended = isinstance(ticket, End | Result)
        end = ticket if ended else await look_at_application(case, asked.request)
    except SpentkeyError as problem:
        end = left(problem, case)
    return await foresight(case, end)


async def close_proven(number: int, hands: Hands, wording: str | None = None) -> Written:
    """Close a task whose removal is on record; one that we closed before gives its recorded result again."""
    case = Case(number, attempt=hands.ids.new(), hands=hands, wording=wording)
    try:
        async with hands.turns.task(number):
            ticket = await read_ticket(case)
            if isinstance(ticket, Result):
                return Written(ticket, changed=False)
            end = ticket if isinstance(ticket, End) else _proof(case, ticket)
            if isinstance(ticket, End) or end.ticket is not TicketState.CLOSED:
                return Written(case.result(end), changed=False)
            result = await finish(case, end)
            return Written(result, changed=result.ticket is TicketState.CLOSED, before=ticket.task)
    except SpentkeyError as problem:
        return Written(await settle_problem(case, problem), changed=False)


async def note_on(number: int, remark: Remark, hands: Hands) -> Written:
    """Write a note once. The one of a hand-over begins it, and is the story's own where it tells of the last try."""
    case = Case(number, attempt=hands.ids.new(), hands=hands)
    try:
        async with hands.turns.task(number):
            ticket = await _our_ticket(case)
            if isinstance(ticket, End):
                return Written(case.result(ticket), changed=False)
            return await _note(case, ticket, remark)
    except SpentkeyError as problem:
        return Written(await settle_problem(case, problem), changed=False)


async def reassign_task(number: int, hands: Hands) -> Written:
    """Give a task to the escalation team, within the limit of guard G8; one that has it from us already is left."""
    case = Case(number, attempt=hands.ids.new(), hands=hands)
    try:
        async with hands.turns.task(number):
            ticket = await _our_ticket(case)
            if isinstance(ticket, End):
                return Written(case.result(await _given_already(case) or ticket), changed=False)
            end = await _begin_hand_over(case, _end_on_record(case) or hand_over(Failed("handed over by a playbook")))
            if end.ticket is TicketState.OPEN:
                return Written(await settle(case, end, outage=False), changed=False)
            await reassign(case, ticket.task)
            return Written(await settle(case, end, outage=False), changed=True, before=ticket.task)
    except SpentkeyError as problem:
        return Written(await settle_problem(case, problem), changed=False)


async def _case(asked: Asked, hands: Hands) -> Case:
    case = Case(asked.task or NO_TASK, attempt=hands.ids.new(), hands=hands)
    if asked.task is None:
        known = await hands.evidence.history(NO_TASK)
        case.history = History(tuple(one for one in known.records if one.get("what") in ("intent", "answer")))
        case.request, case.secret_type = asked.request, asked.request.secret_type
    return case


@asynccontextmanager
async def _task_turn(case: Case) -> AsyncGenerator[None]:
    """Guard G9 for the task, where there is one."""
    if case.number == NO_TASK:
        yield
    else:
        async with case.hands.turns.task(case.number):
            yield


async def _tell(case: Case, asked: Asked) -> End | Result:
    ticket = await _ticket_for(case, asked)
    if isinstance(ticket, End | Result):
        return ticket
    async with case.hands.turns.turn(asked.request.app_id):
        return await on_application(case, ticket, asked.request)


async def _ticket_for(case: Case, asked: Asked) -> Ticket | End | Result | None:
    """The ticket that asks for the same as the caller does; None where the caller names none."""
    if asked.task is None:
        stopped = await case.hands.evidence.ask(lambda radius: radius.refuse_any())
        return leave_open(stopped) if stopped is not None else _other_tenant(case, asked)
    found = await what_is_asked(case)
    if isinstance(found, End | Result):
        return found
    ticket, request = found
    if not _same(request, asked.request):
        return leave_untouched(Refused("G7", "the task asks for something else than what is to be removed"))
    return _other_tenant(case, asked) or ticket


def _same(one: RemovalRequest, other: RemovalRequest) -> bool:
    """Whether both mean the same credential; SecretType has several spellings."""

    def meant(request: RemovalRequest) -> tuple[object, ...]:
        name = folded(request.app_display_name)
        return request.app_id, request.key_id, request.kind, request.onderwijs, name

    return meant(one) == meant(other)


def _other_tenant(case: Case, asked: Asked) -> End | None:
    """Guard G2: the tenant that the caller names is the one that the parameters mean."""
    found = g2_tenant(asked.request, case.hands.rules.tenants)
    if asked.tenant is None or isinstance(found, Refused) or found.name == asked.tenant:
        return None
    return hand_over(Refused("G2", f"the parameters mean the tenant {found.name}, not {asked.tenant}"))


async def _settle(case: Case, end: End, *, outage: bool) -> Result:
    result = case.result(end)
    if not isinstance(end.outcome, NotOurs):
        about = {**recorded(case, result), **facts_of(end)}
        await case.try_to_record("step-result", **about, outage=outage or waits(end))
    case.step(result.ticket.value, result.reason or result.outcome)
    return result


def _proof(case: Case, ticket: Ticket) -> End:
    """The end that closes the task, if the removal that it asks for is on record."""
    request = ask(case, ticket)
    if isinstance(request, End):
        return leave_open(request.outcome)
    proof = case.history.proven(request.app_id, request.key_id)
    outcome = outcome_of(proof) if proof is not None else None
    if proof is None or not isinstance(outcome, Removed | AlreadyGone):
        return leave_open(Failed("no verified removal is on record, and no task is closed without that proof"))
    case.take_up(proof)
    case.reads = case.hands.rules.verify.reads
    return close(outcome)


async def _our_ticket(case: Case) -> Ticket | End:
    """Guard G0. A stop (guard G8) does not keep a task from being handed over."""
    desk, rules = case.hands.desk, case.hands.rules.desk
    task = await desk.find(case.number)
    if task is None:
        return leave_untouched(NotOurs(f"no task has the number {case.number}"))
    case.history = await case.hands.evidence.history(case.number)
    not_ours = g0_task_is_ours(task, None, rules)
    if not_ours is None:
        ticket = Ticket(task, await desk.parameters(task))
        not_ours = g0_task_is_ours(task, ticket.parameters, rules)
        if not_ours is None:
            case.learn_parameters(ticket)
            ask(case, ticket)
            return ticket
    return leave_untouched(not_ours)


def _end_on_record(case: Case) -> End | None:
    """How the last try of this assignment ended, if it was for people to look at."""
    begun = case.history.handing_over or case.history.ended()
    if begun is None or begun.get("ticket") != TicketState.HANDED_OFF:
        return None
    case.take_up(begun)
    return hand_over_of(begun)


async def _note(case: Case, ticket: Ticket, remark: Remark) -> Written:
    if not remark.hands_over:
        text = remark_note(case.subject, remark)
        changed = await write_note(case, ticket.task, text, look=True)
        return Written(case.result(leave_open(Failed("a note"))), changed=changed, text=text)
    end = _end_to_tell(case, ticket, remark)
    begun = await _begin_hand_over(case, end)
    if begun.ticket is TicketState.OPEN:
        return Written(await settle(case, begun, outage=False), changed=False)
    text = _hand_over_note(case, end, remark)
    changed = await write_note(case, ticket.task, text, look=True)
    return Written(case.result(end), changed=changed, text=text)


def _end_to_tell(case: Case, ticket: Ticket, remark: Remark) -> End:
    """What guard G1 has against the task, or the end of the last try, where the remark tells of nothing else."""
    request = ask(case, ticket)
    end = _end_on_record(case) or (request if isinstance(request, End) else None)
    if isinstance(request, End):
        return end or request
    if end is not None and remark.body.strip() in ("", reason_of(end.outcome) or "", end.trouble or ""):
        return end
    asked = case.request is not None and case.history.intended(case.request.app_id, case.request.key_id) is not None
    return hand_over(Failed(remark.body.strip() or "handed over by a playbook", asked=asked))


def _hand_over_note(case: Case, end: End, remark: Remark) -> NewNote:
    note = hand_over_note(case.subject, end, case.hands.rules.desk.language)
    return replace(note, subject=remark.safe_subject) if remark.subject else note


async def _begin_hand_over(case: Case, end: End) -> End:
    """Put the hand-over on record, if guard G8 allows one more; one that was begun goes on."""
    if case.history.handing_over is not None:
        return end
    about = {**recorded(case, case.result(end)), **facts_of(end)}
    too_many = await case.record_unless(
        too_many_hand_overs(case), "handing-over", **about, assignment=case.history.assignment
    )
    return held_up(end, too_many) if too_many is not None else end


async def _given_already(case: Case) -> End | None:
    """A hand-over of ours that is complete: nothing is left to do."""
    given = [one for one in case.history.records if one.get("what") == "handing-over"]
    task = await case.hands.desk.find(case.number)
    ours = task is not None and task.owner_team == case.hands.rules.desk.escalation_team
    return hand_over_of(given[-1]) if given and ours and case.history.assignment > 1 else None
