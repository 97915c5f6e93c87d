"""The evidence of 0.1 in a file goes on in the database: byte for byte, once, and from wherever it was interrupted."""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from file_of_0_1 import FILE as OLD
from file_of_0_1 import FileOf01
from support_core import ManualClock

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.stops import About
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.store import FILE
from spentkey.storage.sqlite.take_over import LEFT, OLD_LOCK, TAKEN, UNDER_WAY, is_needed, take_over

POINTS = ("copied", "in place", "linked", "left")


class Killed(Exception):
    """The end of the process, as far as the disk can tell."""


def kept_by_0_1(folder: Path, count: int = 5) -> list[str]:
    """A state directory of 0.1 with an open intent and a stop; gives its lines."""

    async def fill() -> None:
        old = FileOf01(folder, ManualClock())
        for number in range(count):
            await old.append("step", {"task": 1, "n": number})
        await old.append("intent", {"task": 2, "app_id": "a", "key_id": "k", "run": "r"})
        await old.append("survivor-lost", {"task": 2, "lost": []})

    asyncio.run(fill())
    return lines_of_0_1(folder)


def lines_of_0_1(folder: Path) -> list[str]:
    """The lines of the file."""
    return (folder / OLD).read_text("utf-8").splitlines()


def records(folder: Path) -> list[dict[str, object]]:
    """Everything in the database, which must be one whole chain."""
    new = SqliteEvidence(folder, ManualClock(), read_only=True)
    assert new.verified_length() > 0
    found = [*asyncio.run(new.history(1)).records, *asyncio.run(new.history(2)).records]
    new.close()
    return [dict(one) for one in found]


def test_every_record_is_taken_over_byte_for_byte(tmp_path: Path) -> None:
    """With its chain; an open intent and a stop are known, and the old file is kept under another name."""
    before = kept_by_0_1(tmp_path)
    assert is_needed(tmp_path)
    assert take_over(tmp_path, ManualClock()) == len(before)
    assert [json.loads(line) for line in before] == records(tmp_path)
    new = SqliteEvidence(tmp_path, ManualClock())
    stopped = asyncio.run(new.ask(lambda blast_radius: blast_radius.refuse_any(About())))
    assert stopped is not None
    assert list(asyncio.run(new.removals("a"))) == ["k"]
    last = new.last()
    assert last is not None
    assert (last["what"], last["records"], last["seq"]) == ("took-over", len(before), len(before))
    assert (tmp_path / TAKEN).read_text("utf-8").splitlines() == before
    assert (tmp_path / TAKEN).stat().st_mode & 0o777 == 0o400
    assert not (tmp_path / UNDER_WAY).exists()


def test_it_is_done_once(tmp_path: Path) -> None:
    """A second start finds nothing to do; neither does one without any old file."""
    kept_by_0_1(tmp_path)
    take_over(tmp_path, ManualClock())
    before = (tmp_path / FILE).read_bytes()
    assert (is_needed(tmp_path), take_over(tmp_path, ManualClock())) == (False, 0)
    assert (tmp_path / FILE).read_bytes() == before
    assert not is_needed(tmp_path / "nowhere")


def test_version_0_1_refuses_what_is_left(tmp_path: Path) -> None:
    """Nothing is removed by it any more, and nothing appended."""
    kept_by_0_1(tmp_path)
    take_over(tmp_path, ManualClock())
    (tmp_path / OLD).chmod(0o600)
    with pytest.raises(EvidenceBroken, match="does not continue the chain, nothing is removed"):
        asyncio.run(FileOf01(tmp_path, ManualClock()).append("step", {"task": 1}))
    assert (tmp_path / OLD).read_bytes() == LEFT


@pytest.mark.parametrize("point", POINTS)
def test_a_start_after_a_death_ends_it(tmp_path: Path, point: str) -> None:
    """Wherever it was interrupted, and whatever 0.1 appended before the next start."""
    before = kept_by_0_1(tmp_path)

    def die(reached: str) -> None:
        if reached == point:
            raise Killed

    with pytest.raises(Killed):
        take_over(tmp_path, ManualClock(), reached=die)
    if is_needed(tmp_path):
        with suppress(PermissionError):  # once the file is linked it may be read alone, by everybody but root
            asyncio.run(FileOf01(tmp_path, ManualClock()).append("step", {"task": 2}))
        before = lines_of_0_1(tmp_path)
        assert take_over(tmp_path, ManualClock()) == len(before)
    assert [json.loads(line) for line in before] == records(tmp_path)
    assert not is_needed(tmp_path)


KILLED = """
import sys
from pathlib import Path
from spentkey.storage.sqlite.take_over import take_over
from spentkey.system import SystemClock
take_over(Path(sys.argv[1]), SystemClock(), progress=lambda count: print(count, flush=True), reached=lambda at: print(at, flush=True))
"""


@pytest.mark.parametrize("lines", [1, *(pytest.param(one, marks=pytest.mark.long) for one in (2, 3, 4, 5))])
def test_a_process_that_is_killed_loses_nothing(tmp_path: Path, lines: int) -> None:
    """By SIGKILL, after it said so much; the next one ends it."""
    before = kept_by_0_1(tmp_path, 200)
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    take_over(tmp_path, ManualClock())
    assert [json.loads(line) for line in before] == records(tmp_path)


def test_a_torn_last_line_is_cut_and_the_cut_on_record(tmp_path: Path) -> None:
    """As 0.1 does it; the old file keeps it."""
    kept_by_0_1(tmp_path)
    with (tmp_path / OLD).open("ab") as file:
        file.write(b'{"half')
    take_over(tmp_path, ManualClock())
    new = SqliteEvidence(tmp_path, ManualClock(), read_only=True)
    assert new.verified_length() == 9
    assert (tmp_path / TAKEN).read_bytes().endswith(b'{"half')


@pytest.mark.parametrize("change", ["changed", "cut out", "no text"])
def test_a_chain_that_does_not_verify_is_not_taken_over(tmp_path: Path, change: str) -> None:
    """One line; the file stays as it is, and no database is left."""
    lines = kept_by_0_1(tmp_path)
    if change == "cut out":
        del lines[2]
    else:
        lines[2] = lines[2].replace('"n":2', '"n":3') if change == "changed" else "\udcff"
    (tmp_path / OLD).write_bytes("".join(f"{one}\n" for one in lines).encode("utf-8", "surrogateescape"))
    before = (tmp_path / OLD).read_bytes()
    with pytest.raises(EvidenceBroken, match="record 2 does not continue the chain"):
        take_over(tmp_path, ManualClock())
    assert ((tmp_path / OLD).read_bytes(), (tmp_path / FILE).exists(), is_needed(tmp_path)) == (before, False, True)


@pytest.mark.parametrize("still_there", [True, False], ids=["the taken file is there", "it was thrown away"])
def test_an_old_file_that_is_put_back_replaces_nothing(tmp_path: Path, still_there: bool) -> None:
    """From a backup, after the database went on."""
    kept_by_0_1(tmp_path)
    backup = (tmp_path / OLD).read_bytes()
    take_over(tmp_path, ManualClock())
    new = SqliteEvidence(tmp_path, ManualClock())
    asyncio.run(new.append("step", {"task": 3}))
    new.close()
    (tmp_path / OLD).unlink()
    (tmp_path / OLD).write_bytes(backup)
    if not still_there:
        (tmp_path / TAKEN).unlink()
    with pytest.raises(EvidenceBroken, match=r"another file already|records of its own"):
        take_over(tmp_path, ManualClock())
    assert SqliteEvidence(tmp_path, ManualClock()).verified_length() == 9


def test_a_process_of_0_1_that_appends_is_waited_for(tmp_path: Path) -> None:
    """And named as the one to look for when it does not let go."""
    kept_by_0_1(tmp_path)
    lock = os.open(tmp_path / OLD_LOCK, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Outage, match=r"another process has held .*evidence\.lock"):
            take_over(tmp_path, ManualClock(), patience_s=0.05)
    finally:
        os.close(lock)
    assert take_over(tmp_path, ManualClock()) == 7


def test_several_processes_at_once_take_it_over_once(tmp_path: Path) -> None:
    """Six of them."""
    before = kept_by_0_1(tmp_path, 50)
    running = [
        subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.DEVNULL) for _ in range(6)
    ]
    assert [one.wait() for one in running] == [0] * 6
    assert [json.loads(line) for line in before] == records(tmp_path)
    assert SqliteEvidence(tmp_path, ManualClock()).verified_length() == len(before) + 1
