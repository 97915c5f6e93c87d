"""The database of one machine: what it refuses, what survives a death, and that a start does not read everything."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support_core import NOW, ManualClock

from spentkey.core.canary import proof_key
from spentkey.core.errors import EvidenceBroken, Misconfigured, Outage
from spentkey.core.evidence import GENESIS, seal
from spentkey.core.limits import HOUR
from spentkey.core.rules import Limits
from spentkey.core.stops import About
from spentkey.core.tree import CompactRange
from spentkey.storage.sqlite.evidence import REMOVALS, SqliteEvidence, put
from spentkey.storage.sqlite.past import COUNTED, LATEST, OF_RUN, SELECT, STOPPED
from spentkey.storage.sqlite.schema import STEPS, VERSION
from spentkey.storage.sqlite.store import FILE, Store

WRITER = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = TRUNCATE")
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN EXCLUSIVE")
connection.executemany(
    "INSERT INTO spentkey_evidence (seq, at, what, line) VALUES (?, 0, 'step', ?)",
    ((number, "x" * 3000) for number in range(100, 400)),
)
print("under way", flush=True)
sys.stdin.read()
"""


def evidence(folder: Path, **options: Any) -> SqliteEvidence:
    """One process' view."""
    return SqliteEvidence(folder, ManualClock(), **options)


def sql(folder: Path, *statements: str) -> list[tuple[Any, ...]]:
    """Statements past everything that protects the records; gives the rows of the last one."""
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


@contextmanager
def half_done(folder: Path) -> Generator[subprocess.Popen[str]]:
    """Another process in the middle of a large write, a part of it in the file already."""
    command = [sys.executable, "-c", WRITER, str(folder / FILE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        try:
            yield process
        finally:
            process.kill()


async def test_records_are_neither_changed_nor_deleted(tmp_path: Path) -> None:
    """By anybody who uses SQL and does not take the protection away first."""
    await evidence(tmp_path).append("step", {"task": 1})
    for statement in ("UPDATE spentkey_evidence SET line = ''", "DELETE FROM spentkey_evidence"):
        with pytest.raises(sqlite3.IntegrityError, match="evidence is never"):
            sql(tmp_path, statement)


async def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """The directory, the database, and nothing else stays."""
    state = tmp_path / "deep" / "state"
    await evidence(state).append("step", {"task": 1})
    kept = {one.name: one.stat().st_mode & 0o777 for one in state.iterdir()}
    assert state.stat().st_mode & 0o777 == 0o700
    assert kept.pop(FILE) == 0o600
    assert set(kept) <= {f"{FILE}-journal"}


async def test_a_reader_makes_nothing(tmp_path: Path) -> None:
    """`plan` and `check` look, and where nothing is there they leave nothing."""
    reader = evidence(tmp_path / "state", read_only=True)
    assert not (await reader.history(1)).known
    assert await reader.ask(lambda blast_radius: blast_radius.refuse_any(About())) is None
    assert await reader.verify() == 0
    assert not (tmp_path / "state").exists()


async def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """With the line that mends it; nothing in it is touched."""
    await evidence(tmp_path).append("step", {"task": 1})
    sql(tmp_path, "UPDATE spentkey_schema SET version = version + 1, least = version + 1")
    before = (tmp_path / FILE).read_bytes()
    for one in (evidence(tmp_path), evidence(tmp_path, read_only=True)):
        with pytest.raises(Misconfigured, match=r"made by a newer spentkey.*must be upgraded first"):
            await one.history(1)
    assert (tmp_path / FILE).read_bytes() == before


async def test_tables_of_version_1_are_read_as_they_are_and_upgraded_by_who_writes(tmp_path: Path) -> None:
    """Their records stay, and what comes after them is found by the new column."""
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        for statement in (*STEPS[0], "INSERT INTO spentkey_schema VALUES (1, 1)", "PRAGMA user_version = 1"):
            connection.execute(statement)
        line = seal(GENESIS, 0, NOW, "verified", {"task": 1, "tenant": "a", "verdict": "gone"}).record_line
        connection.execute(
            "INSERT INTO spentkey_evidence (seq, at, what, task, line) VALUES (0, ?, 'verified', '1', ?)",
            (NOW.timestamp(), line),
        )
    reader, key = evidence(tmp_path, read_only=True), proof_key("a", "removeKey", "1.0")
    assert (len((await reader.history(1)).records), await reader.verify()) == (1, 1)
    assert await reader.ask(lambda blast_radius: _none(blast_radius.past.latest(key))) is None
    assert sql(tmp_path, "PRAGMA user_version") == [(1,)]
    proof = {"task": 2, "tenant": "a", "verdict": "gone", "route": "removeKey", "program": "1.0"}
    await evidence(tmp_path).append("verified", proof)
    assert sql(tmp_path, "PRAGMA user_version") == [(VERSION,)]
    assert sql(tmp_path, "SELECT canary FROM spentkey_evidence ORDER BY seq") == [(None,), (key,)]
    assert await evidence(tmp_path).verify() == 2


def _none(record: object) -> None:
    assert record is None


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """Nothing is made in it."""
    sql(tmp_path, "CREATE TABLE theirs (x)")
    with pytest.raises(EvidenceBroken, match="of another program"):
        await evidence(tmp_path).append("step", {"task": 1})
    assert sql(tmp_path, "SELECT name FROM sqlite_master") == [("theirs",)]


@pytest.mark.parametrize(
    "content", [b"not a database at all, but a text of some length" * 40, b"SQLite format 3\0" * 64]
)
async def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    """And stays as it is."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(EvidenceBroken, match="nothing is removed") as caught:
        await evidence(tmp_path).append("step", {"task": 1})
    assert "\n" not in str(caught.value)
    assert (tmp_path / FILE).read_bytes() == content


async def test_an_empty_file_is_made_a_store(tmp_path: Path) -> None:
    """A process that died right after it made the file left no more."""
    (tmp_path / FILE).touch(0o600)
    assert not (await evidence(tmp_path, read_only=True).history(1)).known
    await evidence(tmp_path).append("step", {"task": 1})
    assert (await evidence(tmp_path).history(1)).known


async def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """By the settings of the connection that writes: 2 is FULL (sqlite.org/pragma.html#pragma_synchronous)."""
    store = Store(tmp_path)
    with store.writing() as connection:
        names = ("synchronous", "journal_mode")
        assert [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names] == [2, "truncate"]
    store.close()


STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="strace is not installed here")
def test_the_system_calls_of_an_append_end_with_the_flush_of_the_file(tmp_path: Path) -> None:
    """Journal, flush, file, flush, and only then the journal is given up."""
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from spentkey.storage.sqlite.evidence import SqliteEvidence\n"
        "from spentkey.system import SystemClock\n"
        "log = SqliteEvidence(Path(sys.argv[1]), SystemClock())\n"
        "for number in range(2):\n"
        "    asyncio.run(log.append('step', {'task': 1}))\n"
    )
    trace, calls = tmp_path / "trace", "trace=pwrite64,fdatasync,fsync,ftruncate"
    watched = [
        str(STRACE),
        "-f",
        "-y",
        "-e",
        calls,
        "-o",
        str(trace),
        sys.executable,
        "-c",
        script,
        str(tmp_path / "s"),
    ]
    if subprocess.run(watched, capture_output=True, check=False).returncode != 0 or not trace.exists():
        pytest.skip("system calls cannot be traced here")
    seen = [line for line in trace.read_text().splitlines() if FILE in line]
    last = [f"{line.split('(')[0].split()[-1]} {'journal' if 'journal' in line else 'file'}" for line in seen[-6:]]
    assert last[-2:] in (["fdatasync file", "ftruncate journal"], ["fsync file", "ftruncate journal"]) or (
        last[-3:-1] in (["fdatasync file", "ftruncate journal"], ["fsync file", "ftruncate journal"])
    ), last


@pytest.mark.parametrize("below", ["a-file", "a-file/deeper"])
def test_a_directory_that_cannot_be_made_is_said_to_be_unusable(tmp_path: Path, below: str) -> None:
    """One line that names the place, before anything is removed."""
    (tmp_path / "a-file").write_text("x")
    with pytest.raises(EvidenceBroken, match=r"the state directory .*a-file.* cannot be used"):
        evidence(tmp_path / below).open()


def test_a_folder_in_the_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    """Nothing is recorded, and nothing removed."""
    (tmp_path / FILE).mkdir()
    with pytest.raises(EvidenceBroken, match="cannot be used"):
        evidence(tmp_path).open()


async def test_what_a_killed_writer_left_half_done_is_taken_back(tmp_path: Path) -> None:
    """A part of its write is in the file; whoever comes next, a reader too, sees none of it."""
    await evidence(tmp_path).append("step", {"task": 1})
    with half_done(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / f"{FILE}-journal").stat().st_size > 0
    assert await evidence(tmp_path, read_only=True).verify() == 1
    await evidence(tmp_path).append("step", {"task": 1})
    assert await evidence(tmp_path).verify() == 2


async def test_a_copy_made_in_the_middle_of_a_write_is_whole(tmp_path: Path) -> None:
    """As after a power cut: the file and its journal as they are at that moment."""
    await evidence(tmp_path).append("step", {"task": 1})
    copy = tmp_path / "copy"
    with half_done(tmp_path):
        copy.mkdir(0o700)
        for one in (FILE, f"{FILE}-journal"):
            shutil.copyfile(tmp_path / one, copy / one)
    assert await evidence(copy).verify() == 1


async def test_a_stopped_writer_is_an_outage_for_the_others(tmp_path: Path) -> None:
    """They wait, then say who to look for, and go on when it is gone."""
    log = evidence(tmp_path, patience_s=0.2)
    await log.append("step", {"task": 1})
    with half_done(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(Outage, match=r"another process has held .*`fuser "):
            await log.append("step", {"task": 1})
    await log.append("step", {"task": 1})
    assert await log.verify() == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_store_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    """A reader still reads it."""
    await evidence(tmp_path).append("step", {"task": 1})
    (tmp_path / FILE).chmod(0o400)
    with pytest.raises(EvidenceBroken, match="cannot be used"):
        await evidence(tmp_path).append("step", {"task": 1})
    assert (await evidence(tmp_path, read_only=True).history(1)).known


async def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    """What was on record stays; what could not be written is not there."""
    await evidence(tmp_path).append("step", {"task": 1})
    script = (
        "import asyncio, resource, signal, sys\n"
        "from pathlib import Path\n"
        "from spentkey.core.errors import EvidenceBroken\n"
        "from spentkey.storage.sqlite.evidence import SqliteEvidence\n"
        "from spentkey.system import SystemClock\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "log = SqliteEvidence(Path(sys.argv[1]), SystemClock())\n"
        "asyncio.run(log.history(1))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))\n"
        "try:\n"
        "    asyncio.run(log.append('step', {'task': 1, 'much': 'x' * 500_000}))\n"
        "except EvidenceBroken as problem:\n"
        "    print(problem)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert (ended.stdout.count("\n"), ended.stdout.startswith(str(tmp_path / FILE))) == (1, True)
    assert await evidence(tmp_path).verify() == 1


@pytest.mark.parametrize("gone", [False, True], ids=["an older copy", "no file"])
async def test_a_store_that_lost_records_is_noticed(tmp_path: Path, gone: bool) -> None:
    """Somebody puts back a backup, or deletes the file, while a process works: it appends nothing more."""
    log = evidence(tmp_path)
    await log.append("step", {"task": 1})
    shutil.copyfile(tmp_path / FILE, tmp_path / "backup")
    await log.append("step", {"task": 1})
    (tmp_path / FILE).unlink() if gone else (tmp_path / "backup").rename(tmp_path / FILE)
    for _ in range(2):
        with pytest.raises(EvidenceBroken, match="shorter"):
            await log.append("step", {"task": 1})


@pytest.mark.parametrize("column", ["task = '2'", "what = 'step'", "app_id = 'b'", "run = 'other'", "at = 0"])
async def test_a_column_that_is_not_what_the_record_says_is_noticed(tmp_path: Path, column: str) -> None:
    """Verification reads all of it; the line alone is what was recorded."""
    await evidence(tmp_path).append("intent", {"task": 1, "app_id": "a", "key_id": "k", "run": "r"})
    sql(tmp_path, "DROP TRIGGER spentkey_evidence_stays", f"UPDATE spentkey_evidence SET {column}")  # noqa: S608
    with pytest.raises(EvidenceBroken, match="the columns of record 0"):
        await evidence(tmp_path).verify()


async def test_two_connections_of_one_process_do_not_take_each_others_locks(tmp_path: Path) -> None:
    """A third one that is made and closed in between releases nothing."""
    one, other = evidence(tmp_path), evidence(tmp_path, patience_s=0.1)
    await one.append("step", {"task": 1})
    await other.history(1)
    with half_done(tmp_path):
        for _ in range(3):
            third = evidence(tmp_path, patience_s=0.1)
            with pytest.raises(Outage):
                await third.append("step", {"task": 1})
            third.close()
        with pytest.raises(Outage):
            await other.append("step", {"task": 1})


async def test_a_limit_counts_what_earlier_processes_began(tmp_path: Path) -> None:
    """By run however long ago, and by hour; what is older than an hour does not count."""
    limits = Limits(per_run=2, per_app=100, per_hour=3, hand_overs_per_hour=1)
    clock = ManualClock(NOW - 3 * HOUR)
    old = SqliteEvidence(tmp_path, clock)
    for _ in range(2):
        await old.append("intent", {"task": 1, "app_id": "a", "key_id": "k", "run": "long"})
    now = evidence(tmp_path)
    in_run = await now.ask(lambda blast_radius: blast_radius.refuse_intent("long", "a", NOW, limits))
    other = await now.ask(lambda blast_radius: blast_radius.refuse_intent("new", "a", NOW, limits))
    assert (in_run is not None and "in this run" in in_run.reason, other) == (True, None)


async def test_a_stop_of_long_ago_still_stands(tmp_path: Path) -> None:
    """Until it is lifted; a pause before it does not hide it."""
    old = SqliteEvidence(tmp_path, ManualClock(NOW - 100 * HOUR))
    await old.append("paused", {"who": "ops", "why": "a"})
    await old.append("survivor-lost", {"task": 7, "lost": []})
    stopped = await evidence(tmp_path).ask(lambda blast_radius: blast_radius.refuse_any(About()))
    assert stopped is not None
    assert "task 7" in stopped.reason
    await old.append("resumed", {"who": "ops", "why": "b"})
    assert await evidence(tmp_path).ask(lambda blast_radius: blast_radius.refuse_any(About())) is None


@pytest.mark.parametrize("query", [SELECT + COUNTED, SELECT + STOPPED, SELECT + LATEST, OF_RUN, SELECT + REMOVALS])
async def test_what_counts_is_found_by_an_index(tmp_path: Path, query: str) -> None:
    """However much is on record: the plan of the query reads no table from end to end, and sorts little."""
    await evidence(tmp_path).append("step", {"task": 1})
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        values = (0,) * query.count("?")
        plan = [str(row[-1]) for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    assert any("USING INDEX spentkey_evidence_" in step or "COVERING INDEX" in step for step in plan)
    assert not any(step.startswith("SCAN spentkey_evidence") and "INDEX" not in step for step in plan)


def many(folder: Path, count: int) -> None:
    """A store with so many records of other tasks, made in one transaction."""
    asyncio.run(evidence(folder).history(1))
    prev, lines = GENESIS, list[str]()
    for number in range(count):
        what = ("intent", "answer", "verified", "result")[number % 4]
        facts = {"task": 50_000 + number // 4, "app_id": f"a{number % 97}", "key_id": f"k{number}", "run": "r"}
        sealed = seal(prev, number, NOW - 1000 * HOUR, what, facts)
        prev = sealed.hash
        lines.append(sealed.record_line)
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        put(connection, CompactRange(), lines)


START = """
import asyncio, resource, sys, time
from datetime import datetime, timedelta
from pathlib import Path
from spentkey.core.rules import Limits
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock
async def main():
    log, limits = SqliteEvidence(Path(sys.argv[1]), SystemClock()), Limits(9, 9, 9, 9)
    await log.history(40021)
    await log.removals("nobody")
    await log.recent(10)
    facts = {"task": 40021, "app_id": "nobody", "key_id": "k", "run": "x"}
    now = SystemClock().now()
    await log.append_unless(lambda blast_radius: blast_radius.refuse_intent("x", "nobody", now, limits), "intent", facts)
    for _ in range(8):
        await log.append("step", {"task": 40021})
before = time.process_time()
asyncio.run(main())
print(time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_a_run_costs_the_same_however_much_is_on_record(tmp_path: Path, count: int) -> None:
    """At most 0.1 s of CPU time and 20 MB more than on an empty store, and no other process waits for it."""
    full, empty = tmp_path / "full", tmp_path / "empty"
    many(full, count)

    def costs(folder: Path) -> tuple[float, float]:
        out = subprocess.run([sys.executable, "-c", START, str(folder)], capture_output=True, text=True, check=True)
        seconds, megabytes = map(float, out.stdout.split())
        return seconds, megabytes

    costs(empty)
    quickest = min(costs(full)[0] for _ in range(3)), min(costs(empty)[0] for _ in range(3))
    assert quickest[0] - quickest[1] < 0.1
    assert costs(full)[1] - costs(empty)[1] < 20
    began = time.monotonic()
    asyncio.run(evidence(full).append("step", {"task": 1}))
    assert time.monotonic() - began < 5


def test_many_first_starts_at_once_make_one_store(tmp_path: Path) -> None:
    """Twelve processes, no store before."""
    running = [subprocess.Popen([sys.executable, "-c", START, str(tmp_path / "state")]) for _ in range(12)]
    assert [one.wait() for one in running] == [0] * 12
    assert asyncio.run(evidence(tmp_path / "state").verify()) >= 12 * 8


async def test_a_store_that_does_not_say_its_version_is_refused(tmp_path: Path) -> None:
    """One line, and nothing more is appended."""
    await evidence(tmp_path).append("step", {"task": 1})
    sql(tmp_path, "DELETE FROM spentkey_schema")
    with pytest.raises(EvidenceBroken, match="does not say which version"):
        await evidence(tmp_path).append("step", {"task": 1})
