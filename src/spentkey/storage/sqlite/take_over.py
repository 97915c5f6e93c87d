"""The evidence of version 0.1, one file of lines, goes on in the database: every record byte for byte, with its chain.

It happens under the lock that 0.1 itself takes to append. The database is made beside under another name, in one
transaction, and verified; only then the names change. A line is left in the file's place that 0.1 refuses. Whenever it
is killed, the next start goes on or begins again: until the line stands there, the file is what counts.
"""

import os
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.records import Record, RecordKind, TookOverRecord, TornLineCutRecord
from spentkey.ports.runtime import Clock
from spentkey.storage.chain import Chain
from spentkey.storage.durable import flush_names
from spentkey.storage.files.flock import tries_to_lock
from spentkey.storage.reasons import FILE_HELD
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.store import FILE

OLD, OLD_LOCK = "evidence.jsonl", "evidence.lock"
TAKEN = "evidence-0.1.jsonl"
"""The old file's name afterwards; its mode is 0400."""
UNDER_WAY = "taking-over"
"""The folder in which the database is made."""
LEFT = b"The evidence is in spentkey.db now. This line is for spentkey 0.1, which refuses it: run a newer version.\n"
PATIENCE_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.05
AT_ONCE = 1 << 20


def is_needed(directory: Path) -> bool:
    """Whether there is evidence of 0.1 that was not taken over to the end."""
    try:
        with (directory / OLD).open("rb") as file:
            return file.read(len(LEFT)) != LEFT
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as problem:
        raise EvidenceBroken(f"{directory / OLD} cannot be read ({problem.strerror})") from None


def take_over(
    directory: Path,
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
    reached: Callable[[str], None] = lambda _: None,
    patience_s: float = PATIENCE_S,
) -> int:
    """Take the old evidence over; returns how many records there were, 0 when another process did it meanwhile.

    `progress` hears how many records were copied, `reached` what is on the disk by now. Raises `EvidenceBroken` when
    the old chain does not verify, or the disk takes no more, and `Outage` when a process of 0.1 keeps the lock.
    """
    with _locked(directory, patience_s):
        if not is_needed(directory):
            return 0
        try:
            return _under_the_lock(directory, clock, progress, reached)
        except OSError as problem:
            raise EvidenceBroken(f"{directory / OLD} cannot be taken over ({problem.strerror})") from None


def _under_the_lock(
    directory: Path, clock: Clock, progress: Callable[[int], None], reached: Callable[[str], None]
) -> int:
    made = directory / UNDER_WAY
    _remove_what_was_begun(made)
    if (directory / TAKEN).exists() and not (directory / TAKEN).samefile(directory / OLD):
        raise EvidenceBroken(f"{directory / TAKEN} is another file already; move it away and start again")
    _refuse_to_replace(directory, clock)
    count = _copy(directory / OLD, made, clock, progress)
    reached("copied")
    (made / FILE).replace(
        directory / FILE
    )  # of an earlier try that came this far, 0.1 may have appended to the file since
    flush_names(directory)
    reached("in place")
    if not (directory / TAKEN).exists():
        os.link(directory / OLD, directory / TAKEN)
    (directory / TAKEN).chmod(0o400)
    reached("linked")
    _leave_a_line(directory, made / OLD)
    reached("left")
    _remove_what_was_begun(made)
    flush_names(directory)
    return count


def _refuse_to_replace(directory: Path, clock: Clock) -> None:
    """A database that an earlier try made and that holds nothing else is made again; any other is not touched."""
    there = SqliteEvidence(directory, clock, read_only=True)
    last = there.last()
    there.close()
    if last is not None and last.get("what") != RecordKind.TOOK_OVER:
        raise EvidenceBroken(
            f"{directory / OLD} is there again, and {directory / FILE} has records of its own; move the file away"
        )


def _copy(old: Path, made: Path, clock: Clock, progress: Callable[[int], None]) -> int:
    """Every record in one transaction, then what is on record about it; the result was verified from its beginning."""
    evidence, chain = SqliteEvidence(made, clock), Chain(str(old))
    count = evidence.take_all(_with_an_end(old, chain, progress))
    length = evidence.verified_length()
    evidence.close()
    if length != count:
        raise EvidenceBroken(f"{made / FILE} has {length} records, and should have {count}")
    return chain.length


def verified_lines(old: Path) -> Iterator[str]:
    """The complete lines of the old file; raises `EvidenceBroken` at the first that does not continue the chain."""
    try:
        for line in _read(old, Chain(str(old)), lambda _: None):
            if isinstance(line, str):
                yield line
    except OSError as problem:
        raise EvidenceBroken(f"{old} cannot be read ({problem.strerror})") from None


def _with_an_end(old: Path, chain: Chain, progress: Callable[[int], None]) -> Iterator[str | Record]:
    """The lines of the old file, then what is put on record behind them."""
    for line in _read(old, chain, progress):
        yield line if isinstance(line, str) else TornLineCutRecord(line)
    yield TookOverRecord(old.name, chain.length, chain.hash)


def _read(old: Path, chain: Chain, progress: Callable[[int], None]) -> Iterator[str | int]:
    """The lines, each of which continues the chain; then how many bytes of a torn one there are, if there are any."""
    rest = b""
    with old.open("rb") as file:
        while block := file.read(AT_ONCE):
            *complete, rest = (rest + block).split(b"\n")
            for record_line in complete:
                yield _next(chain, record_line)
            progress(chain.length)
    if rest:
        yield len(rest)


def _next(chain: Chain, record_line: bytes) -> str:
    try:
        text = record_line.decode("utf-8")
    except UnicodeDecodeError:
        raise chain.broken() from None
    chain.take(text)
    return text


def _leave_a_line(directory: Path, made: Path) -> None:
    """In one step: who opens the old name finds the old file or the line, and nothing between."""
    with made.open("wb") as file:
        file.write(LEFT)
        file.flush()
        os.fsync(file.fileno())
    made.chmod(0o400)
    made.replace(directory / OLD)
    flush_names(directory)


def _remove_what_was_begun(made: Path) -> None:
    if made.is_dir():
        for one in made.iterdir():
            one.unlink()
        made.rmdir()


@contextmanager
def _locked(directory: Path, patience_s: float) -> Generator[None]:
    """The lock of 0.1, so that no process of it appends meanwhile."""
    file = directory / OLD_LOCK
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as problem:
        raise EvidenceBroken(f"{file} cannot be opened ({problem.strerror})") from None

    def given_up(waited_s: float) -> Outage:
        return Outage(FILE_HELD(file=str(file), seconds=f"{waited_s:.0f}"))

    try:
        waiting = threading.Event()
        for pause_s in tries_to_lock(lock, patience_s, FIRST_PAUSE_S, LONGEST_PAUSE_S, given_up):
            waiting.wait(pause_s)
        yield
    finally:
        os.close(lock)
