"""A pace whose numbers stand in PostgreSQL: all who share the database share it, on whatever machine they are."""

import asyncio

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.errors import Outage
from spentkey.core.secret import Secret
from spentkey.http.rate_limit import RateLimiter
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.rates import SharedRates
from spentkey.storage.postgres.schema import prepare


@pytest.fixture
async def url(postgres: RealPostgres) -> Secret:
    """A database with our tables."""
    made = Secret(postgres.database())
    async with opened(made) as database:
        await prepare(database)
    return made


def limiter(database: Postgres, clock: ManualClock, name: str = "writes") -> RateLimiter:
    """Ten units in a hundred seconds, two at once."""
    return RateLimiter(name, 10, 100.0, 2, SharedRates(database), clock)


async def test_two_processes_get_together_what_one_would_get(url: Secret) -> None:
    """Places in time are given one after the other, whoever asks."""
    clocks = ManualClock(), ManualClock()
    async with opened(url) as here, opened(url) as there:
        both = [limiter(here, clocks[0]), limiter(there, clocks[1])]
        for number in range(6):
            await both[number % 2].take()
    waits = sorted(wait for clock in clocks for wait in clock.slept)
    assert [round(wait / 10) * 10 for wait in waits] == [10, 20, 30, 40]


async def test_those_who_ask_at_the_same_time_get_different_places(url: Secret) -> None:
    """The row is locked for one step."""
    clock = ManualClock()
    async with opened(url) as database:
        await asyncio.gather(*(limiter(database, clock).take() for _ in range(8)))
    assert sorted(round(wait / 10) * 10 for wait in clock.slept) == [10, 20, 30, 40, 50, 60]


async def test_another_name_is_another_row(url: Secret) -> None:
    """A tenant does not wait for the other."""
    clock = ManualClock()
    async with opened(url) as database:
        for _ in range(4):
            await limiter(database, clock).take()
        before = len(clock.slept)
        await limiter(database, clock, "other").take()
    assert before == len(clock.slept)


async def test_what_cannot_be_had_now_costs_nothing(url: Secret) -> None:
    """Refused units leave the row as it was."""
    clock = ManualClock()
    async with opened(url) as database:
        one = limiter(database, clock)
        assert [await one.take_now() for _ in range(4)] == [True, True, False, False]
        await one.take()
    assert [round(wait / 10) * 10 for wait in clock.slept] == [10]


async def test_a_database_that_is_away_is_an_outage(postgres: RealPostgres) -> None:
    """The task is left open, as for every system that is away."""
    clock = ManualClock()
    async with opened(Secret(postgres.database())) as database:
        await database.pool.close()
        with pytest.raises(Outage, match="PostgreSQL does not answer"):
            await limiter(database, clock).take()
    assert clock.slept == []
