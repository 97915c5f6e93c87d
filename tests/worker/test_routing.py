"""Into which lane a task is sorted: by what it says, and never more than a hint."""

import pytest
from support_core import APP_ID, ONDERWIJS, PRODUCTION, REF, REQUEST_RULES, parameters, parameters_without, task

from spentkey.core.errors import Outage
from spentkey.core.task import Request, TaskRef, request_of
from spentkey.worker.routing import DESK as DESK_LANE
from spentkey.worker.routing import UNSORTED, Route, Router, route_of

TENANTS = (PRODUCTION, ONDERWIJS)


@pytest.mark.parametrize(("message", "queue"), [("No", "production"), ("Yes", "onderwijs"), (" yes ", "onderwijs")])
def test_the_tenant_is_the_lane_and_the_application_the_turn(message: str, queue: str) -> None:
    """The AppID in its canonical form."""
    asked = parameters(Onderwijs=message, AppID=f" {APP_ID.upper()} ")
    assert route_of(task(), asked, REQUEST_RULES, TENANTS) == Route(queue, APP_ID)


@pytest.mark.parametrize(
    "asked",
    [
        parameters(Onderwijs="Perhaps"),
        parameters(AppID="x"),
        parameters(SecretType="Password"),
        parameters_without("AppID"),
    ],
)
def test_what_names_no_tenant_meets_the_desk_alone(asked: Request) -> None:
    """It will be handed over, and waits for no tenant."""
    assert route_of(task(), asked, REQUEST_RULES, TENANTS) == UNSORTED == Route(DESK_LANE)


def test_a_tenant_that_two_rules_mean_is_the_desks_too() -> None:
    """Guard G2 will refuse it."""
    assert route_of(task(), parameters(), REQUEST_RULES, (PRODUCTION, PRODUCTION)) == UNSORTED


@pytest.mark.parametrize(
    "changes",
    [
        {"is_ours": False, "owner": "an.other", "why_not": "owned by an.other"},
        {"is_open": False, "why_not": "it waits"},
        {"is_open": False, "is_ours": False},
    ],
)
def test_what_is_not_ours_is_not_queued(changes: dict[str, object]) -> None:
    """Guard G0, before anything is read of it."""
    assert route_of(task(**changes), parameters(), REQUEST_RULES, TENANTS) is None


def test_a_request_that_is_not_ours_is_not_queued() -> None:
    """It carries none of the parameters that say which credential is meant."""
    assert route_of(task(), request_of([("Colour", "red")]), REQUEST_RULES, TENANTS) is None


class AwayDesk:
    """A desk that does not answer."""

    async def find(self, ref: TaskRef) -> None:
        """Never."""
        raise Outage(f"Ivanti is away, and nobody knows of task {ref}")

    queue = request = notes = has_note = add_note = apply = find


async def test_what_cannot_be_read_is_left_to_the_story() -> None:
    """It goes to the desk's lane, and the story finds that the desk is away."""
    router = Router(AwayDesk(), REQUEST_RULES, TENANTS)  # pyright: ignore[reportArgumentType]
    assert (await router.find(REF), await router.route(task())) == (UNSORTED, UNSORTED)
