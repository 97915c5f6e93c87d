"""Step 1: read the task and the parameters of its service request; is it ours, and still to be done?"""

from spentkey.core.guards import g0_task_is_ours
from spentkey.core.outcome import End, NotOurs, Result, leave_open, leave_untouched
from spentkey.core.task import Task, Ticket
from spentkey.steps.attempt import Attempt
from spentkey.steps.resume import (
    note_finished_close,
    note_finished_hand_over,
    note_return,
    recorded_result,
    still_open,
)


async def read_ticket(attempt: Attempt) -> Ticket | Result | End:
    """Read the task; a task that we closed returns its recorded result, one that is not ours is left alone."""
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
