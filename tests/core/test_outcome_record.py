"""Outcomes written down and read again are the same, so that a rerun finishes the very hand-over that was begun."""

import json

import pytest

from spentkey.core.errors import Who
from spentkey.core.guard_reasons import CERTIFICATE, CLIENT_SECRET, G1_EMPTY, G4_OTHER_KIND
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
from spentkey.core.reason import Reason, reason_for, several
from spentkey.core.records import reason_facts
from spentkey.core.step_reasons import TICKET_NOT_WRITTEN

OUTCOMES: list[Outcome] = [
    Removed(Attribution.CONFIRMED, RemovalRoute.REMOVE_KEY),
    Removed(Attribution.PRESUMED, None),
    AlreadyGone(),
    Refused("G5", reason_for("the credential has not expired")),
    Failed(reason_for("no signer"), cause=Cause.NO_SIGNER),
    Failed(reason_for("it is still there"), Who.OPERATOR, asked=True),
    CannotTell(reason_for("reads disagree")),
]


@pytest.mark.parametrize("trouble", [None, TICKET_NOT_WRITTEN(why=G1_EMPTY(name="AppID"))])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_was_written_down_is_read_again(outcome: Outcome, trouble: Reason | None) -> None:
    """Every outcome, with and without trouble at the ticket."""
    end = End(outcome, TicketState.HANDED_OFF, trouble)
    removed = outcome if isinstance(outcome, Removed) else None
    result = {
        "outcome": outcome.name,
        "guard": guard_of(outcome),
        "attribution": removed.attribution.value if removed else None,
        "route": removed.route.value if removed and removed.route else None,
    }
    assert end == hand_over_of(json.loads(json.dumps({**result, **reason_facts(end)})))


def test_a_reason_on_record_can_be_read_in_every_language() -> None:
    """With its code, its parameters and the reasons among them."""
    why = several((G4_OTHER_KIND(name="T", asked=CERTIFICATE(), key_id="k", found=CLIENT_SECRET()), reason_for("x")))
    read = hand_over_of(json.loads(json.dumps({"outcome": "failed", "who": "people", **facts_of(why)}))).outcome
    assert isinstance(read, Failed)
    assert (read.reason, read.reason.code, read.reason.in_language("nl")) == (why, why.code, why.in_language("nl"))


@pytest.mark.parametrize("reasons", [None, {}, {"said": {"code": "g1-empty", "parameters": {"name": "other"}}}, [1]])
def test_the_text_on_record_wins(reasons: object) -> None:
    """Where its code and parameters are missing or say something else, as those of an older version may."""
    read = hand_over_of({"outcome": "failed", "who": "people", "said": "AppID is empty", "reasons": reasons}).outcome
    assert read == Failed(reason_for("AppID is empty"))


def facts_of(why: Reason) -> dict[str, object]:
    """What a record of a failure with that reason carries."""
    return reason_facts(End(Failed(why), TicketState.HANDED_OFF))


@pytest.mark.parametrize("record", [{}, {"outcome": "something new"}, {"outcome": None, "said": None}])
def test_a_record_that_says_nothing_is_no_removal(record: dict[str, object]) -> None:
    """Whatever cannot be read counts as not known, never as removed."""
    assert hand_over_of(record) == End(CannotTell(reason_for("")), TicketState.HANDED_OFF)
