"""One request for each lapsed credential, by the desk with traps: looked for, sent once, read back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from opening_world import LIMITS, OpeningWorld, wanted
from support_core import PRODUCTION
from trap_desk import Habits, Killed

from spentkey.core.opening import OpenedState, OpenRules
from spentkey.core.task import TaskRef

ASKED = {
    "AppDisplayName": "Sales 1",
    "AppID": wanted().app_id,
    "SecretID": wanted().key_id,
    "SecretType": "Secret",
    "Onderwijs": "No",
}


async def test_a_request_is_opened_and_its_task_found() -> None:
    """With the four parameters and those that make it one of the tenant; the intent is on record before."""
    world = OpeningWorld()
    opened = await world.one()
    assert (opened.state, opened.task, opened.request) == (OpenedState.OPENED, TaskRef("40001"), "10001")
    assert world.desk.requests[0].asks == ASKED
    assert [(one["what"], one["state"]) for one in world.records.records] == [
        ("opening", "sending"),
        ("opened", "opened"),
    ]


async def test_a_second_scan_finds_it() -> None:
    """Nothing is sent."""
    world = OpeningWorld()
    await world.one()
    known = await world.one()
    assert (known.state, known.request, world.desk.sent) == (OpenedState.KNOWN, "10001", 1)


async def test_a_request_of_somebody_else_counts() -> None:
    """Whoever opened it."""
    world = OpeningWorld()
    world.desk.make(ASKED, by_us=False)
    known = await world.one()
    assert (known.state, known.task, world.desk.sent) == (OpenedState.KNOWN, TaskRef("40001"), 0)


@pytest.mark.parametrize("reply", ["taken", "silent"])
@pytest.mark.parametrize("seconds", [0, 4, 60, 179])
async def test_a_request_that_shows_late_is_waited_for(reply: str, seconds: float) -> None:
    """Also where its reply was lost: it is looked for, and sent once."""
    world = OpeningWorld()
    world.desk.habits = Habits(shows_s=seconds / 2, answers_s=seconds / 2, task_s=seconds, reply=reply)
    opened = await world.one()
    assert (opened.state, opened.task, world.desk.sent) == (OpenedState.OPENED, TaskRef("40001"), 1)


async def test_a_reply_that_is_lost_is_looked_for_and_nothing_else_is_sent() -> None:
    """For 180 s, every 5 s; then it is not clear, and the other credentials are left alone."""
    world = OpeningWorld()
    world.desk.habits = Habits(reply="lost")
    first, second = await world.scan(wanted(2), wanted(1))
    assert (first.state, second.state, world.desk.sent) == (OpenedState.UNCLEAR, OpenedState.UNCLEAR, 1)
    assert sum(world.clock.slept) == 180
    assert set(world.clock.slept) == {5}


async def test_what_was_unclear_is_looked_at_first_and_then_sent() -> None:
    """By the next scan, once it does not show either; the other ones come after it."""
    world = OpeningWorld()
    world.desk.habits = Habits(reply="lost")
    await world.one(wanted(1))
    world.desk.habits = Habits()
    opened = await world.scan(wanted(2), wanted(1))
    assert [one.state for one in opened] == [OpenedState.OPENED] * 2
    assert [one.asks["SecretID"] for one in world.desk.requests] == [wanted(1).key_id, wanted(2).key_id]


async def test_what_was_unclear_and_shows_now_is_not_sent_a_second_time() -> None:
    """It was slower than any look."""
    world = OpeningWorld()
    world.desk.habits = Habits(reply="silent", shows_s=1000, answers_s=1000, task_s=1000)
    assert (await world.one()).state is OpenedState.UNCLEAR
    world.days(1)
    opened = await world.one()
    assert (opened.state, opened.request, world.desk.sent) == (OpenedState.OPENED, "10001", 1)


@pytest.mark.parametrize(
    ("habits", "words"),
    [
        (Habits(reply="no-answers"), "does not show AppDisplayName, AppID, SecretID, SecretType, Onderwijs as sent"),
        (Habits(changes={"AppID": wanted(9).app_id}), "does not show AppID as sent"),
        (Habits(parameters={"Due": "2026-01-01"}, changes={"Due": "0001-01-01"}), "does not show Due as sent"),
        (Habits(task_s=999), "has no task after 180 s"),
        (Habits(reply="refused"), "Parameter 'Department': Required"),
    ],
    ids=["no answers", "another answer", "a date by the wrong sign", "no task", "refused"],
)
async def test_what_is_not_as_asked_stops_opening_in_the_tenant(habits: Habits, words: str) -> None:
    """With the reason; nothing else is sent there."""
    world = OpeningWorld()
    world.desk.habits = habits
    first, second = await world.scan(wanted(2), wanted(1))
    assert (first.state, second.state, world.desk.sent) == (OpenedState.STOPPED, OpenedState.STOPPED, 1)
    assert words in str(first.reason)
    assert words in str(second.reason)


async def test_a_task_that_is_not_with_us_stops_opening() -> None:
    """It must pass guard G0: the offering gives it to another team."""
    world = OpeningWorld()
    world.desk.habits = Habits(with_us=False)
    stopped = await world.one()
    assert (stopped.state, stopped.task) == (OpenedState.STOPPED, TaskRef("40001"))
    assert "the task of request 10001 cannot be worked on: the task is not open and with us" in str(stopped.reason)


@pytest.mark.parametrize("closed", [True, False])
async def test_a_task_that_was_worked_on_meanwhile_was_with_us(closed: bool) -> None:
    """The process died before it read it back, and a run was quicker: it is closed, or with others."""
    world = OpeningWorld()
    world.blow.nth = 6  # behind the sending
    with pytest.raises(Killed):
        await world.one()
    world.blow.nth = -1
    world.desk.habits = Habits(with_us=False)
    await world.records.append("result", {"task": 40001})
    if closed:
        world.desk.close(world.desk.requests[0])
    opened = await world.one()
    assert (opened.state, opened.request, world.desk.sent) == (OpenedState.OPENED, "10001", 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SecretType": "Password"}, "SecretType"),
        ({"Onderwijs": "Maybe"}, "no configured tenant matches"),
        ({"AppID": wanted(9).app_id}, "it is read as another credential"),
    ],
)
async def test_a_request_that_no_removal_takes_stops_opening(changes: dict[str, str], words: str) -> None:
    """It must pass guard G1, and choose the tenant; here what is sent is wrong already."""
    world = OpeningWorld()
    world.desk.habits = Habits(parameters=changes)
    stopped = await world.one()
    assert stopped.state is OpenedState.STOPPED
    assert words in str(stopped.reason)


async def test_a_stop_stands_until_somebody_allows_it() -> None:
    """In the service; by a command it is tried again, but not over a request that is still open."""
    world = OpeningWorld()
    world.desk.habits = Habits(reply="no-answers")
    await world.one(named=(PRODUCTION.name,))
    world.desk.habits = Habits()
    held = await world.one(wanted(3), by_command=False)
    assert (held.state, world.desk.sent) == (OpenedState.STOPPED, 1)
    assert "is stopped in this tenant until" in str(held.reason)
    over = await world.one(named=(PRODUCTION.name,))
    assert (over.state, world.desk.sent) == (OpenedState.STOPPED, 1)
    assert "close it first" in str(over.reason)
    world.desk.close(world.desk.requests[0])
    assert (await world.one()).state is OpenedState.OPENED
    assert (await world.one(wanted(3), by_command=False)).state is OpenedState.OPENED


async def test_the_service_opens_only_where_it_was_allowed() -> None:
    """By `scan --open --tenant NAME`, once; a command for all tenants allows nothing."""
    world = OpeningWorld()
    await world.one(wanted(2))
    refused = await world.one(by_command=False)
    assert (refused.state, world.desk.sent) == (OpenedState.NO, 1)
    assert str(refused.reason) == "spentkey scan --open --tenant production comes first, once"
    await world.scan(named=(PRODUCTION.name,))
    assert (await world.one(by_command=False)).state is OpenedState.OPENED


@pytest.mark.parametrize(
    ("rules", "limits", "most"),
    [
        (OpenRules(max_per_run=3), LIMITS, 3),
        (OpenRules(max_per_day=4), LIMITS, 4),
        (OpenRules(), replace(LIMITS, hand_overs_per_hour=2), 2),
        (OpenRules(max_per_day=0), LIMITS, 0),
    ],
    ids=["run", "day", "hand-overs", "none"],
)
async def test_no_more_are_opened_than_a_limit_allows(rules: OpenRules, limits: object, most: int) -> None:
    """The others say so, and nothing is on record about them."""
    world = OpeningWorld(rules=rules, limits=limits)  # pyright: ignore[reportArgumentType]
    opened = await world.scan(*(wanted(number) for number in range(1, 7)))
    assert [one.state for one in opened].count(OpenedState.OPENED) == most == world.desk.sent
    assert [one.state for one in opened].count(OpenedState.CAPPED) == 6 - most
    assert len(world.records.of("sending")) == most


async def test_a_day_later_there_is_room() -> None:
    """What counts is the last day."""
    world = OpeningWorld(rules=OpenRules(max_per_day=1))
    both = (wanted(2), wanted(1))
    assert [one.state for one in await world.scan(*both)] == [OpenedState.OPENED, OpenedState.CAPPED]
    world.days(1.01)
    assert [one.state for one in await world.scan(*both)] == [OpenedState.KNOWN, OpenedState.OPENED]


async def test_what_was_opened_is_known_where_there_is_no_room() -> None:
    """By the record; the desk is not asked for each of thousands."""
    world = OpeningWorld(rules=OpenRules(max_per_day=1))
    await world.one(wanted(1))
    looks = world.desk.looks
    found = await world.scan(wanted(9), wanted(8), wanted(1))
    assert [one.state for one in found] == [OpenedState.CAPPED, OpenedState.CAPPED, OpenedState.KNOWN]
    assert world.desk.looks == looks + 1


async def test_a_desk_that_is_away_is_not_asked_for_each() -> None:
    """Nothing is on record, so that the next scan begins anew."""
    world = OpeningWorld()
    world.desk.habits = Habits(away=True)
    opened = await world.scan(wanted(1), wanted(2))
    assert [one.state for one in opened] == [OpenedState.UNCLEAR] * 2
    assert (world.desk.looks, world.records.records) == (1, [])


async def test_a_process_that_holds_the_credential_is_left_alone() -> None:
    """Nobody here knows what becomes of it."""
    world = OpeningWorld()
    one = wanted()
    world.locks.held.add(f"{one.tenant}/{one.app_id}/{one.key_id}")
    assert ((await world.one()).state, world.desk.sent) == (OpenedState.UNCLEAR, 0)


async def test_closed_by_people_it_is_not_asked_for_before_the_time() -> None:
    """Then it is, and the new request names the old one."""
    world = OpeningWorld()
    await world.one()
    world.desk.close(world.desk.requests[0])
    world.days(29)
    known = await world.one()
    assert (known.state, world.desk.sent) == (OpenedState.KNOWN, 1)
    world.days(2)
    assert (await world.one()).state is OpenedState.OPENED
    assert world.records.of("sending")[-1]["follows"] == "10001"


async def test_a_changed_end_is_asked_for_at_once() -> None:
    """It is another matter than the one that people closed."""
    world = OpeningWorld()
    await world.one()
    world.desk.close(world.desk.requests[0])
    later = replace(wanted(), end=wanted().end + timedelta(days=20))
    assert (await world.one(later)).state is OpenedState.OPENED


async def test_a_request_that_was_deleted_counts_as_closed() -> None:
    """It is on record that it was opened."""
    world = OpeningWorld()
    await world.one()
    world.desk.requests[0].deleted = True
    assert ((await world.one()).state, world.desk.sent) == (OpenedState.KNOWN, 1)
    world.days(31)
    assert (await world.one()).state is OpenedState.OPENED


@pytest.mark.parametrize(("hours", "state"), [(0.5, OpenedState.KNOWN), (48, OpenedState.OPENED)])
async def test_what_we_removed_and_that_is_there_again_is_asked_for(hours: float, state: OpenedState) -> None:
    """Not where the list may be as old as the removal."""
    world = OpeningWorld()
    await world.one()
    one = wanted()
    await world.records.append(
        "result", {"task": 40001, "app_id": one.app_id, "key_id": one.key_id, "outcome": "removed", "ticket": "closed"}
    )
    world.desk.close(world.desk.requests[0])
    world.days(hours / 24)
    assert (await world.one(replace(one, seen=world.clock.now()))).state is state
