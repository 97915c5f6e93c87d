"""The table "Outcome, ticket, exit code"."""

import json

import pytest

from spentkey.core.outcome import (
    AlreadyGone,
    Attribution,
    CannotTell,
    Failed,
    NotOurs,
    Outcome,
    Refused,
    RemovalRoute,
    Removed,
    Result,
    TicketState,
    close,
    exit_code_of_all,
    hand_over,
    leave_open,
    leave_untouched,
)
from spentkey.core.reason import reason_for

CLOSED, HANDED_OFF, OPEN, UNTOUCHED = (
    TicketState.CLOSED,
    TicketState.HANDED_OFF,
    TicketState.OPEN,
    TicketState.UNTOUCHED,
)
REMOVED = Removed(Attribution.CONFIRMED, RemovalRoute.REMOVE_PASSWORD)

TABLE = [
    ("not-ours", UNTOUCHED, 2),
    ("removed", CLOSED, 0),
    ("already-gone", CLOSED, 0),
    ("refused", HANDED_OFF, 3),
    ("failed", HANDED_OFF, 3),
    ("refused", UNTOUCHED, 4),
    ("removed", UNTOUCHED, 0),
    ("already-gone", UNTOUCHED, 0),
    ("failed", UNTOUCHED, 4),
    ("refused", OPEN, 4),
    ("failed", OPEN, 4),
    ("cannot-tell", OPEN, 4),
    ("removed", OPEN, 4),
    ("already-gone", OPEN, 4),
    ("removed", HANDED_OFF, 3),
    ("already-gone", HANDED_OFF, 3),
    ("cannot-tell", HANDED_OFF, 3),
    ("cannot-tell", UNTOUCHED, 4),
]


def result(outcome: str, ticket: TicketState) -> Result:
    """The result of one task."""
    return Result(task="40021", outcome=outcome, ticket=ticket)


@pytest.mark.parametrize(("outcome", "ticket", "code"), TABLE)
def test_the_exit_code_follows_from_outcome_and_ticket(outcome: str, ticket: TicketState, code: int) -> None:
    """Every row of the table, and the rows that a ticket which could not be written adds."""
    assert result(outcome, ticket).exit_code == code


@pytest.mark.parametrize(
    ("tickets", "code"),
    [
        ([], 0),
        ([CLOSED], 0),
        ([CLOSED, HANDED_OFF], 3),
        ([HANDED_OFF, OPEN, CLOSED], 4),
        ([OPEN], 4),
        ([CLOSED, CLOSED], 0),
    ],
)
def test_a_whole_run_reports_what_is_left_open_before_what_was_handed_over(
    tickets: list[TicketState], code: int
) -> None:
    """4 if any is left open, else 3 if any was handed over, else 0."""
    assert exit_code_of_all([result("removed", ticket) for ticket in tickets]) == code


def test_a_task_that_is_not_ours_does_not_spoil_a_whole_run() -> None:
    """Other teams' tasks are no failure."""
    assert exit_code_of_all([result("not-ours", UNTOUCHED), result("removed", CLOSED)]) == 0


def test_a_task_that_changed_under_way_does() -> None:
    """Somebody must look why."""
    assert exit_code_of_all([result("refused", UNTOUCHED), result("failed", HANDED_OFF)]) == 4


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (REMOVED, "removed"),
        (AlreadyGone(), "already-gone"),
        (Refused("G1", reason_for("x")), "refused"),
        (Failed(reason_for("x")), "failed"),
        (CannotTell(reason_for("x")), "cannot-tell"),
        (NotOurs(reason_for("x")), "not-ours"),
    ],
)
def test_outcomes_go_by_the_names_of_the_contract(outcome: Outcome, name: str) -> None:
    """The names that the JSON shows."""
    assert outcome.name == name


def test_an_end_says_what_becomes_of_the_ticket() -> None:
    """One maker for each state; only what is proven can be asked to be closed."""
    ends = [
        close(REMOVED),
        hand_over(Refused("G5", reason_for("x"))),
        leave_open(CannotTell(reason_for("x"))),
        leave_untouched(NotOurs(reason_for("x"))),
    ]
    assert [end.ticket for end in ends] == [CLOSED, HANDED_OFF, OPEN, UNTOUCHED]
    assert [end.trouble for end in ends] == [None] * 4


def test_the_json_object_has_the_fields_of_the_contract_and_nulls() -> None:
    """What is not known yet is null, and is there."""
    assert result("not-ours", UNTOUCHED).as_json() == {
        "task": "40021",
        "tenant": None,
        "app_id": None,
        "key_id": None,
        "kind": None,
        "outcome": "not-ours",
        "attribution": None,
        "route": None,
        "ticket": "untouched",
        "guard": None,
        "reason": None,
        "reason_code": None,
        "evidence": None,
        "warnings": [],
    }


def test_the_json_object_holds_texts_only() -> None:
    """Enumerations are written by their values."""
    full = Result("1", "removed", CLOSED, attribution=Attribution.PRESUMED.value, route=RemovalRoute.REMOVE_KEY.value)
    written = json.loads(json.dumps(full.as_json()))
    assert (written["ticket"], written["attribution"], written["route"]) == ("closed", "presumed", "removeKey")
