"""The page of guards and outcomes says what the code does."""

import re
from typing import get_args

import pytest
from doc_texts import page, tables

from spentkey.core.outcome import Outcome, Result, TicketState

GUARDS, ENDINGS, *_ = tables(page("docs", "reference", "outcomes.md"))


def endings() -> list[tuple[str, str, int]]:
    """Outcome, ticket and exit code of every row; a row may name several outcomes."""
    rows = ((re.findall(r"`([a-z-]+)`", row[1]), row[2].strip("`"), int(row[3])) for row in ENDINGS[1:])
    return [(name, ticket, code) for names, ticket, code in rows for name in names]


def outcome_names() -> set[str]:
    """The names of all outcomes in the code."""
    return {str(one.name) for one in get_args(Outcome)}


@pytest.mark.parametrize(("name", "ticket", "code"), endings())
def test_the_exit_code_is_that_of_the_code(name: str, ticket: str, code: int) -> None:
    """Each row's exit code is what the command leaves with."""
    assert code == Result(task="1", outcome=name, ticket=TicketState(ticket)).exit_code


def test_every_outcome_and_every_ticket_state_is_there() -> None:
    """Nothing that the code can say is missing on the page."""
    shown = endings()
    assert outcome_names() == {name for name, _, _ in shown}
    assert {state.value for state in TicketState} == {ticket for _, ticket, _ in shown}


def test_no_row_contradicts_another() -> None:
    """An outcome with a ticket state has one exit code."""
    shown = set(endings())
    assert len(shown) == len({(name, ticket) for name, ticket, _ in shown})


def test_only_a_proven_absence_closes_a_task() -> None:
    """No row closes a task on a refusal, a failure or a doubt."""
    assert {"removed", "already-gone"} == {name for name, ticket, _ in endings() if ticket == "closed"}


def test_the_guards_are_in_order() -> None:
    """G0 to G10, each once."""
    assert [f"G{number}" for number in range(11)] == [row[0] for row in GUARDS[1:]]


@pytest.mark.parametrize("row", GUARDS[1:], ids=lambda row: row[0])
def test_a_guards_function_is_where_the_page_says(row: list[str]) -> None:
    """The function exists; in the file of guards it carries the guard's number."""
    slots = re.findall(r"`(src/[a-z_/]+\.py):(\w+)`", row[2])
    assert slots != []
    for path, name in slots:
        assert f"def {name}(" in page(path)
        assert not path.endswith("/guards.py") or name.startswith(f"{row[0].lower()}_")
