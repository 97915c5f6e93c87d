"""Guard G7: read again, the task is still ours and still says the same."""

from dataclasses import replace

import pytest
from support_core import (
    KEY_ID,
    OTHER_APP_ID,
    OTHER_KEY_ID,
    REQUEST_RULES,
    SOUND,
    parameters,
    parameters_without,
    request,
    task,
)

from spentkey.core.guards import g7_as_first_seen, g7_still_ours, g7_still_says_the_same
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.rules import RequestRules
from spentkey.core.task import Request, request_of


def test_a_task_that_did_not_change_is_still_ours() -> None:
    """The task and its parameters, as they were."""
    assert g7_still_ours(task(), REQUEST_RULES) is None
    assert g7_still_says_the_same(task(), parameters(), request(), REQUEST_RULES) is None


@pytest.mark.parametrize("name", ["AppID", "SecretID", "SecretType", "Onderwijs", "AppDisplayName"])
@pytest.mark.parametrize("around", ["{} ", "\t{}", "\u200b{}\u2060"])
def test_spaces_around_do_not_matter(name: str, around: str) -> None:
    """What cannot be seen at the ends changes nothing."""
    spaced = parameters(**{name: around.format(SOUND[name])})
    assert g7_still_says_the_same(task(), spaced, request(), REQUEST_RULES) is None


def test_changes_that_mean_the_same_do_not_matter() -> None:
    """Another version of the task, other capitals, and parameters of other names."""
    again = request_of([*SOUND.items(), ("Comment", "hurry")])
    capitals = parameters(AppID=request().app_id.upper(), Onderwijs="NO")
    for shown in (again, capitals):
        assert g7_still_says_the_same(task(version="9"), shown, request(), REQUEST_RULES) is None


@pytest.mark.parametrize("changes", [{"is_open": False}, {"is_ours": False}])
@pytest.mark.parametrize("why_not", ["the task is read-only", "the task is already owned by somebody"])
def test_a_task_that_is_no_longer_ours_is_refused(changes: dict[str, object], why_not: str) -> None:
    """Somebody closed, moved or took it in the meantime."""
    refused = Refused("G7", reason_for(f"the task changed while it was being worked on: {why_not}"))
    changed = task(**changes, why_not=why_not)
    assert refused == g7_still_ours(changed, REQUEST_RULES)
    assert refused == g7_still_says_the_same(changed, parameters(), request(), REQUEST_RULES)


def test_a_task_that_vanished_is_refused() -> None:
    """There is nothing left to answer to."""
    refused = Refused("G7", reason_for("the task no longer exists"))
    assert refused == g7_still_ours(None, REQUEST_RULES)
    assert refused == g7_still_says_the_same(None, parameters(), request(), REQUEST_RULES)


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
        parameters(SecretID=f"{KEY_ID[:4]}\u200b{KEY_ID[4:]}"),
        parameters_without("SecretID"),
        parameters_without("Onderwijs"),
        request_of([*SOUND.items(), ("secretid", OTHER_KEY_ID)]),
        Request(),
    ],
)
def test_a_request_that_says_something_else_is_refused(reread: Request) -> None:
    """Also one that could no longer be read at all; what was judged is no longer what is asked."""
    refused = g7_still_says_the_same(task(), reread, request(), REQUEST_RULES)
    assert Refused("G7", reason_for("the request's parameters changed while the task was being worked on")) == refused


def test_rules_that_read_another_parameter_are_another_request() -> None:
    """A request is compared as the same rules read it."""
    assert g7_still_says_the_same(task(), parameters(), request(), RequestRules()) is not None


def test_a_request_that_its_desk_keeps_and_finds_changed_is_refused() -> None:
    """It says the same as just before, but not the same as when work on it first began."""
    changed = replace(parameters(), changed="the request changed since it was first seen")
    refused = Refused("G7", reason_for("the request changed since it was first seen"))
    assert refused == g7_as_first_seen(changed)
    assert refused == g7_still_says_the_same(task(), changed, request(), REQUEST_RULES)
    assert g7_as_first_seen(parameters()) is None
