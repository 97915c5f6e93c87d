"""A disk whose flush fails: a record that was reported as failed is not on record, and one that is on record lasts."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

APPENDS = """
import asyncio, json, os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from spentkey.core.errors import SpentkeyError
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock
log = SqliteEvidence(Path(sys.argv[1]), SystemClock())
async def told(call):
    try:
        return await call
    except SpentkeyError as problem:
        return problem
async def work():
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))  # strace counts each thread's calls apart
    taken, shown = [], []
    for number in range(1, 4):
        ended = await told(log.append("step", {"task": number}))
        os.write(2, b"ended")
        taken.append(not isinstance(ended, Exception))
        history = await told(log.history(number))
        shown.append(None if isinstance(history, Exception) else bool(history.records))
    print(json.dumps([taken, shown]))
asyncio.run(work())
"""
SHOWS = """
import asyncio, json, sys
from pathlib import Path
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock
log = SqliteEvidence(Path(sys.argv[1]), SystemClock())
async def work():
    length = await log.verify()
    print(json.dumps([length, [bool((await log.history(number)).records) for number in range(1, 4)]]))
asyncio.run(work())
"""
STRACE = shutil.which("strace")
FLUSHES = "fsync,fdatasync"
MOST_FLUSHES = 24
"""More flushes than three appends to a new store make."""
with_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed here")


def with_failures(state: Path, when: str) -> tuple[list[bool], list[bool | None]]:
    """Three appends while the flushes of that number fail: which were taken, and which the same process then showed."""
    told = traced(state, "-o", "/dev/null", "-e", f"trace={FLUSHES}", "-e", f"inject={FLUSHES}:error=EIO:when={when}")
    taken, shown = json.loads(told)
    return taken, shown


def traced(state: Path, *options: str) -> str:
    """What the appends print, under strace."""
    command = [str(STRACE), "-f", *options, sys.executable, "-c", APPENDS, str(state)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if not ended.stdout:
        pytest.skip("system calls cannot be traced here")
    return ended.stdout


def last_flushes(folder: Path) -> list[int]:
    """The number of the last flush of each append, as strace counts, which counts each kind of call by itself."""
    trace = folder / "trace"
    traced(folder / "sound", "-o", str(trace), "-e", f"trace={FLUSHES},write")
    found = re.findall(r'(fsync|fdatasync)\(|write\(2, "(ended)"', trace.read_text("utf-8"))
    calls = [flush or end for flush, end in found]
    return [calls[:at].count(calls[at - 1]) for at, call in enumerate(calls) if call == "ended"]


@with_strace
@pytest.mark.parametrize("nth", range(1, MOST_FLUSHES + 1))
def test_one_flush_that_fails_leaves_no_doubt(tmp_path: Path, nth: int) -> None:
    """Whichever it is: what was taken shows, what was not does not, in this process and in the next."""
    taken, shown = with_failures(tmp_path / "state", str(nth))
    assert [one is True for one in shown] == taken
    later = subprocess.run([sys.executable, "-c", SHOWS, str(tmp_path / "state")], capture_output=True, check=True)
    assert json.loads(later.stdout) == [sum(taken), taken]


@with_strace
@pytest.mark.parametrize("first", range(4, MOST_FLUSHES + 1, 2))
def test_a_disk_that_never_flushes_again_shows_nothing_new(tmp_path: Path, first: int) -> None:
    """From some flush on all fail: a record that was not taken is never shown by the process that met it."""
    taken, shown = with_failures(tmp_path / "state", f"{first}+")
    for was_taken, is_shown in zip(taken, shown, strict=True):
        assert was_taken or not is_shown


@with_strace
def test_a_record_is_not_taken_before_its_last_flush(tmp_path: Path) -> None:
    """Where that one fails, and all after it, the record shows in the file and is nowhere believed; those before it are."""
    ends = last_flushes(tmp_path)
    assert len(ends) == 3
    for before, last in enumerate(ends):
        taken, shown = with_failures(tmp_path / str(last), f"{last}+")
        assert taken == [True] * before + [False] * (3 - before)
        assert shown == [True] * before + [None] * (3 - before)
