"""What a dry run finds: the action that a run would take now, and the result as far as it is known."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spentkey.core.outcome import AlreadyGone, Removed, Result, TicketState


class Action(StrEnum):
    """What a run would do to the task now."""

    REMOVE = "remove"
    CLOSE_AS_GONE = "close-as-gone"
    HAND_OFF = "hand-off"
    LEAVE = "leave"
    PASS = "pass"  # noqa: S105  # a verb


_TICKETS = {
    Action.REMOVE: TicketState.CLOSED,
    Action.CLOSE_AS_GONE: TicketState.CLOSED,
    Action.HAND_OFF: TicketState.HANDED_OFF,
    Action.LEAVE: TicketState.OPEN,
    Action.PASS: TicketState.UNTOUCHED,
}


@dataclass(frozen=True)
class Planned:
    """One line of a plan."""

    action: Action
    result: Result
    fallback_would_free: bool = False
    """Whether the task is handed over only because policy.certificate_fallback is not `patch`."""

    @property
    def outcome(self) -> str:
        """The outcome that the run would have."""
        would_be = {Action.REMOVE: Removed.name, Action.CLOSE_AS_GONE: AlreadyGone.name}
        return would_be.get(self.action, self.result.outcome)

    @property
    def closed_earlier(self) -> bool:
        """Whether an earlier run closed the task, so that nothing is left to do."""
        return self.action is Action.PASS and self.result.outcome in (Removed.name, AlreadyGone.name)

    @property
    def ticket(self) -> TicketState:
        """What would become of the ticket."""
        return TicketState.CLOSED if self.closed_earlier else _TICKETS[self.action]

    def as_json(self) -> dict[str, Any]:
        """The object of the contract, with `would` in place of outcome and ticket."""
        fields = self.result.as_json() | {"would": self.action.value, "evidence": None}
        return {name: value for name, value in fields.items() if name not in ("outcome", "ticket")}
