"""Between steps 5 and 6: guard G8, canary. The first removal by this version, in a tenant and by a route, goes alone."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from spentkey.core.canary import ASK_AGAIN, FIRST_GOES_ALONE, refuse_patch, refuse_unproven
from spentkey.core.errors import Busy
from spentkey.core.outcome import CannotTell, End, Refused, RemovalRoute, TicketState, leave_open
from spentkey.ports.evidence import Question
from spentkey.steps.attempt import Attempt
from spentkey.steps.plan import Removal

T = TypeVar("T")


async def first_alone(attempt: Attempt, removal: Removal, do: Callable[[Attempt, Removal], Awaitable[T]]) -> T | End:
    """Do steps 6 and 7, alone where nothing proves this version yet; the others wait, and go on once it is proven.

    Nobody waits for a PATCH, whose proof takes a quarter of an hour or more: what is on record holds up the next one.
    """
    rules, route, tenant = attempt.context.rules, removal.plan.route, _tenant(attempt)
    if not rules.canary or route is RemovalRoute.PATCH:
        refused = await attempt.context.evidence.ask(patch_alone(attempt))
        return _held_up(attempt, removal, refused) if refused is not None else await do(attempt, removal)
    if await attempt.context.evidence.ask(_unproven(attempt, route)) is None:
        return await do(attempt, removal)
    async with AsyncExitStack() as alone:
        try:
            await alone.enter_async_context(attempt.context.locks.canary(tenant, route.value))
        except Busy:
            return _held_up(attempt, removal, Refused("G8", FIRST_GOES_ALONE(tenant=tenant, route=route.value)))
        if await attempt.context.evidence.ask(_unproven(attempt, route)) is None:  # proven while this one waited
            await alone.aclose()
        return await do(attempt, removal)


def patch_alone(attempt: Attempt) -> Question:
    """Whether another PATCH in the tenant has still to be proven; nothing where this is none, or nobody asks for that."""
    request, tenant, program = attempt.request, _tenant(attempt), attempt.context.program
    if not attempt.context.rules.canary or attempt.route is not RemovalRoute.PATCH or request is None:
        return lambda _: None
    now = attempt.context.clock.now()
    return lambda blast_radius: refuse_patch(blast_radius.past, tenant, program, request.key_id, now)


def _unproven(attempt: Attempt, route: RemovalRoute) -> Question:
    tenant, program, now = _tenant(attempt), attempt.context.program, attempt.context.clock.now()
    return lambda blast_radius: refuse_unproven(blast_radius.past, tenant, route, program, now)


def _held_up(attempt: Attempt, removal: Removal, refused: Refused) -> End:
    """Left open; a removal that an earlier try sent may have taken effect, so nothing says that it was refused."""
    if attempt.history.sendings(removal.request.app_id, removal.request.key_id):
        again = refused.until or attempt.context.clock.now() + ASK_AGAIN
        return End(CannotTell(refused.reason, awaits=True), TicketState.OPEN, not_before=again)
    return leave_open(refused)


def _tenant(attempt: Attempt) -> str:
    return attempt.tenant.name if attempt.tenant is not None else ""
