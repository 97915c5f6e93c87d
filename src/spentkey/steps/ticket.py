"""Steps 1 and 2: read the task and its request from the service desk, and take what it asks for literally."""

from decimal import Decimal

from spentkey.core.evidence import Facts
from spentkey.core.guards import g0_task_is_ours
from spentkey.core.outcome import End, NotOurs, Refused, Result, TicketState, hand_over, leave_open, leave_untouched
from spentkey.core.task import RemovalRequest, Task, Ticket, read_request
from spentkey.steps.case import Case
from spentkey.steps.report import begun_hand_over


async def what_is_asked(case: Case) -> tuple[Ticket, RemovalRequest] | End | Result:
    """Steps 1 and 2: a ticket that is ours and one exact request, or how the story ends here."""
    ticket = await read_ticket(case)
    if isinstance(ticket, End | Result):
        return ticket
    request = ask(case, ticket)
    begun = await begun_hand_over(case, ticket.task)
    if begun is not None:
        return begun
    return request if isinstance(request, End) else (ticket, request)


async def read_ticket(case: Case) -> Ticket | Result | End:
    """Read the task; a task that we closed gives its recorded result again, one that is not ours is left alone."""
    case.step("ticket")
    desk, rules = case.hands.desk, case.hands.rules.desk
    task = await desk.find(case.number)
    if task is None:
        return leave_untouched(NotOurs(f"no task has the number {case.number}"))
    case.history = await case.hands.evidence.history(case.number)
    task = await _still_open(case, task)
    by_us = task.owner.casefold() == rules.login_id.casefold()
    if task.status == rules.completed and by_us and case.history.closed is not None:
        await _note_finished_close(case, case.history.closed)
        return recorded_result(case.history.closed)
    not_ours = g0_task_is_ours(task, None, rules)
    if not_ours is not None:
        await _note_finished_hand_over(case, task)
        return leave_untouched(not_ours)
    await _note_return(case, task)
    return await _with_parameters(case, task)


async def _still_open(case: Case, task: Task) -> Task:
    """A task whose end we wrote, or began to, and that shows as ours again: `verify_reads` spaced reads must agree.

    One read may be older than what we wrote, and a task must not be ended twice for that.
    """
    rules = case.hands.rules
    for _ in range(rules.verify.reads - 1 if case.history.end_begun else 0):
        if g0_task_is_ours(task, None, rules.desk) is not None:
            break
        await case.hands.clock.sleep(rules.verify.interval_s)
        task = await case.hands.desk.find(case.number) or task
    return task


async def _note_finished_close(case: Case, begun: Facts) -> None:
    """A crash may have come between a close and its record; the task itself shows that it took."""
    if case.history.closing:
        await case.record("closed", minutes=begun.get("minutes"), found="the task shows it")


async def _note_finished_hand_over(case: Case, task: Task) -> None:
    """A crash may have come between a reassignment and its record; the task itself shows that it took."""
    if case.history.reassigning and task.owner_team == case.hands.rules.desk.escalation_team:
        await case.record("handed-over", team=task.owner_team, found="the task shows it")


async def _note_return(case: Case, task: Task) -> None:
    """A task may have been handed over without a record of it, and then given back: that is a new assignment.

    The minutes show it, because they are written together with the team.
    """
    begun = case.history.reassigning
    if begun is None or "from" not in begun:
        return
    if Decimal(str(begun["from"])) != Decimal(str(begun["minutes"])) == task.minutes:
        await case.record("handed-over", team=begun.get("team"), found="its minutes show it; it was given back since")
        case.history = await case.hands.evidence.history(case.number)


async def _with_parameters(case: Case, task: Task) -> Ticket | End:
    parameters = await case.hands.desk.parameters(task)
    not_ours = g0_task_is_ours(task, parameters, case.hands.rules.desk)
    if not_ours is not None:
        return leave_untouched(not_ours)
    ticket = Ticket(task, parameters)
    case.learn_parameters(ticket)
    stopped = await case.hands.evidence.ask(lambda radius: radius.refuse_any())
    return leave_open(stopped) if stopped is not None else ticket


def ask(case: Case, ticket: Ticket) -> RemovalRequest | End:
    """Guard G1: one exact request, or a refusal that names the field."""
    case.step("ask")
    request = read_request(ticket.parameters)
    if isinstance(request, Refused):
        return hand_over(request)
    case.request = request
    return request


def recorded_result(record: Facts) -> Result:
    """The result of an earlier run, as it stands in the evidence."""

    def text(name: str) -> str | None:
        value = record.get(name)
        return None if value is None else str(value)

    return Result(
        task=str(record.get("task")),
        outcome=str(record.get("outcome")),
        ticket=TicketState.CLOSED,
        tenant=text("tenant"),
        app_id=text("app_id"),
        app_name=text("app_name"),
        key_id=text("key_id"),
        kind=text("kind"),
        attribution=text("attribution"),
        route=text("route"),
        guard=text("guard"),
        reason=text("reason"),
        evidence=text("attempt"),
    )
