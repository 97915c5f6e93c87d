# SPDX-License-Identifier: Apache-2.0
"""What a result says in words, and what `--diff` shows of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.spentkey.entra.plugins.module_utils.results import (
    in_words,
    only_foreseen,
    removal_diff,
    ticket_diff,
)


def shown(**changes: Any) -> dict[str, Any]:
    """A result of a removal that was done."""
    made = {
        "task": "1",
        "kind": "secret",
        "key_id": "k",
        "app_id": "a",
        "app_display_name": "Sales",
        "outcome": "removed",
        "ticket": "closed",
        "reason": None,
        "changed": True,
    }
    return {**made, **changes}


FORESEEN = {"ticket": None, "outcome": None}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (shown(), "removed the secret k of Sales; the task 1 is closed"),
        (shown(task=None), "removed the secret k of Sales"),
        (shown(outcome="already-gone"), "the secret k of Sales is gone already; the task 1 is closed"),
        (shown(reason="it is alive", ticket="handed-off"), "it is alive; the task 1 is handed over"),
        (shown(reason="no answer", ticket="open"), "no answer; the task 1 is left open"),
        (shown(reason="not ours", ticket="untouched"), "not ours; the task 1 is left as it is"),
        (
            shown(**FORESEEN, would="close-as-gone", would_ticket="closed"),
            "the secret k of Sales is gone already; the task 1 would be closed",
        ),
    ],
)
def test_a_result_is_told_in_one_line(result: dict[str, Any], words: str) -> None:
    """The credential first, then the task, and nothing that has not happened."""
    assert in_words(result) == words


@pytest.mark.parametrize("ticket", ["open", "untouched"])
def test_a_task_that_was_not_ended_shows_no_difference(ticket: str) -> None:
    """Whatever else changed."""
    diff = ticket_diff(shown(ticket=ticket))
    assert diff["before"] == diff["after"]


@pytest.mark.parametrize("ticket", ["closed", "handed-off"])
def test_a_task_that_was_ended_before_shows_no_difference(ticket: str) -> None:
    """Only what this run did is shown."""
    diff = ticket_diff(shown(ticket=ticket, changed=False))
    assert diff["before"] == diff["after"] == f"task 1: {ticket}\n"


def test_a_task_that_is_ended_shows_it() -> None:
    """By a run, or by what a run would do."""
    wanted = ("task 1: open\n", "task 1: closed\n")
    for result in (shown(), shown(**FORESEEN, would="remove", would_ticket="closed")):
        diff = ticket_diff(result)
        assert (diff["before"], diff["after"]) == wanted


def test_a_request_without_a_key_id_shows_no_credential() -> None:
    """There is none that could be named."""
    diff = removal_diff(shown(kind=None, key_id=None), removes=False)
    assert (diff["before"], diff["after"]) == ("", "")


def test_a_check_that_changes_nothing_keeps_what_is() -> None:
    """A task that is closed already is closed in a check too."""
    assert only_foreseen(shown(changed=False))["ticket"] == "closed"
    assert only_foreseen(shown())["ticket"] is None
