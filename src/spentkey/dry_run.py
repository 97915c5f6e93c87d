"""What would be done to a task, and why or why not: the decision of the story, without a single write."""

from dataclasses import replace

from spentkey.core.errors import PROBLEMS
from spentkey.core.outcome import End, NotOurs, Result, TicketState, leave_open
from spentkey.core.planned import Action, Planned, PlannedRemoval
from spentkey.core.reason import IN_WORDS
from spentkey.core.step_reasons import CLOSED_EARLIER
from spentkey.core.task import RemovalRequest, TaskRef, Ticket
from spentkey.ports.read_only import ReadOnlyDesk, ReadOnlyEvidence
from spentkey.steps.ask import what_is_asked
from spentkey.steps.attempt import Attempt
from spentkey.steps.context import Context
from spentkey.steps.plan import Removal
from spentkey.steps.remove import too_many_removals
from spentkey.steps.report import enough_tries, held_up, left, too_many_hand_overs
from spentkey.story import decide


async def dry_run(ref: TaskRef, context: Context) -> Planned:
    """Say what a run would do to the task of that reference."""
    attempt = Attempt(ref, attempt_id=context.ids.new(), context=writing_nothing(context))
    try:
        end = await _look_ahead(attempt)
    except PROBLEMS as problem:
        end = left(problem, attempt)
    return await planned(attempt, end)


def writing_nothing(context: Context) -> Context:
    """The same, whose desk and evidence are only read."""
    return replace(context, desk=ReadOnlyDesk(context.desk), evidence=ReadOnlyEvidence(context.evidence))


async def planned(attempt: Attempt, end: End | Result | Removal) -> Planned:
    """What the look ahead means; a removal is one that nothing stands in the way of."""
    if isinstance(end, Removal):
        nothing_yet = replace(attempt.result(End(NotOurs(IN_WORDS(text="")), TicketState.OPEN)), reason=None)
        removal = PlannedRemoval(end.plan, attempt.context.clock.now())
        return Planned(Action.REMOVE, replace(nothing_yet, reason_code=None), removal=removal)
    if isinstance(end, Result):
        return Planned(Action.PASS, replace(end, reason=CLOSED_EARLIER(), reason_code=CLOSED_EARLIER.code))
    end = enough_tries(attempt, end)
    if end.ticket is TicketState.HANDED_OFF:
        too_many = await attempt.context.evidence.ask(too_many_hand_overs(attempt, end))
        end = held_up(end, too_many) if too_many is not None else end
    freed = attempt.no_signer and not attempt.context.rules.patch_allowed
    return Planned(_action_of(end), attempt.result(end), fallback_would_free=freed)


async def _look_ahead(attempt: Attempt) -> End | Result | Removal:
    asked = await what_is_asked(attempt)
    return asked if isinstance(asked, End | Result) else await decide_only(attempt, *asked)


async def decide_only(attempt: Attempt, ticket: Ticket | None, request: RemovalRequest) -> End | Removal:
    """The decision of the story, and whether guard G8 would hold the removal up."""
    removal = await decide(attempt, ticket, request)
    if isinstance(removal, End):
        return removal
    too_many = await attempt.context.evidence.ask(too_many_removals(attempt, request.app_id))
    return leave_open(too_many) if too_many is not None else removal


def _action_of(end: End) -> Action:
    if end.ticket is TicketState.UNTOUCHED:
        return Action.PASS if isinstance(end.outcome, NotOurs) else Action.LEAVE
    return {
        TicketState.CLOSED: Action.CLOSE_AS_GONE,
        TicketState.HANDED_OFF: Action.HAND_OFF,
        TicketState.OPEN: Action.LEAVE,
    }[end.ticket]
