"""Connections to PostgreSQL that are looked at before they are used, and transactions that go out with what they begin with."""

from typing import LiteralString

import psycopg
import pytest
from psycopg import pq
from real_postgres import RealPostgres

from spentkey.core.errors import EvidenceBroken, Misconfigured, Outage
from spentkey.core.secret import Secret
from spentkey.storage.postgres.address import LEFT_OUT
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.holders import APPENDING, LOCK, OFFERING
from spentkey.storage.postgres.schema import prepare

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


async def test_who_stands_still_in_a_transaction_keeps_nobody_waiting(database: str) -> None:
    """A process that is stopped between two statements loses its locks, and its commit is refused when it goes on."""
    async with opened(Secret(database), still_s=1) as stopped, opened(Secret(database)) as other:
        await other.rows("CREATE TABLE kept (n int)")
        with pytest.raises(Outage):
            await _stand_still(stopped, other)
        assert await other.rows("SELECT n FROM kept") == []


async def _stand_still(stopped: Postgres, other: Postgres) -> None:
    async with stopped.begun("SELECT pg_advisory_xact_lock(7)", {}) as begun:
        await other.rows("SELECT pg_advisory_lock(7)")
        await begun.commit("INSERT INTO kept VALUES (%s)", (1,))


@pytest.mark.parametrize(("about", "given"), {"": "60000", "tcp_user_timeout=5000": "5000"}.items())
async def test_a_network_that_swallows_everything_is_noticed(database: str, about: str, given: str) -> None:
    """Within a minute, unless the URL says otherwise."""
    url = f"{database}{'&' if '?' in database else '?'}{about}"
    async with opened(Secret(url)) as connections, connections.pool.connection() as one:
        assert one.info.get_parameters()["tcp_user_timeout"] == given


VARIABLES = [
    one.envvar.decode()
    for one in pq.Conninfo.get_defaults()
    if one.envvar is not None and one.keyword.decode() not in LEFT_OUT
]
SEEN = "SELECT current_user, current_database(), current_setting('DateStyle'), current_setting('TimeZone')"


@pytest.mark.parametrize("variable", [*VARIABLES, "PGDATESTYLE", "PGTZ", "PGREQUIRESSL"])
async def test_no_variable_of_the_environment_counts(
    database: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Whoever sets one for the process chooses neither the server nor whom to believe, nor how a time is read."""
    async with opened(Secret(database)) as connections, connections.pool.connection() as one:
        before = one.info.get_parameters(), await (await one.execute(SEEN)).fetchall()
    monkeypatch.setenv(variable, {"PGTZ": "Asia/Tokyo", "PGREQUIRESSL": "1"}.get(variable, "german"))
    async with opened(Secret(database)) as connections, connections.pool.connection() as one:
        assert (one.info.get_parameters(), await (await one.execute(SEEN)).fetchall()) == before


async def test_a_service_is_refused(database: str) -> None:
    """Its file may say anything."""
    with pytest.raises(Misconfigured, match="names a service"):
        async with opened(Secret(f"{database}&service=other")):
            pass


@pytest.mark.parametrize("url", ["postgresql://canary:canary@[::1/x", "postgresql://canary@host/x?nonsense=1"])
async def test_what_the_driver_cannot_read_is_said_without_quoting_it(url: str) -> None:
    """It is the operator's to mend, and it holds a password."""
    with pytest.raises(Misconfigured, match="cannot read this address") as refused:
        async with opened(Secret(url)):
            pass
    assert "canary" not in str(refused.value)


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


@pytest.mark.parametrize(
    ("lock", "ours"),
    [
        (f"{LOCK}", "SELECT pg_advisory_xact_lock(1397771009)"),
        (f"{APPENDING}", "SELECT pg_advisory_xact_lock(1397771010)"),
        (f"{OFFERING}, 40021", "SELECT pg_advisory_xact_lock(19203, 40021)"),
    ],
)
async def test_a_stranger_that_holds_a_lock_of_ours_is_named(
    database: str, postgres: RealPostgres, lock: str, ours: LiteralString
) -> None:
    """By the name that it gives itself, made fit to be shown, its role and its process; it is waited for as for anybody."""
    async with opened(Secret(database), locked_s=0.2) as connections:
        with postgres.connect(f"{database}&application_name=[spentkey%20backup") as stranger:
            stranger.execute(f"SELECT pg_advisory_lock({lock})".encode())
            pid = stranger.info.backend_pid
            with pytest.raises(
                Outage, match=rf"waited for 0\.2 s; it is held by \(spentkey backup \(role postgres, pid {pid}\)"
            ):
                async with connections.begun(ours, {}):
                    pass
            assert await connections.holders() == [f"(spentkey backup (role postgres, pid {pid})"]
        while await connections.holders():  # the server ends that session in its own time
            pass


async def test_one_of_ours_that_holds_a_lock_is_no_stranger(database: str) -> None:
    """It is named all the same where it is waited for."""
    async with (
        opened(Secret(database)) as one,
        opened(Secret(database), locked_s=0.2) as other,
        one.transaction() as connection,
    ):
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        assert await other.holders() == []
        with pytest.raises(Outage, match="it is held by spentkey "):
            await prepare(other)


async def test_a_lock_on_rows_names_nobody(database: str) -> None:
    """It is none of the locks by number; the code of the error says what it is."""
    async with opened(Secret(database), locked_s=0.2) as one, opened(Secret(database), locked_s=0.2) as other:
        await one.rows("CREATE TABLE kept (n int)")
        async with one.transaction() as connection:
            await connection.execute("LOCK TABLE kept")
            with pytest.raises(Outage, match="LockNotAvailable 55P03"):
                await other.rows("SELECT * FROM kept")
