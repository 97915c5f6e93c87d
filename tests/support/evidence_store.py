"""The evidence in a state directory, as tests read and change it: the one file that knows how one machine keeps it."""

import json
import random
import sqlite3
import struct
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from file_of_0_1 import FILE as OLD
from file_of_0_1 import LOCK as OLD_LOCK

from spentkey.core.tree import CompactRange
from spentkey.ports.evidence import EvidenceLog
from spentkey.storage.key_file import KEY_NAME
from spentkey.storage.sqlite.evidence import INSERT, SqliteEvidence, put, row_of
from spentkey.storage.sqlite.nodes import add_nodes, right_side
from spentkey.storage.sqlite.schema import STEPS, prepare
from spentkey.storage.sqlite.store import FILE
from spentkey.storage.sqlite.take_over import TAKEN
from spentkey.system import SystemClock

JOURNAL = f"{FILE}-journal"
JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""How a rollback journal begins (sqlite.org/fileformat2.html#the_rollback_journal)."""
SECTOR = 512
PROTECTED = [
    statement
    for step in STEPS
    for statement in step
    if "CREATE TRIGGER spentkey_evidence" in statement or "CREATE TRIGGER spentkey_tree" in statement
]


def evidence_in(state: Path) -> EvidenceLog:
    """What a process would append to."""
    return SqliteEvidence(state, SystemClock())


def lines_in(state: Path) -> list[str]:
    """The lines, oldest first; none where nothing was ever recorded."""
    if not (state / FILE).exists():
        return []
    with closing(_opened(state)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'spentkey_evidence'").fetchone()[0]:
            return []
        return [line for (line,) in connection.execute("SELECT line FROM spentkey_evidence ORDER BY seq")]


def records_in(state: Path) -> list[dict[str, Any]]:
    """The records, oldest first."""
    return [json.loads(line) for line in lines_in(state)]


def put_lines(state: Path, lines: Sequence[str]) -> None:
    """Let there be these lines, whatever was there before, as somebody might who wants another past."""
    state.mkdir(mode=0o700, exist_ok=True)
    with closing(_opened(state)) as connection:
        prepare(connection, FILE)
        with _unprotected(connection):
            connection.execute("DELETE FROM spentkey_evidence")
            connection.execute("DELETE FROM spentkey_tree")
            connection.executemany(INSERT, [_row(number, line) for number, line in enumerate(lines)])
            add_nodes(connection, CompactRange(), lines)
    (state / FILE).chmod(0o600)


def _row(number: int, record_line: str) -> tuple[Any, ...]:
    """The row of any text, also of one that is no record."""
    try:
        return row_of(record_line)
    except (KeyError, ValueError):
        return (number, 0.0, "", None, None, None, None, None, record_line)


@contextmanager
def _unprotected(connection: sqlite3.Connection) -> Generator[None]:
    """One transaction past the triggers, which are there again afterwards."""
    connection.execute("BEGIN")
    for table in ("evidence", "tree"):
        connection.execute(f"DROP TRIGGER spentkey_{table}_remains")
        connection.execute(f"DROP TRIGGER spentkey_{table}_stays")
    yield
    for statement in PROTECTED:
        connection.execute(statement)
    connection.execute("COMMIT")


def keep(state: Path, count: int) -> None:
    """Let only the first records be there, as if the process had died before it wrote the next one."""
    with closing(_opened(state)) as connection, _unprotected(connection):
        connection.execute("DELETE FROM spentkey_evidence WHERE seq >= ?", (count,))
        connection.execute("DELETE FROM spentkey_tree WHERE seq >= ?", (count,))


def lose_power_while_writing(state: Path, record_line: str, rng: random.Random) -> None:
    """Leave what a power cut leaves in the middle of the commit of that line: file and journal as they were.

    In the first half the journal grows and the file is as before; in the second the journal is complete, and the
    pages of the file are written one after the other up to any byte.
    """
    file = state / FILE
    before = file.read_bytes()
    with closing(_opened(state)) as connection:
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute("BEGIN")
        (count,) = connection.execute("SELECT count(*) FROM spentkey_evidence").fetchone()
        grown = right_side(connection, count, FILE)
        put(connection, grown, [record_line])
        connection.execute("COMMIT")
    after = file.read_bytes()
    changed = [at for at in range(0, len(after), page) if before[at : at + page] != after[at : at + page]]
    journal = _journal(before, [at for at in changed if at < len(before)], page)
    if rng.random() < 0.5:
        file.write_bytes(before)
        begun = bytearray(journal[: rng.randint(1, len(journal))])
        begun[8:12] = bytes(4)[: max(0, len(begun) - 8)]  # the count of pages is written when all of them are there
        (state / JOURNAL).write_bytes(begun)
        return
    written = rng.randint(0, len(changed) * page)
    half = bytearray(before.ljust(len(after), b"\0") if written else before)
    for number, at in enumerate(changed):
        part = max(0, min(page, written - number * page))
        half[at : at + part] = after[at : at + part]
    file.write_bytes(half)
    (state / JOURNAL).write_bytes(journal)


def _journal(before: bytes, changed: Sequence[int], page: int) -> bytes:
    """A complete rollback journal: the pages as they were."""
    nonce = 0x5EED
    header = JOURNAL_MAGIC + struct.pack(">IIIII", len(changed), nonce, len(before) // page, SECTOR, page)
    records = [
        struct.pack(">I", at // page + 1)
        + (content := before[at : at + page])
        + struct.pack(">I", (nonce + sum(content[place] for place in range(page - 200, 0, -200))) & 0xFFFFFFFF)
        for at in changed
    ]
    return header.ljust(SECTOR, b"\0") + b"".join(records)


def turn_into_0_1(state: Path, torn: bytes = b"") -> list[str]:
    """Let the records be in the file of version 0.1, as if it had written them, with a torn line behind; its lines."""
    lines = lines_in(state)
    for name in (FILE, JOURNAL, OLD, TAKEN):
        (state / name).unlink(missing_ok=True)
    for path in state.glob(f"{KEY_NAME}*"):  # 0.1 signed nothing
        path.unlink()
    (state / OLD_LOCK).touch(0o600)
    (state / OLD).write_bytes("".join(f"{line}\n" for line in lines).encode() + torn)
    return lines


def is_sound(state: Path) -> bool:
    """Whether SQLite finds the file whole, and nothing half done is left beside it."""
    if not (state / FILE).exists():
        return True
    with closing(_opened(state)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def snapshot(state: Path) -> tuple[bytes, int]:
    """The content and the time of the last change: equal where nothing was written meanwhile."""
    file = state / FILE
    return file.read_bytes(), file.stat().st_mtime_ns


def _opened(state: Path) -> sqlite3.Connection:
    return sqlite3.connect(state / FILE, isolation_level=None, timeout=60)
