"""Opening by the simulated Ivanti: the whole way, with its delays, its lost replies and its requests without answers."""

from dataclasses import replace

import pytest
from offering_world import OfferingWorld, offering_world
from opening_world import OpeningWorld, wanted

from spentkey.adapters.ivanti.offering import Offering, OfferingParameter
from spentkey.adapters.ivanti.requests import IvantiOpeningDesk
from spentkey.core.opening import OpenedState, ToOpen
from spentkey.core.task import TaskRef
from spentkey.scan.open_one import OpenContext


def scans_of(world: OfferingWorld) -> OpeningWorld:
    """Runs against that Ivanti."""

    class Scans(OpeningWorld):
        def context(self) -> OpenContext:
            return replace(super().context(), desk=world.desk)

    return Scans(clock=world.clock)


def one(number: int = 1) -> ToOpen:
    """A credential of a team."""
    return wanted(number, team="Sales team")


async def test_each_credential_is_asked_for_once() -> None:
    """However often it is scanned."""
    async with offering_world(request_delay_s=5, answers_delay_s=40, task_delay_s=120) as world:
        scans = scans_of(world)
        first = await scans.scan(one(1), one(2))
        assert [(each.state, each.task) for each in first] == [
            (OpenedState.OPENED, TaskRef("40002")),
            (OpenedState.OPENED, TaskRef("40001")),
        ]
        assert [each.state for each in await scans.scan(one(1), one(2))] == [OpenedState.KNOWN] * 2
        assert len(world.world.ivanti.requests) == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "504"])
async def test_a_lost_reply_is_looked_for(kind: str, when: str) -> None:
    """It was made, or the next scan makes it."""
    async with offering_world(answers_delay_s=30) as world:
        scans = scans_of(world)
        world.fault("request-create", kind, when=when, times=1)
        opened = await scans.one(one())
        assert opened.state is (OpenedState.OPENED if when == "after" else OpenedState.UNCLEAR)
        later = await scans.one(one())
        assert later.state is (OpenedState.KNOWN if when == "after" else OpenedState.OPENED)
        assert len(world.world.ivanti.requests) == 1


async def test_a_request_without_answers_is_not_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters of another offering are sent: Ivanti makes a request that says nothing, and reports a success."""
    async with offering_world() as world:
        scans, right = scans_of(world), await world.desk.offering()
        others = [
            OfferingParameter(f"{n:032X}", each.name, "text", required=False) for n, each in enumerate(right.questions)
        ]

        async def mixed(self: IvantiOpeningDesk) -> Offering:
            del self
            return replace(right, questions=others)

        monkeypatch.setattr(IvantiOpeningDesk, "offering", mixed)
        stopped = await scans.one(one())
        assert (stopped.state, stopped.request) == (OpenedState.STOPPED, "10001")
        assert "does not show Team, AppDisplayName, AppID, SecretID, SecretType, Onderwijs as sent" in str(
            stopped.reason
        )
        monkeypatch.undo()
        over = await scans.one(one())
        assert (over.state, len(world.world.ivanti.requests)) == (OpenedState.STOPPED, 1)


async def test_a_task_that_goes_to_another_team_stops_opening() -> None:
    """Nobody of us would ever work on it."""
    async with offering_world(team="Servicedesk") as world:
        stopped, other = await scans_of(world).scan(one(2), one(1))
        assert (stopped.state, other.state) == (OpenedState.STOPPED, OpenedState.STOPPED)
        assert "the task is with the team Servicedesk, not Spentkey" in str(stopped.reason)
        assert len(world.world.ivanti.requests) == 1


async def test_an_offering_without_a_workflow_stops_opening() -> None:
    """No task comes."""
    async with offering_world(makes_task=False) as world:
        stopped = await scans_of(world).one(one())
        assert (stopped.state, str(stopped.reason)) == (OpenedState.STOPPED, "request 10001 has no task after 180 s")
