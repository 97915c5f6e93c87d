"""Just before step 6 sends, each time: the ticket and the credential lists once more, and what else forbids it now.

A removal may wait: for the quota, for a sign-in, for as long as Graph says with a 429. Whatever was asked before such
a wait says nothing of the moment after it.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from spentkey.core.errors import Outage
from spentkey.core.guards import g7_still_ours, g7_still_says_the_same, g10_lists_unchanged
from spentkey.core.outcome import End, Refused, RemovalRoute, leave_open, leave_untouched
from spentkey.core.reason import ReasonKind
from spentkey.core.stops import About
from spentkey.ports.evidence import Question
from spentkey.steps.attempt import Attempt
from spentkey.steps.plan import Removal

T = TypeVar("T")
U = TypeVar("U")

FRESH_S = 5.0
"""How old, in seconds, what the ticket and the directory answered may be when a removal is sent."""
ROUNDS = 3
"""How often both are asked at most before one sending, where their answers take longer than that."""
TOO_SLOW = ReasonKind(
    "too-slow-to-send",
    en="the service desk and the directory, asked {rounds} times just before the removal, did not both answer within "
    "{seconds} s, so nothing was sent",
    nl="de servicedesk en de directory, vlak voor de verwijdering {rounds} keer gevraagd, antwoordden niet beide binnen "
    "{seconds} s, dus is er niets verstuurd",
    fr="le service desk et l'annuaire, interrogés {rounds} fois juste avant la suppression, n'ont pas répondu tous deux "
    "en {seconds} s ; rien n'a donc été envoyé",
)


@dataclass(frozen=True)
class ListsChanged:
    """Guard G10: the lists are not those that were judged, so they must be judged again."""

    refusal: Refused


class Withheld(Exception):
    """The removal is not sent now, because of what was found just before."""

    def __init__(self, found: End | ListsChanged) -> None:
        super().__init__("the removal is not sent now")
        self.found = found


@dataclass
class Confirmation:
    """What guards G7 and G10 said of one removal, and when: it is asked again before a sending for which that is old."""

    attempt: Attempt
    removal: Removal
    _answered_at: float | None = None
    """When the older of the two answers arrived."""

    async def ask(self) -> End | ListsChanged | None:
        """Ask both at once; where an answer is old by the time the other one is there, ask again."""
        for _ in range(ROUNDS):
            found = await self._ask_both()
            if found is not None:
                return found
            if self._fresh():
                return None
        raise Outage(TOO_SLOW(rounds=ROUNDS, seconds=int(FRESH_S)))

    async def before_try(self) -> None:
        """Let one try of the removal go out, the first one or a repeat, or raise `Withheld`. Limits are not asked again."""
        for _ in range(ROUNDS):
            found = None if self._fresh() else await self._ask_both()
            if found is None:
                stopped = await self.attempt.context.evidence.ask(stopped_meanwhile(self.attempt, self.removal))
                found = leave_open(stopped) if stopped is not None else None
            if found is not None:
                raise Withheld(found)
            if self._fresh():
                return
        raise Outage(TOO_SLOW(rounds=ROUNDS, seconds=int(FRESH_S)))

    def _fresh(self) -> bool:
        at = self._answered_at
        return at is not None and self.attempt.context.clock.monotonic() - at <= FRESH_S

    async def _ask_both(self) -> End | ListsChanged | None:
        """A change of the ticket goes first: after it nothing more is written anywhere."""
        changed = await earlier_looks(self.attempt, self.removal)
        if changed is None:
            (ticket, ticket_at), (changed, lists_at) = await _both(
                self._timed(confirm_ticket(self.attempt, self.removal)),
                self._timed(last_look(self.removal)),
            )
            self._answered_at = lists_at if self.removal.task is None else min(ticket_at, lists_at)
            if ticket is not None:
                return ticket
        return changed

    async def _timed(self, asked: Awaitable[T]) -> tuple[T, float]:
        answer = await asked
        return answer, self.attempt.context.clock.monotonic()


def stopped_meanwhile(attempt: Attempt, removal: Removal) -> Question:
    """Guard G8 for a repeat of that removal: what stops or pauses it, and whether its window is still open."""
    now, schedule = attempt.context.clock.now(), attempt.context.rules.schedule
    tenant = attempt.tenant.name if attempt.tenant is not None else None
    about = About(tenant, removal.plan.route.value, removal.request.app_id)
    return lambda blast_radius: blast_radius.refuse_any(about) or schedule.refuse(now)


async def confirm_ticket(attempt: Attempt, removal: Removal) -> End | None:
    """Guard G7: read again, the task and its parameters still ask for the same; without a task there is none to read."""
    if removal.task is None:
        return None
    desk = attempt.context.desk
    rules = attempt.context.rules.request
    now = await desk.find(attempt.ref)
    changed = g7_still_ours(now, rules)
    if changed is None:
        shown = await desk.request(now or removal.task)
        changed = g7_still_says_the_same(now, shown, removal.request, rules)
    return leave_untouched(changed) if changed is not None else None


async def earlier_looks(attempt: Attempt, removal: Removal) -> ListsChanged | None:
    """Guard G10 before a PATCH, which writes the whole list: `verify_reads` spaced reads must all agree, the last one too.

    One that came from an older replica would bring back what was removed, or drop what was added.
    """
    rules = attempt.context.rules.verify
    for _ in range(rules.reads - 1 if removal.plan.route is RemovalRoute.PATCH else 0):
        changed = await last_look(removal)
        if changed is not None:
            return changed
        await attempt.context.clock.sleep(rules.interval_s)
    return None


async def last_look(removal: Removal) -> ListsChanged | None:
    """Guard G10: the lists read just before the write are those that were judged."""
    directory, judged = removal.directory, removal.plan.application
    whole_list = removal.plan.route is RemovalRoute.PATCH
    shown = await (directory.read_with_keys(judged) if whole_list else directory.look(judged.app_id))
    changed = g10_lists_unchanged(judged, shown, raw=whole_list)
    return ListsChanged(changed) if changed is not None else None


async def _both(one: Awaitable[T], other: Awaitable[U]) -> tuple[T, U]:
    """Wait for both at once; where one fails, the other one is not left running."""
    tasks = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
