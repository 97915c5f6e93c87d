"""The database file of one machine: how it is opened, and what its errors mean.

`journal_mode=TRUNCATE` with `synchronous=FULL`: when a commit returns, it is on the disk (docs/adr/0018). A process that
dies leaves a journal, and the next one that opens the file takes back what was not committed.
"""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.storage.durable import flush_names
from spentkey.storage.reasons import FILE_HELD
from spentkey.storage.sqlite.location import refuse_a_network, refuse_unfit
from spentkey.storage.sqlite.schema import prepare, version_of

FILE = "spentkey.db"
PATIENCE_S = 60.0
"""How long another process may hold the database: a commit takes milliseconds, so one that holds it was stopped."""
LOOK_S = 0.002
"""How often a waiter looks whether the database is free, in seconds. SQLite's own waits grow to 25 and 50 ms, and miss the
moments between two commits of a busy neighbour."""
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT", "SQLITE_ERROR")


class FlushFailed(EvidenceBroken):
    """The last flush of a commit failed: what was committed may show now, and be gone after a power cut."""


class Store:
    """One process' connection, opened at first use. Use it from one thread at a time."""

    def __init__(self, directory: Path, *, read_only: bool = False, patience_s: float = PATIENCE_S) -> None:
        self.file = directory / FILE
        self.read_only = read_only
        self._directory, self._patience_s = directory, patience_s
        self._connection: sqlite3.Connection | None = None
        self._opened_by, self._is = 0, (0, 0)
        self._abandoned: list[sqlite3.Connection] = []
        """Connections of the process that this one was forked from: to close them would end its transactions."""
        self._unflushed = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection | None]:
        """One consistent view; None where nothing was ever recorded and this process only reads."""
        with self._translated():
            connection = self._opened()
            if connection is None:
                yield None
                return
            self._flush_what_is_left(connection)
            connection.execute("BEGIN")
            try:
                self._when_free(connection, "SELECT 1 FROM sqlite_master LIMIT 1")  # from here on the view is fixed
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """The only writer of all processes; committed and on the disk when the block has ended without an error."""
        with self._translated():
            connection = self._opened()
            if connection is None:
                raise EvidenceBroken(f"{self.file} is not there")
            self._flush_what_is_left(connection)
            with self._transaction(connection):
                yield connection

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Generator[None]:
        self._when_free(connection, "BEGIN IMMEDIATE")
        try:
            yield
            self._commit(connection)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            self._when_free(connection, "COMMIT")
        except sqlite3.OperationalError as problem:
            if not _name_of(problem).startswith("SQLITE_IOERR"):
                raise
            self._unflushed = True
            raise FlushFailed(f"{self.file} cannot be written ({_name_of(problem)}), nothing is removed") from None

    def _flush_what_is_left(self, connection: sqlite3.Connection) -> None:
        """After a flush that failed nothing is read, for it might not last, until a whole commit came after it.

        The last flush of a commit is that of the emptied journal. Where it fails SQLite reports an error, and shows
        what was committed all the same; with that journal a power cut would take it back.
        """
        if self._unflushed:
            with self._transaction(connection):
                version = int(connection.execute("PRAGMA user_version").fetchone()[0])
                connection.execute(f"PRAGMA user_version = {version}")  # a change for the file, and for nobody else
            self._unflushed = False

    def _when_free(self, connection: sqlite3.Connection, statement: str) -> None:
        """Execute what needs a lock, as soon as no other process holds one that is in its way."""
        waiting = threading.Event()
        for _ in range(int(self._patience_s / LOOK_S)):
            try:
                connection.execute(statement).fetchone()
                return
            except sqlite3.OperationalError as problem:
                if not _is_busy(problem):
                    raise
            waiting.wait(LOOK_S)
        connection.execute(statement).fetchone()

    def close(self) -> None:
        """Close the connection; the next use opens another one."""
        if self._connection is not None and self._opened_by == os.getpid():
            self._connection.close()
        self._connection = None

    def _opened(self) -> sqlite3.Connection | None:
        if self._connection is not None and self._opened_by != os.getpid():
            self._abandoned.append(self._connection)
            self._connection = None
        if self._connection is not None and self._is != _known_by(self.file):
            self.close()  # another file has its name now, or none has
        if self._connection is None:
            self._connection = self._open_to_read() if self.read_only else self._open_to_write()
            if self._connection is not None:
                self._connection.execute("PRAGMA busy_timeout = 0")  # from here on `_when_free` waits
            self._opened_by, self._is = os.getpid(), _known_by(self.file)
        return self._connection

    def _open_to_write(self) -> sqlite3.Connection:
        self._make()
        connection = self._connect("rw")
        try:
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("PRAGMA synchronous = FULL")
            prepare(connection, str(self.file))
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_to_read(self) -> sqlite3.Connection | None:
        """Nothing is made; what a process that died left half done is taken back where the file may be written."""
        refuse_unfit(self._directory)
        if not self.file.exists():
            return None
        connection = self._connect("rw" if os.access(self.file, os.W_OK) else "ro")
        try:
            connection.execute("PRAGMA query_only = ON")
            if version_of(connection, str(self.file)):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
        return None

    def _make(self) -> None:
        """The directory and an empty file, for their owner alone, with their names on the disk."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            refuse_unfit(self._directory)
            refuse_a_network(self._directory)
            if not self.file.exists():
                _make_empty(self.file)
        except OSError as problem:
            raise EvidenceBroken(f"the state directory {self._directory} cannot be used ({problem.strerror})") from None

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self.file.absolute()))}?mode={mode}",
            uri=True,
            timeout=self._patience_s,
            isolation_level=None,  # transactions are begun and ended here, and nowhere else
            check_same_thread=False,
        )
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turn SQLite's errors into ours. Its texts name tables and never values, but ours say what to do."""
        try:
            yield
        except sqlite3.Error as problem:
            raise self._meaning(problem) from None

    def _meaning(self, problem: sqlite3.Error) -> EvidenceBroken | Outage:
        name = _name_of(problem)
        if _is_busy(problem):
            return Outage(FILE_HELD(file=str(self.file), seconds=f"{self._patience_s:.0f}"))
        if name == "SQLITE_FULL":
            return EvidenceBroken(f"{self.file} cannot be written (No space left on device)")
        if name.startswith(DAMAGED):
            return EvidenceBroken(f"{self.file} is damaged ({name}), nothing is removed")
        return EvidenceBroken(f"{self.file} cannot be used ({name})")


def _name_of(problem: sqlite3.Error) -> str:
    return getattr(problem, "sqlite_errorname", "") or type(problem).__name__


def _is_busy(problem: sqlite3.Error) -> bool:
    return (getattr(problem, "sqlite_errorname", "") or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _known_by(file: Path) -> tuple[int, int]:
    """By what a file is known, whatever its name; zeros where there is none."""
    try:
        seen = file.stat()
    except OSError:
        return 0, 0
    return seen.st_dev, seen.st_ino


def _make_empty(file: Path) -> None:
    """An empty file for its owner alone, with its name on the disk.

    It is made under another name: to close a database's file by any other way than SQLite's releases the locks that
    other connections of this process hold on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    made, path = tempfile.mkstemp(prefix=".spentkey-", dir=file.parent)  # its mode is 0600
    try:
        os.close(made)
        with suppress(FileExistsError):  # another process was quicker
            os.link(path, file)
    finally:
        Path(path).unlink()
    flush_names(file.parent)
