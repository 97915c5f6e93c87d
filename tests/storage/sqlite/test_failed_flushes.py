"""A disk whose flush fails: a record that was reported as failed is not on record, and one that is on record lasts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

APPENDS = """
import asyncio, json, sys
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
MOST_FLUSHES = 24
"""More flushes than three appends to a new store make."""
with_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed here")


def with_failures(state: Path, when: str) -> tuple[list[bool], list[bool | None]]:
    """Three appends while the flushes of that number fail: which were taken, and which the same process then showed."""
    inject = f"inject=fsync,fdatasync:error=EIO:when={when}"
    command = [str(STRACE), "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject]
    ended = subprocess.run(
        [*command, sys.executable, "-c", APPENDS, str(state)], capture_output=True, text=True, check=False
    )
    if not ended.stdout:
        pytest.skip("system calls cannot be traced here")
    taken, shown = json.loads(ended.stdout)
    return taken, shown


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
