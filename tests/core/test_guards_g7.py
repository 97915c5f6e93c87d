"""Guard G7: read again, the task is still ours and still says the same."""

import pytest
from support_core import (
    DESK,
    OTHER_APP_ID,
    OTHER_KEY_ID,
    parameters,
    parameters_without,
    request,
    task,
)

from spentkey.core.guards import g7_still_ours, g7_still_says_the_same
from spentkey.core.outcome import Refused
from spentkey.core.task import Parameter


def test_a_task_that_did_not_change_is_still_ours() -> None:
    """The task and its parameters, as they were."""
    assert g7_still_ours(task(), DESK) is None
    assert g7_still_says_the_same(task(), parameters(), request(), DESK) is None


def test_changes_that_mean_the_same_do_not_matter() -> None:
    """Another open status, other minutes, other spaces, and parameters of other names."""
    again = (*parameters(AppID=f" {request().app_id.upper()}", AppDisplayName="Sales "), Parameter("Comment", "hurry"))
    assert g7_still_says_the_same(task(status="Accepted", subject="URGENT"), again, request(), DESK) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "Completed"}, "the task's status is Completed, not one of Logged, Assigned, Accepted"),
        ({"read_only": True}, "the task is read-only"),
        ({"owner_team": "Servicedesk"}, "the task is with the team Servicedesk, not Spentkey"),
        ({"owner": "jdoe"}, "the task is already owned by somebody"),
        ({"parent_rec_id": None}, "the task does not belong to a service request"),
    ],
)
def test_a_task_that_is_no_longer_ours_is_refused(changes: dict[str, object], reason: str) -> None:
    """Somebody closed, moved or took it in the meantime."""
    refused = Refused("G7", f"the task changed while it was being worked on: {reason}")
    assert refused == g7_still_ours(task(**changes), DESK)
    assert refused == g7_still_says_the_same(task(**changes), parameters(), request(), DESK)


def test_a_task_that_vanished_is_refused() -> None:
    """There is nothing left to answer to."""
    refused = Refused("G7", "the task no longer exists")
    assert refused == g7_still_ours(None, DESK)
    assert refused == g7_still_says_the_same(None, parameters(), request(), DESK)


@pytest.mark.parametrize(
    "reread",
    [
        parameters(SecretID=OTHER_KEY_ID),
        parameters(AppID=OTHER_APP_ID),
        parameters(Onderwijs="Yes"),
        parameters(SecretType="Cert"),
        parameters(AppDisplayName="Billing"),
        parameters(AppDisplayName="sales"),
        parameters(SecretID=""),
        parameters_without("SecretID"),
        (*parameters(), Parameter("secretid", OTHER_KEY_ID)),
        (),
    ],
)
def test_a_request_that_says_something_else_is_refused(reread: tuple[Parameter, ...]) -> None:
    """Also one that could no longer be read at all; what was judged is no longer what is asked."""
    refused = g7_still_says_the_same(task(), reread, request(), DESK)
    assert Refused("G7", "the request's parameters changed while the task was being worked on") == refused
