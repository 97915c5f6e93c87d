"""Evidence in PostgreSQL: what a database adds to the contract: columns, claims, outages."""

import json
from pathlib import Path

import psycopg
import pytest
from real_postgres import RealPostgres
from support_core import NOW, ManualClock

from spentkey.core.errors import Busy, EvidenceBroken, Misconfigured, Outage
from spentkey.core.secret import Secret
from spentkey.core.stops import About
from spentkey.ports.fencing import check_fence, holding
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import NEXT, NEXT_PAGE, PostgresEvidence
from spentkey.storage.postgres.holders import APPENDING
from spentkey.storage.postgres.schema import VERSION, prepare
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.tree_nodes import PAGE


def evidence(connections: Postgres) -> PostgresEvidence:
    """One worker's view of the evidence."""
    return PostgresEvidence(connections, ManualClock())


async def with_records(connections: Postgres, count: int = 3) -> PostgresEvidence:
    """Evidence with records about task 1."""
    log = evidence(connections)
    for number in range(count):
        await log.append("step", {"task": 1, "n": number})
    return log


async def test_one_machine_can_go_on_with_the_chain(
    connections: Postgres, database: str, postgres: RealPostgres, tmp_path: Path
) -> None:
    """Its store takes the lines as they are, verifies them and appends behind them."""
    log = await with_records(connections)
    await log.append("result", {"task": 2, "app_name": "a\ud800b"})
    lines = [line for (line,) in postgres.rows(database, "SELECT line FROM spentkey_evidence ORDER BY seq")]
    alone = SqliteEvidence(tmp_path, ManualClock())
    assert alone.take_all(lines) == 4
    assert [record["n"] for record in (await alone.history(1)).records] == [0, 1, 2]
    await alone.append("step", {"task": 1, "n": 3})
    assert await alone.verify() == 5


async def test_a_long_chain_is_read_page_by_page(connections: Postgres) -> None:
    """More records than a page holds; a new worker verifies them all."""
    await with_records(connections, PAGE + 20)
    assert await evidence(connections).verify() == PAGE + 20


async def test_a_worker_that_is_behind_reads_before_it_holds_up_the_others(connections: Postgres) -> None:
    """More than one reply under the lock may hold: its record still comes after all of them."""
    behind = await with_records(connections, 1)
    await with_records(connections, 2 * NEXT_PAGE)
    await behind.append("step", {"task": 1, "n": "last"})
    assert (await evidence(connections).history(1)).records[-1]["n"] == "last"


async def test_a_worker_that_stands_still_while_it_appends_holds_up_nobody(database: str) -> None:
    """It held the lock of all evidence when it was stopped; what it was to add is not there."""
    async with opened(Secret(database), still_s=1) as stopped, opened(Secret(database)) as connections:
        await prepare(connections)
        log = await with_records(connections)
        with pytest.raises(Outage):
            await _append_while_it_stands_still(stopped, log)
        assert await evidence(connections).verify() == 4


async def _append_while_it_stands_still(stopped: Postgres, log: PostgresEvidence) -> None:
    async with stopped.begun(NEXT, {"lock": APPENDING, "claims": [], "first": 0, "page": NEXT_PAGE}) as begun:
        await log.append("step", {"task": 1, "n": "after"})
        await begun.commit("SELECT %s", (1,))


CHANGES = {
    "a row is gone": "DELETE FROM spentkey_evidence WHERE seq = 1",
    "the first row is gone": "DELETE FROM spentkey_evidence WHERE seq = 0",
    "a column says otherwise": "UPDATE spentkey_evidence SET task = 2 WHERE seq = 1",
    "a kind says otherwise": "UPDATE spentkey_evidence SET what = 'intent' WHERE seq = 1",
    "the order": "UPDATE spentkey_evidence SET seq = CASE seq WHEN 1 THEN 12 ELSE 11 END WHERE seq IN (1, 2)",
}


@pytest.mark.parametrize("how", CHANGES)
async def test_a_changed_table_is_not_believed(
    connections: Postgres, database: str, postgres: RealPostgres, how: str
) -> None:
    """By whoever reads all of it, and who then records nothing."""
    await with_records(connections)
    postgres.tamper(database, CHANGES[how])
    before, log = postgres.everything(database), evidence(connections)
    with pytest.raises(EvidenceBroken):
        await log.verify()
    with pytest.raises(EvidenceBroken):
        await log.append("step", {"task": 1})
    assert postgres.everything(database) == before


@pytest.mark.parametrize("statement", ["TRUNCATE spentkey_evidence", "DELETE FROM spentkey_evidence WHERE seq = 2"])
async def test_records_cannot_vanish_under_way(
    connections: Postgres, database: str, postgres: RealPostgres, statement: str
) -> None:
    """A worker that knows them notices at its next question."""
    log = await with_records(connections)
    postgres.tamper(database, statement)
    with pytest.raises(EvidenceBroken, match="has become shorter"):
        await log.ask(lambda blast_radius: blast_radius.refuse_any(About()))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE spentkey_evidence SET task = 2",
        "UPDATE spentkey_evidence SET line = '' WHERE false",
        "DELETE FROM spentkey_evidence WHERE seq = 2",
        "TRUNCATE spentkey_evidence",
        "MERGE INTO spentkey_evidence AS e USING (SELECT 1) AS o ON e.seq = 0 WHEN MATCHED THEN DELETE",
    ],
)
async def test_records_are_neither_changed_nor_deleted(
    connections: Postgres, database: str, postgres: RealPostgres, statement: str
) -> None:
    """By anybody who uses SQL and does not take the protection away first."""
    await with_records(connections)
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="evidence is never changed or deleted"):
        postgres.rows(database, statement)
    assert await evidence(connections).verify() == 3


async def test_a_record_needs_the_claims_of_its_work(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """A worker whose task was taken over puts nothing on record, and hears why."""
    log = await with_records(connections, 1)
    insert = "INSERT INTO spentkey_claims (name, claim, holder, until) VALUES ('task 1', 7, 'x', now())"
    postgres.rows(database, insert)

    async def check() -> None:
        """Nothing is written here."""

    with holding(7, check):
        await log.append("step", {"task": 1, "n": 1})
        postgres.rows(database, "UPDATE spentkey_claims SET claim = 8")
        with pytest.raises(Busy, match="another worker has taken over"):
            await log.append("step", {"task": 1, "n": 2})
    await check_fence()
    assert [record["n"] for record in (await log.history(1)).records] == [0, 1]


async def test_who_only_reads_makes_no_tables(database: str, postgres: RealPostgres) -> None:
    """An empty database is no evidence yet, and stays empty."""
    async with opened(Secret(database)) as connections:
        log = PostgresEvidence(connections, ManualClock(), read_only=True)
        assert not (await log.history(1)).known
        assert await log.removals("a") == {}
    assert postgres.rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


async def test_tables_are_made_once_however_many_start(database: str, postgres: RealPostgres) -> None:
    """A second start changes nothing."""
    for _ in range(2):
        async with opened(Secret(database)) as connections:
            await prepare(connections)
    assert postgres.rows(database, "SELECT version FROM spentkey_schema") == [(VERSION,)]


async def test_tables_of_a_newer_program_that_older_ones_must_not_use_are_refused(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """With a line that says what to do; newer ones that only grew are used."""
    postgres.rows(database, "UPDATE spentkey_schema SET version = 99")
    await prepare(connections)
    postgres.rows(database, "UPDATE spentkey_schema SET least = 98")
    with pytest.raises(Misconfigured, match=r"made by a newer spentkey; this one knows version 6 and must be upgraded"):
        await prepare(connections)


async def test_a_database_that_is_away_is_an_outage(tmp_path: Path) -> None:
    """Its address, which holds a password, is not repeated."""
    with pytest.raises(Outage, match="PostgreSQL does not answer") as problem:
        async with opened(Secret(f"postgresql://somebody:canary@/nothing?host={tmp_path}&connect_timeout=2"), 1.0):
            pass
    assert "canary" not in str(problem.value)


async def test_a_role_that_may_not_write_is_told_so(database: str, postgres: RealPostgres) -> None:
    """The operator must act; it is no bug and no outage."""
    async with opened(Secret(database)) as connections:
        await prepare(connections)
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.rows(database, f"CREATE ROLE reader_{name} LOGIN")
    postgres.rows(database, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_{name}")
    async with opened(Secret(database.replace("postgres@", f"reader_{name}@"))) as connections:
        with pytest.raises(EvidenceBroken, match="does not let this role write"):
            await evidence(connections).append("step", {"task": 1})


async def test_a_commit_waits_for_the_disk_whatever_the_server_says(database: str, postgres: RealPostgres) -> None:
    """`synchronous_commit = off` of the database is not taken over."""
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.rows(database, f"ALTER DATABASE {name} SET synchronous_commit = off")
    async with opened(Secret(database)) as connections:
        assert await connections.rows("SELECT current_setting('synchronous_commit')") == [("on",)]


async def test_the_lines_are_those_of_a_file(connections: Postgres, database: str, postgres: RealPostgres) -> None:
    """Each row holds one record as a file would, with what finds it beside it."""
    log = evidence(connections)
    await log.append("intent", {"task": 5, "app_id": "a", "key_id": "k", "run": "r"})
    await log.append("step", {"task": "INC5"})
    number, text = postgres.rows(
        database, "SELECT task, task_ref, app_id, key_id, what, run, at, line FROM spentkey_evidence ORDER BY seq"
    )
    assert (number[:-1], json.loads(number[-1])["seq"]) == ((5, None, "a", "k", "intent", "r", NOW), 0)
    assert text[:-1] == (None, "INC5", None, None, "step", None, NOW)
