"""Steps 1 and 2: read the task and its request from the service desk, and take what it asks for literally."""

from spentkey.core.guards import g0_task_is_ours
from spentkey.core.outcome import End, NotOurs, Refused, Result, hand_over, leave_open, leave_untouched
from spentkey.core.task import RemovalRequest, Task, Ticket, read_request
from spentkey.steps.attempt import Attempt
from spentkey.steps.resume import (
    begun_hand_over,
    note_finished_close,
    note_finished_hand_over,
    note_return,
    recorded_result,
    still_open,
)


async def what_is_asked(attempt: Attempt) -> tuple[Ticket, RemovalRequest] | End | Result:
    """Steps 1 and 2: a ticket that is ours and one exact request, or how the story ends here."""
    ticket = await read_ticket(attempt)
    if isinstance(ticket, End | Result):
        return ticket
    request = ask(attempt, ticket)
    begun = await begun_hand_over(attempt, ticket.task)
    if begun is not None:
        return begun
    return request if isinstance(request, End) else (ticket, request)


async def read_ticket(attempt: Attempt) -> Ticket | Result | End:
    """Read the task; a task that we closed gives its recorded result again, one that is not ours is left alone."""
    attempt.step("ticket")
    desk, rules = attempt.context.desk, attempt.context.rules.desk
    task = await desk.find(attempt.number)
    if task is None:
        return leave_untouched(NotOurs(f"no task has the number {attempt.number}"))
    attempt.history = await attempt.context.evidence.history(attempt.number)
    task = await still_open(attempt, task)
    by_us = task.owner.casefold() == rules.login_id.casefold()
    if task.status == rules.completed and by_us and attempt.history.closed is not None:
        await note_finished_close(attempt, attempt.history.closed)
        return recorded_result(attempt.history.closed)
    not_ours = g0_task_is_ours(task, None, rules)
    if not_ours is not None:
        await note_finished_hand_over(attempt, task)
        return leave_untouched(not_ours)
    await note_return(attempt, task)
    return await _with_parameters(attempt, task)


async def _with_parameters(attempt: Attempt, task: Task) -> Ticket | End:
    parameters = await attempt.context.desk.parameters(task)
    not_ours = g0_task_is_ours(task, parameters, attempt.context.rules.desk)
    if not_ours is not None:
        return leave_untouched(not_ours)
    ticket = Ticket(task, parameters)
    attempt.learn_parameters(ticket)
    stopped = await attempt.context.evidence.ask(lambda blast_radius: blast_radius.refuse_any())
    return leave_open(stopped) if stopped is not None else ticket


def ask(attempt: Attempt, ticket: Ticket) -> RemovalRequest | End:
    """Guard G1: one exact request, or a refusal that names the field."""
    attempt.step("ask")
    request = read_request(ticket.parameters)
    if isinstance(request, Refused):
        return hand_over(request)
    attempt.request = request
    return request
