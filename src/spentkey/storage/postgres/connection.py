"""The one PostgreSQL that several machines share: its connections, and what its errors mean.

Every commit is on the disk when it returns, whatever the server's default says. A transaction whose client stands still
is broken off by the server, with all its locks: a process that is stopped, or cut off from the network, must not keep
the others waiting. What the server or the driver writes about an error is never passed on, because it may quote what
was sent.
"""

import select
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from spentkey.core.errors import EvidenceBroken, Misconfigured, Outage
from spentkey.core.secret import Secret
from spentkey.core.unlogged import unlogged
from spentkey.storage.reasons import DATABASE_AWAY

SYSTEM = "PostgreSQL"
PATIENCE_S = 10.0
"""How long a connection is waited for; a restart of the server takes less."""
CONNECTIONS = 8
STILL_S = 15.0
"""How long a transaction may stand still between two statements, at most."""
LOCKED_S = 60.0
"""How long a statement waits for a lock of others; longer than several that stand still."""
WATCHED = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000"}
"""A network that swallows everything is noticed within a minute; whatever the URL says of these goes before."""

Connection = psycopg.AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.InternalError,
    PoolTimeout,
    PoolClosed,
    OSError,
)


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's errors into ours: away is an outage, a refusal is the operator's to mend."""
    try:
        yield
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as problem:
        raise EvidenceBroken(f"{SYSTEM} does not let this role write ({_brief(problem)})") from None
    except AWAY as problem:
        raise Outage(DATABASE_AWAY(system=SYSTEM, why=_brief(problem))) from None
    except psycopg.Error as problem:
        raise EvidenceBroken(f"{SYSTEM} refuses a statement of ours ({_brief(problem)})") from None


def _brief(problem: BaseException) -> str:
    state = problem.sqlstate if isinstance(problem, psycopg.Error) else None
    return f"{type(problem).__name__}{f' {state}' if state else ''}"


async def _safe(connection: Connection, still_s: float) -> None:
    """Each commit waits for the disk, each statement sees what was committed before it, and no lock is held for ever."""
    await connection.set_autocommit(True)
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    for name, value in (
        ("default_transaction_isolation", "read committed"),
        ("TimeZone", "UTC"),
        ("idle_in_transaction_session_timeout", f"{still_s * 1000:.0f}ms"),
        ("lock_timeout", f"{LOCKED_S * 1000:.0f}ms"),
    ):
        await connection.execute("SELECT set_config(%s, %s, false)", (name, value))


def _watched(url: Secret) -> dict[str, str]:
    """The settings of the network that the URL does not have; raises `Misconfigured` for what is no such URL."""
    try:
        given = conninfo_to_dict(url.reveal())
    except psycopg.ProgrammingError:
        raise Misconfigured("engine.database_url: the driver of PostgreSQL cannot read this address") from None
    return {name: value for name, value in WATCHED.items() if name not in given}


async def _alive(connection: Connection) -> None:
    """A server that went away has closed its end, or says something unasked; where nothing came, all is well."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    if waiting.poll(0):
        await AsyncConnectionPool.check_connection(connection)


class Postgres:
    """Connections to the database, shared by evidence, locks and queue."""

    def __init__(self, url: Secret, still_s: float = STILL_S) -> None:
        self.pool: Pool = AsyncConnectionPool(
            url.reveal(),
            connection_class=psycopg.AsyncConnection[TupleRow],
            kwargs={
                "connect_timeout": int(PATIENCE_S),
                "application_name": "spentkey",
                **_watched(url),
            },
            min_size=1,
            max_size=CONNECTIONS,
            timeout=PATIENCE_S,
            configure=partial(_safe, still_s=still_s),
            check=_alive,
            open=False,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """One transaction; when the block ends without an error it is committed and on the disk."""
        with translated():
            async with self.pool.connection() as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def begun(self, statements: LiteralString, parameters: Mapping[str, Any]) -> AsyncGenerator["Begun"]:
        """One transaction whose first statements go out together with its beginning, in a single round trip.

        When the block ends without an error it is rolled back unless `Begun.commit` was called.
        """
        with translated():
            async with self.pool.connection() as connection:
                cursor = psycopg.AsyncClientCursor(connection)
                try:
                    await cursor.execute(_together("BEGIN", statements), parameters)
                    yield Begun(connection, cursor)
                finally:
                    if connection.info.transaction_status != TransactionStatus.IDLE:
                        await connection.rollback()

    async def rows(self, statement: LiteralString, **parameters: Any) -> list[TupleRow]:
        """The rows of one statement, which is committed by itself."""
        with translated():
            async with self.pool.connection() as connection:
                cursor = await connection.execute(statement, parameters)
                return await cursor.fetchall() if cursor.description is not None else []


def _together(*statements: LiteralString) -> LiteralString:
    return ";".join(statements)


@dataclass(frozen=True)
class Begun:
    """A transaction that was begun with some statements."""

    connection: Connection
    cursor: psycopg.AsyncClientCursor[TupleRow]

    async def results(self) -> list[list[TupleRow]]:
        """The rows of each of the statements, in their order; those that give none have an empty list."""
        found: list[list[TupleRow]] = []
        while self.cursor.nextset():
            found.append(await self.cursor.fetchall() if self.cursor.description is not None else [])
        return found

    async def commit(self, statements: LiteralString, parameters: Sequence[Any]) -> None:
        """Send the last statements and the commit in a single round trip; when this returns, all is on the disk."""
        await self.cursor.execute(_together(statements, "COMMIT"), parameters)


@asynccontextmanager
async def opened(url: Secret, patience_s: float = PATIENCE_S, still_s: float = STILL_S) -> AsyncGenerator[Postgres]:
    """Connect, and hang up at the end; raises `Outage` when the database cannot be reached.

    `still_s` is how many seconds a transaction may stand still before the server breaks it off.
    """
    database = Postgres(url, still_s)
    with unlogged("psycopg.pool"):  # its warnings quote what the server said
        with translated():
            try:
                await database.pool.open(wait=True, timeout=patience_s)
            except BaseException:
                await database.pool.close()
                raise
        try:
            yield database
        finally:
            await database.pool.close()
