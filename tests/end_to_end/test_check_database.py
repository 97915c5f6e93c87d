"""`spentkey check` with a database: what is in place, what is missing, and the line that mends it."""

from collections.abc import AsyncIterator

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.finding import Finding, FindingState
from spentkey.core.secret import Secret
from spentkey.storage.postgres.check import DatabaseCheck
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare


async def check_up(url: str, patience_s: float = 10) -> dict[str, Finding]:
    """Every finding, by what it is about."""
    found: AsyncIterator[Finding] = DatabaseCheck(Secret(url), ManualClock(), patience_s).findings()
    return {finding.what: finding async for finding in found}


async def in_use(url: str) -> None:
    """A database with tables and one record."""
    async with opened(Secret(url)) as connections:
        await prepare(connections)
        await PostgresEvidence(connections, ManualClock()).append("step", {"task": 1})


def bad(findings: dict[str, Finding]) -> dict[str, str]:
    """What is not as it should be, and what was found."""
    return {what: finding.message for what, finding in findings.items() if finding.state is not FindingState.OK}


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
    assert "OWNER spentkey" in findings["rights"].fix


async def test_an_encoding_that_cannot_hold_every_text_is_refused(postgres: RealPostgres, database: str) -> None:
    """Evidence is UTF-8."""
    postgres.rows(database, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    findings = await check_up(postgres.url("latin"))
    assert [finding.message for finding in findings.values() if finding.state is FindingState.FAIL] == [
        "the database's encoding is LATIN1"
    ]
