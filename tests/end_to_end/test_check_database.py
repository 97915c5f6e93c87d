"""`spentkey check` with a database: what is in place, what is missing, and the line that mends it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock
from workers_role import initialised, role_of

from spentkey.core.finding import Finding, FindingState
from spentkey.core.secret import Secret
from spentkey.storage.postgres.acknowledged import Acknowledged
from spentkey.storage.postgres.check import DatabaseCheck
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare


async def check_up(url: str, patience_s: float = 10, directory: Path | None = None) -> dict[str, Finding]:
    """Every finding, by what it is about."""
    found: AsyncIterator[Finding] = DatabaseCheck(Secret(url), ManualClock(), patience_s, directory).findings()
    return {finding.what: finding async for finding in found}


async def in_use(url: str) -> None:
    """A database with tables and one record."""
    async with opened(Secret(url)) as connections:
        await prepare(connections)
        await PostgresEvidence(connections, ManualClock()).append("step", {"task": 1})


def bad(findings: dict[str, Finding]) -> dict[str, str]:
    """What is not as it should be, and what was found, but for what each of these tests has: a superuser, no directory."""
    usual = ("role", "acknowledged records")
    return {
        what: finding.message
        for what, finding in findings.items()
        if finding.state is not FindingState.OK and (what not in usual or finding.state is FindingState.FAIL)
    }


def states(findings: dict[str, Finding]) -> dict[str, FindingState]:
    """How it is with each, what is fine left out."""
    return {what: finding.state for what, finding in findings.items() if finding.state is not FindingState.OK}


async def test_an_empty_database_is_fine_and_stays_empty(database: str, postgres: RealPostgres) -> None:
    """The tables are made at the first start, not by looking."""
    findings = await check_up(database)
    assert (bad(findings), findings["tables"].message, findings["evidence"].message) == (
        {},
        "none yet; they are made at the first start",
        "none yet",
    )
    assert postgres.everything(database) == ""


async def test_a_database_in_use_is_fine(database: str) -> None:
    """Tables, rights and the chain."""
    await in_use(database)
    findings = await check_up(database)
    assert (bad(findings), findings["evidence"].message) == ({}, "the chain verifies; records: 1")


async def test_a_database_that_is_away_says_what_to_look_at(tmp_path: object) -> None:
    """One finding, without the address, which may hold a password."""
    findings = await check_up(f"postgresql://x:canary@/x?host={tmp_path}&connect_timeout=2", patience_s=0.5)
    (finding,) = findings.values()
    assert (finding.state, "pg_hba.conf" in finding.fix, "canary" in str(finding)) == (FindingState.FAIL, True, False)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE spentkey_schema SET version = 9, least = 9", "tables"),
        ("UPDATE spentkey_evidence SET line = replace(line, '\"task\":1', '\"task\":2')", "evidence"),
        (
            "DELETE FROM spentkey_evidence; INSERT INTO spentkey_evidence (seq, what, line) VALUES (0, 'x', '{}')",
            "evidence",
        ),
    ],
)
async def test_what_is_wrong_is_said_with_what_mends_it(
    database: str, postgres: RealPostgres, statement: str, what: str
) -> None:
    """Tables of a newer program, and evidence that somebody changed."""
    await in_use(database)
    postgres.tamper(database, statement)
    findings = await check_up(database)
    assert list(bad(findings)) == [what]
    assert findings[what].fix


async def test_a_role_that_may_only_read_is_told_what_to_grant(database: str, postgres: RealPostgres) -> None:
    """Everything else is fine."""
    await in_use(database)
    role = "reader_" + database.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.rows(database, f"CREATE ROLE {role} LOGIN")
    postgres.rows(database, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    findings = await check_up(database.replace("postgres@", f"{role}@"))
    assert list(bad(findings)) == ["rights"]
    assert "spentkey database init" in findings["rights"].fix


async def test_an_encoding_that_cannot_hold_every_text_is_refused(postgres: RealPostgres, database: str) -> None:
    """Evidence is UTF-8."""
    postgres.rows(database, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    findings = await check_up(postgres.url("latin"))
    assert [finding.message for finding in findings.values() if finding.state is FindingState.FAIL] == [
        "the database's encoding is LATIN1"
    ]


async def used_by_workers(url: str) -> str:
    """The address for the workers' role, of a database with one record."""
    await in_use(url)
    return await initialised(url)


async def test_after_the_init_nothing_is_amiss(database: str, tmp_path: Path) -> None:
    """The workers' role may add evidence, and neither change nor delete it."""
    findings = await check_up(await used_by_workers(database), directory=tmp_path)
    assert states(findings) == {}
    assert findings["role"].message == "can read evidence and add to it, and neither change nor delete it"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER ROLE {role} SUPERUSER", "it is a superuser"),
        ("ALTER TABLE spentkey_evidence OWNER TO {role}", "it owns the table, as in version 0.1"),
        ("GRANT {role}_owner TO {role}", "it owns the table, as in version 0.1"),
        ("ALTER SCHEMA public OWNER TO {role}", "it owns the database or the schema"),
        ("ALTER DATABASE {database} OWNER TO {role}", "it owns the database or the schema"),
        ("GRANT TRUNCATE ON spentkey_evidence TO {role}", "it was granted to it"),
        ("GRANT UPDATE ON spentkey_evidence TO PUBLIC", "it was granted to it"),
        ("GRANT TRIGGER ON spentkey_evidence TO {role}", "it was granted to it"),
    ],
)
async def test_a_role_that_may_change_evidence_is_told(
    database: str, postgres: RealPostgres, tmp_path: Path, statement: str, why: str
) -> None:
    """It goes on working, with a warning and the command that mends it."""
    url, name = await used_by_workers(database), database.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.rows(database, statement.format(role=role_of(database), database=name))
    findings = await check_up(url, directory=tmp_path)
    assert (states(findings), findings["role"].message) == (
        {"role": FindingState.WARN},
        f"may change or delete evidence: {why}",
    )
    assert "spentkey database init" in findings["role"].fix


async def test_a_lock_of_a_stranger_is_told(database: str, postgres: RealPostgres, tmp_path: Path) -> None:
    """While it holds it."""
    url = await used_by_workers(database)
    with postgres.connect(f"{database}&application_name=other") as stranger:
        stranger.execute("SELECT pg_advisory_lock(1397771010)")
        findings = await check_up(url, directory=tmp_path)
    assert findings["locks"].message.startswith("a lock of Spentkey's is held by other (role postgres, pid ")
    assert states(await check_up(url, directory=tmp_path)) == {}


async def test_lost_records_are_told(database: str, postgres: RealPostgres, tmp_path: Path) -> None:
    """With the range, and what to do."""
    url = await used_by_workers(database)
    async with opened(Secret(url)) as connections:
        log = PostgresEvidence(connections, ManualClock(), acknowledged=Acknowledged(tmp_path))
        await log.append("step", {"task": 2})
    postgres.tamper(database, "DELETE FROM spentkey_evidence WHERE seq = 1")
    postgres.tamper(database, "DELETE FROM spentkey_tree WHERE seq = 1")
    findings = await check_up(url, directory=tmp_path)
    assert states(findings) == {"acknowledged records": FindingState.FAIL}
    assert "records 1 to 1" in findings["acknowledged records"].message
    assert "spentkey resume" in findings["acknowledged records"].fix


async def test_where_nothing_is_kept_of_what_was_acknowledged_that_is_told(database: str) -> None:
    """A container without a directory of its own notices a loss only while it runs."""
    findings = await check_up(await used_by_workers(database))
    assert (states(findings), findings["acknowledged records"].fix) == (
        {"acknowledged records": FindingState.WARN},
        "set state.directory",
    )


async def test_a_standby_that_no_commit_waits_for_is_told(tmp_path: Path) -> None:
    """Until it is synchronous; and again when the one that is waited for is gone, or the server is the standby."""
    primary = RealPostgres()
    standby = primary.standby()
    both = f"postgresql://postgres@/postgres?host={primary.folder},{standby.folder}"
    streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
    waited_for = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    try:
        await in_use(both)
        while primary.rows(primary.url("postgres"), streaming) != [(1,)]:
            pass
        before = await check_up(both, directory=tmp_path)
        primary.set("synchronous_standby_names", "standby")
        while primary.rows(primary.url("postgres"), waited_for) != [(1,)]:
            pass
        then = await check_up(both, directory=tmp_path)
        at_the_standby = await check_up(standby.url("postgres"), directory=tmp_path)
        standby.control("stop", "-m", "immediate")
        alone = await check_up(both, directory=tmp_path)
    finally:
        standby.control("start")
        for server in (primary, standby):
            server.stop()
    assert [one["standbys"].state for one in (before, then, alone)] == [
        FindingState.WARN,
        FindingState.OK,
        FindingState.WARN,
    ]
    assert "commits wait for none (1 connected)" in before["standbys"].message
    assert "each commit stands still" in alone["standbys"].message
    assert at_the_standby["rights"].message == "the server is read-only: a standby, or demoted"


async def test_a_database_without_a_standby_is_asked_for_none(database: str) -> None:
    """One server and one host in the address: there is nothing to say."""
    assert "standbys" not in await check_up(database)
