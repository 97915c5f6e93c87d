"""The check-up of the database: it can be reached and written, and the evidence in it verifies. Nothing is written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.core.secret import Secret
from spentkey.ports.runtime import Clock
from spentkey.storage.postgres.connection import PATIENCE_S, Postgres, opened
from spentkey.storage.postgres.connection import SYSTEM as POSTGRESQL
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import VERSION, version_of

SYSTEM = "database"
REACH = "check engine.database_url, the server's listen_addresses and pg_hba.conf, and that it runs"
OLDEST = 130000
GRANT = "CREATE ROLE spentkey LOGIN PASSWORD '…'; CREATE DATABASE spentkey OWNER spentkey ENCODING 'UTF8' TEMPLATE template0"
RIGHTS = """
    SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'
       AND CASE WHEN to_regclass('spentkey_evidence') IS NULL
           THEN has_schema_privilege(current_schema(), 'CREATE')
           ELSE has_table_privilege('spentkey_evidence', 'INSERT') AND has_table_privilege('spentkey_claims', 'UPDATE')
       END
"""
ENCRYPTED = """
    SELECT inet_client_addr() IS NULL OR inet_client_addr() << '127.0.0.0/8' OR inet_client_addr() = '::1'
        OR coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
"""


@dataclass(frozen=True)
class DatabaseCheck:
    """What must be in place in the database that several machines share."""

    url: Secret
    clock: Clock
    patience_s: float = PATIENCE_S
    """How long a connection is waited for, in seconds."""

    async def findings(self) -> AsyncIterator[Finding]:
        """Connect, then look at the server, the tables, the rights and the chain."""
        try:
            async with opened(self.url, self.patience_s) as database:
                for look in (_server, _connection, _tables, _rights, self._evidence):
                    yield await look(database)
        except SpentkeyError as problem:
            yield Finding(SYSTEM, "connection", FindingState.FAIL, str(problem), REACH)

    async def _evidence(self, database: Postgres) -> Finding:
        kept = PostgresEvidence(database, self.clock, read_only=True)
        try:
            length = await kept.verify()
        except SpentkeyError as problem:
            fix = "keep the table spentkey_evidence as it is, find out what changed it, and start with a new database"
            return Finding(SYSTEM, "evidence", FindingState.FAIL, str(problem), fix)
        return Finding(
            SYSTEM, "evidence", FindingState.OK, f"the chain verifies; records: {length}" if length else "none yet"
        )


async def _server(database: Postgres) -> Finding:
    ((version, message, encoding),) = await database.rows(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
        " current_setting('server_encoding')"
    )
    what = f"{POSTGRESQL} {message.split(' ')[0]}"
    if version < OLDEST:
        return Finding(SYSTEM, what, FindingState.FAIL, "is too old", f"use {POSTGRESQL} 13 or newer")
    if encoding != "UTF8":
        return Finding(SYSTEM, what, FindingState.FAIL, f"the database's encoding is {encoding}", GRANT)
    return Finding(SYSTEM, what, FindingState.OK, "several machines can share tasks, limits and locks")


async def _connection(database: Postgres) -> Finding:
    ((safe,),) = await database.rows(ENCRYPTED)
    if safe:
        return Finding(SYSTEM, "connection", FindingState.OK, "is encrypted, or stays on this machine")
    fix = "add ?sslmode=verify-full&sslrootcert=FILE to engine.database_url, and set ssl = on in postgresql.conf"
    return Finding(SYSTEM, "connection", FindingState.WARN, "is not encrypted", fix)


async def _tables(database: Postgres) -> Finding:
    found = await version_of(database)
    if found is None:
        return Finding(SYSTEM, "tables", FindingState.OK, "none yet; they are made at the first start")
    version, least = found
    if least > VERSION:
        message = f"are of version {version}; this spentkey knows version {VERSION}"
        return Finding(SYSTEM, "tables", FindingState.FAIL, message, "upgrade spentkey on this machine")
    return Finding(SYSTEM, "tables", FindingState.OK, f"are of version {version}, for programs from version {least} on")


async def _rights(database: Postgres) -> Finding:
    ((may,),) = await database.rows(RIGHTS)
    if may:
        return Finding(SYSTEM, "rights", FindingState.OK, "the role can write")
    return Finding(SYSTEM, "rights", FindingState.FAIL, "the role cannot write, or the server is a standby", GRANT)
