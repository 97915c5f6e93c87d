"""Spentkey's own tables in PostgreSQL. They only grow, so that old and new workers can run side by side where `LEAST` allows it.

A change adds a table, a column that may be null or has a default, or an index, and raises `VERSION`. `LEAST` is the
oldest version of the program that may still work with the tables; it is raised only where an old worker would do harm,
and then the workers must be stopped before the upgrade.
"""

from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from spentkey.core.errors import Misconfigured
from spentkey.storage.postgres.connection import Connection, Postgres
from spentkey.storage.postgres.holders import APPENDING, LOCK
from spentkey.storage.postgres.nodes import SINCE, fill

VERSION, LEAST = 6, 3
"""Older workers find no task by a text, know no fingerprint without `key`, no lift of one stop, no refused intent and no
wait for an audit event: they would stop what is well, lift what nobody has looked into, or close what is not proven."""

APPEND_ONLY: tuple[LiteralString, ...] = ("spentkey_tree", "spentkey_checkpoints", "spentkey_anchors", "spentkey_log")
"""The tables of version 5, protected as the records are."""
STEPS: tuple[tuple[LiteralString, ...], ...] = (
    (
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
    ),
    (
        "DROP TRIGGER IF EXISTS spentkey_evidence_stays ON spentkey_evidence",
        """
        ALTER TABLE spentkey_evidence
            ADD COLUMN IF NOT EXISTS at timestamptz, ADD COLUMN IF NOT EXISTS run text,
            ADD COLUMN IF NOT EXISTS task_ref text
        """,
        # Keys are sorted and quotes in texts escaped, so the first "at" of these kinds is that of the record itself. The
        # line is not read as jsonb, which takes no half of a surrogate pair.
        r"""
        UPDATE spentkey_evidence SET at = substring(line from '"at":"([0-9T:.+-]+)"')::timestamptz
        WHERE what IN ('intent', 'handing-over') AND at IS NULL
        """,
        """
        CREATE INDEX IF NOT EXISTS spentkey_evidence_counted ON spentkey_evidence (at)
            WHERE what IN ('intent', 'handing-over')
        """,
        """
        CREATE INDEX IF NOT EXISTS spentkey_evidence_stops ON spentkey_evidence (seq)
            WHERE what IN ('survivor-lost', 'paused', 'resumed')
        """,
        """
        CREATE INDEX IF NOT EXISTS spentkey_evidence_task_ref ON spentkey_evidence (task_ref, seq)
            WHERE task_ref IS NOT NULL
        """,
        """
        CREATE OR REPLACE FUNCTION spentkey_evidence_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'evidence is never changed or deleted' USING ERRCODE = 'integrity_constraint_violation';
            END
        $$
        """,
        """
        CREATE TRIGGER spentkey_evidence_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON spentkey_evidence
            FOR EACH STATEMENT EXECUTE FUNCTION spentkey_evidence_stays()
        """,
        """
        CREATE TABLE IF NOT EXISTS spentkey_tries (
            attempt text PRIMARY KEY, task text NOT NULL, host text NOT NULL, process text NOT NULL, boot text NOT NULL,
            alone boolean NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())
        """,
        """
        CREATE TABLE IF NOT EXISTS spentkey_suspects (
            task text PRIMARY KEY, deaths integer NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())
        """,
    ),
    (
        "ALTER TABLE spentkey_evidence ADD COLUMN IF NOT EXISTS canary text",
        """
        CREATE INDEX IF NOT EXISTS spentkey_evidence_canary ON spentkey_evidence (canary, seq)
            WHERE canary IS NOT NULL
        """,
    ),
    (
        """
        CREATE TABLE IF NOT EXISTS spentkey_notices (
            key text PRIMARY KEY, id text NOT NULL, at timestamptz NOT NULL, event text NOT NULL, body text NOT NULL,
            due timestamptz NOT NULL DEFAULT clock_timestamp(), tries integer NOT NULL DEFAULT 0,
            done boolean NOT NULL DEFAULT false)
        """,
        "CREATE INDEX IF NOT EXISTS spentkey_notices_waiting ON spentkey_notices (at) WHERE NOT done",
    ),
    (
        "CREATE TABLE IF NOT EXISTS spentkey_tree (seq bigint PRIMARY KEY, nodes bytea NOT NULL)",
        """
        CREATE TABLE IF NOT EXISTS spentkey_checkpoints (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, size bigint NOT NULL, at timestamptz NOT NULL,
            note text NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS spentkey_anchors (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, size bigint NOT NULL, kind text NOT NULL,
            at timestamptz NOT NULL, token bytea NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS spentkey_log (
            number integer PRIMARY KEY CHECK (number = 1), origin text NOT NULL)
        """,
        """
        INSERT INTO spentkey_log SELECT 1, 'spentkey/' || left(drawn, 8) || right(drawn, 8)
        FROM (SELECT gen_random_uuid()::text AS drawn) AS one ON CONFLICT DO NOTHING
        """,
        *(
            statement
            for table in APPEND_ONLY
            for statement in (
                f"DROP TRIGGER IF EXISTS {table}_stays ON {table}",
                f"""
                CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                    FOR EACH STATEMENT EXECUTE FUNCTION spentkey_evidence_stays()
                """,
            )
        ),
    ),
    (
        """
        CREATE TABLE IF NOT EXISTS spentkey_inventory (
            tenant text NOT NULL, object_id text NOT NULL, key_id text NOT NULL, spell integer NOT NULL,
            holder text NOT NULL, app_id text NOT NULL, app_name text NOT NULL, kind text NOT NULL, name text,
            ends timestamptz, class text NOT NULL, reason text NOT NULL, team text, owners text,
            first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL, lapsed_at timestamptz, left_at timestamptz,
            left_as text, removed_at timestamptz, task text, PRIMARY KEY (tenant, object_id, key_id, spell))
        """,
        "CREATE INDEX IF NOT EXISTS spentkey_inventory_there ON spentkey_inventory (tenant) WHERE left_at IS NULL",
        """
        CREATE TABLE IF NOT EXISTS spentkey_scans (
            scan text PRIMARY KEY, at timestamptz NOT NULL, complete boolean NOT NULL, lapsed integer NOT NULL,
            tenants text NOT NULL, controls text NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS spentkey_scans_at ON spentkey_scans (at)",
    ),
)
"""What each version adds to the one before; whatever is there already stays. The log's own name is drawn by the server: the
first and the last eight digits of a UUID of version 4, which are random."""


async def version_of(database: Postgres) -> tuple[int, int] | None:
    """The version of the tables and the oldest program that may use them; None when there are none."""
    ((there,),) = await database.rows("SELECT to_regclass('spentkey_schema') IS NOT NULL")
    return _version(await database.rows("SELECT version, least FROM spentkey_schema")) if there else None


TO_BE_MADE = (
    "engine.database_url: the tables are missing or of an older version, and this role may not make them; run spentkey "
    "database init, with engine.owner_url"
)


async def prepare(database: Postgres) -> None:
    """Make the tables where they are missing or older.

    Raises `Misconfigured` where they are too new for us, or where this role may not make them.
    """
    if _enough(await version_of(database)):
        return
    async with database.transaction() as connection:
        try:
            await _make(connection)
        except psycopg.errors.InsufficientPrivilege:
            raise Misconfigured(TO_BE_MADE) from None


async def _make(connection: Connection) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS spentkey_schema (version integer NOT NULL, least integer NOT NULL)"
    )
    cursor = await connection.execute("SELECT version, least FROM spentkey_schema")
    found = _version(await cursor.fetchall())
    if not _enough(found):  # nobody else was quicker
        await _upgrade(connection, found or (0, 0))


def _version(rows: list[TupleRow]) -> tuple[int, int] | None:
    return (int(rows[0][0]), int(rows[0][1])) if rows else None


def _enough(found: tuple[int, int] | None) -> bool:
    """Whether nothing is to be done; raises `Misconfigured` for tables that are too new for us."""
    if found is None:
        return False
    if found[1] > VERSION:
        raise Misconfigured(
            f"engine.database_url: the database has the tables of version {found[0]}, made by a newer spentkey; this one "
            f"knows version {VERSION} and must be upgraded first"
        )
    return found[0] >= VERSION and found[1] >= LEAST


async def _upgrade(connection: Connection, found: tuple[int, int]) -> None:
    """Add what is missing; an append that is under way ends first, and the next one waits."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (APPENDING,))
    for statements in STEPS[found[0] :]:
        for statement in statements:
            await connection.execute(statement)
    if found[0] < SINCE:
        await fill(connection)
    await connection.execute("DELETE FROM spentkey_schema")
    await connection.execute(
        "INSERT INTO spentkey_schema (version, least) VALUES (%s, %s)", (max(found[0], VERSION), max(found[1], LEAST))
    )
