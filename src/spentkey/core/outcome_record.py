"""Outcomes as evidence keeps them, so that a rerun can finish what an earlier try had begun to report."""

from collections.abc import Mapping
from typing import Any, cast

from spentkey.core.errors import Who
from spentkey.core.evidence import Facts
from spentkey.core.outcome import (
    AlreadyGone,
    Attribution,
    CannotTell,
    Cause,
    End,
    Failed,
    Outcome,
    Refused,
    RemovalRoute,
    Removed,
    Result,
    TicketState,
    hand_over,
)
from spentkey.core.reason import Reason, read_reason

RESULT_FIELDS = tuple(Result("", "", TicketState.OPEN).as_json())
"""The fields of a result, in their order."""


def hand_over_of(record: Facts) -> End:
    """The hand-over that a record of that kind tells of."""
    end = hand_over(outcome_of(record))
    return End(end.outcome, end.ticket, recorded_text(record, "trouble") if record.get("trouble") else None)


def outcome_of(record: Facts) -> Outcome:
    """The outcome that such a record tells of."""
    message = recorded_text(record, "said")
    match record.get("outcome"):
        case "removed":
            route = record.get("route")
            return Removed(Attribution(str(record.get("attribution"))), RemovalRoute(str(route)) if route else None)
        case "already-gone":
            return AlreadyGone()
        case "refused":
            return Refused(str(record.get("guard")), message)
        case "failed":
            cause = record.get("cause")
            who, asked = Who(str(record.get("who"))), record.get("asked") is True
            return Failed(message, who, asked=asked, cause=Cause(str(cause)) if cause else None)
        case _:
            cause = record.get("cause")
            return CannotTell(message, Cause(str(cause)) if cause else None)


def recorded_result(record: Facts) -> dict[str, Any]:
    """The object of a result, as `run --json` prints it, from its record; an older one lacks some of it."""
    shown = {name: record.get(name) for name in RESULT_FIELDS}
    return {**shown, "task": str(record.get("task")), "warnings": list(record.get("warnings") or ())}


def recorded_text(record: Facts, name: str) -> Reason:
    """With its code and parameters, where the record has them: one of version 0.1 has the English text alone."""
    reasons = record.get("reasons")
    recorded = cast("Mapping[str, object]", reasons).get(name) if isinstance(reasons, Mapping) else None
    return read_reason(str(record.get(name) or ""), recorded)
