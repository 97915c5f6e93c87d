"""Guard G9 on several machines: leases that end, claims that are never given twice, and no write without a permit."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.errors import Busy, Outage, Who
from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.ports.fencing import check_fence, fencing_tokens
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.locks import LeaseLocks
from spentkey.storage.postgres.schema import prepare
from spentkey.system import SystemClock

APP, TASK, TAKE_OVER_S = "22222222-2222-4222-8222-222222222222", TaskRef("40021"), 30.0
Worker = Callable[..., Awaitable[LeaseLocks]]


@pytest.fixture
async def worker(database: str) -> AsyncGenerator[Worker]:
    """Makes workers that share a database, each with connections of its own."""
    async with AsyncExitStack() as stack:

        async def make(
            clock: ManualClock | None = None, patience_s: float = 2.0, take_over_s: float = TAKE_OVER_S
        ) -> LeaseLocks:
            connections: Postgres = await stack.enter_async_context(opened(Secret(database)))
            await prepare(connections)
            return LeaseLocks(connections, clock or ManualClock(), "a worker", take_over_s, 5.0, patience_s)

        yield make


@pytest.fixture
def lapse(database: str, postgres: RealPostgres) -> Callable[[], None]:
    """Lets every lease end, as when its holder has been away for too long."""

    def now() -> None:
        postgres.rows(database, "UPDATE spentkey_claims SET until = clock_timestamp() - interval '1 minute'")

    return now


async def test_a_task_that_another_worker_holds_is_waited_for(worker: Worker) -> None:
    """Then it is busy, which blames nobody, so that the task stays open."""
    one, clock = await worker(), ManualClock()
    other = await worker(clock)
    async with one.task(TASK):
        with pytest.raises(Busy, match="another worker has been working on task 40021 for") as busy:
            async with other.task(TASK):
                pass
        async with other.task(TaskRef("40022")), other.application(APP):
            pass
    assert (busy.value.who, sum(clock.slept) >= 2) == (Who.NOBODY, True)


async def test_a_turn_that_was_given_back_is_had_at_once(worker: Worker) -> None:
    """Nobody waits for the end of the lease."""
    one, clock = await worker(), ManualClock()
    other = await worker(clock)
    async with one.task(TASK):
        pass
    async with other.task(TASK):
        assert clock.slept == []


async def test_writes_to_one_application_are_spaced_across_workers(worker: Worker) -> None:
    """The first writer of all does not wait; the next waits for what is left of five seconds."""
    one_clock, other_clock = ManualClock(), ManualClock()
    one, other = await worker(one_clock), await worker(other_clock)
    async with one.application(APP):
        pass
    async with other.application(APP):
        pass
    (pause,) = other_clock.slept
    assert (one_clock.slept, 3 < pause <= 5) == ([], True)


async def test_a_lease_that_ended_is_taken_over(worker: Worker, lapse: Callable[[], None]) -> None:
    """The worker that comes back may not write any more, and does not disturb the one that took over."""
    one, other = await worker(), await worker()
    async with one.task(TASK):
        before = fencing_tokens()
        lapse()
        async with other.task(TASK):
            after = fencing_tokens()
        with pytest.raises(Busy, match="another worker has taken over"):
            await check_fence()
    assert (len(before), len(after), before != after) == (1, 2, True)


async def test_a_permit_is_given_to_who_holds_every_turn(worker: Worker) -> None:
    """Task and application; outside of turns there is nothing to ask."""
    one = await worker()
    await check_fence()
    async with one.task(TASK), one.application(APP):
        await check_fence()
        assert len(fencing_tokens()) == 2
    await check_fence()
    assert fencing_tokens() == ()


async def test_no_permit_when_only_the_application_was_taken_over(
    worker: Worker, database: str, postgres: RealPostgres
) -> None:
    """Somebody may be writing to it for another task."""
    one, other = await worker(), await worker()
    async with one.task(TASK), one.application(APP):
        name = (
            "UPDATE spentkey_claims SET until = clock_timestamp() - interval '1 minute' WHERE name LIKE 'application%'"
        )
        postgres.rows(database, name)
        async with other.application(APP):
            pass
        with pytest.raises(Busy):
            await check_fence()


async def test_a_lease_that_ended_and_was_not_taken_over_still_holds(worker: Worker, lapse: Callable[[], None]) -> None:
    """Asking makes it last again."""
    one, other = await worker(), await worker(patience_s=0.0)
    async with one.task(TASK):
        lapse()
        await check_fence()
        with pytest.raises(Busy):
            async with other.task(TASK):
                pass


class SlowClock(ManualClock):
    """A clock by which much time passes between two looks at it, as for a process that was stopped in between."""

    def monotonic(self) -> float:
        """Each look is twelve seconds after the last."""
        self._passed += 12
        return super().monotonic()


async def test_an_answer_that_is_old_is_no_permit(worker: Worker) -> None:
    """Stopped between the question and the write, a worker cannot know whether it still holds what it held."""
    one = await worker(SlowClock())
    async with one.task(TASK):
        with pytest.raises(Busy, match="held up for so long"):
            await check_fence()


async def test_numbers_are_never_given_twice(worker: Worker, database: str, postgres: RealPostgres) -> None:
    """Not even when the row of a task was cleared away meanwhile."""
    one, seen = await worker(), list[int]()
    for _ in range(3):
        async with one.task(TASK):
            seen += fencing_tokens()
        postgres.rows(database, "DELETE FROM spentkey_claims")
    assert len(set(seen)) == 3


async def test_a_database_that_is_away_gives_no_turn_and_no_permit(database: str, postgres: RealPostgres) -> None:
    """An outage, and the task stays open."""
    async with opened(Secret(database)) as connections:
        await prepare(connections)
        leases = LeaseLocks(connections, SystemClock(), "a worker", TAKE_OVER_S, 5.0, 2.0)
        async with leases.task(TASK):
            await connections.pool.close()
            with pytest.raises(Outage, match="PostgreSQL does not answer"):
                await check_fence()
        with pytest.raises(Outage):
            async with leases.task(TASK):
                pass


async def test_a_number_that_a_failover_lost_is_not_given_again(
    worker: Worker, database: str, postgres: RealPostgres
) -> None:
    """A standby that was behind knows neither the lease nor how far the numbers had got: its next holder has another one."""
    one, other = await worker(), await worker()
    ((last, called),) = postgres.rows(database, "SELECT last_value, is_called FROM spentkey_claim")
    taken, ends = asyncio.Event(), asyncio.Event()

    async def takes_it() -> None:
        async with other.task(TASK):
            taken.set()
            await ends.wait()

    async with one.task(TASK):
        await check_fence()
        postgres.rows(database, "DELETE FROM spentkey_claims")
        postgres.rows(database, "SELECT setval('spentkey_claim', %s, %s)", last, called)
        holder = asyncio.create_task(takes_it(), context=contextvars.Context())
        await taken.wait()
        with pytest.raises(Busy, match="another worker has taken over"):
            await check_fence()
        ends.set()
        await holder
