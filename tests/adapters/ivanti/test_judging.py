"""What a read of a task shows of a change: whether it took, whose it is, and what came out otherwise."""

from dataclasses import replace
from typing import Any

import pytest
from ivanti_tasks import FORMS, ROW

from spentkey.adapters.ivanti.judging import is_our_close, kept_otherwise, left_us, otherwise
from spentkey.adapters.ivanti.wire import IvantiTask, read_task

CLOSE = {"status": "Completed", "owner": "svc-spentkey", "minutes": "6", "resolution": "done"}
CLOSED = {"Status": "Completed", "Owner": "SVC-Spentkey", "ActualEffort": "6.0000", "CloseText": "done"}
HAND_OVER = {"status": "Logged", "owner": "", "minutes": "6", "team": "Systeemsoftware", "from": "5"}
HANDED = {"OwnerTeam": "Systeemsoftware", "ActualEffort": 6, "Owner": None}
NOTE = {
    "NotesBody": "the reason &amp; what to do\n\n[spentkey task=1 assignment=1 done id=x]",
    "Category": "Status Update",
    "ParentLink_Category": "Task.Assignment",
}


def shown(**changes: Any) -> IvantiTask:
    """The task as a read shows it."""
    return read_task({**ROW, **changes}, "ActualEffort", "CloseText")


def left(change: dict[str, str], **changes: Any) -> bool:
    """Whether the task left us by that change."""
    return left_us(shown(**changes), change, FORMS.queue_team, FORMS.is_open)


@pytest.mark.parametrize("status", ["Completed", "COMPLETED", "Closed", "Cancelled", "Waiting"])
def test_a_task_whose_status_is_not_open_has_left_us_by_a_close(status: str) -> None:
    """Whatever else the desk made of it."""
    assert left(CLOSE, Status=status, Owner="Spent Key", ActualEffort=90)


@pytest.mark.parametrize("status", ["Logged", "accepted", "Assigned"])
def test_a_task_with_an_open_status_has_not(status: str) -> None:
    """Though everything else shows."""
    assert not left(CLOSE, **CLOSED | {"Status": status})


@pytest.mark.parametrize("team", ["Systeemsoftware", "Servicedesk", ""])
def test_a_task_with_another_team_has_left_us_by_a_hand_over(team: str) -> None:
    """Whichever: a workflow may route it on."""
    assert left(HAND_OVER, OwnerTeam=team, Owner="somebody", ActualEffort=0, Status="Accepted")


@pytest.mark.parametrize("team", ["Spentkey", "SPENTKEY"])
def test_a_task_with_the_queue_team_has_not(team: str) -> None:
    """Though everything else shows."""
    assert not left(HAND_OVER, **HANDED | {"OwnerTeam": team})


@pytest.mark.parametrize(
    "changes",
    [
        {"Status": "Completed"},
        {"Status": "completed", "Owner": "jdoe"},
        {"Status": "Closed", "Owner": "svc-spentkey"},
        {"Status": "Closed", "ActualEffort": "6.0"},
        {"Status": "Closed", "CloseText": "done"},
    ],
)
def test_an_ended_task_is_ours_by_its_status_or_by_what_was_written(changes: dict[str, Any]) -> None:
    """Any value that was not there before."""
    assert is_our_close(shown(**changes), CLOSE, "Completed", before=shown())


@pytest.mark.parametrize(
    ("changes", "before"),
    [
        ({"Status": "Cancelled"}, {}),
        ({"Status": "Cancelled", "Owner": "jdoe", "ActualEffort": 9, "CloseText": "no"}, {}),
        ({"Status": "Cancelled", "Owner": "svc-spentkey"}, {"Owner": "svc-spentkey"}),
        ({"Status": "Cancelled", "ActualEffort": 6}, {"ActualEffort": 6}),
    ],
)
def test_an_ended_task_is_not_ours_by_what_was_there_before(changes: dict[str, Any], before: dict[str, Any]) -> None:
    """People ended it."""
    assert not is_our_close(shown(**changes), CLOSE, "Completed", before=shown(**before))


def test_a_close_that_came_out_as_written_warns_of_nothing() -> None:
    """The owner's name may come back in another case, the minutes as a text."""
    assert otherwise(shown(**CLOSED), CLOSE, "ActualEffort", "CloseText") == ()
    assert otherwise(shown(**HANDED), HAND_OVER, "ActualEffort", "") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Status": "Closed"}, "Status as Closed, not as Completed"),
        ({"Owner": "Key, Spent"}, "another Owner than svc-spentkey"),
        ({"ActualEffort": 0}, "ActualEffort as 0, not as 6"),
        ({"ActualEffort": "x"}, "ActualEffort as (none), not as 6"),
        ({"CloseText": "else"}, "another text in CloseText"),
    ],
)
def test_each_value_that_came_out_otherwise_is_told(changes: dict[str, Any], words: str) -> None:
    """By itself; what somebody is called, and what a text says, is not repeated."""
    (warning,) = otherwise(shown(**CLOSED | changes), CLOSE, "ActualEffort", "CloseText")
    assert words in warning
    assert "Key, Spent" not in warning
    assert "else" not in warning
    assert all(warning.in_language(language) for language in ("nl", "fr"))


def test_another_team_or_an_owner_after_a_hand_over_is_told() -> None:
    """They may already be at work on it."""
    told = otherwise(shown(**HANDED | {"OwnerTeam": "Servicedesk", "Owner": "jdoe"}), HAND_OVER, "ActualEffort", "")
    assert [one.split(",")[0] for one in told] == [
        "Ivanti shows OwnerTeam as Servicedesk",
        "Ivanti shows another Owner than (none)",
    ]


@pytest.mark.parametrize("missing", [{}, {"minutes": "6"}, {"status": None}])
def test_what_was_not_written_cannot_come_out_otherwise(missing: dict[str, Any]) -> None:
    """A record of 0.1 has nothing but minutes."""
    assert otherwise(shown(**CLOSED), missing, "ActualEffort", "CloseText") == ()


def test_a_task_without_a_field_for_minutes_shows_none_otherwise() -> None:
    """The setting may have been emptied since the change was begun."""
    assert otherwise(replace(shown(**CLOSED)), CLOSE, "", "") == ()


@pytest.mark.parametrize(
    "body", [NOTE["NotesBody"], NOTE["NotesBody"].replace("\n", "\r\n"), "<p>" + NOTE["NotesBody"]]
)
def test_a_note_that_says_the_same_is_kept_as_written(body: str) -> None:
    """Line ends and what stands around it may be the desk's."""
    assert kept_otherwise({**NOTE, "NotesBody": body}, NOTE) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"NotesBody": NOTE["NotesBody"][:20]}, "only a part"),
        ({"NotesBody": None}, "only a part"),
        ({"Category": "Memo"}, "ivanti.note_category"),
        ({"ParentLink_Category": "Task#Assignment"}, "ivanti.note_parent_category"),
    ],
)
def test_a_note_that_is_kept_otherwise_is_told(changes: dict[str, Any], words: str) -> None:
    """With the setting that mends it, where one does."""
    (warning,) = kept_otherwise({**NOTE, **changes}, NOTE)
    assert words in warning
