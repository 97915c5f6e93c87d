"""The check-up of the database: it can be reached and written, and the evidence in it verifies. Nothing is written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.core.gap import RecordsLost
from spentkey.core.secret import Secret
from spentkey.ports.runtime import Clock
from spentkey.storage.postgres.acknowledged import Acknowledged
from spentkey.storage.postgres.address import PATIENCE_S, has_several_hosts
from spentkey.storage.postgres.connection import SYSTEM as POSTGRESQL
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import APPEND_ONLY, VERSION, version_of

SYSTEM = "database"
REACH = "check engine.database_url, the server's listen_addresses and pg_hba.conf, and that it runs"
OLDEST = 130000
INIT = "set engine.owner_url and run: spentkey database init"
GRANT = "CREATE ROLE spentkey LOGIN PASSWORD '…'; CREATE DATABASE spentkey OWNER spentkey ENCODING 'UTF8' TEMPLATE template0"
RIGHTS = """
    SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
        CASE WHEN to_regclass('spentkey_evidence') IS NULL
            THEN has_schema_privilege(current_schema(), 'CREATE')
            ELSE has_table_privilege('spentkey_evidence', 'INSERT') AND has_table_privilege('spentkey_claims', 'UPDATE')
                AND coalesce(has_table_privilege(to_regclass('spentkey_tree'), 'INSERT'), true)
                AND coalesce(has_table_privilege(to_regclass('spentkey_checkpoints'), 'INSERT'), true)
                AND coalesce(has_table_privilege(to_regclass('spentkey_anchors'), 'INSERT'), true)
        END
"""
TOO_MANY = """
    SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
        EXISTS (SELECT 1 FROM unnest(%(tables)s::text[]) AS name JOIN pg_class ON oid = to_regclass(name)
            WHERE pg_has_role(relowner, 'MEMBER')),
        EXISTS (SELECT 1 FROM pg_database WHERE datname = current_database() AND pg_has_role(datdba, 'MEMBER'))
            OR EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = current_schema() AND pg_has_role(nspowner, 'MEMBER')),
        EXISTS (SELECT 1 FROM unnest(%(tables)s::text[]) AS name
            WHERE has_table_privilege(to_regclass(name), 'UPDATE, DELETE, TRUNCATE, TRIGGER'))
"""
"""Whether the role is a superuser, owns the evidence, owns what it lies in, or may change it all the same; the evidence
is the records, and the tables of the tree."""
MAY_CHANGE = (
    "it is a superuser",
    "it owns the table, as in version 0.1",
    "it owns the database or the schema",
    "it was granted to it",
)
"""Why it may, in the same order."""
STANDBYS = """
    SELECT current_setting('synchronous_standby_names') <> '',
        (SELECT count(*) FROM pg_stat_replication),
        (SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) FROM pg_stat_replication),
        (SELECT count(*) FILTER (WHERE sync_state IS NULL) FROM pg_stat_replication)
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
    directory: Path | None = None
    """Where this machine keeps what it saw acknowledged; None where it keeps nothing."""

    async def findings(self) -> AsyncIterator[Finding]:
        """Connect, then look at the server, the tables, the rights and the chain."""
        try:
            async with opened(self.url, self.patience_s) as database:
                looks = (_server, _connection, _tables, _rights, _role, _standbys, _locks, self._lost, self._evidence)
                for look in looks:
                    finding = await look(database)
                    if finding is not None:
                        yield finding
        except SpentkeyError as problem:
            yield Finding(SYSTEM, "connection", FindingState.FAIL, str(problem), REACH)

    async def _lost(self, database: Postgres) -> Finding:
        """Whether all is there that this machine saw acknowledged."""
        what = "acknowledged records"
        if self.directory is None:
            message = "this machine keeps none, so a start does not notice where a failover lost some"
            return Finding(SYSTEM, what, FindingState.WARN, message, "set state.directory")
        seen = Acknowledged(self.directory, read_only=True)
        kept = PostgresEvidence(database, self.clock, read_only=True, acknowledged=seen)
        try:
            lost = await kept.lost()
        except SpentkeyError:
            lost = None  # the line of the evidence says why
        if lost is None:
            return Finding(SYSTEM, what, FindingState.OK, "are all there")
        fix = "see docs/howto/postgresql.md, then: spentkey resume --why …"
        return Finding(SYSTEM, what, FindingState.FAIL, str(RecordsLost(lost)), fix)

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
    ((read_only, may),) = await database.rows(RIGHTS)
    if read_only:
        fix = "let engine.database_url lead to the primary; with several hosts in it, that one is found"
        return Finding(SYSTEM, "rights", FindingState.FAIL, "the server is read-only: a standby, or demoted", fix)
    if may:
        return Finding(SYSTEM, "rights", FindingState.OK, "the role can write")
    return Finding(SYSTEM, "rights", FindingState.FAIL, "the role cannot write", INIT)


async def _role(database: Postgres) -> Finding:
    """Whether the role could take the protection of the evidence away."""
    (found,) = await database.rows(TOO_MANY, tables=["spentkey_evidence", *APPEND_ONLY])
    why = next((said for said, so in zip(MAY_CHANGE, found, strict=True) if so), None)
    if why is None:
        message = "can read evidence and add to it, and neither change nor delete it"
        return Finding(SYSTEM, "role", FindingState.OK, message)
    return Finding(SYSTEM, "role", FindingState.WARN, f"may change or delete evidence: {why}", INIT)


async def _standbys(database: Postgres) -> Finding | None:
    """Whether a commit waits for a standby, where there is one."""
    ((waits, connected, waited_for, hidden),) = await database.rows(STANDBYS)
    if not connected and not waits and not has_several_hosts(database.parameters):
        return None
    if not waits:
        message = f"commits wait for none ({connected} connected); a failover may lose records, and then work stops"
        fix = "set synchronous_standby_names in postgresql.conf of every server"
        return Finding(SYSTEM, "standbys", FindingState.WARN, message, fix)
    if not waited_for and not hidden:
        message = f"none of those that are connected ({connected}) is waited for: each commit stands still"
        fix = "start the standby that synchronous_standby_names names, or correct the name"
        return Finding(SYSTEM, "standbys", FindingState.WARN, message, fix)
    return Finding(SYSTEM, "standbys", FindingState.OK, "each commit waits for one")


async def _locks(database: Postgres) -> Finding | None:
    """Whether a session that is none of ours holds a lock of ours."""
    strangers = await database.holders()
    if not strangers:
        return None
    message = f"a lock of Spentkey's is held by {'; '.join(strangers)}"
    return Finding(SYSTEM, "locks", FindingState.WARN, message, "end that session: SELECT pg_terminate_backend(pid)")
