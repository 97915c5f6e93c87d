"""Spentkey's own tables in PostgreSQL. They only grow, so that old and new workers can run side by side.

A change adds a table, a column with a default, or an index, and raises `VERSION`. `LEAST` is the oldest version of the
program that may still work with the tables; it is raised only where an old worker would do harm, and then the workers
must be stopped before the upgrade.
"""

from typing import LiteralString

from spentkey.core.errors import Misconfigured
from spentkey.storage.postgres.connection import Postgres

VERSION, LEAST = 1, 1
LOCK = 0x5350_4B01
"""Advisory lock for making the tables."""

STATEMENTS: tuple[LiteralString, ...] = (
    "CREATE TABLE IF NOT EXISTS spentkey_schema (version integer NOT NULL, least integer NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS spentkey_evidence (
        seq bigint PRIMARY KEY, task bigint, app_id text, key_id text, what text NOT NULL, line text NOT NULL,
        stored timestamptz NOT NULL DEFAULT clock_timestamp())
    """,
    "CREATE INDEX IF NOT EXISTS spentkey_evidence_task ON spentkey_evidence (task, seq) WHERE task IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS spentkey_evidence_app ON spentkey_evidence (app_id) WHERE what = 'intent'",
    "CREATE INDEX IF NOT EXISTS spentkey_evidence_results ON spentkey_evidence (seq) WHERE what = 'result'",
    "CREATE SEQUENCE IF NOT EXISTS spentkey_claim",
    """
    CREATE TABLE IF NOT EXISTS spentkey_claims (
        name text PRIMARY KEY, claim bigint NOT NULL, holder text NOT NULL, until timestamptz NOT NULL,
        before timestamptz)
    """,
    "CREATE INDEX IF NOT EXISTS spentkey_claims_claim ON spentkey_claims (claim)",
    "CREATE TABLE IF NOT EXISTS spentkey_paces (name text PRIMARY KEY, numbers float8[])",
)


async def version_of(database: Postgres) -> tuple[int, int] | None:
    """The version of the tables and the oldest program that may use them; None when there are none."""
    ((there,),) = await database.rows("SELECT to_regclass('spentkey_schema') IS NOT NULL")
    if not there:
        return None
    found = await database.rows("SELECT version, least FROM spentkey_schema")
    return (int(found[0][0]), int(found[0][1])) if found else None


async def prepare(database: Postgres) -> None:
    """Make the tables where they are missing or older; raises `Misconfigured` where they are too new for us."""
    found = await version_of(database)
    if found is not None and found[1] > VERSION:
        raise Misconfigured(
            f"engine.database_url: the database has the tables of version {found[0]}, made by a newer spentkey; this one "
            f"knows version {VERSION} and must be upgraded first"
        )
    if found is not None and found[0] >= VERSION:
        return
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        for statement in STATEMENTS:
            await connection.execute(statement)
        await connection.execute("DELETE FROM spentkey_schema WHERE version <= %s", (VERSION,))
        await connection.execute(
            "INSERT INTO spentkey_schema (version, least) SELECT %s, %s WHERE NOT EXISTS (SELECT 1 FROM spentkey_schema)",
            (VERSION, LEAST),
        )
