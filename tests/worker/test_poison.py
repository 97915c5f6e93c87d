"""Tasks that end the program: which are tried alone, what counts, and when people are told."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from support_core import ManualClock
from waiting import let_others_run

from spentkey.core.errors import Outage
from spentkey.core.history import History
from spentkey.core.outcome import Result, TicketState
from spentkey.core.poison import hands_over
from spentkey.core.task import TaskRef
from spentkey.ports.try_marks import TryMark
from spentkey.worker.concurrency import Slots
from spentkey.worker.poison import MarkedWork

ONE, TWO = TaskRef("1"), TaskRef("2")
OPEN, CLOSED, HANDED = TicketState.OPEN, TicketState.CLOSED, TicketState.HANDED_OFF


@dataclass
class Marks:
    """The `TryMarks` port in memory: of one process, with what others left."""

    left: list[TryMark] = field(default_factory=list[TryMark])
    against: dict[TaskRef, int] = field(default_factory=dict[TaskRef, int])
    under_way: dict[str, TaskRef] = field(default_factory=dict[str, TaskRef])
    away: bool = False
    others: dict[TaskRef, list[str]] = field(default_factory=dict[TaskRef, list[str]])

    async def elsewhere(self, task: TaskRef) -> Sequence[str]:
        self._look()
        return self.others.get(task, ())

    async def begin(self, task: TaskRef, attempt: str) -> None:
        self._look()
        self.under_way[attempt] = task

    async def end(self, task: TaskRef, attempt: str, *, cleared: bool) -> None:
        self._look()
        self.under_way.pop(attempt, None)
        if cleared:
            self.against.pop(task, None)

    async def end_all(self) -> None:
        self.under_way.clear()

    async def left_behind(self) -> Sequence[TryMark]:
        self._look()
        return list(self.left)

    async def settle(self, mark: TryMark, *, counts: bool) -> None:
        self.left.remove(mark)
        self.against[mark.task] = self.against.get(mark.task, 0) + counts

    async def deaths(self, task: TaskRef) -> int | None:
        self._look()
        return self.against.get(task)

    def _look(self) -> None:
        if self.away:
            raise Outage("away")


@dataclass
class Rig:
    """The work, what it does with tasks, and what was done."""

    marks: Marks = field(default_factory=Marks)
    records: dict[TaskRef, list[dict[str, Any]]] = field(default_factory=dict[TaskRef, list[dict[str, Any]]])
    ends: dict[TaskRef, Result | BaseException] = field(default_factory=dict[TaskRef, Result | BaseException])
    told: list[tuple[str, TaskRef]] = field(default_factory=list[tuple[str, TaskRef]])
    doors: dict[TaskRef, asyncio.Event] = field(default_factory=dict[TaskRef, asyncio.Event])
    slots: Slots = field(default_factory=lambda: Slots(8))
    clock: ManualClock = field(default_factory=ManualClock)
    work: MarkedWork = field(init=False)

    def __post_init__(self) -> None:
        numbers = count(1)

        class Ids:
            def new(self) -> str:
                return f"attempt-{next(numbers)}"

        self.work = MarkedWork(
            self._story, self._give_up, self._history, self.marks, self.slots, self.clock, Ids(), others_first_s=30
        )

    async def _story(self, ref: TaskRef, attempt: str) -> Result:
        self.told.append((f"tried {attempt}", ref))
        if ref in self.doors:
            await self.doors[ref].wait()
        return self._end(ref, CLOSED)

    async def _give_up(self, ref: TaskRef, attempt: str, deaths: int) -> Result:
        self.told.append((f"given up {attempt} after {deaths}", ref))
        return self._end(ref, HANDED)

    async def _history(self, ref: TaskRef) -> History:
        return History(tuple(self.records.get(ref, ())))

    def _end(self, ref: TaskRef, otherwise: TicketState) -> Result:
        end = self.ends.get(ref) or Result(ref, "failed", otherwise)
        if isinstance(end, BaseException):
            raise end
        return end


def died(*tasks: TaskRef) -> list[TryMark]:
    """What a process left that died while it worked on these."""
    return [TryMark(task, f"dead-{task}", alone=len(tasks) == 1) for task in tasks]


async def test_a_task_that_nobody_suspects_is_tried_beside_others_at_once() -> None:
    """Marked while it is under way, and not a moment longer."""
    rig = Rig()
    rig.doors[ONE] = asyncio.Event()
    first = asyncio.create_task(rig.work(ONE))
    await let_others_run(2)
    await rig.work(TWO)
    assert list(rig.marks.under_way.values()) == [ONE]
    rig.doors[ONE].set()
    await first
    assert (rig.marks.under_way, rig.clock.slept) == ({}, [])


async def test_tasks_of_a_crowd_are_tried_alone_and_nothing_counts_against_them() -> None:
    """Which of them it was is not known yet; others go first, for the time of a poll."""
    rig = Rig(Marks(died(ONE, TWO)))
    rig.doors[ONE] = asyncio.Event()
    first = asyncio.create_task(rig.work(ONE))
    await let_others_run(2)
    assert rig.marks.against == {ONE: 0, TWO: 0}
    second = asyncio.create_task(rig.work(TWO))
    await let_others_run(2)
    assert [ref for _, ref in rig.told] == [ONE]
    rig.doors[ONE].set()
    await asyncio.gather(first, second)
    assert (rig.marks.against, rig.clock.slept) == ({}, [30, 30])


async def test_what_may_have_ended_another_machines_program_is_tried_alone() -> None:
    """Nothing counts against it here."""
    rig = Rig(Marks(others={ONE: ["there"]}))
    await rig.work(ONE)
    assert (rig.clock.slept, rig.told) == ([30], [("tried attempt-1", ONE)])


async def test_what_another_machine_had_begun_to_write_is_taken_over_at_once() -> None:
    """Reads decide, and no removal waits for others."""
    rig = Rig(Marks(others={ONE: ["there"]}), {ONE: [{"what": "intent", "attempt": "there"}]})
    await rig.work(ONE)
    assert rig.clock.slept == []


async def test_a_lonely_death_counts() -> None:
    """One, and it is tried once more."""
    rig = Rig(Marks(died(ONE)))
    rig.ends[ONE] = Result(ONE, "failed", OPEN, guard="G9")
    await rig.work(ONE)
    assert rig.marks.against == {ONE: 1}
    assert rig.told == [("tried attempt-1", ONE)]


async def test_a_lonely_death_after_a_record_of_that_try_does_not_count() -> None:
    """What it had begun is decided by reads."""
    rig = Rig(Marks(died(ONE)), {ONE: [{"what": "intent", "attempt": f"dead-{ONE}"}]})
    rig.ends[ONE] = Result(ONE, "failed", OPEN, guard="G9")
    await rig.work(ONE)
    assert rig.marks.against == {ONE: 0}


async def test_records_of_other_tries_do_not_excuse_a_death() -> None:
    """That try wrote none."""
    rig = Rig(Marks(died(ONE)), {ONE: [{"what": "result", "attempt": "another"}]})
    rig.ends[ONE] = Result(ONE, "failed", OPEN, guard="G9")
    await rig.work(ONE)
    assert rig.marks.against == {ONE: 1}


async def test_two_lonely_deaths_hand_the_task_over() -> None:
    """Nothing of it is read again, and afterwards nothing counts against it."""
    rig = Rig(Marks(died(ONE), {ONE: 1}))
    await rig.work(ONE)
    assert rig.told == [("given up attempt-1 after 2", ONE)]
    assert rig.marks.against == {}


async def test_a_hand_over_that_does_not_come_about_leaves_what_counts() -> None:
    """A limit of guard G8, or an outage of the desk: else it would kill twice more before the next."""
    rig = Rig(Marks(against={ONE: 2}))
    rig.ends[ONE] = Result(ONE, "failed", OPEN, guard=None, outage=True)
    await rig.work(ONE)
    assert rig.marks.against == {ONE: 2}


@pytest.mark.parametrize(("deaths", "begins"), [(2, "tried"), (3, "given up")])
async def test_where_a_removal_was_asked_for_it_is_tried_once_more(deaths: int, begins: str) -> None:
    """Reads decide first."""
    rig = Rig(Marks(against={ONE: deaths}), {ONE: [{"what": "intent", "attempt": "another"}]})
    await rig.work(ONE)
    assert rig.told[0][0].startswith(begins)


async def test_a_removal_of_an_earlier_assignment_is_none_of_this_one() -> None:
    """It was handed over since."""
    rig = Rig(Marks(against={ONE: 2}), {ONE: [{"what": "intent"}, {"what": "handed-over"}]})
    await rig.work(ONE)
    assert rig.told[0][0].startswith("given up")


async def test_a_task_whose_hand_over_kills_too_is_left_alone() -> None:
    """Open for an hour, and nothing of it is touched."""
    rig = Rig(Marks(against={ONE: 5}))
    result = await rig.work(ONE)
    assert (result.ticket, result.exit_code, rig.told) == (OPEN, 4, [])
    assert result.not_before is not None
    assert "5 times in a row" in (result.reason or "")


@pytest.mark.parametrize(
    "end", [Result(ONE, "failed", OPEN), Result(ONE, "failed", OPEN, guard="G8"), ZeroDivisionError()]
)
async def test_a_try_that_ends_sets_the_count_to_nothing(end: Result | BaseException) -> None:
    """Left open, or by a bug: the program lives."""
    rig = Rig(Marks(against={ONE: 1}))
    rig.ends[ONE] = end
    await asyncio.gather(rig.work(ONE), return_exceptions=True)
    assert rig.marks.against == {}


async def test_a_try_that_is_cancelled_clears_nothing_and_leaves_no_mark() -> None:
    """Ctrl-C says nothing about the task."""
    rig = Rig(Marks(against={ONE: 1}))
    rig.doors[ONE] = asyncio.Event()
    work = asyncio.create_task(rig.work(ONE))
    await let_others_run(2)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert (rig.marks.against, rig.marks.under_way) == ({ONE: 1}, {})


async def test_a_stop_takes_all_marks_away_at_once_and_clears_nothing() -> None:
    """The kill that may follow is no task's fault."""
    rig = Rig(Marks(against={ONE: 1}))
    rig.doors[ONE] = asyncio.Event()
    rig.ends[ONE] = Result(ONE, "failed", OPEN, outage=True)
    async with rig.work.watching():
        work = asyncio.create_task(rig.work(ONE))
        await let_others_run(2)
        assert list(rig.marks.under_way.values()) == [ONE]
        rig.slots.stop()
        await let_others_run(2)
        assert rig.marks.under_way == {}
        rig.doors[ONE].set()
        await work
    assert rig.marks.against == {ONE: 1}


async def test_a_start_looks_first_at_what_was_left_behind() -> None:
    """Before any task is tried."""
    rig = Rig(Marks(died(ONE, TWO)))
    async with rig.work.watching():
        assert rig.marks.left == []
    assert rig.marks.against == {ONE: 0, TWO: 0}


async def test_without_usable_marks_the_work_goes_on() -> None:
    """They only say what to be careful with."""
    rig = Rig(Marks(away=True))
    async with rig.work.watching():
        result = await rig.work(ONE)
    assert result.ticket is CLOSED


@pytest.mark.parametrize(
    ("deaths", "asked", "over"), [(1, False, False), (2, False, True), (2, True, False), (3, True, True)]
)
def test_how_many_deaths_are_too_many(deaths: int, asked: bool, over: bool) -> None:
    """Two; three where a removal was asked for."""
    assert hands_over(deaths, asked=asked) is over
