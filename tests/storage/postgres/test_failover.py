"""Two real servers: sessions on one that may not be written are thrown away, and work goes on at the one that was promoted."""

import asyncio
import time
from collections.abc import Callable, Generator

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.errors import Outage
from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare

MINE = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'spentkey' AND datname = current_database() ORDER BY 1"
)
FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"


@pytest.fixture
def pair() -> Generator[tuple[RealPostgres, RealPostgres]]:
    """A primary and a standby that follows it."""
    primary = RealPostgres()
    standby = primary.standby()
    while primary.rows(primary.url("postgres"), FOLLOWS) != [(1,)]:
        pass
    yield primary, standby
    for server in (primary, standby):
        server.stop()


async def until(so: Callable[[], bool]) -> None:
    """Let the others go on until something is so."""
    async with asyncio.timeout(60):
        while not so():
            await asyncio.to_thread(lambda: None)


def at_both(first: RealPostgres, second: RealPostgres, name: str) -> str:
    """One address with both hosts."""
    return f"postgresql://postgres@/{name}?host={first.folder},{second.folder}"


async def test_sessions_on_a_read_only_server_are_thrown_away_with_the_pool(
    database: str, postgres: RealPostgres
) -> None:
    """A demoted server takes questions and no records: nothing of the pool is used again, and the next try is a new session."""
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    async with opened(Secret(database)) as connections:
        await connections.rows("CREATE TABLE kept (n int)")
        await asyncio.gather(*(connections.rows("SELECT pg_sleep(0.2)") for _ in range(4)))
        before = {pid for (pid,) in postgres.rows(database, MINE)}
        async with connections.pool.connection() as one:
            await one.execute("SET default_transaction_read_only = on")  # as where a reload demotes it
        refused = 0
        while refused == 0:
            results = await asyncio.gather(
                *(connections.rows("INSERT INTO kept VALUES (1)") for _ in range(len(before))), return_exceptions=True
            )
            refused = sum(isinstance(one, Outage) for one in results)
            assert [str(one) for one in results if not isinstance(one, Outage | list)] == []
        await connections.rows("INSERT INTO kept VALUES (2)")
        after = {pid for (pid,) in postgres.rows(database, MINE)}
        assert (refused, len(before) > 1, before & after, name != "") == (1, True, set(), True)


async def test_a_read_only_server_is_named_as_what_it_is(database: str, postgres: RealPostgres) -> None:
    """It is no missing right, which nobody could grant."""
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    async with opened(Secret(database)) as connections:
        await prepare(connections)
    postgres.rows(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with opened(Secret(database)) as connections:
        with pytest.raises(Outage, match="read-only: a standby, or a server that was demoted"):
            await PostgresEvidence(connections, ManualClock()).append("step", {"task": 1})


async def test_with_both_hosts_in_the_address_the_standby_is_passed_over(
    pair: tuple[RealPostgres, RealPostgres],
) -> None:
    """Even if it stands first."""
    primary, standby = pair
    async with opened(Secret(at_both(standby, primary, "postgres"))) as connections:
        assert await connections.rows("SELECT pg_is_in_recovery()") == [(False,)]


async def test_no_server_that_can_be_written_is_an_outage(pair: tuple[RealPostgres, RealPostgres]) -> None:
    """While nobody has promoted the standby."""
    primary, standby = pair
    primary.control("stop", "-m", "immediate")
    with pytest.raises(Outage, match="does not answer"):
        async with opened(Secret(at_both(primary, standby, "postgres")), 1.0):
            pass
    primary.control("start")


async def test_work_goes_on_within_ten_seconds_of_a_promotion_and_no_record_is_lost(
    pair: tuple[RealPostgres, RealPostgres],
) -> None:
    """Commits wait for the standby; under load of eight workers the primary is killed, and the standby promoted."""
    primary, standby = pair
    primary.set("synchronous_standby_names", "standby")
    done, refused, stop = list[int](), list[Outage](), asyncio.Event()
    async with opened(Secret(at_both(primary, standby, "postgres"))) as connections:
        await prepare(connections)
        log = PostgresEvidence(connections, ManualClock())
        workers = [asyncio.create_task(_work(log, number, done, refused, stop)) for number in range(8)]
        await until(lambda: len(done) >= 50)
        await asyncio.to_thread(primary.control, "stop", "-m", "immediate")
        before = len(done)
        await until(lambda: len(refused) >= 16)  # each has waited in vain for a new session
        await asyncio.to_thread(standby.rows, standby.url("postgres"), "ALTER SYSTEM RESET synchronous_standby_names")
        await asyncio.to_thread(standby.control, "promote")
        began = time.monotonic()
        await until(lambda: len(done) >= before + 50)
        took = time.monotonic() - began
        stop.set()
        await asyncio.gather(*workers)
        assert await log.verify() >= len(done)
    lines = standby.rows(standby.url("postgres"), "SELECT task FROM spentkey_evidence")
    assert (took < 10, set(done) <= {task for (task,) in lines}) == (True, True)
    primary.control("start")


async def _work(
    log: PostgresEvidence, number: int, done: list[int], refused: list[Outage], stop: asyncio.Event
) -> None:
    """Put records on record until told to stop; what was acknowledged is done."""
    count = 0
    while not stop.is_set():
        count += 1
        try:
            await log.append("step", {"task": number * 1_000_000 + count})
        except Outage as problem:
            refused.append(problem)
            continue
        done.append(number * 1_000_000 + count)


async def test_a_commit_waits_for_the_standby_whatever_the_database_says(database: str, postgres: RealPostgres) -> None:
    """`local` and `remote_write` acknowledge what a promoted standby may not have; `remote_apply` may stay."""
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    found = list[str]()
    for value in ("local", "remote_write", "remote_apply"):
        postgres.rows(database, f"ALTER DATABASE {name} SET synchronous_commit = {value}")
        async with opened(Secret(database)) as connections:
            found += [str(one) for (one,) in await connections.rows("SELECT current_setting('synchronous_commit')")]
    assert found == ["on", "on", "remote_apply"]
