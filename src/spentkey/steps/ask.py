"""Step 2: take what the ticket asks for literally: one exact request, or a refusal that names the field."""

from spentkey.core.outcome import End, Refused, Result, hand_over
from spentkey.core.stops import About
from spentkey.core.task import RemovalRequest, Ticket, is_uuid, read_request
from spentkey.steps.attempt import Attempt
from spentkey.steps.resume import begun_hand_over
from spentkey.steps.stops import about, stopped
from spentkey.steps.ticket import read_ticket


async def what_is_asked(attempt: Attempt) -> tuple[Ticket, RemovalRequest] | End | Result:
    """Steps 1 and 2: a ticket that is ours and one exact request, or how the story ends here."""
    ticket = await read_ticket(attempt)
    if isinstance(ticket, End | Result):
        return ticket
    request = ask(attempt, ticket)
    held_up = await stopped(attempt, _about(attempt, request))
    if held_up is not None:
        return held_up
    begun = await begun_hand_over(attempt, ticket.task)
    if begun is not None:
        return begun
    return request if isinstance(request, End) else (ticket, request)


def _about(attempt: Attempt, request: RemovalRequest | End) -> About:
    """What the request is about; one that is refused still names an application, if that is readable."""
    if not isinstance(request, End):
        return about(request, attempt.context.rules.tenants)
    return About(app_id=attempt.asked.app_id.lower() if is_uuid(attempt.asked.app_id) else None)


def ask(attempt: Attempt, ticket: Ticket) -> RemovalRequest | End:
    """Guard G1: one exact request, or a refusal that names the field."""
    attempt.step("ask", attempt.asked.app_display_name)
    request = read_request(ticket.request, attempt.context.rules.request)
    if isinstance(request, Refused):
        return hand_over(request)
    attempt.request = request
    return request
