"""Step 1: read the task and the parameters of its service request; is it ours, and still to be done?"""

from spentkey.core.guard_reasons import G0_NO_TASK_CALLED, G0_NO_TASK_NUMBERED
from spentkey.core.guards import g0_task_is_ours, g7_as_first_seen
from spentkey.core.outcome import End, NotOurs, Result, leave_untouched
from spentkey.core.stops import About
from spentkey.core.task import Task, Ticket
from spentkey.steps.attempt import Attempt
from spentkey.steps.resume import (
    ended_earlier,
    not_given_back,
    note_finished_hand_over,
    note_return,
    still_open,
)
from spentkey.steps.stops import stopped


async def read_ticket(attempt: Attempt) -> Ticket | Result | End:
    """Read the task and what it asks for, or how the story ends here."""
    task = await read_task(attempt)
    return await _with_parameters(attempt, task) if isinstance(task, Task) else task


async def read_task(attempt: Attempt) -> Task | Result | End:
    """Read the task; a task that we closed returns its recorded result, one that is not ours is left alone."""
    attempt.step("ticket")
    task = await attempt.context.desk.find(attempt.ref)
    if task is None:
        return leave_untouched(no_such_task(attempt))
    attempt.history = await attempt.on_record()
    task = await still_open(attempt, task)
    if not task.is_open and attempt.history.closed is not None:
        return await ended_earlier(attempt, task, attempt.history.closed)
    not_ours = g0_task_is_ours(task, None, attempt.context.rules.request) or not_given_back(attempt, task)
    if not_ours is not None:
        await note_finished_hand_over(attempt, task)
        return leave_untouched(not_ours)
    await note_return(attempt, task)
    return task


def no_such_task(attempt: Attempt) -> NotOurs:
    """The desk has no task of that reference."""
    kind = G0_NO_TASK_NUMBERED if attempt.context.rules.desk.numbers else G0_NO_TASK_CALLED
    return NotOurs(kind(ref=attempt.ref))


async def _with_parameters(attempt: Attempt, task: Task) -> Ticket | End:
    request = await attempt.context.desk.request(task)
    attempt.warn(request.odd)
    not_ours = g0_task_is_ours(task, request, attempt.context.rules.request)
    if not_ours is not None:
        return leave_untouched(not_ours)
    changed = g7_as_first_seen(request)
    if changed is not None:
        return leave_untouched(changed)
    await attempt.context.desk.begin(task)
    ticket = Ticket(task, request)
    attempt.learn_parameters(ticket)
    return await stopped(attempt, About()) or ticket
