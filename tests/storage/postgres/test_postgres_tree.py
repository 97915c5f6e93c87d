"""The tree in the database of several machines: its upgrade, old and new workers beside each other, faults, and rights."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from evidence_rows import COPY, many
from real_postgres import RealPostgres
from support_core import NOW, ManualClock
from workers_role import initialised

from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.evidence import GENESIS, seal
from spentkey.core.secret import Secret
from spentkey.core.tree import CompactRange, TreeHead, leaf_hash, root_by
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.nodes import SINCE
from spentkey.storage.postgres.rows import row_of
from spentkey.storage.postgres.schema import APPEND_ONLY, STEPS, prepare
from spentkey.storage.postgres.tree import PostgresTree

BEFORE = SINCE - 1
"""The version of the tables that had no tree."""


def evidence(connections: Postgres, *, read_only: bool = False) -> PostgresEvidence:
    """One worker's view."""
    return PostgresEvidence(connections, ManualClock(), read_only=read_only)


def tree(connections: Postgres, *, read_only: bool = False) -> PostgresTree:
    """The tree as one more worker sees it."""
    return PostgresTree(connections, evidence(connections, read_only=read_only))


def head_of(lines: Sequence[str]) -> TreeHead:
    """The tree that these lines must have."""
    grown = CompactRange()
    for one in lines:
        grown.add(leaf_hash(one))
    return grown.head()


def lines_in(postgres: RealPostgres, database: str) -> list[str]:
    """The records as they are stored."""
    return [line for (line,) in postgres.rows(database, "SELECT line FROM spentkey_evidence ORDER BY seq")]


def add_without_nodes(postgres: RealPostgres, database: str, count: int) -> None:
    """What a worker of the version before appends."""
    before, prev = lines_in(postgres, database), GENESIS
    if before:
        prev = postgres.rows(database, "SELECT substring(line from '\"hash\":\"([0-9a-f]+)\"') FROM spentkey_evidence"
                                       " ORDER BY seq DESC LIMIT 1")[0][0]  # fmt: skip
    with postgres.connect(database) as connection, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for number, (at, what, facts) in enumerate(many(count, NOW), len(before)):
            sealed = seal(prev, number, at, what, facts)
            prev = sealed.hash
            copy.write_row(row_of(sealed.record, sealed.record_line))


@pytest.fixture
def of_before(database: str, postgres: RealPostgres) -> str:
    """Tables of the version before with 1,300 records; its address."""
    postgres.rows(database, "CREATE TABLE spentkey_schema (version integer NOT NULL, least integer NOT NULL)")
    postgres.rows(database, "INSERT INTO spentkey_schema VALUES (%s, 3)", BEFORE)
    for step in STEPS[:BEFORE]:
        for statement in step:
            postgres.rows(database, statement)
    add_without_nodes(postgres, database, 1_300)
    return database


async def test_tables_of_the_version_before_are_filled_once(of_before: str, postgres: RealPostgres) -> None:
    """By whichever of many starts comes first; the log has one name."""

    async def start() -> None:
        async with opened(Secret(of_before)) as connections:
            await prepare(connections)

    await asyncio.gather(*(start() for _ in range(4)))
    assert postgres.rows(of_before, "SELECT count(*), max(seq) FROM spentkey_tree") == [(1_300, 1_299)]
    assert postgres.rows(of_before, "SELECT count(*) FROM spentkey_log") == [(1,)]
    async with opened(Secret(of_before)) as connections:
        assert await tree(connections).head() == head_of(lines_in(postgres, of_before))
        log = evidence(connections)
        await log.append("step", {"task": 1})
        assert await log.verify() == 1_301
        assert await tree(connections).head() == head_of(lines_in(postgres, of_before))


async def test_who_only_reads_computes_the_tree_of_the_version_before(of_before: str, postgres: RealPostgres) -> None:
    """The same roots and proofs; nothing is written, and there is no name, no checkpoint and no anchor."""
    lines, before = lines_in(postgres, of_before), postgres.everything(of_before)
    async with opened(Secret(of_before)) as connections:
        reader = tree(connections, read_only=True)
        assert (await reader.head(), await reader.head(777)) == (head_of(lines), head_of(lines[:777]))
        path = await reader.inclusion(1_299, 1_300)
        assert root_by(1_299, 1_300, leaf_hash(lines[1_299]), path) == head_of(lines).root
        assert len(await reader.consistency(777, 1_300)) > 0
        seen = (await reader.checkpoint(), await reader.anchors(), [one async for one in reader.checkpoints()])
        assert seen == (None, [], [])
        with pytest.raises(Misconfigured, match=r"^engine\.database_url: .*spentkey database init"):
            await reader.origin()
        assert await evidence(connections, read_only=True).verify() == 1_300
    assert postgres.everything(of_before) == before


async def test_a_database_without_tables_has_the_empty_tree(database: str) -> None:
    """For who only reads, and makes none."""
    async with opened(Secret(database)) as connections:
        reader = tree(connections, read_only=True)
        assert (await reader.head()).size == 0
        assert await reader.span(None, None) == (0, 0)


async def test_workers_of_two_versions_append_beside_each_other(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """What the older one leaves out comes with the next record of this one, whichever worker that is."""
    first, other = evidence(connections), evidence(connections)
    for count in (1, 3, 700):
        await first.append("step", {"task": 1})
        add_without_nodes(postgres, database, count)
        assert len((await first.history(50_000)).records) > 0
        assert await tree(connections, read_only=True).head() == head_of(lines_in(postgres, database))
        await other.append("step", {"task": 1})
        await first.append("step", {"task": 1})
        assert postgres.rows(database, "SELECT count(*) FROM spentkey_tree") == [(len(lines_in(postgres, database)),)]
    assert await evidence(connections).verify() == len(lines_in(postgres, database))
    assert await tree(connections).head() == head_of(lines_in(postgres, database))


async def test_workers_that_alternate_make_one_tree(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """Each knows the tree by what it read of the others, and asks for none of it again."""
    logs = [evidence(connections) for _ in range(3)]
    for number in range(30):
        await logs[number % 3].append("step", {"task": number})
    assert await tree(connections).head() == head_of(lines_in(postgres, database))
    assert await evidence(connections).verify() == 30


async def test_a_record_that_was_not_committed_is_not_in_the_tree(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """The server ends the session in the middle; what comes next goes on behind what is there."""
    log = evidence(connections)
    await log.append("step", {"task": 1})
    postgres.rows(
        database,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON spentkey_tree EXECUTE FUNCTION refuse()",
    )
    with pytest.raises(EvidenceBroken, match="refuses a statement"):
        await log.append("step", {"task": 2})
    postgres.rows(database, "DROP TRIGGER refuse ON spentkey_tree")
    await log.append("step", {"task": 3})
    assert await evidence(connections).verify() == 2
    assert await tree(connections).head() == head_of(lines_in(postgres, database))


async def test_a_record_whose_leaf_is_another_is_not_believed(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """By the worker that reads it, which from then on refuses every call."""
    log = evidence(connections)
    for number in range(8):
        await log.append("step", {"task": number})
    postgres.tamper(database, "UPDATE spentkey_tree SET nodes = decode(repeat('00', 32), 'hex') WHERE seq = 4")
    assert len((await log.history(3)).records) == 1
    for call in (log.history(4), log.append("step", {"task": 1}), log.verify(), PostgresTree(connections, log).head()):
        with pytest.raises(EvidenceBroken, match="record 4 is not the one in the tree"):
            await call


async def test_a_fault_that_a_proof_finds_ends_every_removal(
    connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """The tree and the log of a process know the same."""
    log = evidence(connections)
    for number in range(8):
        await log.append("step", {"task": number})
    postgres.tamper(database, "DELETE FROM spentkey_tree WHERE seq = 3")
    with pytest.raises(EvidenceBroken, match="beside record 3 are missing"):
        await PostgresTree(connections, log).inclusion(5, 8)
    with pytest.raises(EvidenceBroken, match="beside record 3 are missing"):
        await log.append("step", {"task": 1})


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
async def test_nobody_changes_what_stands_beside_the_records(
    database: str, postgres: RealPostgres, table: str, change: str
) -> None:
    """A worker lacks the right, and the owner meets the trigger."""
    worker = await initialised(database)
    column = {"spentkey_tree": "nodes", "spentkey_log": "origin"}.get(table, "size")
    statement = change.format(table, column, column)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.rows(worker, statement)
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed or deleted"):
        postgres.rows(database, statement)


async def test_a_worker_gives_the_log_no_other_name(database: str, postgres: RealPostgres) -> None:
    """Neither may it add one, nor is there room for a second."""
    worker = await initialised(database)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.rows(worker, "INSERT INTO spentkey_log VALUES (1, 'spentkey/other')")
    with pytest.raises(psycopg.errors.CheckViolation):
        postgres.rows(database, "INSERT INTO spentkey_log VALUES (2, 'spentkey/other')")
