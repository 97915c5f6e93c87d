"""The tree in the database of one machine: who fills it, who only reads, what an attacker does, and what it costs."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from evidence_store import lines_in, turn_into_0_1
from support_core import NOW, ManualClock

from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.evidence import GENESIS, seal
from spentkey.core.tree import CompactRange, TreeHead, leaf_hash, root_by
from spentkey.storage.sqlite.before_take_over import evidence_before_take_over
from spentkey.storage.sqlite.evidence import INSERT, SqliteEvidence, put, row_of
from spentkey.storage.sqlite.nodes import SINCE
from spentkey.storage.sqlite.schema import STEPS, VERSION
from spentkey.storage.sqlite.store import FILE
from spentkey.storage.sqlite.take_over import take_over
from spentkey.storage.sqlite.tree import SqliteTree

BEFORE = SINCE - 1
"""The version of the tables that had no tree."""


def evidence(folder: Path, **options: Any) -> SqliteEvidence:
    """One process' view."""
    return SqliteEvidence(folder, ManualClock(), **options)


def sql(folder: Path, *statements: str) -> list[tuple[Any, ...]]:
    """Statements past everything that protects the records; gives the rows of the last one."""
    with closing(sqlite3.connect(folder / FILE, timeout=60)) as connection, connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def lines_of(count: int) -> list[str]:
    """So many records, as they are written."""
    prev, made = GENESIS, list[str]()
    for number in range(count):
        what = ("intent", "answer", "verified", "result")[number % 4]
        facts = {"task": number // 4, "app_id": f"a{number % 97}", "key_id": f"k{number}", "run": "r"}
        sealed = seal(prev, number, NOW, what, facts)
        prev = sealed.hash
        made.append(sealed.record_line)
    return made


def head_of(lines: Sequence[str]) -> TreeHead:
    """The tree that these lines must have."""
    grown = CompactRange()
    for one in lines:
        grown.add(leaf_hash(one))
    return grown.head()


def of_the_version_before(folder: Path, lines: Sequence[str]) -> None:
    """A store without a tree."""
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        for step in STEPS[:BEFORE]:
            for statement in step:
                connection.execute(statement)
        connection.execute("INSERT INTO spentkey_schema VALUES (?, 1)", (BEFORE,))
        connection.execute(f"PRAGMA user_version = {BEFORE}")
        connection.executemany(INSERT, [row_of(one) for one in lines])
    (folder / FILE).chmod(0o600)


async def test_a_store_of_the_version_before_is_filled_by_who_writes(tmp_path: Path) -> None:
    """Its records get their nodes, and the next one goes on."""
    of_the_version_before(tmp_path, lines_of(1_300))
    log = evidence(tmp_path)
    log.open()
    assert await SqliteTree(log).head() == head_of(lines_in(tmp_path))
    assert sql(tmp_path, "SELECT count(*), max(seq) FROM spentkey_tree") == [(1_300, 1_299)]
    await log.append("step", {"task": 1})
    assert await SqliteTree(evidence(tmp_path)).head() == head_of(lines_in(tmp_path))
    assert await evidence(tmp_path).verify() == 1_301


async def test_who_only_reads_computes_the_tree_of_the_version_before(tmp_path: Path) -> None:
    """The same roots and proofs; nothing is written, and there is no name, no checkpoint and no anchor."""
    of_the_version_before(tmp_path, lines_of(1_300))
    before = (tmp_path / FILE).read_bytes()
    log = evidence(tmp_path, read_only=True)
    tree = SqliteTree(log)
    assert (await tree.head(), await tree.head(777)) == (head_of(lines_of(1_300)), head_of(lines_of(777)))
    for seq in (0, 1_023, 1_299):
        leaf, path = leaf_hash(lines_of(1_300)[seq]), await tree.inclusion(seq, 1_300)
        assert root_by(seq, 1_300, leaf, path) == head_of(lines_of(1_300)).root
    assert len(await tree.consistency(777, 1_300)) > 0
    assert [one async for one in tree.lines(1_298)] == lines_of(1_300)[1_298:]
    assert (await tree.checkpoint(), await tree.anchors(), [one async for one in tree.checkpoints()]) == (None, [], [])
    with pytest.raises(Misconfigured, match=r"^state\.directory: .* has no log of its own yet"):
        await tree.origin()
    assert (await log.verify(), len((await log.history(3)).records)) == (1_300, 4)
    assert (tmp_path / FILE).read_bytes() == before


FILLS = """
import sys
from pathlib import Path
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock
print("begins", flush=True)
SqliteEvidence(Path(sys.argv[1]), SystemClock()).open()
"""


def test_a_death_while_the_tree_is_filled_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """At whatever moment; the next start fills it, and every record stays."""
    of_the_version_before(tmp_path, lines_of(20_000))
    for later in range(6):
        with subprocess.Popen([sys.executable, "-c", FILLS, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01 * later)
            process.send_signal(signal.SIGKILL)
        assert sql(tmp_path, "PRAGMA user_version") in ([(BEFORE,)], [(VERSION,)])
    assert asyncio.run(SqliteTree(evidence(tmp_path)).head()) == head_of(lines_in(tmp_path))
    assert asyncio.run(evidence(tmp_path).verify()) == 20_000


def test_many_first_starts_at_once_fill_one_tree(tmp_path: Path) -> None:
    """One of them does, the others wait for it; the log has one name."""
    of_the_version_before(tmp_path, lines_of(3_000))
    running = [subprocess.Popen([sys.executable, "-c", FILLS, str(tmp_path)]) for _ in range(8)]
    assert [one.wait() for one in running] == [0] * 8
    assert sql(tmp_path, "SELECT count(*) FROM spentkey_log") == [(1,)]
    assert asyncio.run(evidence(tmp_path).verify()) == 3_000
    assert sql(tmp_path, "SELECT count(*) FROM spentkey_tree") == [(3_000,)]


APPENDS = """
import asyncio, sys
from pathlib import Path
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock
async def main():
    log = SqliteEvidence(Path(sys.argv[1]), SystemClock())
    for number in range(40):
        await log.append("step", {"task": number})
asyncio.run(main())
"""


def test_processes_that_append_at_once_make_one_tree(tmp_path: Path) -> None:
    """Real ones."""
    running = [subprocess.Popen([sys.executable, "-c", APPENDS, str(tmp_path)]) for _ in range(3)]
    assert [one.wait() for one in running] == [0] * 3
    assert asyncio.run(evidence(tmp_path).verify()) == 120
    assert asyncio.run(SqliteTree(evidence(tmp_path)).head()) == head_of(lines_in(tmp_path))
    assert sql(tmp_path, "SELECT count(*) FROM spentkey_tree") == [(120,)]


async def test_an_older_program_beside_a_newer_one_leaves_no_hole(tmp_path: Path) -> None:
    """It adds records to the same file without nodes; whoever comes next of this version adds them, in any order."""
    log = evidence(tmp_path)
    await log.append("step", {"task": 1})
    for _ in range(3):
        last = json.loads(lines_in(tmp_path)[-1])
        with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
            older = seal(last["hash"], last["seq"] + 1, NOW, "step", {"task": 1})
            connection.execute(INSERT, row_of(older.record_line))
        assert len((await log.history(1)).records) == last["seq"] + 2
        assert await SqliteTree(evidence(tmp_path, read_only=True)).head() == head_of(lines_in(tmp_path))
        await log.append("step", {"task": 1})
        assert sql(tmp_path, "SELECT count(*) FROM spentkey_tree") == [(len(lines_in(tmp_path)),)]
    assert await evidence(tmp_path).verify() == 7
    assert await SqliteTree(log).head() == head_of(lines_in(tmp_path))


async def test_a_record_that_could_not_be_written_is_not_in_the_tree(tmp_path: Path) -> None:
    """The tree of this process is what is on the disk."""
    log = evidence(tmp_path, patience_s=0.1)
    await log.append("step", {"task": 1})
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="another process has held"):
            await log.append("step", {"task": 2})
        other.execute("ROLLBACK")
    await log.append("step", {"task": 3})
    assert await SqliteTree(log).head() == head_of(lines_in(tmp_path))
    assert await evidence(tmp_path).verify() == 2


TABLES = {
    "tree": "nodes = x'00'",
    "checkpoints": "note = ''",
    "anchors": "token = x''",
    "log": "origin = 'spentkey/other'",
}


@pytest.mark.parametrize("table", TABLES)
async def test_what_stands_beside_the_records_is_neither_changed_nor_deleted(tmp_path: Path, table: str) -> None:
    """By anybody who uses SQL and does not take the protection away first."""
    log = evidence(tmp_path)
    await log.append("step", {"task": 1})
    sql(
        tmp_path,
        "INSERT INTO spentkey_checkpoints (size, at, note) VALUES (1, 0, 'x')",
        "INSERT INTO spentkey_anchors (size, kind, at, token) VALUES (1, 'rfc3161', 0, x'01')",
    )
    for statement in (f"UPDATE spentkey_{table} SET {TABLES[table]}", f"DELETE FROM spentkey_{table}"):  # noqa: S608
        with pytest.raises(sqlite3.IntegrityError, match="evidence is never"):
            sql(tmp_path, statement)


async def test_a_log_has_one_name_and_no_second(tmp_path: Path) -> None:
    """Another row is refused by the table itself; two stores have two names."""
    for folder in (tmp_path / "one", tmp_path / "two"):
        await evidence(folder).append("step", {"task": 1})
        with pytest.raises(sqlite3.IntegrityError):
            sql(folder, "INSERT INTO spentkey_log VALUES (2, 'spentkey/other')")
    names = [await SqliteTree(evidence(tmp_path / one)).origin() for one in ("one", "two")]
    assert len(set(names)) == 2


FAULTS = {
    "leaf": (
        "UPDATE spentkey_tree SET nodes = zeroblob(32) || substr(nodes, 33) WHERE seq = 5",
        "record 5 is not the one in the tree",
    ),
    "text": ("UPDATE spentkey_tree SET nodes = 'text' WHERE seq = 5", "record 5 is not the one in the tree"),
    "number": ("UPDATE spentkey_tree SET nodes = 7 WHERE seq = 5", "record 5 is not the one in the tree"),
    "gone": ("DELETE FROM spentkey_tree WHERE seq = 5", "beside record 5 are missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_record_whose_leaf_is_another_is_not_believed(tmp_path: Path, fault: str) -> None:
    """The history of its task is refused, and from then on every call: nothing is removed."""
    statement, message = FAULTS[fault]
    log = evidence(tmp_path)
    for number in range(8):
        await log.append("step", {"task": number})
    sql(tmp_path, "DROP TRIGGER spentkey_tree_stays", "DROP TRIGGER spentkey_tree_remains", statement)
    assert len((await log.history(4)).records) == 1
    with pytest.raises(EvidenceBroken, match=message):
        await log.history(5)
    for call in (log.history(4), log.append("step", {"task": 1}), log.verify(), SqliteTree(log).head()):
        with pytest.raises(EvidenceBroken, match=message):
            await call
    with pytest.raises(EvidenceBroken, match=message):
        await evidence(tmp_path).verify()


async def test_a_fault_that_a_proof_finds_ends_every_removal(tmp_path: Path) -> None:
    """The tree and the log of a process know the same."""
    log = evidence(tmp_path)
    for number in range(8):
        await log.append("step", {"task": number})
    sql(tmp_path, "DROP TRIGGER spentkey_tree_remains", "DELETE FROM spentkey_tree WHERE seq = 3")
    with pytest.raises(EvidenceBroken, match="beside record 3 are missing"):
        await SqliteTree(log).inclusion(5, 8)
    with pytest.raises(EvidenceBroken, match="beside record 3 are missing"):
        await log.append("step", {"task": 1})


async def test_an_end_that_was_cut_off_is_found_by_the_tree(tmp_path: Path) -> None:
    """A process that starts afterwards appends nothing: the nodes of what is gone are still there."""
    for number in range(8):
        await evidence(tmp_path).append("step", {"task": number})
    sql(tmp_path, "DROP TRIGGER spentkey_evidence_remains", "DELETE FROM spentkey_evidence WHERE seq > 5")
    with pytest.raises(EvidenceBroken, match="record 7, which is not there"):
        await evidence(tmp_path).append("step", {"task": 1})
    with pytest.raises(EvidenceBroken, match="record 7, which is not there"):
        await evidence(tmp_path).verify()


async def test_the_take_over_of_0_1_makes_the_tree(tmp_path: Path) -> None:
    """Before it, who only reads has the same tree without a store."""
    log = evidence(tmp_path)
    for number in range(5):
        await log.append("step", {"task": number})
    log.close()
    lines = turn_into_0_1(tmp_path)
    reader = evidence_before_take_over(tmp_path, ManualClock())
    assert await SqliteTree(reader).head() == head_of(lines)
    assert not (tmp_path / FILE).exists()
    take_over(tmp_path, ManualClock())
    assert await SqliteTree(evidence(tmp_path)).head() == head_of(lines_in(tmp_path))
    assert await evidence(tmp_path).verify() == 6
    assert sql(tmp_path, "SELECT count(*) FROM spentkey_tree") == [(6,)]


COSTS = """
import asyncio, json, re, sys, time
from pathlib import Path
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.system import SystemClock
def peak_kb():  # not getrusage: what the process was forked from counts there
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1])
async def took(ask):
    began = time.perf_counter()
    await ask
    return time.perf_counter() - began
async def main():
    log, size = SqliteEvidence(Path(sys.argv[1]), SystemClock(), read_only=True), int(sys.argv[2])
    tree = SqliteTree(log)
    proofs = [await took(ask) for at in (0, size // 3, size - 1) for ask in (tree.inclusion(at, size), tree.consistency(at, size))]
    before = peak_kb()
    verified = await took(log.verify())
    peak = peak_kb()
    print(json.dumps([max(proofs), verified, peak / 1024, (peak - before) / 1024]))
asyncio.run(main())
"""


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_proofs_are_quick_and_verification_is_flat(tmp_path: Path, count: int) -> None:
    """Out of 1,000,000 records: a proof in at most 50 ms, all of them verified in 60 s and 100 MB."""
    evidence(tmp_path).open()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        put(connection, CompactRange(), lines_of(count))
    command = [sys.executable, "-c", COSTS, str(tmp_path), str(count)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ}).stdout
    proof, verified, peak, more = json.loads(out)
    assert proof < 0.05
    assert verified < 60
    assert (peak < 100, more < 20) == (True, True), (peak, more)
