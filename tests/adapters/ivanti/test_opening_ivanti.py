"""Requests on Ivanti: opened once by an offering with all of its traps, and found whoever opened them."""

from collections.abc import Mapping
from typing import Any

import pytest
from offering_world import KEY_ID, NEW, VALUES, OfferingWorld, offering_world

from spentkey.adapters.ivanti.check_opening import opening_findings
from spentkey.adapters.ivanti.settings import OpenSettings
from spentkey.core.errors import DeskRefused, Outage
from spentkey.core.finding import FindingState
from spentkey.core.task import TaskRef
from spentkey.ports.service_desk import Sent, SentState

WITH_TEAM = {**VALUES, "Team": "Sales team"}


async def sent_in(world: OfferingWorld, desk: Any = None) -> Sent:
    """What becomes of one request."""

    async def before(values: Mapping[str, str]) -> None:
        del values

    return await (desk or world.desk).open_request(NEW, before)


def creations(world: OfferingWorld) -> int:
    """How many submissions arrived."""
    return len([one for one in world.journal.entries if one.route == "request-create"])


async def test_a_request_is_made_with_every_answer_and_its_task() -> None:
    """A list's answer goes with the id of its option."""
    async with offering_world() as world:
        assert await sent_in(world) == Sent(SentState.TAKEN, "10001")
        (found,) = await world.desk.requests_for(KEY_ID)
        assert (found.reference, found.is_open, found.asks.values) == ("10001", True, WITH_TEAM)
        assert found.task is not None
        assert (found.task.ref, found.task.is_open, found.task.is_ours) == (TaskRef("40001"), True, True)


async def test_what_is_sent_is_told_before_it_is_sent() -> None:
    """So that it can be put on record; where that fails nothing is sent."""
    async with offering_world() as world:
        told: list[Mapping[str, str]] = []

        async def before(values: Mapping[str, str]) -> None:
            told.append(values)
            raise Outage("the disk is full")

        with pytest.raises(Outage, match="the disk is full"):
            await world.desk.open_request(NEW, before)
        assert (told, creations(world)) == ([WITH_TEAM], 0)


async def test_a_request_shows_as_slowly_as_its_workflow() -> None:
    """First itself, by its number; then its answers; then its task."""
    async with offering_world(request_delay_s=10, answers_delay_s=20, task_delay_s=30) as world:
        await sent_in(world)
        seen: list[tuple[int, int, bool]] = []
        for _ in range(4):
            by_key, by_number = await world.desk.requests_for(KEY_ID), await world.desk.requests_for("x", ["10001"])
            seen.append((len(by_key), len(by_number), bool(by_key and by_key[0].task)))
            await world.clock.sleep(10)
        assert seen == [(0, 0, False), (0, 1, False), (1, 1, False), (1, 1, True)]


async def test_two_equal_submissions_make_two_requests() -> None:
    """Ivanti has no key that makes them one: that is why it is looked for before."""
    async with offering_world() as world:
        await sent_in(world)
        await sent_in(world)
        assert [one.reference for one in await world.desk.requests_for(KEY_ID)] == ["10001", "10002"]


async def test_a_request_of_another_person_is_found() -> None:
    """In any case, and with spaces around."""
    async with offering_world() as world:
        await sent_in(world)
        values = world.world.ivanti.requests[0].parameters
        values[:] = [(name, value.upper() if name == "SecretID" and value else value) for name, value in values]
        assert [one.reference for one in await world.desk.requests_for(KEY_ID)] == ["10001"]
        assert await world.desk.requests_for("3c3c3c3c-0000-4000-8000-00000000000b") == []


@pytest.mark.parametrize("status", ["Completed", "Cancelled"])
async def test_a_request_whose_task_has_ended_is_closed(status: str) -> None:
    """By whatever status; and when it was."""
    async with offering_world() as world:
        await sent_in(world)
        world.world.ivanti.tasks[0].status, world.world.ivanti.tasks[0].read_only = status, True
        (found,) = await world.desk.requests_for(KEY_ID)
        assert not found.is_open
        assert found.ended is not None


@pytest.mark.parametrize(
    "fault",
    [
        ("reset", "before"),
        ("reset", "after"),
        ("503", "after"),
        ("504", "before"),
        ("html", "after"),
        ("429", "before"),
    ],
)
async def test_a_reply_that_does_not_come_is_lost(fault: tuple[str, str]) -> None:
    """It may have been applied; it is not sent a second time."""
    async with offering_world() as world:
        world.fault("request-create", fault[0], when=fault[1])
        assert (await sent_in(world)).state is SentState.LOST
        assert creations(world) == 1
        assert len(await world.desk.requests_for(KEY_ID)) == (fault[1] == "after")


@pytest.mark.parametrize(
    ("forms", "words"),
    [
        ({"offering": "Remove Credential"}, "is offered no request offering Remove Credential"),
        ({"employee": "nobody"}, "no single employee has the login nobody"),
        ({"parameters": {"Colour": "red"}}, "has no parameter Colour"),
    ],
    ids=["offering", "employee", "parameter"],
)
async def test_settings_that_do_not_fit_are_refused_before_anything_is_sent(forms: dict[str, Any], words: str) -> None:
    """And `check` says the same."""
    async with offering_world() as world:
        desk = world.with_forms(**forms)
        sent = await sent_in(world, desk)
        assert (sent.state, creations(world)) == (SentState.REFUSED, 0)
        assert words in str(sent.reason)
        findings = [one async for one in opening_findings(desk, ("Onderwijs",))]
        assert findings[-1].state is FindingState.FAIL
        assert words in findings[-1].message


async def test_every_parameter_that_is_missing_is_named() -> None:
    """Ivanti itself names one at a time."""
    parameters = [{"name": name} for name in (*VALUES, "Department", "Cost centre")]
    async with offering_world(parameters=parameters) as world:
        sent = await sent_in(world, world.with_forms(parameters={}))
        assert "requires Department, Cost centre: set them in ivanti.open.parameters" in str(sent.reason)


async def test_an_answer_that_is_not_on_its_list_is_refused() -> None:
    """The word for a certificate may be another one here."""
    parameters = [
        {"name": name, "type": "combo", "options": ["Cert"]} if name == "SecretType" else {"name": name}
        for name in VALUES
    ]
    async with offering_world(parameters=parameters) as world:
        sent = await sent_in(world, world.with_forms(parameters={}))
        assert (sent.state, str(sent.reason)) == (SentState.REFUSED, "the list of SecretType has no Secret")


@pytest.mark.parametrize(
    ("zone", "due"),
    [("Africa/Lagos", "2026-06-30T23:00:00.0000000Z"), ("America/New_York", "0001-01-01T00:00:00.0000000Z")],
)
async def test_a_date_needs_the_tenant_s_time_zone(zone: str, due: str) -> None:
    """With another offset it is lost, and the reply is a success: the answer is read back."""
    async with offering_world() as world:
        await sent_in(world, world.with_forms(parameters={"Due": "2026-07-01"}, time_zone=zone))
        (found,) = await world.desk.requests_for(KEY_ID)
        assert found.asks.values["Due"] == due


async def test_a_request_without_a_team_leaves_out_what_names_it() -> None:
    """A parameter that must be there is named then."""
    async with offering_world() as world:
        assert world.desk.opens is not None
        assert world.desk.opens.further(None) == {}


async def test_a_refused_key_makes_nothing() -> None:
    """The desk does not let us in."""
    async with offering_world() as world:
        world.fault("params-query", "401")
        with pytest.raises(DeskRefused):
            await world.desk.requests_for(KEY_ID)


async def test_rows_that_cannot_be_read_are_not_passed_over() -> None:
    """One of them may ask for the same credential."""
    async with offering_world() as world:
        await sent_in(world)
        world.fault("params-query", "garbage", times=99)
        with pytest.raises(Outage):
            await world.desk.requests_for(KEY_ID)


async def test_check_says_what_a_request_will_hold() -> None:
    """The offering, and its parameters."""
    async with offering_world() as world:
        findings = [one async for one in opening_findings(world.desk, ("Onderwijs",))]
        assert [(one.state, one.message) for one in findings] == [
            (FindingState.OK, "found, with 8 parameters"),
            (FindingState.OK, "AppDisplayName, AppID, SecretID, SecretType, Onderwijs, Team; from a list: SecretType"),
        ]


@pytest.mark.parametrize("zone", ["Brussels", "../etc/passwd", ""])
def test_a_time_zone_that_is_none_is_refused(zone: str) -> None:
    """At the start, by its name."""
    with pytest.raises(ValueError, match="time_zone"):
        OpenSettings(offering="a", employee="b", time_zone=zone)
