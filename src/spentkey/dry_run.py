"""What would be done to a task, and why or why not: the story up to the last read, without a single write."""

from dataclasses import dataclass, replace
from enum import StrEnum

from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import End, NotOurs, Result, TicketState, leave_open
from spentkey.core.task import RemovalRequest
from spentkey.ports.read_only import SilentEvidence
from spentkey.steps.attempt import Case
from spentkey.steps.context import Hands
from spentkey.steps.judge import judge
from spentkey.steps.plan import prepare
from spentkey.steps.report import enough_tries, held_up, left, too_many_hand_overs
from spentkey.steps.see import see_application
from spentkey.steps.ticket import what_is_asked


class Would(StrEnum):
    """What a run would do to the task now."""

    REMOVE = "remove"
    CLOSE_AS_GONE = "close-as-gone"
    HAND_OFF = "hand-off"
    LEAVE = "leave"
    PASS = "pass"  # noqa: S105  # a verb


@dataclass(frozen=True)
class Foresight:
    """One line of a plan."""

    would: Would
    result: Result
    fallback_would_free: bool = False
    """Whether the task is handed over only because policy.certificate_fallback is not `patch`."""

    def as_json(self) -> dict[str, str | None]:
        """The object of the contract, with `would` in place of outcome and ticket."""
        fields = self.result.as_json() | {"would": self.would.value, "evidence": None}
        return {name: value for name, value in fields.items() if name not in ("outcome", "ticket")}


async def foresee(number: int, hands: Hands) -> Foresight:
    """Say what a run would do to the task with that AssignmentID."""
    case = Case(number, attempt=hands.ids.new(), hands=replace(hands, evidence=SilentEvidence(hands.evidence)))
    try:
        end = await _look_ahead(case)
    except SpentkeyError as problem:
        end = left(problem, case)
    return await foresight(case, end)


async def foresight(case: Case, end: End | Result | None) -> Foresight:
    """What the look ahead means: None is that nothing stands in the way of a removal."""
    if end is None:
        nothing_yet = End(NotOurs(""), TicketState.OPEN)
        return Foresight(Would.REMOVE, replace(case.result(nothing_yet), reason=None))
    if isinstance(end, Result):
        return Foresight(Would.PASS, replace(end, reason="the task is already closed, by an earlier run"))
    end = enough_tries(case, end)
    if end.ticket is TicketState.HANDED_OFF:
        too_many = await case.hands.evidence.ask(too_many_hand_overs(case))
        end = held_up(end, too_many) if too_many is not None else end
    freed = case.no_signer and not case.hands.rules.patch_allowed
    return Foresight(_would(end), case.result(end), fallback_would_free=freed)


async def _look_ahead(case: Case) -> End | Result | None:
    asked = await what_is_asked(case)
    return asked if isinstance(asked, End | Result) else await look_at_application(case, asked[1])


async def look_at_application(case: Case, request: RemovalRequest) -> End | None:
    """Steps 3 to 5 and the limits, read only."""
    seen = await see_application(case, request)
    if isinstance(seen, End):
        return seen
    judged = await judge(case, request, seen)
    if isinstance(judged, End):
        return judged
    prepared = await prepare(case, judged[0].directory, judged[0].application, judged[1])
    if isinstance(prepared, End):
        return prepared
    now, limits = case.hands.clock.now(), case.hands.rules.limits
    too_many = await case.hands.evidence.ask(
        lambda radius: radius.refuse_intent(case.hands.run, request.app_id, now, limits)
    )
    return leave_open(too_many) if too_many is not None else None


def _would(end: End) -> Would:
    if end.ticket is TicketState.UNTOUCHED:
        return Would.PASS if isinstance(end.outcome, NotOurs) else Would.LEAVE
    return {
        TicketState.CLOSED: Would.CLOSE_AS_GONE,
        TicketState.HANDED_OFF: Would.HAND_OFF,
        TicketState.OPEN: Would.LEAVE,
    }[end.ticket]
