"""The tables in SQLite, from version 3.34 on: no STRICT, no RETURNING. They only grow.

A change adds a table, a column with a default, or an index, and raises `VERSION`. `LEAST` is the oldest version of the
program that may still write; it is raised only where an older one would do harm.
"""

import sqlite3

from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.storage.sqlite.nodes import SINCE, fill

VERSION, LEAST = 5, 1
SCANS_SINCE = 5
"""The version that has the tables of the inventory."""
APPLICATION = 0x53504B31
"""`PRAGMA application_id`: the file says whose it is (sqlite.org/pragma.html#pragma_application_id)."""

STATEMENTS = (
    "CREATE TABLE spentkey_schema (version INTEGER NOT NULL, least INTEGER NOT NULL)",
    """
    CREATE TABLE spentkey_evidence (
        seq INTEGER PRIMARY KEY, at REAL NOT NULL, what TEXT NOT NULL, task TEXT, app_id TEXT, key_id TEXT, run TEXT,
        line TEXT NOT NULL)
    """,
    "CREATE INDEX spentkey_evidence_task ON spentkey_evidence (task, seq) WHERE task IS NOT NULL",
    "CREATE INDEX spentkey_evidence_app ON spentkey_evidence (app_id, seq) WHERE what = 'intent'",
    "CREATE INDEX spentkey_evidence_run ON spentkey_evidence (run) WHERE what = 'intent'",
    "CREATE INDEX spentkey_evidence_counted ON spentkey_evidence (at) WHERE what IN ('intent', 'handing-over')",
    "CREATE INDEX spentkey_evidence_results ON spentkey_evidence (seq) WHERE what = 'result'",
    """
    CREATE INDEX spentkey_evidence_stops ON spentkey_evidence (seq)
        WHERE what IN ('survivor-lost', 'paused', 'resumed')
    """,
    """
    CREATE TRIGGER spentkey_evidence_stays BEFORE UPDATE ON spentkey_evidence
        BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END
    """,
    """
    CREATE TRIGGER spentkey_evidence_remains BEFORE DELETE ON spentkey_evidence
        BEGIN SELECT RAISE(ABORT, 'evidence is never deleted'); END
    """,
    """
    CREATE TABLE spentkey_tries (
        attempt TEXT PRIMARY KEY, task TEXT NOT NULL, process TEXT NOT NULL, boot TEXT NOT NULL,
        alone INTEGER NOT NULL DEFAULT 1)
    """,
    "CREATE TABLE spentkey_suspects (task TEXT PRIMARY KEY, deaths INTEGER NOT NULL, at REAL NOT NULL)",
    f"PRAGMA application_id = {APPLICATION}",
)
"""The tables of version 1."""
APPEND_ONLY = ("tree", "checkpoints", "anchors", "log")
"""The tables of version 4, protected as the records are."""
STEPS: tuple[tuple[str, ...], ...] = (
    STATEMENTS,
    (
        "ALTER TABLE spentkey_evidence ADD COLUMN canary TEXT",
        "CREATE INDEX spentkey_evidence_canary ON spentkey_evidence (canary, seq) WHERE canary IS NOT NULL",
    ),
    (
        """
        CREATE TABLE spentkey_notices (
            key TEXT PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL,
            due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0)
        """,
        "CREATE INDEX spentkey_notices_waiting ON spentkey_notices (at) WHERE done = 0",
    ),
    (
        "CREATE TABLE spentkey_tree (seq INTEGER PRIMARY KEY, nodes BLOB NOT NULL)",
        """
        CREATE TABLE spentkey_checkpoints (
            number INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, at REAL NOT NULL, note TEXT NOT NULL)
        """,
        """
        CREATE TABLE spentkey_anchors (
            number INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL,
            token BLOB NOT NULL)
        """,
        "CREATE TABLE spentkey_log (number INTEGER PRIMARY KEY CHECK (number = 1), origin TEXT NOT NULL)",
        "INSERT INTO spentkey_log VALUES (1, 'spentkey/' || lower(hex(randomblob(8))))",
        *(
            f"""
            CREATE TRIGGER spentkey_{table}_{name} BEFORE {change} ON spentkey_{table}
                BEGIN SELECT RAISE(ABORT, 'evidence is never {done}'); END
            """
            for table in APPEND_ONLY
            for name, change, done in (("stays", "UPDATE", "changed"), ("remains", "DELETE", "deleted"))
        ),
    ),
    (
        """
        CREATE TABLE spentkey_inventory (
            tenant TEXT NOT NULL, object_id TEXT NOT NULL, key_id TEXT NOT NULL, spell INTEGER NOT NULL,
            holder TEXT NOT NULL, app_id TEXT NOT NULL, app_name TEXT NOT NULL, kind TEXT NOT NULL, name TEXT, ends TEXT,
            class TEXT NOT NULL, reason TEXT NOT NULL, team TEXT, owners TEXT, first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL, lapsed_at TEXT, left_at TEXT, left_as TEXT, removed_at TEXT, task TEXT,
            PRIMARY KEY (tenant, object_id, key_id, spell))
        """,
        "CREATE INDEX spentkey_inventory_there ON spentkey_inventory (tenant) WHERE left_at IS NULL",
        """
        CREATE TABLE spentkey_scans (
            scan TEXT PRIMARY KEY, at TEXT NOT NULL, complete INTEGER NOT NULL, lapsed INTEGER NOT NULL,
            tenants TEXT NOT NULL, controls TEXT NOT NULL)
        """,
        "CREATE INDEX spentkey_scans_at ON spentkey_scans (at)",
    ),
)
"""What each version adds to the one before. The log's own name is drawn by SQLite, by whichever process makes its table."""


def version_of(connection: sqlite3.Connection, where: str) -> int:
    """The version of the tables, 0 where there are none.

    Raises `EvidenceBroken` for a database of something else, `Misconfigured` for tables that are too new for us.
    """
    application, version, tables = _seen(connection)
    if application != APPLICATION:
        if tables or version or application:
            raise EvidenceBroken(f"{where} is a database of another program, nothing is removed")
        return 0
    found = connection.execute("SELECT least FROM spentkey_schema").fetchone()
    if found is None:
        raise EvidenceBroken(f"{where} does not say which version made it, nothing is removed")
    if found[0] > VERSION:
        raise Misconfigured(
            f"state.directory: {where} has the tables of version {version}, made by a newer spentkey; this one knows "
            f"version {VERSION} and must be upgraded first"
        )
    return int(version)


def _seen(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The program and version that the file names, and how many tables it has, all as of one moment.

    Another process may be making the tables right now: one reading before and one after that would not fit together.
    """
    mine = not connection.in_transaction
    if mine:
        connection.execute("BEGIN")
    try:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        if mine:
            connection.execute("COMMIT")
    return int(application), int(version), int(tables)


def prepare(connection: sqlite3.Connection, where: str) -> None:
    """Make the tables where there are none, and add what older ones lack. Several processes may do so at once; the first one makes them."""
    if version_of(connection, where) >= VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = version_of(connection, where)
        if found < VERSION:
            for statement in (one for step in STEPS[found:] for one in step):
                connection.execute(statement)
            if found < SINCE:
                fill(connection)
            connection.execute("DELETE FROM spentkey_schema")
            connection.execute("INSERT INTO spentkey_schema VALUES (?, ?)", (VERSION, LEAST))
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
