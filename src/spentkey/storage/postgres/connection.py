"""The one PostgreSQL that several machines share: its connections, and what its errors mean.

Every commit is on the disk when it returns, whatever the server's default says. A transaction whose client stands still
is broken off by the server, with all its locks: a process that is stopped, or cut off from the network, must not keep
the others waiting. What the server or the driver writes about an error is never passed on, because it may quote what
was sent.
"""

import select
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.secret import Secret
from spentkey.core.unlogged import unlogged
from spentkey.storage.postgres.address import PATIENCE_S, parameters_of
from spentkey.storage.postgres.holders import HOLDERS, told
from spentkey.storage.reasons import DATABASE_AWAY, DATABASE_LOCK_HELD, DATABASE_READ_ONLY

SYSTEM = "PostgreSQL"
CONNECTIONS = 8
STILL_S = 15.0
"""How long a transaction may stand still between two statements, at most."""
LOCKED_S = 60.0
"""How long a statement waits for a lock of others; longer than several that stand still."""
TRIED_FOR_S = 5.0
"""How long the pool tries for a connection by itself; then whoever asks next starts it anew, so the pauses stay short."""

Connection = psycopg.AsyncConnection[TupleRow]
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.InternalError,
    PoolTimeout,
    PoolClosed,
    OSError,
)
READ_ONLY = "25006"
SHUT_DOWN = ("57P01", "57P02", "57P03")


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's errors into ours: away is an outage, a refusal is the operator's to mend."""
    try:
        yield
    except psycopg.errors.ReadOnlySqlTransaction:
        raise Outage(DATABASE_READ_ONLY(system=SYSTEM)) from None
    except psycopg.errors.InsufficientPrivilege as problem:
        raise EvidenceBroken(f"{SYSTEM} does not let this role write ({_brief(problem)})") from None
    except AWAY as problem:
        raise Outage(DATABASE_AWAY(system=SYSTEM, why=_brief(problem))) from None
    except psycopg.Error as problem:
        raise EvidenceBroken(f"{SYSTEM} refuses a statement of ours ({_brief(problem)})") from None


def _brief(problem: BaseException) -> str:
    state = problem.sqlstate if isinstance(problem, psycopg.Error) else None
    return f"{type(problem).__name__}{f' {state}' if state else ''}"


def is_of_another_server(problem: psycopg.Error) -> bool:
    """Whether the server that we were connected to is not the one to write to any more.

    It is read-only, it shuts down or starts up, or the connection broke without a word from it.
    """
    if isinstance(problem, PoolTimeout | PoolClosed | TooManyRequests):
        return False  # about the pool itself
    state = problem.sqlstate
    if state is None:
        return isinstance(problem, psycopg.OperationalError)
    return state == READ_ONLY or state in SHUT_DOWN or state.startswith("08")


class Pool(AsyncConnectionPool[Connection]):
    """Connections that are all thrown away when one of them shows that the server is not the one to write to any more.

    The others lead to the same server, and each of them would cost somebody an error, or the time until a network that
    swallows everything is noticed.
    """

    _thrown_away = 0.0

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncGenerator[Connection]:  # noqa: ASYNC109  # the pool's
        """A connection from the pool, as long as the block lasts."""
        got = time.monotonic()
        try:
            async with super().connection(timeout) as one:
                got = time.monotonic()
                yield one
        except psycopg.Error as problem:
            if is_of_another_server(problem) and got >= self._thrown_away and not self.closed:
                self._thrown_away = time.monotonic()
                await self.drain()
            raise


async def _safe(connection: Connection, still_s: float, locked_s: float) -> None:
    """Each commit waits for the disks, each statement sees what was committed before it, and no lock is held for ever.

    Where the server has a standby to wait for, less than `on` acknowledges what the standby may not have when it is promoted.
    """
    await connection.set_autocommit(True)
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
    )
    for name, value in (
        ("default_transaction_isolation", "read committed"),
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, YMD"),
        ("geqo", "on"),
        ("idle_in_transaction_session_timeout", f"{still_s * 1000:.0f}ms"),
        ("lock_timeout", f"{locked_s * 1000:.0f}ms"),
    ):
        await connection.execute("SELECT set_config(%s, %s, false)", (name, value))


async def _alive(connection: Connection) -> None:
    """A server that went away has closed its end, or says something unasked; where nothing came, all is well."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    if waiting.poll(0):
        await AsyncConnectionPool.check_connection(connection)


class Postgres:
    """Connections to the database, shared by evidence, locks and queue."""

    def __init__(self, url: Secret, still_s: float = STILL_S, locked_s: float = LOCKED_S) -> None:
        self.parameters, self._locked_s = parameters_of(url), locked_s
        self.pool = Pool(
            "",
            connection_class=psycopg.AsyncConnection[TupleRow],
            kwargs=self.parameters,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=PATIENCE_S,
            reconnect_timeout=TRIED_FOR_S,
            configure=partial(_safe, still_s=still_s, locked_s=locked_s),
            check=_alive,
            open=False,
        )

    @asynccontextmanager
    async def _ours(self) -> AsyncGenerator[None]:
        """Our errors in place of the driver's; who holds a lock for too long is named."""
        with translated():
            try:
                yield
            except psycopg.errors.LockNotAvailable:
                async with self.pool.connection() as connection:
                    holding = told(await (await connection.execute(HOLDERS)).fetchall())
                if not holding:
                    raise
                held = DATABASE_LOCK_HELD(system=SYSTEM, holder="; ".join(holding), seconds=f"{self._locked_s:g}")
                raise Outage(held) from None

    async def holders(self) -> list[str]:
        """The sessions that hold a lock of ours and do not call themselves ours."""
        return told(await self.rows(HOLDERS), strangers_only=True)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """One transaction; when the block ends without an error it is committed and on the disk."""
        async with self._ours(), self.pool.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def begun(self, statements: LiteralString, parameters: Mapping[str, Any]) -> AsyncGenerator["Begun"]:
        """One transaction whose first statements go out together with its beginning, in a single round trip.

        When the block ends without an error it is rolled back unless `Begun.commit` was called.
        """
        async with self._ours(), self.pool.connection() as connection:
            cursor = psycopg.AsyncClientCursor(connection)
            try:
                await cursor.execute(_together("BEGIN", statements), parameters)
                yield Begun(connection, cursor)
            finally:
                if connection.info.transaction_status != TransactionStatus.IDLE:
                    await connection.rollback()

    async def rows(self, statement: LiteralString, **parameters: Any) -> list[TupleRow]:
        """The rows of one statement, which is committed by itself."""
        async with self._ours(), self.pool.connection() as connection:
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
async def opened(
    url: Secret, patience_s: float = PATIENCE_S, still_s: float = STILL_S, locked_s: float = LOCKED_S
) -> AsyncGenerator[Postgres]:
    """Connect, and hang up at the end; raises `Outage` when the database cannot be reached.

    `still_s` is how many seconds a transaction may stand still before the server breaks it off, `locked_s` how many a
    statement waits for a lock of others.
    """
    database = Postgres(url, still_s, locked_s)
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
