"""The marks of tries under way, in both stores: what a death leaves, and what is none."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.ports.try_marks import TryMark, TryMarks
from spentkey.storage.files.living import Living
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.postgres.try_marks import PostgresTryMarks
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.try_marks import SqliteTryMarks
from spentkey.system import this_process_in_its_namespace

ONE, TWO = TaskRef("40021"), TaskRef("SCTASK0010001")
BOOT, NEXT_BOOT = "boot-1 1000", "boot-2 90000"
NAMESPACE = this_process_in_its_namespace().partition(" ")[0]
DEAD = f"{NAMESPACE} 1999999999 1"
"""A process of this machine whose number nobody has."""


@dataclass
class Machine:
    """Makes the marks of processes, living and dead, that share a store."""

    kind: str
    folder: Path
    database: str
    stack: AsyncExitStack
    clock: ManualClock = field(default_factory=ManualClock)
    count: int = 0

    async def process(self, *, dead: bool = False, boot: str = BOOT, host: str = "here") -> TryMarks:
        """One process; a dead one is dead already when it marks something, as far as others can see."""
        self.count += 1
        if self.kind == "postgres":
            database = await self.stack.enter_async_context(opened(Secret(self.database)))
            await prepare(database)
            process = DEAD + str(self.count) if dead else this_process_in_its_namespace()
            return PostgresTryMarks(database, f"{host}/{self.count}", process, boot, 30.0)
        evidence = SqliteEvidence(self.folder, self.clock)
        evidence.open()
        self.stack.callback(evidence.close)
        name = f"process-{self.count}"
        living = Dying(self.folder, name) if dead else None  # its lock is free already
        marks = SqliteTryMarks(self.folder, self.clock, name, boot, living)
        self.stack.callback(marks.close)
        return marks


class Dying(Living):
    """The lock of a process that has died."""

    def hold(self) -> None:
        """Nobody holds it."""


@pytest.fixture(params=["sqlite", "postgres"])
async def machine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Machine]:
    """One machine and its store."""
    postgres: Callable[[], RealPostgres] = lambda: request.getfixturevalue("postgres")  # noqa: E731
    database = postgres().database() if request.param == "postgres" else ""
    async with _stack() as stack:
        yield Machine(request.param, tmp_path / "state", database, stack)


@asynccontextmanager
async def _stack() -> AsyncGenerator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def settled(marks: TryMarks, *, counts: bool = True) -> list[TryMark]:
    """Settle everything that was left behind."""
    left = list(await marks.left_behind())
    for mark in left:
        await marks.settle(mark, counts=counts)
    return left


async def test_what_a_dead_process_was_working_on_is_found(machine: Machine) -> None:
    """And that it was the only try."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    assert list(await living.left_behind()) == [TryMark(ONE, "a", alone=True)]


async def test_tries_beside_one_another_are_not_alone(machine: Machine) -> None:
    """Two at the time of the death."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await dead.begin(TWO, "b")
    found = sorted(await living.left_behind(), key=lambda mark: mark.attempt)
    assert found == [TryMark(ONE, "a", alone=False), TryMark(TWO, "b", alone=False)]


async def test_a_try_whose_neighbour_has_ended_is_alone(machine: Machine) -> None:
    """What counts is the moment of the death."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await dead.begin(TWO, "b")
    await dead.end(ONE, "a", cleared=True)
    assert list(await living.left_behind()) == [TryMark(TWO, "b", alone=True)]


async def test_tries_of_other_processes_leave_a_try_alone(machine: Machine) -> None:
    """Alone in its own process: the other one did not die."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await living.begin(TWO, "b")
    assert list(await living.left_behind()) == [TryMark(ONE, "a", alone=True)]


async def test_a_try_that_ended_leaves_nothing(machine: Machine) -> None:
    """The process died later."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await dead.end(ONE, "a", cleared=True)
    assert list(await living.left_behind()) == []
    assert await living.deaths(ONE) is None


async def test_a_process_that_was_told_to_stop_leaves_nothing(machine: Machine) -> None:
    """However it ended then."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await dead.end_all()
    assert list(await living.left_behind()) == []


async def test_a_living_process_has_left_nothing_behind(machine: Machine) -> None:
    """It is at work; and nobody counts against its task."""
    one, other = await machine.process(), await machine.process(boot=BOOT)
    await one.begin(ONE, "a")
    assert list(await other.left_behind()) == []


async def test_what_was_under_way_before_a_reboot_is_forgotten(machine: Machine) -> None:
    """A machine that is started anew says nothing about the tasks."""
    dead, living = await machine.process(dead=True), await machine.process(boot=NEXT_BOOT)
    await dead.begin(ONE, "a")
    assert list(await living.left_behind()) == []
    assert await living.deaths(ONE) is None


async def test_deaths_are_counted_up(machine: Machine) -> None:
    """A suspect that nothing counts against, then one, then two."""
    living = await machine.process()
    for counts, expected in ((False, 0), (True, 1), (True, 2), (False, 2)):
        dead = await machine.process(dead=True)
        await dead.begin(ONE, f"attempt-{machine.count}")
        await settled(living, counts=counts)
        assert await living.deaths(ONE) == expected
    assert await living.deaths(TWO) is None


async def test_a_death_is_counted_once_by_whomever(machine: Machine) -> None:
    """Two processes find the same mark."""
    dead, one, other = await machine.process(dead=True), await machine.process(), await machine.process()
    await dead.begin(ONE, "a")
    (mark,) = await one.left_behind()
    assert list(await other.left_behind()) == [mark]
    await one.settle(mark, counts=True)
    await other.settle(mark, counts=True)
    assert await one.deaths(ONE) == 1


async def test_a_try_that_ends_clears_its_task(machine: Machine) -> None:
    """The next death begins at one again."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await settled(living)
    await living.begin(ONE, "b")
    await living.end(ONE, "b", cleared=True)
    assert await living.deaths(ONE) is None


async def test_a_try_that_was_broken_off_clears_nothing(machine: Machine) -> None:
    """A stop says nothing about the task."""
    dead, living = await machine.process(dead=True), await machine.process()
    await dead.begin(ONE, "a")
    await settled(living)
    await living.begin(ONE, "b")
    await living.end(ONE, "b", cleared=False)
    assert await living.deaths(ONE) == 1


async def test_on_one_machine_a_suspect_is_forgotten_after_a_day(tmp_path: Path) -> None:
    """Whatever it was, it is tried like any other again."""
    async with _stack() as stack:
        machine = Machine("sqlite", tmp_path / "state", "", stack)
        dead, living = await machine.process(dead=True), await machine.process()
        await dead.begin(ONE, "a")
        await settled(living)
        await machine.clock.sleep(timedelta(days=1, seconds=1).total_seconds())
        assert await living.deaths(ONE) is None
        again = await machine.process(dead=True)
        await again.begin(ONE, "b")
        await settled(living)
        assert await living.deaths(ONE) == 1


async def test_what_another_machine_left_is_told_and_nothing_counts_yet(tmp_path: Path, postgres: RealPostgres) -> None:
    """It may have died or be cut off: that is for its own machine to say, when it is back."""
    async with _stack() as stack:
        machine = Machine("postgres", tmp_path, postgres.database(), stack)
        there, here = await machine.process(dead=True, host="there"), await machine.process()
        await there.begin(ONE, "a")
        assert list(await here.left_behind()) == []
        assert (await here.deaths(ONE), await here.elsewhere(ONE)) == (None, ["a"])
        back = await machine.process(host="there")
        assert await settled(back) == [TryMark(ONE, "a", alone=True)]
        assert await here.deaths(ONE) == 1


async def test_what_another_machine_left_is_cleared_by_a_try_that_ends(tmp_path: Path, postgres: RealPostgres) -> None:
    """Its own machine finds nothing to count then."""
    async with _stack() as stack:
        machine = Machine("postgres", tmp_path, postgres.database(), stack)
        there, here = await machine.process(dead=True, host="there"), await machine.process()
        await there.begin(ONE, "a")
        await here.begin(ONE, "b")
        await here.end(ONE, "b", cleared=True)
        assert (await here.deaths(ONE), await here.elsewhere(ONE)) == (None, [])
        assert list(await (await machine.process(host="there")).left_behind()) == []


@pytest.mark.parametrize(("until_s", "expected"), [(25, []), (5, ["a"]), (-5, ["a"])])
async def test_a_task_whose_lease_is_renewed_elsewhere_is_no_suspect(
    tmp_path: Path, postgres: RealPostgres, until_s: int, expected: list[str]
) -> None:
    """Somebody is at work on it; one that is not renewed for two thirds of the take-over time, of 30 s, may be dead."""
    async with _stack() as stack:
        machine = Machine("postgres", tmp_path, postgres.database(), stack)
        there, here = await machine.process(dead=True, host="there"), await machine.process()
        await there.begin(ONE, "a")
        postgres.rows(
            machine.database,
            "INSERT INTO spentkey_claims (name, claim, holder, until)"
            " VALUES (%s, 1, 'there/1', clock_timestamp() + %s * interval '1 s')",
            f"task {ONE}",
            until_s,
        )
        assert await here.elsewhere(ONE) == expected


@pytest.mark.parametrize(("until_s", "found"), [(20, []), (-1, [TryMark(ONE, "a", alone=True)])])
async def test_a_process_of_another_container_has_died_when_its_lease_has_lapsed(
    tmp_path: Path, postgres: RealPostgres, until_s: int, found: list[TryMark]
) -> None:
    """The container's host name stays when it is started again, and its processes cannot be seen from the new one."""
    async with _stack() as stack:
        machine = Machine("postgres", tmp_path, postgres.database(), stack)
        database = await stack.enter_async_context(opened(Secret(machine.database)))
        await prepare(database)
        before = PostgresTryMarks(database, "container/1", "pid:[1] 1 500", BOOT, 30.0)
        now = PostgresTryMarks(database, "container/1", this_process_in_its_namespace(), BOOT, 30.0)
        await before.begin(ONE, "a")
        postgres.rows(
            machine.database,
            "INSERT INTO spentkey_claims (name, claim, holder, until)"
            " VALUES (%s, 1, 'container/1', clock_timestamp() + %s * interval '1 s')",
            f"task {ONE}",
            until_s,
        )
        assert list(await now.left_behind()) == found
