"""Connections to PostgreSQL that are looked at before they are used, and transactions that go out with what they begin with."""

import psycopg
import pytest

from real_postgres import RealPostgres
from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.secret import Secret
from spentkey.transport.postgres import Postgres, opened

LEFT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spentkey'"
ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spentkey'"


async def test_a_connection_that_was_cut_is_not_used(database: str, postgres: RealPostgres) -> None:
    """The server closed every connection while nobody used it; whoever comes next notices nothing."""
    async with opened(Secret(database)) as connections:
        assert await connections.rows("SELECT 1") == [(1,)]
        postgres.rows(database, ENDED)
        while postgres.rows(database, LEFT) != [(0,)]:
            pass
        assert await connections.rows("SELECT 2") == [(2,)]


async def test_a_connection_that_is_well_is_asked_nothing(database: str, postgres: RealPostgres) -> None:
    """The last statement of the connection is ours, not a question whether it lives."""
    last = "SELECT query FROM pg_stat_activity WHERE application_name = 'spentkey' AND query LIKE 'SELECT 7%%'"
    async with opened(Secret(database)) as connections:
        for _ in range(3):
            await connections.rows("SELECT 7")
        assert postgres.rows(database, last) == [("SELECT 7",)]


async def test_statements_go_out_with_the_beginning(database: str) -> None:
    """Each statement's rows come back, and what is committed stays."""
    async with opened(Secret(database)) as connections:
        await connections.rows("CREATE TABLE kept (n int)")
        async with connections.begun(
            "SELECT %(a)s + 1; SET LOCAL synchronous_commit TO off; SELECT 'b'", {"a": 1}
        ) as one:
            assert await one.results() == [[(2,)], [], [("b",)]]
            await one.commit("INSERT INTO kept VALUES (%s)", (5,))
        assert await connections.rows("SELECT n FROM kept") == [(5,)]


async def test_what_is_not_committed_is_undone(database: str) -> None:
    """A block that ends without a commit, by an error or not, leaves nothing behind."""
    async with opened(Secret(database)) as connections:
        await connections.rows("CREATE TABLE kept (n int)")
        async with connections.begun("INSERT INTO kept VALUES (1)", {}):
            pass
        with pytest.raises(RuntimeError):
            async with connections.begun("INSERT INTO kept VALUES (2)", {}):
                raise RuntimeError
        assert await connections.rows("SELECT n FROM kept") == []


async def test_a_commit_that_is_refused_commits_nothing(database: str) -> None:
    """The last statements stand or fall together, and the connection is good for the next."""
    async with opened(Secret(database)) as connections:
        await connections.rows("CREATE TABLE kept (n int PRIMARY KEY)")
        with pytest.raises(EvidenceBroken):
            async with connections.begun("INSERT INTO kept VALUES (1)", {}) as begun:
                await begun.commit("INSERT INTO kept VALUES (%s), (%s)", (2, 2))
        assert await connections.rows("SELECT n FROM kept") == []


async def test_a_server_that_cuts_a_transaction_is_an_outage(database: str, postgres: RealPostgres) -> None:
    """What was begun is gone with the connection, and somebody may try again."""
    async with opened(Secret(database)) as connections:
        await connections.rows("CREATE TABLE kept (n int)")
        with pytest.raises(Outage):
            await _cut_before_the_commit(connections, database, postgres)
        assert await connections.rows("SELECT n FROM kept") == []


async def _cut_before_the_commit(connections: Postgres, database: str, postgres: RealPostgres) -> None:
    async with connections.begun("INSERT INTO kept VALUES (1)", {}) as begun:
        postgres.rows(database, ENDED)
        await begun.commit("INSERT INTO kept VALUES (%s)", (2,))


async def test_values_are_quoted(database: str) -> None:
    """Whatever a text holds, it comes back as it was."""
    text = "'; DROP TABLE kept; -- \\ %s \N{EURO SIGN}"
    async with opened(Secret(database)) as connections:
        await connections.rows("CREATE TABLE kept (t text)")
        async with connections.begun("SELECT 1", {}) as begun:
            await begun.commit("INSERT INTO kept VALUES (%s)", (text,))
        assert await connections.rows("SELECT t FROM kept") == [(text,)]


def test_the_driver_quotes_as_the_server_reads(database: str) -> None:
    """Both speak of standard strings, which the quoting of a text depends on."""
    with psycopg.connect(database) as connection:
        assert connection.info.parameter_status("standard_conforming_strings") == "on"
