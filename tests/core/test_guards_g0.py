"""Guard G0: the task is ours, or it is not touched at all."""

import pytest
from support_core import REQUEST_RULES, parameters, task

from spentkey.core.guards import g0_task_is_ours
from spentkey.core.outcome import NotOurs
from spentkey.core.reason import reason_for
from spentkey.core.rules import ParameterNames, RequestRules
from spentkey.core.task import Request, request_of

OTHER_NAMES = RequestRules(ParameterNames("App", "Client", "Key", "Kind"), when=("Region",))


def reason(**changes: object) -> str:
    """Why a task with these changes is not ours."""
    not_ours = g0_task_is_ours(task(**changes), parameters(), REQUEST_RULES)
    assert isinstance(not_ours, NotOurs)
    return not_ours.reason


@pytest.mark.parametrize("owner", ["", "svc-spentkey"])
def test_an_open_task_that_is_with_us_is_ours(owner: str) -> None:
    """Whether it is, the desk says; its owner and its team are for people."""
    assert g0_task_is_ours(task(owner=owner, team="Whoever"), parameters(), REQUEST_RULES) is None


def test_the_task_alone_can_be_judged_before_its_parameters_are_read() -> None:
    """None means not read yet; a request without values means there are none."""
    assert g0_task_is_ours(task(), None, REQUEST_RULES) is None


@pytest.mark.parametrize("name", ["AppID", "secretid", " ONDERWIJS ", "SecretType\u200b"])
@pytest.mark.parametrize("value", ["x", None, 7])
def test_one_of_the_parameters_makes_the_request_ours(name: str, value: object) -> None:
    """The rest is G1's to refuse, so that people get a reason; also one whose value cannot be read."""
    assert g0_task_is_ours(task(), request_of([("Comment", "x"), (name, value)]), REQUEST_RULES) is None


def test_a_repeated_parameter_makes_the_request_ours() -> None:
    """Though neither value counts."""
    assert g0_task_is_ours(task(), request_of([("AppID", "x"), ("appid", "y")]), REQUEST_RULES) is None


@pytest.mark.parametrize("name", ["App", "client", "KEY", "Kind", "region"])
def test_the_names_are_those_of_the_configuration(name: str) -> None:
    """Each of the four, and what chooses a tenant."""
    assert g0_task_is_ours(task(), request_of([(name, "x")]), OTHER_NAMES) is None


@pytest.mark.parametrize("name", ["AppID", "SecretID", "Onderwijs", "Apps", ""])
def test_names_that_are_not_configured_make_nothing_ours(name: str) -> None:
    """The usual ones neither, where others are configured."""
    not_ours = g0_task_is_ours(task(), request_of([(name, "x")]), OTHER_NAMES)
    assert NotOurs(reason_for("the request has none of the parameters App, Client, Key, Kind, Region")) == not_ours


@pytest.mark.parametrize("changes", [{"is_open": False}, {"is_ours": False}, {"is_open": False, "is_ours": False}])
def test_a_task_that_is_closed_or_with_others_is_not_ours(changes: dict[str, object]) -> None:
    """For the reason that the desk gives, or in plain words where it gives none."""
    assert reason(**changes, why_not="the task is read-only") == "the task is read-only"
    assert reason(**changes) == "the task is not open and with us"


@pytest.mark.parametrize("changes", [{"is_open": False}, {"is_ours": False}])
def test_a_task_that_is_not_ours_is_not_asked_what_it_wants(changes: dict[str, object]) -> None:
    """The task comes first."""
    assert isinstance(g0_task_is_ours(task(**changes), None, REQUEST_RULES), NotOurs)


@pytest.mark.parametrize("others", [[], [("Comment", "x")], [("App ID", "x"), ("SecretIDs", "y")], [("", "x")]])
def test_a_request_with_none_of_the_parameters_is_not_ours(others: list[tuple[str, object]]) -> None:
    """It belongs to another offering of the same team."""
    expected = "the request has none of the parameters AppDisplayName, AppID, SecretID, SecretType, Onderwijs"
    assert NotOurs(reason_for(expected)) == g0_task_is_ours(task(), request_of(others), REQUEST_RULES)


def test_a_parameter_that_has_two_meanings_is_named_once() -> None:
    """SecretType may also choose a tenant."""
    not_ours = g0_task_is_ours(task(), Request(), RequestRules(when=("SecretType",)))
    assert (
        NotOurs(reason_for("the request has none of the parameters AppDisplayName, AppID, SecretID, SecretType"))
        == not_ours
    )
