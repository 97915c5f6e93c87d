"""The two roles of the database: one owns the tables, and the workers' may add evidence, and neither change nor delete it.

Whoever owns a table can take its triggers away, so the workers must not. Everything converges: a second time changes
nothing, and a database of version 0.1, whose one role owns all, is taken over where a superuser asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.storage.postgres.address import parameters_of
from spentkey.storage.postgres.connection import Connection, Postgres
from spentkey.storage.postgres.schema import version_of

OWNED: LiteralString = r"""
    WITH ours AS (
        SELECT c.relname AS name, c.relowner AS owner, 1 AS turn,
            format('ALTER %%s %%s OWNER TO %%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                c.oid::regclass, %(owner)s::text) AS statement
        FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'S')
            AND NOT EXISTS (
                SELECT 1 FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S')
        UNION ALL
        SELECT p.proname, p.proowner, 2, format('ALTER ROUTINE %%s OWNER TO %%I', p.oid::regprocedure, %(owner)s::text)
        FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
        UNION ALL
        SELECT t.typname, t.typowner, 3, format('ALTER TYPE %%s OWNER TO %%I', t.oid::regtype, %(owner)s::text)
        FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typnamespace = current_schema()::regnamespace AND (t.typtype = 'e' OR c.relkind = 'c'))
    SELECT statement FROM ours
    WHERE owner <> %(owner)s::text::regrole AND (name LIKE 'spentkey\_%%' OR name LIKE 'procrastinate\_%%')
    ORDER BY turn, statement
"""
"""What another role owns of ours, as statements; a sequence that belongs to a column goes with its table."""
REACHED: LiteralString = """
    SELECT format('ALTER DATABASE %%I OWNER TO %%I', datname, %(owner)s::text) FROM pg_database
    WHERE datname = current_database() AND datdba = %(worker)s::text::regrole
    UNION ALL
    SELECT format('ALTER SCHEMA %%I OWNER TO %%I', nspname, %(owner)s::text) FROM pg_namespace
    WHERE nspname = current_schema() AND nspowner = %(worker)s::text::regrole
"""
"""Whoever owns the database or the schema may drop what is in it."""
GRANTS: LiteralString = """
    REVOKE ALL ON DATABASE {database} FROM PUBLIC, {worker};
    GRANT CONNECT ON DATABASE {database} TO {worker};
    REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {worker};
    GRANT USAGE ON SCHEMA {schema} TO {worker};
    REVOKE ALL ON spentkey_evidence, spentkey_tree, spentkey_checkpoints, spentkey_anchors, spentkey_log, spentkey_schema
        FROM PUBLIC, {worker};
    GRANT SELECT, INSERT ON spentkey_evidence, spentkey_tree, spentkey_checkpoints, spentkey_anchors TO {worker};
    GRANT SELECT ON spentkey_log, spentkey_schema TO {worker};
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON spentkey_claims, spentkey_paces, spentkey_tries, spentkey_suspects, spentkey_notices, spentkey_inventory,
            spentkey_scans TO {worker};
    GRANT USAGE ON SEQUENCE spentkey_claim TO {worker}
"""
QUEUE: LiteralString = r"""
    SELECT format(CASE relkind WHEN 'S' THEN 'GRANT USAGE, SELECT ON SEQUENCE %%s TO %%I'
        ELSE 'GRANT SELECT, INSERT, UPDATE, DELETE ON %%s TO %%I' END, oid::regclass, %(worker)s::text)
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S')
        AND relname LIKE 'procrastinate\_%%'
"""


@dataclass(frozen=True)
class Roles:
    """Who owns the tables, and as whom the workers come."""

    owner: str
    worker: str


def worker_of(url: Secret) -> tuple[str, Secret | None]:
    """The role that an address names, and its password where it has one."""
    parameters = parameters_of(url)
    user, password = parameters.get("user"), parameters.get("password")
    if not user:
        raise Misconfigured("engine.database_url: names no user; the workers need a role of their own")
    return user, Secret(password) if password else None


async def make_roles(database: Postgres, worker: str, password: Secret | None) -> Roles:
    """Make the roles that are missing, give the tables to the owner, and the workers what they need.

    `database` is connected as the owner, or as a superuser, who makes an owner that nobody can log in as. The tables
    must be there. Raises `Misconfigured` where a role has too many rights, or this one too few.
    """
    async with database.transaction() as connection:
        try:
            return await _make_roles(connection, worker, password)
        except psycopg.errors.InsufficientPrivilege:
            raise Misconfigured(
                "engine.owner_url: this role may not do that; where roles are to be made, or tables of another role taken "
                "over, name a superuser once"
            ) from None


async def _make_roles(connection: Connection, worker: str, password: Secret | None) -> Roles:
    rows = await _rows(connection, "SELECT current_user::text, rolsuper FROM pg_roles WHERE rolname = current_user")
    (me, is_super), known = rows[0], await _superuser(connection, worker)
    if me == worker:
        raise Misconfigured("engine.owner_url: names the same role as engine.database_url")
    if known:
        raise Misconfigured("engine.database_url: names a superuser, whose rights nothing limits; name another role")
    owner = str(me)
    if is_super:
        await connection.execute("SET LOCAL log_statement TO 'none'")
        owner = f"{worker}_owner"
        if await _superuser(connection, owner) is None:
            await connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(owner)))
    if known is None:
        await _make_worker(connection, worker, password)
    await _run(connection, await _rows(connection, REACHED, owner=owner, worker=worker))
    await _run(connection, await _rows(connection, OWNED, owner=owner))
    ((name, schema),) = await _rows(connection, "SELECT current_database()::text, current_schema()::text")
    names = {"database": name, "schema": schema, "worker": worker}
    grants = sql.SQL(GRANTS).format(**{one: sql.Identifier(str(text)) for one, text in names.items()})
    await connection.execute(grants)
    if is_super:  # the owner upgrades the tables, and makes those of the next version
        use = sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}")
        await connection.execute(use.format(sql.Identifier(str(schema)), sql.Identifier(owner)))
    await _run(connection, await _rows(connection, QUEUE, worker=worker))
    return Roles(owner, worker)


async def _make_worker(connection: Connection, worker: str, password: Secret | None) -> None:
    """Its password goes to the server as what SCRAM keeps of it, so that no log of statements has it."""
    limits: LiteralString = "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    made = sql.SQL(limits).format(sql.Identifier(worker))
    if password is not None:
        kept = connection.pgconn.encrypt_password(password.reveal().encode(), worker.encode(), b"scram-sha-256")
        made += sql.SQL(" PASSWORD {}").format(sql.Literal(kept.decode()))
    await connection.execute(made)


async def _superuser(connection: Connection, role: str) -> bool | None:
    """Whether a role is a superuser; None where there is no such role."""
    rows = await _rows(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = %(role)s", role=role)
    return bool(rows[0][0]) if rows else None


async def _rows(connection: Connection, statement: LiteralString, **values: str) -> Sequence[Sequence[object]]:
    return await (await connection.execute(statement, values)).fetchall()


async def _run(connection: Connection, statements: Sequence[Sequence[object]]) -> None:
    for (statement,) in statements:
        await connection.execute(str(statement).encode())


async def seen_by(database: Postgres) -> int:
    """The version of the tables that the workers' role finds; raises `Misconfigured` where it finds none."""
    found = await version_of(database)
    if found is None:
        raise Misconfigured("engine.owner_url: leads to another database or schema than engine.database_url")
    return found[0]
