"""What a database says of itself is read as of one moment, whoever is making its tables right then."""

import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from spentkey.core.errors import EvidenceBroken
from spentkey.storage.sqlite.schema import VERSION, prepare, version_of


def opened(file: Path) -> sqlite3.Connection:
    """A connection that waits for nobody."""
    return sqlite3.connect(file, isolation_level=None, timeout=0)


@pytest.mark.parametrize("nth", range(1, 6))
def test_tables_that_another_process_makes_meanwhile_are_not_anothers(tmp_path: Path, nth: int) -> None:
    """At whichever statement that comes: the file is empty yet, or ours."""
    mine, other = opened(tmp_path / "x.db"), opened(tmp_path / "x.db")
    seen: list[str] = []

    def meanwhile(statement: str) -> None:
        seen.append(statement)
        if len(seen) == nth:
            with suppress(sqlite3.OperationalError):  # it waits for a reader, and tries again
                prepare(other, "x.db")

    mine.set_trace_callback(meanwhile)
    assert version_of(mine, "x.db") in (0, VERSION)
    mine.set_trace_callback(None)
    prepare(mine, "x.db")
    assert (version_of(mine, "x.db"), version_of(other, "x.db")) == (VERSION, VERSION)


def test_a_database_of_another_program_stays_refused_and_free(tmp_path: Path) -> None:
    """No transaction is left behind by the refusal."""
    connection = opened(tmp_path / "x.db")
    connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(EvidenceBroken, match="another program"):
        version_of(connection, "x.db")
    assert not connection.in_transaction
