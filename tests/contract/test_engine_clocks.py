"""Several machines, one of which has a wrong clock: it neither puts tasks off for the others nor takes them away."""

import asyncio

import pytest
from engine_rig import POLL_S, Maker, refs, result
from waiting import let_others_run

from spentkey.core.guard_reasons import G5_OUR_CLOCK
from spentkey.core.outcome import Result, TicketState
from spentkey.core.task import TaskRef
from spentkey.worker.backoff import OTHERWISE
from spentkey.worker.concurrency import UNDER_WAY

HOUR = 3600.0
OPEN = TicketState.OPEN
CLOCK = G5_OUR_CLOCK(apart=3600, system="the service desk")


async def by_a_wrong_clock(ref: TaskRef) -> Result:
    """What the story says of a task on such a machine."""
    return result(ref, OPEN, outage=True, reason=CLOCK, reason_code=CLOCK.code)


@pytest.mark.parametrize("clock_s", [HOUR, -HOUR, 400.0])
async def test_a_task_is_tried_again_in_time_whatever_the_clock_says(maker: Maker, clock_s: float) -> None:
    """The wait is counted by the database's time on several machines, from now on one."""
    rig = await maker.rig(clock_s=clock_s)
    (one,) = refs(1)
    maker.desk.add(one)

    async def twice(ref: TaskRef) -> Result:
        return result(ref) if rig.ended else result(ref, OPEN, guard="G9")

    rig.acts[one] = twice
    async with rig.serving():
        await rig.until(lambda: rig.ended == [one, one])


@pytest.mark.parametrize("clock_s", [HOUR, -HOUR])
async def test_a_machine_with_a_wrong_clock_leaves_the_tasks_to_others(maker: Maker, clock_s: float) -> None:
    """After its first look at its clock it takes no more, and the others end all of them."""
    if maker.kind == "local":
        pytest.skip("one machine has nobody to leave them to")
    tasks = refs(*range(1, 21))
    for number, ref in enumerate(tasks, start=1):
        maker.desk.add(ref, number)
    wrong, right = await maker.rig(concurrency=1, clock_s=clock_s), await maker.rig(concurrency=1)
    wrong.acts |= dict.fromkeys(tasks, by_a_wrong_clock)
    async with wrong.serving():
        await wrong.until(lambda: bool(wrong.ended))
        async with right.serving():
            await right.until(lambda: not maker.desk.tasks)
    assert sorted(right.ended) == sorted(tasks)


async def test_a_machine_with_a_wrong_clock_takes_nothing_while_it_rests(maker: Maker) -> None:
    """What it had taken by then it tries, and no more, however many are due."""
    if maker.kind == "local":
        pytest.skip("one machine has nobody to leave them to")
    tasks = refs(*range(1, 41))
    for number, ref in enumerate(tasks, start=1):
        maker.desk.add(ref, number)
    wrong, loop = await maker.rig(concurrency=1, clock_s=HOUR), asyncio.get_running_loop()
    wrong.acts |= dict.fromkeys(tasks, by_a_wrong_clock)
    began = loop.time()
    async with wrong.serving():
        await wrong.until(lambda: bool(wrong.ended))
        await let_others_run(50)
        rests = (loop.time() - began) // (OTHERWISE * POLL_S)
        assert len(wrong.ended) <= UNDER_WAY * (1 + rests)


async def test_a_machine_whose_clock_is_right_again_works_again(maker: Maker) -> None:
    """It looks now and then; nobody has to start it anew."""
    rig, fixed = await maker.rig(), list[bool]()
    (one,) = refs(1)
    maker.desk.add(one)

    async def act(ref: TaskRef) -> Result:
        return result(ref) if fixed else await by_a_wrong_clock(ref)

    rig.acts[one] = act
    async with rig.serving():
        await rig.until(lambda: bool(rig.ended))
        fixed.append(True)
        await rig.until(lambda: not maker.desk.tasks)
