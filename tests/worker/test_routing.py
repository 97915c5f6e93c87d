"""Into which lane a task is sorted: by what it says, and never more than a hint."""

import pytest
from support_core import APP_ID, DESK, ONDERWIJS, PRODUCTION, parameters, parameters_without, task

from spentkey.core.errors import Outage
from spentkey.core.task import Parameter
from spentkey.worker.routing import DESK as DESK_LANE
from spentkey.worker.routing import UNSORTED, Route, Router, route_of

TENANTS = (PRODUCTION, ONDERWIJS)


@pytest.mark.parametrize(("message", "queue"), [("No", "production"), ("Yes", "onderwijs"), (" yes ", "onderwijs")])
def test_the_tenant_is_the_lane_and_the_application_the_turn(message: str, queue: str) -> None:
    """The AppID in its canonical form."""
    asked = parameters(Onderwijs=message, AppID=f" {APP_ID.upper()} ")
    assert route_of(task(), asked, DESK, TENANTS) == Route(queue, APP_ID)


@pytest.mark.parametrize(
    "asked",
    [
        parameters(Onderwijs="Perhaps"),
        parameters(AppID="x"),
        parameters(SecretType="Password"),
        parameters_without("AppID"),
    ],
)
def test_what_names_no_tenant_meets_the_desk_alone(asked: tuple[Parameter, ...]) -> None:
    """It will be handed over, and waits for no tenant."""
    assert route_of(task(), asked, DESK, TENANTS) == UNSORTED == Route(DESK_LANE)


def test_a_tenant_that_two_rules_mean_is_the_desks_too() -> None:
    """Guard G2 will refuse it."""
    assert route_of(task(), parameters(), DESK, (PRODUCTION, PRODUCTION)) == UNSORTED


@pytest.mark.parametrize(
    "changes", [{"owner": "an.other"}, {"status": "Waiting"}, {"read_only": True}, {"owner_team": "x"}]
)
def test_what_is_not_ours_is_not_queued(changes: dict[str, object]) -> None:
    """Guard G0, before anything is read of it."""
    assert route_of(task(**changes), parameters(), DESK, TENANTS) is None


def test_a_request_that_is_not_ours_is_not_queued() -> None:
    """It carries none of the five parameters."""
    assert route_of(task(), (Parameter("Colour", "red"),), DESK, TENANTS) is None


class AwayDesk:
    """A desk that does not answer."""

    async def find(self, number: int) -> None:
        """Never."""
        raise Outage(f"Ivanti is away, and nobody knows of task {number}")

    queue = parameters = has_note = add_note = change = find


async def test_what_cannot_be_read_is_left_to_the_story() -> None:
    """It goes to the desk's lane, and the story finds that the desk is away."""
    router = Router(AwayDesk(), DESK, TENANTS)  # pyright: ignore[reportArgumentType]
    assert (await router.find(1), await router.route(task())) == (UNSORTED, UNSORTED)
