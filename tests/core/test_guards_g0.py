"""Guard G0: the task is ours, or it is not touched at all."""

import pytest
from support_core import DESK, parameters, task

from spentkey.core.guards import g0_task_is_ours
from spentkey.core.outcome import NotOurs
from spentkey.core.task import Parameter


def reason(**changes: object) -> str:
    """Why a task with these changes is not ours."""
    not_ours = g0_task_is_ours(task(**changes), parameters(), DESK)
    assert isinstance(not_ours, NotOurs)
    return not_ours.reason


@pytest.mark.parametrize("status", ["Logged", "Assigned", "Accepted"])
def test_an_open_task_of_our_queue_is_ours(status: str) -> None:
    """Every configured open status counts."""
    assert g0_task_is_ours(task(status=status), parameters(), DESK) is None


@pytest.mark.parametrize("owner", ["", "svc-spentkey", "SVC-Spentkey"])
def test_a_task_without_owner_or_with_us_as_owner_is_ours(owner: str) -> None:
    """Ivanti does not tell log-in names apart by case."""
    assert g0_task_is_ours(task(owner=owner), parameters(), DESK) is None


def test_the_task_alone_can_be_judged_before_its_parameters_are_read() -> None:
    """None means not read yet; an empty list means there are none."""
    assert g0_task_is_ours(task(), None, DESK) is None


@pytest.mark.parametrize("name", ["AppID", "secretid", " ONDERWIJS "])
def test_one_of_the_five_parameters_makes_the_request_ours(name: str) -> None:
    """The rest is G1's to refuse, so that people get a reason."""
    assert g0_task_is_ours(task(), (Parameter("Comment", "x"), Parameter(name, None)), DESK) is None


@pytest.mark.parametrize("status", ["Completed", "Cancelled", "Waiting", "logged", "Logged ", ""])
def test_a_task_in_another_status_is_not_ours(status: str) -> None:
    """The reason says which status was found and which were expected."""
    found = status or "empty"
    assert f"the task's status is {found}, not one of Logged, Assigned, Accepted" == reason(status=status)


def test_a_read_only_task_is_not_ours() -> None:
    """Nothing could be written to it."""
    assert reason(read_only=True) == "the task is read-only"


@pytest.mark.parametrize("team", ["Systeemsoftware", "spentkey", "Spentkey 2", ""])
def test_a_task_of_another_team_is_not_ours(team: str) -> None:
    """Also one that was handed over earlier; the name of the team must be exactly ours."""
    assert f"the task is with the team {team or '(none)'}, not Spentkey" == reason(owner_team=team)


@pytest.mark.parametrize("owner", ["jdoe", "svc-spentkey2", " "])
def test_a_task_that_somebody_owns_is_not_ours(owner: str) -> None:
    """The owner's name is not repeated."""
    assert reason(owner=owner) == "the task is already owned by somebody"


@pytest.mark.parametrize(
    "changes", [{"parent_category": "Incident"}, {"parent_category": None}, {"parent_rec_id": None}]
)
def test_a_task_without_a_service_request_is_not_ours(changes: dict[str, object]) -> None:
    """Only a service request carries parameters."""
    assert reason(**changes) == "the task does not belong to a service request"


@pytest.mark.parametrize(
    "others", [(), (Parameter("Comment", "x"),), (Parameter("App ID", "x"), Parameter("SecretIDs", "y"))]
)
def test_a_request_with_none_of_the_five_parameters_is_not_ours(others: tuple[Parameter, ...]) -> None:
    """It belongs to another offering of the same team."""
    not_ours = g0_task_is_ours(task(), others, DESK)
    assert NotOurs("the service request carries none of the five parameters") == not_ours
