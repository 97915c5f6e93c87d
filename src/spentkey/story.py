"""Read this first: the story of one removal, from ticket to report.

Each step either says what it found, or how the story ends (`End`). Nothing is removed unless every guard agreed, the
plan names one key id, the ticket was read again, and the intent is on record; and nothing is closed unless reads of
the directory agree. A crash anywhere is resumed by calling this again: it reads what is true and goes on from there.
"""

from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import End, Result, leave_open
from spentkey.core.task import RemovalRequest, Ticket
from spentkey.steps.attempt import Attempt
from spentkey.steps.context import Context
from spentkey.steps.judge import judge
from spentkey.steps.plan import prepare
from spentkey.steps.remove import ListsChanged, Removal, remove
from spentkey.steps.report import finish, settle_problem
from spentkey.steps.see import see_application
from spentkey.steps.ticket import what_is_asked
from spentkey.steps.verify import verify

JUDGED_AT_MOST = 3
"""How often an application is judged whose credential lists keep changing."""


async def work_on(number: int, context: Context, attempt_id: str | None = None) -> Result:
    """Work on the task with that AssignmentID until it is closed, handed over, left open or left alone."""
    attempt = Attempt(number, attempt_id=attempt_id or context.ids.new(), context=context)
    try:
        async with context.locks.task(number):
            end = await tell(attempt)
            return end if isinstance(end, Result) else await finish(attempt, end)
    except SpentkeyError as problem:
        return await settle_problem(attempt, problem)


async def tell(attempt: Attempt) -> End | Result:
    """Steps 1 and 2, then the rest in turn: what the ticket asks decides which application is looked at."""
    asked = await what_is_asked(attempt)
    if isinstance(asked, End | Result):
        return asked
    ticket, request = asked
    async with attempt.context.locks.application(request.app_id):
        return await on_application(attempt, ticket, request)


async def on_application(attempt: Attempt, ticket: Ticket | None, request: RemovalRequest) -> End:
    """Steps 3 to 7, while nobody else of us writes to that application."""
    for _ in range(JUDGED_AT_MOST):
        end = await judge_and_remove(attempt, ticket, request)
        if not isinstance(end, ListsChanged):
            return end
        drift = end.refusal
    return leave_open(drift)  # pyright: ignore[reportPossiblyUnboundVariable]


async def judge_and_remove(attempt: Attempt, ticket: Ticket | None, request: RemovalRequest) -> End | ListsChanged:
    """Look, judge, plan, remove and verify; a drift of the credential lists (guard G10) asks to judge anew."""
    seen = await see_application(attempt, request)
    if isinstance(seen, End):
        return seen
    judged = await judge(attempt, request, seen)
    if isinstance(judged, End):
        return judged
    seen, credential = judged
    prepared = await prepare(attempt, seen.directory, seen.application, credential)
    if isinstance(prepared, End):
        return prepared
    plan, signer = prepared
    removal = Removal(seen.directory, plan, signer, ticket.task if ticket else None, request)
    reply = await remove(attempt, removal)
    if isinstance(reply, End | ListsChanged):
        return reply
    return await verify(attempt, removal, reply)
