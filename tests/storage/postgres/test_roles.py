"""The two roles of the database: the workers' may read evidence and add to it, and nothing else; the work goes on all the same."""

import asyncio
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Generator

import psycopg
import pytest
from real_postgres import RealPostgres
from support_core import NOW, ManualClock

from spentkey.core.errors import Misconfigured
from spentkey.core.inventory import ScanMark
from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.inventory import PostgresInventory
from spentkey.storage.postgres.locks import LeaseLocks
from spentkey.storage.postgres.outbox import PostgresOutbox
from spentkey.storage.postgres.rates import SharedRates
from spentkey.storage.postgres.roles import Roles, make_roles, seen_by, worker_of
from spentkey.storage.postgres.schema import VERSION, prepare
from spentkey.storage.postgres.try_marks import PostgresTryMarks
from spentkey.worker.procrastinate_queue import prepare_queue

PASSWORD = "it's a 'pass' \\ word %s"
OWNERS = """
    SELECT DISTINCT tableowner::text FROM pg_tables WHERE tablename LIKE 'spentkey%%' OR tablename LIKE 'procrastinate%%'
"""


@pytest.fixture
def server() -> Generator[RealPostgres]:
    """A server of its own, since roles belong to all of its databases; it logs every statement."""
    made = RealPostgres("fsync = off\nlisten_addresses = ''\nlog_statement = 'all'\n")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def taken_over() -> Generator[RealPostgres]:
    """A server with the database of a 0.1, whose one role owned all, after the init; and one record."""
    made = RealPostgres()
    made.rows(made.url("postgres"), "CREATE ROLE spentkey LOGIN")
    made.rows(made.url("postgres"), "CREATE DATABASE kept OWNER spentkey")

    async def use() -> None:
        async with opened(Secret(as_role(made.url("kept"), "spentkey"))) as database:
            await prepare(database)
            await PostgresEvidence(database, ManualClock()).append("step", {"task": 1})
        await init(made.url("kept"))

    asyncio.run(use())
    yield made
    made.stop()


def as_role(url: str, role: str) -> str:
    """The same database for another role."""
    return url.replace("postgres@", f"{role}@")


async def init(owner_url: str, worker: str = "spentkey", password: Secret | None = None) -> Roles:
    """What `spentkey database init` does in the database."""
    async with opened(Secret(owner_url)) as database:
        await prepare(database)
        await prepare_queue(database)
        return await make_roles(database, worker, password)


async def test_a_worker_does_all_its_work_with_what_it_may(server: RealPostgres) -> None:
    """Evidence, locks, rates, marks, notices, the inventory and the queue."""
    url = server.database()
    assert await init(url) == Roles("spentkey_owner", "spentkey")
    async with opened(Secret(as_role(url, "spentkey"))) as database:
        await prepare(database)
        await prepare_queue(database)
        log, locks = PostgresEvidence(database, ManualClock()), LeaseLocks(database, ManualClock(), "w", 30, 0, 1)
        async with locks.task(TaskRef("1")), locks.application("a"):
            await log.append("step", {"task": 1})
        marks = PostgresTryMarks(database, "host/1", "1", "boot", 30)
        await marks.begin(TaskRef("1"), "try")
        await marks.end(TaskRef("1"), "try", cleared=True)
        await SharedRates(database).advance("graph", lambda _, now: ((float(now),), now))
        queued = "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('q','t',0,NULL,NULL,'{}',NULL)]::procrastinate_job_to_defer_v1[])"
        await database.rows(queued)
        outbox = PostgresOutbox(database)
        assert await outbox.take() is None
        await outbox.sent("none")
        await outbox.tidy()
        inventory = PostgresInventory(database)
        await inventory.mark(ScanMark("s", NOW, True, 0, ()))
        await inventory.update("production", lambda _: ())
        assert (await inventory.forget(NOW), await inventory.entries()) == (0, [])
        assert (await log.verify(), await seen_by(database)) == (1, VERSION)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE spentkey_evidence SET task = 2",
        "DELETE FROM spentkey_evidence",
        "TRUNCATE spentkey_evidence",
        "DROP TABLE spentkey_evidence",
        "ALTER TABLE spentkey_evidence DISABLE TRIGGER ALL",
        "DROP TRIGGER spentkey_evidence_stays ON spentkey_evidence",
        "CREATE TRIGGER mine BEFORE INSERT ON spentkey_evidence EXECUTE FUNCTION spentkey_evidence_stays()",
        "CREATE OR REPLACE FUNCTION spentkey_evidence_stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE RULE mine AS ON INSERT TO spentkey_evidence DO INSTEAD NOTHING",
        "SET session_replication_role = replica",
        "UPDATE spentkey_schema SET least = 99",
        "DROP SCHEMA public CASCADE",
        "DROP DATABASE kept",
        "CREATE TABLE mine (n int)",
        "SET ROLE spentkey_owner",
        "CREATE ROLE mine",
    ],
)
def test_a_worker_cannot_take_the_protection_away(taken_over: RealPostgres, statement: str) -> None:
    """Whoever gets hold of its address can add records, which the chain shows, and cannot change one."""
    url = taken_over.url("kept")
    before = taken_over.everything(url)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        taken_over.rows(as_role(url, "spentkey"), statement)
    assert (taken_over.everything(url), taken_over.rows(url, OWNERS)) == (before, [("spentkey_owner",)])


async def test_a_second_time_changes_nothing(server: RealPostgres) -> None:
    """Neither the password nor what is on record."""
    url = server.database()
    await init(url, password=Secret(PASSWORD))
    rights = "SELECT relname, relowner::regrole::text, relacl::text FROM pg_class WHERE relname LIKE '%s' ORDER BY 1"
    before = server.rows(url, rights.replace("%s", "spentkey%")), server.rows(url, "SELECT * FROM pg_authid ORDER BY 1")
    assert await init(url, password=Secret("another")) == Roles("spentkey_owner", "spentkey")
    assert (
        server.rows(url, rights.replace("%s", "spentkey%")),
        server.rows(url, "SELECT * FROM pg_authid ORDER BY 1"),
    ) == before


async def test_the_password_is_the_addresss_and_no_log_has_it(server: RealPostgres) -> None:
    """The server keeps what SCRAM needs, and was never told more."""
    await init(server.database(), password=Secret(PASSWORD))
    ((kept,),) = server.rows(server.url("postgres"), "SELECT rolpassword FROM pg_authid WHERE rolname = 'spentkey'")
    _, salted, keys = kept.split("$")
    rounds, salt = salted.split(":")
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.new(key, b"Client Key", "sha256").digest()).digest()
    log = (server.folder / "log").read_text()
    assert (b64decode(keys.partition(":")[0]), "word %s" in log, "CREATE TABLE" in log) == (stored, False, True)


async def test_an_owner_of_its_own_needs_no_superuser(server: RealPostgres) -> None:
    """Where the administrator has made both roles and the database."""
    for statement in ("CREATE ROLE keeper LOGIN", "CREATE ROLE spentkey LOGIN", "CREATE DATABASE kept OWNER keeper"):
        server.rows(server.url("postgres"), statement)
    url = server.url("kept")
    assert await init(as_role(url, "keeper")) == Roles("keeper", "spentkey")
    async with opened(Secret(as_role(url, "spentkey"))) as database:
        await PostgresEvidence(database, ManualClock()).append("step", {"task": 1})
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        server.rows(as_role(url, "spentkey"), "DELETE FROM spentkey_evidence")


@pytest.mark.parametrize(
    ("owner", "worker", "message"),
    [
        ("keeper", "missing", "engine.owner_url: this role may not do that"),
        ("keeper", "keeper", "engine.owner_url: names the same role as engine.database_url"),
        ("keeper", "postgres", "engine.database_url: names a superuser, whose rights nothing limits"),
    ],
)
async def test_roles_that_do_not_fit_are_refused(server: RealPostgres, owner: str, worker: str, message: str) -> None:
    """And nothing is granted."""
    for statement in ("CREATE ROLE keeper LOGIN", "CREATE DATABASE kept OWNER keeper"):
        server.rows(server.url("postgres"), statement)
    url = server.url("kept")
    with pytest.raises(Misconfigured, match=message):
        await init(as_role(url, owner), worker)
    assert server.rows(url, "SELECT relacl FROM pg_class WHERE relname = 'spentkey_evidence'") == [(None,)]


async def test_a_worker_without_tables_is_told_to_have_them_made(server: RealPostgres) -> None:
    """It may not make them, and no grant should let it."""
    server.rows(server.url("postgres"), "CREATE ROLE spentkey LOGIN")
    url = server.database()
    async with opened(Secret(as_role(url, "spentkey"))) as database:
        for make in (prepare, prepare_queue):
            with pytest.raises(Misconfigured, match="run spentkey database init"):
                await make(database)
        with pytest.raises(Misconfigured, match="leads to another database or schema"):
            await seen_by(database)


@pytest.mark.parametrize("url", ["postgresql:///spentkey", "postgresql://:canary@localhost/spentkey"])
def test_an_address_without_a_user_is_refused(url: str) -> None:
    """The workers need a role that can be named."""
    with pytest.raises(Misconfigured, match=r"engine\.database_url: names no user"):
        worker_of(Secret(url))
