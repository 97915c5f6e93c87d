"""Older tables become those of this version with what is in them; an old worker that is at work already loses nothing."""

import asyncio
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from evidence_rows import TABLES_OF_1, EvidenceRows, intents, many
from real_postgres import RealPostgres
from support_core import NOW, ManualClock

from spentkey.core.canary import proof_key
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.limits import HOUR
from spentkey.core.outcome import Refused
from spentkey.core.rules import Limits
from spentkey.core.secret import Secret
from spentkey.core.stops import About
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.holders import APPENDING
from spentkey.storage.postgres.schema import LEAST, STEPS, VERSION, prepare

LIMITS = Limits(per_run=100, per_app=100, per_hour=3, hand_overs_per_hour=1)
SCHEMA = "SELECT version, least FROM spentkey_schema"
VERSION_OF_0_2 = 1
"""Of the tables of 0.1 and 0.2, beyond which their programs refuse to work."""
SHAPE = """
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
        FROM information_schema.columns WHERE table_schema = 'public'
    ORDER BY 1
"""


@pytest.fixture
def old(database: str, postgres: RealPostgres) -> EvidenceRows:
    """Tables of version 1: a stop that stands, an intent within the hour, older ones, and texts of all sorts."""
    postgres.rows(database, TABLES_OF_1)
    rows = EvidenceRows(postgres, database)
    deceiving = {"app_name": 'x"at":"1999-01-01T00:00:00+00:00"', "answer": '","at":"1999-01-01T00:00:00+00:00'}
    rows.put_as_1([(NOW - 99 * HOUR, "paused", {"who": "ops", "why": "a\ud800b"})])
    rows.put_as_1(intents(2, NOW - 9 * HOUR) + intents(2, NOW - 0.5 * HOUR, **deceiving, surrogate="\udc00"))
    rows.put_as_1([(NOW - 0.5 * HOUR, "handing-over", {"task": 1, "assignment": 1, "said": "\ud800"})])
    rows.put_as_1([(NOW, "result", {"task": 1, "app_name": "a\ud800b"})])
    return rows


async def refused(log: PostgresEvidence) -> Refused | None:
    """Whether one removal more is refused by its number."""
    found = await log.ask(lambda blast_radius: blast_radius.refuse_intent("mine", "a", NOW, LIMITS))
    return found if found is not None and found.until is not None else None


async def upgraded(database: str) -> None:
    """As a worker does when it starts."""
    async with opened(Secret(database)) as connections:
        await prepare(connections)


async def test_what_was_on_record_counts_and_stands_after_the_upgrade(old: EvidenceRows, database: str) -> None:
    """The stop refuses, the intents of the last hour count, the whole chain verifies."""
    await upgraded(database)
    async with opened(Secret(database)) as connections:
        log = PostgresEvidence(connections, ManualClock())
        stopped = await log.ask(lambda blast_radius: blast_radius.refuse_any(About()))
        assert stopped is not None
        assert "by ops" in stopped.reason
        old.put([(NOW, "resumed", {"who": "ops"}), *intents(1, NOW)])
        third = await refused(log)
        other = await log.ask(lambda blast_radius: blast_radius.refuse_hand_over("2/1", NOW, LIMITS))
        assert (third is not None, other is not None, await log.verify()) == (True, True, 9)
        assert len((await log.history(1)).records) == 7


async def test_only_what_counts_gets_its_time(old: EvidenceRows, database: str, postgres: RealPostgres) -> None:
    """That of the record itself, whatever its texts hold."""
    del old
    await upgraded(database)
    found = postgres.rows(database, "SELECT at FROM spentkey_evidence ORDER BY seq")
    ago = [None, 9, 9, 0.5, 0.5, 0.5, None]
    assert [at for (at,) in found] == [None if hours is None else NOW - hours * HOUR for hours in ago]


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 7, 1, 11, 30, 0, 123456, timezone(timedelta(0))),
        datetime(2026, 7, 1, 11, 30, 0, 1, timezone(timedelta(hours=5, minutes=45))),
        datetime(2026, 7, 1, 11, 30, 0, 999999, timezone(timedelta(hours=-8))),
    ],
)
async def test_the_time_is_exact(database: str, postgres: RealPostgres, at: datetime) -> None:
    """To the microsecond, so that the column says what the line says."""
    postgres.rows(database, TABLES_OF_1)
    EvidenceRows(postgres, database).put_as_1(intents(1, at))
    await upgraded(database)
    assert postgres.rows(database, "SELECT at FROM spentkey_evidence") == [(at,)]
    async with opened(Secret(database)) as connections:
        assert await PostgresEvidence(connections, ManualClock()).verify() == 1


async def test_an_upgrade_ends_with_the_tables_of_a_new_database(
    old: EvidenceRows, database: str, postgres: RealPostgres
) -> None:
    """Columns, indexes and triggers are the same; a second start changes nothing."""
    del old
    await upgraded(database)
    new = postgres.database()
    await upgraded(new)
    assert postgres.rows(database, SHAPE) == postgres.rows(new, SHAPE)
    before = postgres.everything(database)
    await upgraded(database)
    assert postgres.everything(database) == before
    assert postgres.rows(database, SCHEMA) == [(VERSION, LEAST)]


@pytest.mark.parametrize("empty", [False, True])
async def test_many_that_start_at_once_upgrade_once(database: str, postgres: RealPostgres, empty: bool) -> None:
    """None fails, and nothing is lost."""
    rows = EvidenceRows(postgres, database)
    if not empty:
        postgres.rows(database, TABLES_OF_1)
        rows.put_as_1(many(500, NOW - 0.5 * HOUR))
    await asyncio.gather(*(upgraded(database) for _ in range(8)))
    assert postgres.rows(database, SCHEMA) == [(VERSION, LEAST)]
    assert postgres.rows(database, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [(5,)]
    async with opened(Secret(database)) as connections:
        assert await PostgresEvidence(connections, ManualClock()).verify() == (0 if empty else 500)


async def test_the_upgrade_waits_for_an_append(old: EvidenceRows, database: str, postgres: RealPostgres) -> None:
    """An old worker is in the middle of one; what it commits is there and counts."""
    with postgres.connect(database) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (APPENDING,))
        waiting = asyncio.create_task(upgraded(database))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        old.put_as_1([(NOW, "resumed", {"who": "ops"}), *intents(1, NOW)])
        connection.execute("SELECT pg_advisory_unlock(%s)", (APPENDING,))
        await waiting
    async with opened(Secret(database)) as connections:
        assert await refused(PostgresEvidence(connections, ManualClock())) is not None


async def test_old_and_new_workers_append_beside_each_other(old: EvidenceRows, database: str) -> None:
    """What an old one adds has no time in its column; it counts for whoever reads on, and for whoever starts."""
    await upgraded(database)
    async with opened(Secret(database)) as connections:
        first = PostgresEvidence(connections, ManualClock())
        await first.append("resumed", {"who": "ops"})
        assert await refused(first) is None
        old.put_as_1([*intents(1, NOW), (NOW, "step", {"task": 1})])
        await first.append("step", {"task": 1})
        later = PostgresEvidence(connections, ManualClock())
        assert [await refused(one) is not None for one in (first, later)] == [True, True]
        old.put_as_1([(NOW, "survivor-lost", {"task": 9, "lost": []})])
        third = PostgresEvidence(connections, ManualClock())
        for one in (first, later, third):
            assert await one.ask(lambda blast_radius: blast_radius.refuse_any(About())) is not None
        assert await third.verify() == 12


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 second'",
        "run = 'mine'",
        "task_ref = '1'",
        "line = replace(line, '\"k\"', '\"j\"')",
        "at = NULL, run = 'mine'",
    ],
)
async def test_a_row_of_an_old_worker_is_checked_too(
    old: EvidenceRows, database: str, postgres: RealPostgres, change: str
) -> None:
    """What it may lack is its time and run; what it has must be true."""
    await upgraded(database)
    old.put_as_1([(NOW, "step", {"task": 1})])
    postgres.tamper(database, f"UPDATE spentkey_evidence SET {change} WHERE seq = 3")  # noqa: S608
    async with opened(Secret(database)) as connections:
        with pytest.raises(EvidenceBroken, match="nothing is removed"):
            await refused(PostgresEvidence(connections, ManualClock()))


@pytest.mark.parametrize("statement", ["UPDATE spentkey_evidence SET at = NULL", "DELETE FROM spentkey_evidence"])
async def test_old_records_are_protected_from_then_on(
    old: EvidenceRows, database: str, postgres: RealPostgres, statement: str
) -> None:
    """They could be changed before; and a second start takes no protection away."""
    del old
    for _ in range(2):
        await upgraded(database)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            postgres.rows(database, statement)


async def test_who_only_reads_gets_along_with_old_tables(
    old: EvidenceRows, database: str, postgres: RealPostgres
) -> None:
    """`plan` and `check` before the first worker of the new version: they see all of it and change nothing."""
    before = postgres.rows(database, SHAPE), postgres.everything(database)
    async with opened(Secret(database)) as connections:
        reader = PostgresEvidence(connections, ManualClock(), read_only=True)
        assert await reader.ask(lambda blast_radius: blast_radius.refuse_any(About())) is not None
        assert (len((await reader.history(1)).records), await reader.verify()) == (6, 7)
        assert not (await reader.history("1")).known
        assert (postgres.rows(database, SHAPE), postgres.everything(database)) == before
        await upgraded(database)
        old.put([(NOW, "resumed", {"who": "ops"}), *intents(1, NOW, task="INC1")])
        assert (await reader.history("INC1")).known
        assert await refused(reader) is not None


async def test_who_only_reads_old_tables_is_not_deceived(
    old: EvidenceRows, database: str, postgres: RealPostgres
) -> None:
    """A record that was changed ends what it asks, as everywhere."""
    del old
    postgres.rows(database, "UPDATE spentkey_evidence SET line = replace(line, 'ops', 'all') WHERE seq = 0")
    async with opened(Secret(database)) as connections:
        with pytest.raises(EvidenceBroken, match="record 0 is not the one that was there"):
            await refused(PostgresEvidence(connections, ManualClock(), read_only=True))


async def test_tables_that_do_not_say_their_version_are_made_whole(
    old: EvidenceRows, database: str, postgres: RealPostgres
) -> None:
    """Whatever is there stays, and is protected as before."""
    await upgraded(database)
    old.put_as_1(intents(1, NOW))
    before = postgres.rows(database, SHAPE)
    postgres.rows(database, "DELETE FROM spentkey_schema")
    await upgraded(database)
    assert (postgres.rows(database, SHAPE), postgres.rows(database, SCHEMA)) == (before, [(VERSION, LEAST)])
    async with opened(Secret(database)) as connections:
        assert await PostgresEvidence(connections, ManualClock()).verify() == 8
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        postgres.rows(database, "TRUNCATE spentkey_evidence")


async def test_programs_that_would_do_harm_are_kept_out(
    old: EvidenceRows, database: str, postgres: RealPostgres
) -> None:
    """Those of 0.1 and 0.2 read a fingerprint, a lift of one stop and a wait for an event wrongly."""
    del old
    assert LEAST > VERSION_OF_0_2
    await upgraded(database)
    assert postgres.rows(database, SCHEMA) == [(VERSION, LEAST)]


async def test_tables_that_are_too_new_are_refused(database: str, postgres: RealPostgres) -> None:
    """Whatever is wanted of them, and they stay as they are."""
    await upgraded(database)
    postgres.rows(database, "UPDATE spentkey_schema SET version = 99, least = 98")
    before = postgres.everything(database)
    with pytest.raises(Misconfigured, match="must be upgraded first"):
        await upgraded(database)
    assert postgres.everything(database) == before


async def test_tables_of_a_newer_program_that_only_grew_keep_their_version(
    database: str, postgres: RealPostgres
) -> None:
    """Raising the oldest program that may use them does not lower what they are."""
    await upgraded(database)
    postgres.rows(database, "UPDATE spentkey_schema SET version = 9, least = 1")
    await upgraded(database)
    assert postgres.rows(database, SCHEMA) == [(9, LEAST)]


async def test_a_time_that_cannot_be_read_ends_the_upgrade(database: str, postgres: RealPostgres) -> None:
    """Somebody changed the record; the tables stay those of version 1."""
    postgres.rows(database, TABLES_OF_1)
    EvidenceRows(postgres, database).put_as_1(intents(1, NOW))
    postgres.rows(database, """UPDATE spentkey_evidence SET line = replace(line, '"at":"2026', '"at":"2026-99')""")
    with pytest.raises(EvidenceBroken):
        await upgraded(database)
    assert postgres.rows(database, SCHEMA) == [(1, 1)]


async def test_tables_of_version_2_are_read_as_they_are_and_upgraded_by_who_writes(
    database: str, postgres: RealPostgres
) -> None:
    """What an older worker verified proves nothing for a version that it did not name."""
    postgres.rows(database, "CREATE TABLE spentkey_schema (version integer NOT NULL, least integer NOT NULL)")
    for statement in (one for step in STEPS[:2] for one in step):
        postgres.rows(database, statement)
    postgres.rows(database, "INSERT INTO spentkey_schema VALUES (2, 1)")
    EvidenceRows(postgres, database).put_as_1([(NOW, "verified", {"task": 1, "tenant": "a", "verdict": "gone"})])
    async with opened(Secret(database)) as connections:
        reader = PostgresEvidence(connections, ManualClock(), read_only=True)
        assert len((await reader.history(1)).records) == 1
        assert await reader.ask(lambda blast_radius: blast_radius.refuse_any(About())) is None
    assert postgres.rows(database, SCHEMA) == [(2, 1)]
    await upgraded(database)
    proof = {"task": 2, "tenant": "a", "verdict": "gone", "route": "removeKey", "program": "1.0"}
    async with opened(Secret(database)) as connections:
        log = PostgresEvidence(connections, ManualClock())
        await log.append("verified", proof)
        assert await log.verify() == 2
    assert postgres.rows(database, "SELECT canary FROM spentkey_evidence ORDER BY seq") == [
        (None,),
        (proof_key("a", "removeKey", "1.0"),),
    ]
