"""The evidence of version 0.1 for commands that only read: `plan` and `check` leave its file as it is.

Its records are copied into a temporary database, which SQLite keeps in memory or in a file without a name, and which
ends with the process (sqlite.org/inmemorydb.html, "Temporary Databases").
"""

import sqlite3
from pathlib import Path

from spentkey.core.tree import CompactRange
from spentkey.ports.runtime import Clock
from spentkey.storage.sqlite.evidence import SqliteEvidence, put
from spentkey.storage.sqlite.schema import prepare
from spentkey.storage.sqlite.store import Store
from spentkey.storage.sqlite.take_over import OLD, is_needed, verified_lines


def evidence_to_read(directory: Path, clock: Clock) -> SqliteEvidence:
    """What is on record in a state directory, for who writes nothing."""
    if is_needed(directory):
        return evidence_before_take_over(directory, clock)
    return SqliteEvidence(directory, clock, read_only=True)


def evidence_before_take_over(directory: Path, clock: Clock) -> SqliteEvidence:
    """Reads what `evidence.jsonl` holds, and writes nothing; a last line that is torn is left out."""
    return SqliteEvidence(directory, clock, store=CopyOfFile(directory))


class CopyOfFile(Store):
    """A `Store` that is filled with the lines of the file when it is first used."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, read_only=True)
        self.file = directory / OLD
        self._copy: sqlite3.Connection | None = None

    def close(self) -> None:
        """Drop the copy; the next use reads the file again."""
        if self._copy is not None:
            self._copy.close()
        self._copy = None

    def _opened(self) -> sqlite3.Connection:
        if self._copy is None:
            self._copy = self._copied()
        return self._copy

    def _copied(self) -> sqlite3.Connection:
        connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            prepare(connection, str(self.file))
            connection.execute("BEGIN")
            put(connection, CompactRange(), verified_lines(self.file))
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection
