"""Steps 1 and 2: read the task and its request from the service desk, and take what it asks for literally."""

from spentkey.core.guards import g0_task_is_ours
from spentkey.core.outcome import End, NotOurs, Refused, Result, hand_over, leave_open, leave_untouched
from spentkey.core.task import RemovalRequest, Task, Ticket, read_request
from spentkey.steps.attempt import Case
from spentkey.steps.resume import (
    _note_finished_close,
    _note_finished_hand_over,
    _note_return,
    _still_open,
    begun_hand_over,
    recorded_result,
)


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
