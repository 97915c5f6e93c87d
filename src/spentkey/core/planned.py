"""What a dry run finds: the action that a run would take now, and the result as far as it is known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from spentkey.core.credential import Credential
from spentkey.core.outcome import AlreadyGone, Removed, Result, TicketState
from spentkey.core.plan import Plan


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


def own_name(credential: Credential) -> str | None:
    """The name that people gave a credential, as the directory shows it."""
    return next(iter(credential.names()), None)


@dataclass(frozen=True)
class PlannedRemoval:
    """What a removal would take, and what has to be there afterwards; settled at `now`."""

    plan: Plan
    now: datetime

    @property
    def name(self) -> str | None:
        """The credential's own name, which need not be there."""
        return own_name(self.plan.credential)

    @property
    def days_expired(self) -> int | None:
        """Whole days since its end."""
        end = self.plan.credential.end
        return None if end is None else (self.now - end).days

    @property
    def survivors(self) -> list[Credential]:
        """The other credentials of the application, which the removal must leave as they are."""
        kept = {(one.kind, one.key_id, one.fingerprint) for one in self.plan.survivors}
        return [one for one in self.plan.application.entries if (one.kind, one.key_id, one.fingerprint) in kept]

    def as_json(self) -> dict[str, Any]:
        """As `plan --json` shows it."""
        return {
            "name": self.name,
            "end": _shown(self.plan.credential.end),
            "days_expired": self.days_expired,
            "survivors": [
                {"kind": one.kind.value, "key_id": one.key_id, "name": own_name(one), "end": _shown(one.end)}
                for one in self.survivors
            ],
        }


def _shown(end: datetime | None) -> str | None:
    return None if end is None else end.isoformat()


@dataclass(frozen=True)
class Planned:
    """One line of a plan."""

    action: Action
    result: Result
    fallback_would_free: bool = False
    """Whether the task is handed over only because policy.certificate_fallback is not `patch`."""
    removal: PlannedRemoval | None = None
    """Where the action is a removal: which one."""

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
        fields["removal"] = None if self.removal is None else self.removal.as_json()
        return {name: value for name, value in fields.items() if name not in ("outcome", "ticket")}
