"""How a task ends: the outcomes as values, what the ticket says then, and the exit code."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from spentkey.core.errors import Who
from spentkey.core.reason import Reason


class TicketState(StrEnum):
    """What the task looks like when a run ends."""

    CLOSED = "closed"
    HANDED_OFF = "handed-off"
    OPEN = "open"
    UNTOUCHED = "untouched"


class Attribution(StrEnum):
    """Why a removal is called ours: Graph's own answer to us, or our intent on record and absence now."""

    CONFIRMED = "confirmed"
    PRESUMED = "presumed"


class RemovalRoute(StrEnum):
    """The Microsoft Graph action that removes the credential."""

    REMOVE_PASSWORD = "removePassword"  # noqa: S105  # the name of a Graph action
    REMOVE_KEY = "removeKey"
    PATCH = "patch"


@dataclass(frozen=True)
class Removed:
    """The credential was there, Spentkey removed it, and spaced reads agree that it is gone."""

    attribution: Attribution
    route: RemovalRoute | None
    name = "removed"


@dataclass(frozen=True)
class AlreadyGone:
    """The credential was not there, and no removal by Spentkey is on record."""

    name = "already-gone"


@dataclass(frozen=True)
class Refused:
    """A guard says no; `guard` is its number, `reason` says in words what was found."""

    guard: str
    reason: Reason
    until: datetime | None = field(default=None, compare=False)
    """Where a limit says no: the moment before which it will say no again."""
    name = "refused"


class Cause(StrEnum):
    """What kind of failure it was, where a note can say more about what to do next than who must act."""

    NO_SIGNER = "no-signer"
    NO_PRINCIPAL = "no-principal"
    SIGN_IN = "sign-in"
    FORBIDDEN = "forbidden"
    FORBIDDEN_ITSELF = "forbidden-itself"
    PROOF_REJECTED = "proof-rejected"
    REJECTED = "rejected"
    STILL_THERE = "still-there"
    SURVIVOR_LOST = "survivor-lost"
    NO_EVENT = "no-event"
    ENDED_THE_PROGRAM = "ended-the-program"


@dataclass(frozen=True)
class Failed:
    """Something other than a guard ended the try; `who` must act.

    `asked` is set when a removal was asked for and may have taken, so that no note says that nothing was removed.
    """

    reason: Reason
    who: Who = Who.PEOPLE
    asked: bool = False
    cause: Cause | None = None
    name = "failed"


@dataclass(frozen=True)
class CannotTell:
    """Whether the credential is gone, or whether it alone is gone, could not be established."""

    reason: Reason
    cause: Cause | None = None
    awaits: bool = field(default=False, compare=False)
    """Set while something is waited for, such as the directory's audit event, which is no fault of the task."""
    name = "cannot-tell"


@dataclass(frozen=True)
class NotOurs:
    """The task does not exist, or is not Spentkey's to touch (guard G0)."""

    reason: Reason
    name = "not-ours"


Outcome = Removed | AlreadyGone | Refused | Failed | CannotTell | NotOurs


@dataclass(frozen=True)
class End:
    """How the story of one task ends: the outcome, and what is to be done with the ticket because of it."""

    outcome: Outcome
    ticket: TicketState
    trouble: Reason | None = None
    """What went wrong while the ticket was written, where that is why it is left open."""
    not_before: datetime | None = None
    """Where a limit leaves it open: the moment before which another try is in vain."""


def hand_over(outcome: Outcome) -> End:
    """End that asks for a note and a reassignment."""
    return End(outcome, TicketState.HANDED_OFF)


def leave_open(outcome: Outcome) -> End:
    """End that leaves the task as it is, for another try."""
    return End(outcome, TicketState.OPEN, not_before=outcome.until if isinstance(outcome, Refused) else None)


def leave_untouched(outcome: Outcome) -> End:
    """End after which nothing more is written to the service desk."""
    return End(outcome, TicketState.UNTOUCHED)


def close(outcome: Removed | AlreadyGone) -> End:
    """End that asks for the task to be closed."""
    return End(outcome, TicketState.CLOSED)


@dataclass(frozen=True)
class Result:
    """One line of the report: the object that `--json` prints, and its exit code."""

    task: str
    outcome: str
    ticket: TicketState
    tenant: str | None = None
    app_id: str | None = None
    app_name: str | None = None
    key_id: str | None = None
    kind: str | None = None
    attribution: str | None = None
    route: str | None = None
    guard: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    """The code of the reason's kind; of a reason that tells of trouble with the ticket too, that of the outcome."""
    evidence: str | None = None
    warnings: tuple[str, ...] = ()
    """What came out otherwise than it was written or could not be read, in words; never why it is left open."""
    outage: bool = False
    """Whether a system that was away left it open; for the next try, and not part of the report."""
    not_before: datetime | None = None
    """The moment before which another try is in vain; the same."""

    @property
    def exit_code(self) -> int:
        """0 done, 2 not ours, 3 handed over, 4 left for another try or left alone after a change."""
        if self.ticket is TicketState.UNTOUCHED:
            return {"not-ours": 2, "removed": 0, "already-gone": 0}.get(self.outcome, 4)
        return {TicketState.CLOSED: 0, TicketState.HANDED_OFF: 3}.get(self.ticket, 4)

    def as_json(self) -> dict[str, Any]:
        """The object of the contract; a field that is not known yet is null."""
        return {
            "task": self.task,
            "tenant": self.tenant,
            "app_id": self.app_id,
            "key_id": self.key_id,
            "kind": self.kind,
            "outcome": self.outcome,
            "attribution": self.attribution,
            "route": self.route,
            "ticket": self.ticket.value,
            "guard": self.guard,
            "reason": None if self.reason is None else str(self.reason),
            "reason_code": self.reason_code,
            "evidence": self.evidence,
            "warnings": list(self.warnings),
        }


def exit_code_of_all(results: list[Result], *, whole: bool = True) -> int:
    """The exit code of a whole run: 4 if any task is left open or could not be read, else 3 if any was handed over, else 0.

    `whole` is False where a task could not be read, so that it has no result.
    """
    codes = {result.exit_code for result in results} | (set[int]() if whole else {4})
    return 4 if 4 in codes else 3 if 3 in codes else 0
