"""Read this first: the story of one removal, from ticket to report.

Each step either says what it found, or how the story ends (`End`). Nothing is removed unless every guard agreed, the
plan names one key id, the ticket was read again, and the intent is on record; and nothing is closed unless reads of
the directory agree. A crash anywhere is resumed by calling this again: it reads what is true and goes on from there.
"""

from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import End, Result, leave_open
from spentkey.core.task import RemovalRequest, Ticket
from spentkey.steps.attempt import Case
from spentkey.steps.context import Hands
from spentkey.steps.judge import judge
from spentkey.steps.plan import prepare
from spentkey.steps.remove import Drift, Job, remove
from spentkey.steps.report import finish, settle_problem
from spentkey.steps.see import see_application
from spentkey.steps.ticket import what_is_asked
from spentkey.steps.verify import verify

JUDGED_AT_MOST = 3
"""How often an application is judged whose credential lists keep changing."""


async def work_on(number: int, hands: Hands, attempt: str | None = None) -> Result:
    """Work on the task with that AssignmentID until it is closed, handed over, left open or left alone."""
    case = Case(number, attempt=attempt or hands.ids.new(), hands=hands)
    try:
        async with hands.turns.task(number):
            end = await tell(case)
            return end if isinstance(end, Result) else await finish(case, end)
    except SpentkeyError as problem:
        return await settle_problem(case, problem)


async def tell(case: Case) -> End | Result:
    """Steps 1 and 2, then the rest in turn: what the ticket asks decides which application is looked at."""
    asked = await what_is_asked(case)
    if isinstance(asked, End | Result):
        return asked
    ticket, request = asked
    async with case.hands.turns.turn(request.app_id):
        return await on_application(case, ticket, request)


async def on_application(case: Case, ticket: Ticket | None, request: RemovalRequest) -> End:
    """Steps 3 to 7, while nobody else of us writes to that application."""
    for _ in range(JUDGED_AT_MOST):
        end = await judge_and_remove(case, ticket, request)
        if not isinstance(end, Drift):
            return end
        drift = end.refusal
    return leave_open(drift)  # pyright: ignore[reportPossiblyUnboundVariable]


async def judge_and_remove(case: Case, ticket: Ticket | None, request: RemovalRequest) -> End | Drift:
    """Look, judge, plan, remove and verify; a drift of the credential lists (guard G10) asks to judge anew."""
    seen = await see_application(case, request)
    if isinstance(seen, End):
        return seen
    judged = await judge(case, request, seen)
    if isinstance(judged, End):
        return judged
    seen, credential = judged
    prepared = await prepare(case, seen.directory, seen.application, credential)
    if isinstance(prepared, End):
        return prepared
    plan, signer = prepared
    job = Job(seen.directory, plan, signer, ticket.task if ticket else None, request)
    reply = await remove(case, job)
    if isinstance(reply, End | Drift):
        return reply
    return await verify(case, job, reply)
