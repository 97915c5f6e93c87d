"""What the service may rely on, whichever engine keeps the queue: the same tests for one machine and for several."""

import asyncio
from datetime import timedelta

import pytest
from engine_rig import APPS, POLL_S, Act, Maker, Rig, result
from waiting import a_look, let_others_run

from spentkey.core.errors import DeskRefused, Outage, SpentkeyError
from spentkey.core.outcome import Result, TicketState
from spentkey.ports.queue import Queued, Stage
from spentkey.system import SystemClock

OPEN = TicketState.OPEN


def then_close(*first: Result) -> Act:
    """Work that ends like this at first, and closes the task after that."""
    left = list(first)

    async def act(number: int) -> Result:
        return left.pop(0) if left else result(number)

    return act


def holding(gate: asyncio.Event) -> Act:
    """Work that keeps its place until the gate opens."""

    async def act(number: int) -> Result:
        await gate.wait()
        return result(number)

    return act


async def test_one_task_offered_five_times_at_once_is_worked_on_once(maker: Maker) -> None:
    """One of the offers puts it on the queue, the others hear that it is there."""
    rig = await maker.rig()
    maker.desk.add(1)
    offers = await asyncio.gather(*(rig.engine.offer(1) for _ in range(5)))
    async with rig.serving():
        await rig.until(lambda: 1 in rig.ended)
        await rig.until_empty()
    assert (sorted(offers), rig.started) == ([False] * 4 + [True], [1])


async def test_a_task_that_is_worked_on_is_not_queued_again(maker: Maker) -> None:
    """An offer meanwhile changes nothing."""
    rig, gate = await maker.rig(), asyncio.Event()
    maker.desk.add(1)
    rig.acts[1] = holding(gate)
    async with rig.serving():
        await rig.until(lambda: rig.started == [1])
        again = await rig.engine.offer(1)
        gate.set()
        await rig.until_empty()
    assert (again, rig.started) == (False, [1])


async def test_open_tasks_of_the_queue_are_found(maker: Maker) -> None:
    """Nobody has to offer them; those that are not ours are left alone."""
    rig = await maker.rig()
    maker.desk.add(1, 1)
    maker.desk.add(2, 2, owner="an.other")
    maker.desk.add(3, 3, status="Waiting")
    maker.desk.add(4, 4)
    async with rig.serving():
        await rig.until(lambda: len(rig.ended) == 2)
        await rig.until_empty()
    assert sorted(rig.started) == [1, 4]


async def test_a_task_that_comes_later_is_found_later(maker: Maker) -> None:
    """The queue is looked at again and again."""
    rig = await maker.rig()
    async with rig.serving():
        await rig.until(lambda: maker.desk.reads > 0)
        maker.desk.add(7)
        await rig.until(lambda: rig.ended == [7])
    assert rig.started == [7]


async def test_tasks_of_a_lane_are_worked_on_in_their_order(maker: Maker) -> None:
    """With one place, the oldest comes first."""
    rig = await maker.rig(concurrency=1)
    for number in range(1, 7):
        maker.desk.add(number, number)
    async with rig.serving():
        await rig.until(lambda: len(rig.ended) == 6)
    assert rig.started == [1, 2, 3, 4, 5, 6]


async def test_an_application_has_one_writer_at_a_time(maker: Maker) -> None:
    """Four tasks about one application, and one about another, which does not wait for them."""
    rig, gate = await maker.rig(), asyncio.Event()
    for number in (1, 2, 3, 4):
        maker.desk.add(number, 1)
    rig.acts[1] = holding(gate)
    maker.desk.add(5, 2)
    async with rig.serving():
        await rig.until(lambda: 5 in rig.ended and 1 in rig.started)
        gate.set()
        await rig.until(lambda: len(rig.ended) == 5)
    assert (rig.most_in_app[APPS[1]], rig.ended[0]) == (1, 5)


async def test_two_processes_never_write_to_one_application_together(maker: Maker) -> None:
    """They share the desk and what is kept, and find the same tasks."""
    rigs = [await maker.rig(), await maker.rig()]
    at_work: list[int] = []
    together: list[int] = []

    async def act(number: int) -> Result:
        at_work.append(number)
        together.append(len(at_work))
        await let_others_run()
        at_work.remove(number)
        return result(number)

    for number in range(1, 7):
        maker.desk.add(number, 1)
        for rig in rigs:
            rig.acts[number] = act
    async with rigs[0].serving(), rigs[1].serving():
        await rigs[0].until(lambda: {*rigs[0].ended, *rigs[1].ended} == {1, 2, 3, 4, 5, 6})
    assert set(together) == {1}


async def test_no_more_than_the_configured_number_have_a_place(maker: Maker) -> None:
    """The others of the lane wait for one."""
    rig, gate = await maker.rig(concurrency=3), asyncio.Event()
    for number in range(1, 9):
        maker.desk.add(number, number)
        rig.acts[number] = holding(gate)
    async with rig.serving():
        await rig.until(lambda: len(rig.started) == 3)
        await let_others_run()
        most = len(rig.started)
        gate.set()
        await rig.until(lambda: len(rig.ended) == 8)
    assert most == 3


async def test_a_task_left_open_is_tried_again_later_and_not_before(maker: Maker) -> None:
    """Meanwhile it is on the queue as one that waits, with the time when it is due."""
    rig = await maker.rig()
    maker.desk.add(1)
    rig.acts[1] = then_close(result(1, OPEN, guard="G9"))
    began = SystemClock().now()
    async with rig.serving():
        await rig.until(lambda: rig.ended == [1])
        (waiting,) = [one for one in await _settled(rig) if one.stage is Stage.LATER]
        await rig.until(lambda: rig.ended == [1, 1])
        await rig.until_empty()
    took = SystemClock().now() - began
    assert (waiting.task, waiting.due is not None and waiting.due > began) == (1, True)
    assert took >= timedelta(seconds=2 * POLL_S)


async def _settled(rig: Rig) -> list[Queued]:
    """The queue when nothing is being worked on."""
    async with asyncio.timeout(5):
        while True:
            held = await rig.engine.queued()
            if all(one.stage is not Stage.WORKING for one in held):
                return list(held)
            await a_look()


async def test_an_offer_brings_a_waiting_task_forward(maker: Maker) -> None:
    """Somebody who asks does not wait for ten poll intervals."""
    rig = await maker.rig()
    maker.desk.add(1)
    rig.acts[1] = then_close(result(1, OPEN, not_before=SystemClock().now() + timedelta(hours=1)))
    async with rig.serving():
        await rig.until(lambda: rig.ended == [1])
        await _settled(rig)
        again = await rig.engine.offer(1)
        await rig.until(lambda: rig.ended == [1, 1])
    assert again is False


async def test_a_waiting_task_does_not_hold_up_its_application(maker: Maker) -> None:
    """The next task about the same application is worked on while the first waits for an hour."""
    rig = await maker.rig()
    maker.desk.add(1, 1)
    maker.desk.add(2, 1)
    rig.acts[1] = then_close(result(1, OPEN, not_before=SystemClock().now() + timedelta(hours=1)))
    async with rig.serving():
        await rig.until(lambda: 2 in rig.ended)
    assert rig.started == [1, 2]


@pytest.mark.parametrize("ticket", [TicketState.CLOSED, TicketState.HANDED_OFF, TicketState.UNTOUCHED])
async def test_a_task_that_ended_leaves_the_queue(maker: Maker, ticket: TicketState) -> None:
    """Whether it was closed, handed over or left alone."""
    rig = await maker.rig()
    maker.desk.add(1)
    rig.acts[1] = then_close(result(1, ticket))
    async with rig.serving():
        await rig.until(lambda: rig.ended == [1])
        await rig.until_empty()
    assert rig.started == [1]


async def test_a_slow_tenant_does_not_hold_up_the_other(maker: Maker) -> None:
    """Forty tasks of one tenant hold all its places; those of the other are worked on."""
    rig, gate = await maker.rig(concurrency=2), asyncio.Event()
    for number in range(1, 41):
        maker.desk.add(number, number)
        rig.acts[number] = holding(gate)
    for number in (51, 52, 53):
        maker.desk.add(number, number, onderwijs="Yes")
    async with rig.serving():
        await rig.until(lambda: set(rig.ended) == {51, 52, 53})
        slow = [number for number in rig.started if number <= 40]
        gate.set()
    assert len(slow) == 2


async def test_who_waits_long_gives_the_place_back(maker: Maker) -> None:
    """With one place, a task that verifies for an hour does not hold up the next ones."""
    rig = await maker.rig(concurrency=1)

    async def wait_long(number: int) -> Result:
        await rig.clock.sleep(3600)
        return result(number)

    maker.desk.add(1, 1)
    rig.acts[1] = wait_long
    for number in (2, 3):
        maker.desk.add(number, number)
    async with rig.serving():
        await rig.until(lambda: rig.ended == [2, 3])
    assert rig.started[0] == 1


async def test_many_tasks_about_one_application_do_not_fill_the_lane(maker: Maker) -> None:
    """Eleven wait for the first, which verifies for an hour; one about another application is worked on."""
    rig = await maker.rig(concurrency=1)

    async def wait_long(number: int) -> Result:
        await rig.clock.sleep(3600)
        return result(number)

    for number in range(1, 13):
        maker.desk.add(number, 1)
    rig.acts[1] = wait_long
    maker.desk.add(13, 2)
    async with rig.serving():
        await rig.until(lambda: rig.ended == [13])
    assert rig.started == [1, 13]


async def test_stopping_waits_for_a_safe_point_and_the_next_start_goes_on(maker: Maker) -> None:
    """A request under way is not broken off; a task that waits comes to an end at once, and is found again."""
    rig, gate, sent = await maker.rig(), asyncio.Event(), list[str]()

    async def request_then_wait(number: int) -> Result:
        sent.append("begun")
        await gate.wait()
        sent.append("answered")
        await rig.clock.sleep(3600)
        return result(number)

    async def wait_long(number: int) -> Result:
        await rig.clock.sleep(3600)
        return result(number)

    maker.desk.add(1, 1)
    maker.desk.add(2, 2)
    rig.acts = {1: request_then_wait, 2: wait_long}
    async with rig.serving() as stop:
        await rig.until(lambda: sorted(rig.started) == [1, 2])
        stop.set()
        await let_others_run()
        gate.set()
    assert (sent, rig.ended) == (["begun", "answered"], [])
    later = await maker.rig()
    async with later.serving():
        await later.until(lambda: sorted(later.ended) == [1, 2])


async def test_nothing_new_is_begun_once_it_stops(maker: Maker) -> None:
    """What waits for a place is left for the next start."""
    rig, gate = await maker.rig(concurrency=1), asyncio.Event()
    for number in (1, 2, 3):
        maker.desk.add(number, number)
        rig.acts[number] = holding(gate)
    async with rig.serving() as stop:
        await rig.until(lambda: rig.started == [1])
        stop.set()
        await let_others_run()
        gate.set()
    assert rig.started == [1]


async def test_a_bug_in_one_task_does_not_end_the_work_on_others(maker: Maker) -> None:
    """The task waits for another try, the others are worked on."""
    rig = await maker.rig()

    async def bug(number: int) -> Result:
        raise ZeroDivisionError("a bug")

    maker.desk.add(1, 1)
    maker.desk.add(2, 2)
    rig.acts[1] = bug
    async with rig.serving():
        await rig.until(lambda: rig.ended == [2])
        held = await _settled(rig)
    assert [(one.task, one.stage) for one in held] == [(1, Stage.LATER)]


async def test_an_outage_pauses_its_lane_and_ends_by_itself(maker: Maker) -> None:
    """With the system away a few tries are made, one at a time; when it is back all tasks are worked on."""
    rig, back = await maker.rig(), asyncio.Event()

    async def try_it(number: int) -> Result:
        return result(number) if back.is_set() else result(number, OPEN, outage=True)

    for number in range(1, 31):
        maker.desk.add(number, number)
        rig.acts[number] = try_it
    maker.desk.add(51, 51, onderwijs="Yes")
    async with rig.serving():
        await rig.until(lambda: 51 in rig.ended and len(rig.started) >= 5)
        looked = maker.desk.reads
        await rig.until(lambda: maker.desk.reads > looked + 3)
        tries = len(rig.started)
        back.set()
        await rig.until(lambda: not maker.desk.tasks)
    assert tries < 30


@pytest.mark.parametrize(
    "problem", [Outage("Ivanti is away"), DeskRefused("Ivanti refuses the key")], ids=["away", "refused"]
)
async def test_a_queue_that_cannot_be_read_is_read_later(maker: Maker, problem: SpentkeyError) -> None:
    """The service goes on, and finds the tasks when it can."""
    rig = await maker.rig()
    maker.desk.add(1)
    maker.desk.problem = problem
    async with rig.serving():
        await rig.until(lambda: maker.desk.reads >= 2)
        assert rig.started == []
        maker.desk.problem = None
        await rig.until(lambda: rig.ended == [1])


async def test_a_task_that_nobody_can_sort_is_left_to_the_story(maker: Maker) -> None:
    """An offer while the desk is away is worked on all the same; what that means is the story's to say."""
    rig = await maker.rig()
    maker.desk.problem = Outage("Ivanti is away")
    await rig.engine.offer(9)
    async with rig.serving():
        await rig.until(lambda: rig.ended == [9])
        await rig.until_empty()
    assert rig.started == [9]
