"""What the service may rely on, whichever engine keeps the queue: the same tests for one machine and for several."""

import asyncio
from datetime import timedelta

import pytest
from engine_rig import APPS, POLL_S, Act, Maker, Rig, refs, result
from waiting import a_look, let_others_run

from spentkey.core.errors import DeskRefused, Outage, SpentkeyError
from spentkey.core.outcome import Result, TicketState
from spentkey.core.task import TaskRef
from spentkey.ports.queue import Queued, Stage
from spentkey.system import SystemClock

OPEN = TicketState.OPEN
ONE, TWO, THREE, FOUR, FIVE, SEVEN, NINE, THIRTEEN, ONDERWIJS_TASK = refs(1, 2, 3, 4, 5, 7, 9, 13, 51)


def then_close(*first: Result) -> Act:
    """Work that ends like this at first, and closes the task after that."""
    left = list(first)

    async def act(ref: TaskRef) -> Result:
        return left.pop(0) if left else result(ref)

    return act


def holding(gate: asyncio.Event) -> Act:
    """Work that keeps its place until the gate opens."""

    async def act(ref: TaskRef) -> Result:
        await gate.wait()
        return result(ref)

    return act


async def test_one_task_offered_five_times_at_once_is_worked_on_once(maker: Maker) -> None:
    """One of the offers puts it on the queue, the others hear that it is there."""
    rig = await maker.rig()
    maker.desk.add(ONE)
    offers = await asyncio.gather(*(rig.engine.offer(ONE) for _ in range(5)))
    async with rig.serving():
        await rig.until(lambda: ONE in rig.ended)
        await rig.until_empty()
    assert (sorted(offers), rig.started) == ([False] * 4 + [True], refs(1))


async def test_references_are_texts_as_the_desk_has_them(maker: Maker) -> None:
    """Words, texts that only look like numbers, and what no file or address could be called: each is a task by itself."""
    rig, texts = (
        await maker.rig(),
        [TaskRef(text) for text in ("SCTASK0010001", "42", "0042", "4_2", "CHG/7 \u00e9 'x'")],
    )
    for number, ref in enumerate(texts):
        maker.desk.add(ref, number)
    first = [await rig.engine.offer(ref) for ref in texts[:3]]
    again = [await rig.engine.offer(ref) for ref in texts[:3]]
    held = [one.task for one in await rig.engine.queued()]
    async with rig.serving():
        await rig.until(lambda: len(rig.ended) >= len(texts))
        await rig.until_empty()
    assert (first, again, held) == ([True] * 3, [False] * 3, texts[:3])
    assert sorted(rig.started) == sorted(texts)


async def test_a_task_with_a_text_waits_and_is_brought_forward(maker: Maker) -> None:
    """By the same text, as any other task."""
    rig, ref = await maker.rig(), TaskRef("SCTASK0010001")
    maker.desk.add(ref)
    rig.acts[ref] = then_close(result(ref, OPEN, not_before=SystemClock().now() + timedelta(hours=1)))
    async with rig.serving():
        await rig.until(lambda: rig.ended == [ref])
        (waiting,) = await _settled(rig)
        again = await rig.engine.offer(ref)
        await rig.until(lambda: rig.ended == [ref, ref])
    assert (waiting.task, waiting.stage, again) == (ref, Stage.LATER, False)


async def test_a_task_that_is_worked_on_is_not_queued_again(maker: Maker) -> None:
    """An offer meanwhile changes nothing."""
    rig, gate = await maker.rig(), asyncio.Event()
    maker.desk.add(ONE)
    rig.acts[ONE] = holding(gate)
    async with rig.serving():
        await rig.until(lambda: rig.started == refs(1))
        again = await rig.engine.offer(ONE)
        gate.set()
        await rig.until_empty()
    assert (again, rig.started) == (False, refs(1))


async def test_open_tasks_of_the_queue_are_found(maker: Maker) -> None:
    """Nobody has to offer them; those that are not ours are left alone."""
    rig = await maker.rig()
    maker.desk.add(ONE, 1)
    maker.desk.add(TWO, 2, is_ours=False, owner="an.other", why_not="somebody has it")
    maker.desk.add(THREE, 3, is_open=False, why_not="it waits")
    maker.desk.add(FOUR, 4)
    async with rig.serving():
        await rig.until(lambda: len(rig.ended) == 2)
        await rig.until_empty()
    assert sorted(rig.started) == refs(1, 4)


async def test_a_task_that_comes_later_is_found_later(maker: Maker) -> None:
    """The queue is looked at again and again."""
    rig = await maker.rig()
    async with rig.serving():
        await rig.until(lambda: maker.desk.reads > 0)
        maker.desk.add(SEVEN)
        await rig.until(lambda: rig.ended == refs(7))
    assert rig.started == refs(7)


async def test_tasks_of_a_lane_are_worked_on_in_their_order(maker: Maker) -> None:
    """With one place, the oldest comes first."""
    rig = await maker.rig(concurrency=1)
    for number, ref in enumerate(refs(*range(1, 7)), start=1):
        maker.desk.add(ref, number)
    async with rig.serving():
        await rig.until(lambda: len(rig.ended) == 6)
    assert rig.started == refs(1, 2, 3, 4, 5, 6)


async def test_an_application_has_one_writer_at_a_time(maker: Maker) -> None:
    """Four tasks about one application, and one about another, which does not wait for them."""
    rig, gate = await maker.rig(), asyncio.Event()
    for ref in refs(1, 2, 3, 4):
        maker.desk.add(ref, 1)
    rig.acts[ONE] = holding(gate)
    maker.desk.add(FIVE, 2)
    async with rig.serving():
        await rig.until(lambda: FIVE in rig.ended and ONE in rig.started)
        gate.set()
        await rig.until(lambda: len(rig.ended) == 5)
    assert (rig.most_in_app[APPS[1]], rig.ended[0]) == (1, FIVE)


async def test_two_processes_never_write_to_one_application_together(maker: Maker) -> None:
    """They share the desk and what is kept, and find the same tasks."""
    rigs = [await maker.rig(), await maker.rig()]
    at_work: list[TaskRef] = []
    together: list[int] = []

    async def act(ref: TaskRef) -> Result:
        at_work.append(ref)
        together.append(len(at_work))
        await let_others_run()
        at_work.remove(ref)
        return result(ref)

    for ref in refs(*range(1, 7)):
        maker.desk.add(ref, 1)
        for rig in rigs:
            rig.acts[ref] = act
    async with rigs[0].serving(), rigs[1].serving():
        await rigs[0].until(lambda: {*rigs[0].ended, *rigs[1].ended} == {*refs(1, 2, 3, 4, 5, 6)})
    assert set(together) == {1}


async def test_no_more_than_the_configured_number_have_a_place(maker: Maker) -> None:
    """The others of the lane wait for one."""
    rig, gate = await maker.rig(concurrency=3), asyncio.Event()
    for number, ref in enumerate(refs(*range(1, 9)), start=1):
        maker.desk.add(ref, number)
        rig.acts[ref] = holding(gate)
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
    maker.desk.add(ONE)
    rig.acts[ONE] = then_close(result(ONE, OPEN, guard="G9"))
    began = SystemClock().now()
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(1))
        (waiting,) = [one for one in await _settled(rig) if one.stage is Stage.LATER]
        await rig.until(lambda: rig.ended == refs(1, 1))
        await rig.until_empty()
    took = SystemClock().now() - began
    assert (waiting.task, waiting.due is not None and waiting.due > began) == (ONE, True)
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
    maker.desk.add(ONE)
    rig.acts[ONE] = then_close(result(ONE, OPEN, not_before=SystemClock().now() + timedelta(hours=1)))
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(1))
        await _settled(rig)
        again = await rig.engine.offer(ONE)
        await rig.until(lambda: rig.ended == refs(1, 1))
    assert again is False


async def test_a_waiting_task_does_not_hold_up_its_application(maker: Maker) -> None:
    """The next task about the same application is worked on while the first waits for an hour."""
    rig = await maker.rig()
    maker.desk.add(ONE, 1)
    maker.desk.add(TWO, 1)
    rig.acts[ONE] = then_close(result(ONE, OPEN, not_before=SystemClock().now() + timedelta(hours=1)))
    async with rig.serving():
        await rig.until(lambda: TWO in rig.ended)
    assert rig.started == refs(1, 2)


@pytest.mark.parametrize("ticket", [TicketState.CLOSED, TicketState.HANDED_OFF, TicketState.UNTOUCHED])
async def test_a_task_that_ended_leaves_the_queue(maker: Maker, ticket: TicketState) -> None:
    """Whether it was closed, handed over or left alone."""
    rig = await maker.rig()
    maker.desk.add(ONE)
    rig.acts[ONE] = then_close(result(ONE, ticket))
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(1))
        await rig.until_empty()
    assert rig.started == refs(1)


async def test_a_slow_tenant_does_not_hold_up_the_other(maker: Maker) -> None:
    """Forty tasks of one tenant hold all its places; those of the other are worked on."""
    rig, gate = await maker.rig(concurrency=2), asyncio.Event()
    for number, ref in enumerate(refs(*range(1, 41)), start=1):
        maker.desk.add(ref, number)
        rig.acts[ref] = holding(gate)
    for number, ref in enumerate(refs(51, 52, 53), start=51):
        maker.desk.add(ref, number, onderwijs="Yes")
    async with rig.serving():
        await rig.until(lambda: set(rig.ended) == {*refs(51, 52, 53)})
        slow = {*rig.started} & {*refs(*range(1, 41))}
        gate.set()
    assert len(slow) == 2


async def test_who_waits_long_gives_the_place_back(maker: Maker) -> None:
    """With one place, a task that verifies for an hour does not hold up the next ones."""
    rig = await maker.rig(concurrency=1)

    async def wait_long(ref: TaskRef) -> Result:
        await rig.clock.sleep(3600)
        return result(ref)

    maker.desk.add(ONE, 1)
    rig.acts[ONE] = wait_long
    for number, ref in enumerate(refs(2, 3), start=2):
        maker.desk.add(ref, number)
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(2, 3))
    assert rig.started[0] == ONE


async def test_many_tasks_about_one_application_do_not_fill_the_lane(maker: Maker) -> None:
    """Eleven wait for the first, which verifies for an hour; one about another application is worked on."""
    rig = await maker.rig(concurrency=1)

    async def wait_long(ref: TaskRef) -> Result:
        await rig.clock.sleep(3600)
        return result(ref)

    for ref in refs(*range(1, 13)):
        maker.desk.add(ref, 1)
    rig.acts[ONE] = wait_long
    maker.desk.add(THIRTEEN, 2)
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(13))
    assert rig.started == refs(1, 13)


async def test_stopping_waits_for_a_safe_point_and_the_next_start_goes_on(maker: Maker) -> None:
    """A request under way is not broken off; a task that waits comes to an end at once, and is found again."""
    rig, gate, sent = await maker.rig(), asyncio.Event(), list[str]()

    async def request_then_wait(ref: TaskRef) -> Result:
        sent.append("begun")
        await gate.wait()
        sent.append("answered")
        await rig.clock.sleep(3600)
        return result(ref)

    async def wait_long(ref: TaskRef) -> Result:
        await rig.clock.sleep(3600)
        return result(ref)

    maker.desk.add(ONE, 1)
    maker.desk.add(TWO, 2)
    rig.acts = {ONE: request_then_wait, TWO: wait_long}
    async with rig.serving() as stop:
        await rig.until(lambda: sorted(rig.started) == refs(1, 2))
        stop.set()
        await let_others_run()
        gate.set()
    assert (sent, rig.ended) == (["begun", "answered"], [])
    later = await maker.rig()
    async with later.serving():
        await later.until(lambda: sorted(later.ended) == refs(1, 2))


async def test_nothing_new_is_begun_once_it_stops(maker: Maker) -> None:
    """What waits for a place is left for the next start."""
    rig, gate = await maker.rig(concurrency=1), asyncio.Event()
    for number, ref in enumerate(refs(1, 2, 3), start=1):
        maker.desk.add(ref, number)
        rig.acts[ref] = holding(gate)
    async with rig.serving() as stop:
        await rig.until(lambda: rig.started == refs(1))
        stop.set()
        await let_others_run()
        gate.set()
    assert rig.started == refs(1)


async def test_a_bug_in_one_task_does_not_end_the_work_on_others(maker: Maker) -> None:
    """The task waits for another try, the others are worked on."""
    rig = await maker.rig()

    async def bug(ref: TaskRef) -> Result:
        raise ZeroDivisionError("a bug")

    maker.desk.add(ONE, 1)
    maker.desk.add(TWO, 2)
    rig.acts[ONE] = bug
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(2))
        held = await _settled(rig)
    assert [(one.task, one.stage) for one in held] == [(ONE, Stage.LATER)]


async def test_an_outage_pauses_its_lane_and_ends_by_itself(maker: Maker) -> None:
    """With the system away a few tries are made, one at a time; when it is back all tasks are worked on."""
    rig, back = await maker.rig(), asyncio.Event()

    async def try_it(ref: TaskRef) -> Result:
        return result(ref) if back.is_set() else result(ref, OPEN, outage=True)

    for number, ref in enumerate(refs(*range(1, 31)), start=1):
        maker.desk.add(ref, number)
        rig.acts[ref] = try_it
    maker.desk.add(ONDERWIJS_TASK, 51, onderwijs="Yes")
    async with rig.serving():
        await rig.until(lambda: ONDERWIJS_TASK in rig.ended and len(rig.started) >= 5)
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
    maker.desk.add(ONE)
    maker.desk.problem = problem
    async with rig.serving():
        await rig.until(lambda: maker.desk.reads >= 2)
        assert rig.started == []
        maker.desk.problem = None
        await rig.until(lambda: rig.ended == refs(1))


async def test_a_task_that_nobody_can_sort_is_left_to_the_story(maker: Maker) -> None:
    """An offer while the desk is away is worked on all the same; what that means is the story's to say."""
    rig = await maker.rig()
    maker.desk.problem = Outage("Ivanti is away")
    await rig.engine.offer(NINE)
    async with rig.serving():
        await rig.until(lambda: rig.ended == refs(9))
        await rig.until_empty()
    assert rig.started == refs(9)
