"""Outcomes written down and read again are the same, so that a rerun finishes the very hand-over that was begun."""

import pytest

from spentkey.core.errors import Who
from spentkey.core.notes import guard_of
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
    TicketState,
)
from spentkey.core.outcome_record import hand_over_of
from spentkey.core.records import reason_facts

OUTCOMES: list[Outcome] = [
    Removed(Attribution.CONFIRMED, RemovalRoute.REMOVE_KEY),
    Removed(Attribution.PRESUMED, None),
    AlreadyGone(),
    Refused("G5", "the credential has not expired"),
    Failed("no signer", cause=Cause.NO_SIGNER),
    Failed("it is still there", Who.OPERATOR, asked=True),
    CannotTell("reads disagree"),
]


@pytest.mark.parametrize("trouble", [None, "the ticket could not be written"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_was_written_down_is_read_again(outcome: Outcome, trouble: str | None) -> None:
    """Every outcome, with and without trouble at the ticket."""
    end = End(outcome, TicketState.HANDED_OFF, trouble)
    removed = outcome if isinstance(outcome, Removed) else None
    result = {
        "outcome": outcome.name,
        "guard": guard_of(outcome),
        "attribution": removed.attribution.value if removed else None,
        "route": removed.route.value if removed and removed.route else None,
    }
    assert end == hand_over_of({**result, **reason_facts(end)})


@pytest.mark.parametrize("record", [{}, {"outcome": "something new"}, {"outcome": None, "said": None}])
def test_a_record_that_says_nothing_is_no_removal(record: dict[str, object]) -> None:
    """Whatever cannot be read counts as not known, never as removed."""
    assert hand_over_of(record) == End(CannotTell(""), TicketState.HANDED_OFF)
