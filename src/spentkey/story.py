"""Read this first: the story of one removal, from ticket to report.

Each step either says what it found, or how the story ends (`End`). Nothing is removed unless every guard agreed, the
plan names one key id, the ticket was read again, and the intent is on record; and nothing is closed unless reads of
the directory agree. A crash anywhere is resumed by calling this again: it reads what is true and goes on from there.
"""

from spentkey.core.errors import PROBLEMS
from spentkey.core.outcome import End, Result, leave_open
from spentkey.core.task import RemovalRequest, TaskRef, Ticket
from spentkey.steps.ask import what_is_asked
from spentkey.steps.attempt import Attempt
from spentkey.steps.awaiting import awaited, whose_it_was
from spentkey.steps.canary import first_alone
from spentkey.steps.confirm import ListsChanged
from spentkey.steps.context import Context
from spentkey.steps.judge import judge
from spentkey.steps.plan import Removal, plan_removal
from spentkey.steps.remove import remove
from spentkey.steps.report import Telling, end_of, finish, settle_problem
from spentkey.steps.resume import asked_earlier
from spentkey.steps.see import see_application
from spentkey.steps.verify import verify

JUDGED_AT_MOST = 3
"""How often an application is judged whose credential lists keep changing."""


async def work_on(ref: TaskRef, context: Context, attempt_id: str | None = None, how: Telling | None = None) -> Result:
    """Work on the task of that reference until it is closed, handed over, left open or left alone."""
    attempt = Attempt(ref, attempt_id or context.ids.new(), context)
    try:
        async with context.locks.task(ref):
            end = await end_of(how or tell, attempt)
            return end if isinstance(end, Result) else await finish(attempt, end)
    except PROBLEMS as problem:
        return await settle_problem(attempt, problem)


async def tell(attempt: Attempt) -> End | Result:
    """Steps 1 and 2, then the rest under the lock of the application that the ticket names."""
    asked = await what_is_asked(attempt)
    if isinstance(asked, End | Result):
        return asked
    ticket, request = asked
    async with attempt.context.locks.application(request.app_id):
        return await on_application(attempt, ticket, request)


async def on_application(attempt: Attempt, ticket: Ticket | None, request: RemovalRequest) -> End:
    """Steps 3 to 7; credential lists that change before the removal (guard G10) are judged again."""
    for _ in range(JUDGED_AT_MOST):
        removal = await decide(attempt, ticket, request)
        end = removal if isinstance(removal, End) else await first_alone(attempt, removal, remove_and_prove)
        if not isinstance(end, ListsChanged):
            return end
        changed = end.refusal
    return leave_open(changed)  # pyright: ignore[reportPossiblyUnboundVariable]  # JUDGED_AT_MOST is at least 1


async def decide(attempt: Attempt, ticket: Ticket | None, request: RemovalRequest) -> Removal | End:
    """Steps 3 to 5, which write nothing: what is to be removed, or why nothing is (or still awaited); `plan` stops here."""
    seen = await awaited(attempt, request) or await see_application(attempt, request)
    if isinstance(seen, End):
        return seen
    judged = await judge(attempt, request, seen)
    if isinstance(judged, End):
        return judged
    return await plan_removal(attempt, ticket.task if ticket else None, request, judged.seen, judged.credential)


async def remove_and_prove(attempt: Attempt, removal: Removal) -> End | ListsChanged:
    """Steps 6 and 7: ask for the removal, unless an earlier try did, and prove by reads what became of it."""
    reply = asked_earlier(attempt, removal) or await remove(attempt, removal)
    if isinstance(reply, End | ListsChanged):
        return reply
    gone = await verify(attempt, removal, reply)
    return gone if isinstance(gone, End) else await whose_it_was(attempt, removal, gone)
