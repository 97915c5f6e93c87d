"""Evidence in a file: on the disk before anything else happens, one chain for everybody, and no silent repair."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support_core import NOW, ManualClock

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.evidence import GENESIS, follows
from spentkey.core.outcome import Refused
from spentkey.core.rules import Limits
from spentkey.ports.evidence import Question
from spentkey.storage.files.evidence import FILE, LOCK, JsonLinesEvidence

WRITER = """
import asyncio, sys
from pathlib import Path
from spentkey.storage.files.evidence import JsonLinesEvidence
from support_core import ManualClock

async def main():
    log = JsonLinesEvidence(Path(sys.argv[1]), ManualClock())
    for number in range(int(sys.argv[3])):
        await log.append("step", {"task": int(sys.argv[2]), "n": number})

asyncio.run(main())
"""


def evidence(directory: Path, *, read_only: bool = False) -> JsonLinesEvidence:
    """A log in that directory."""
    return JsonLinesEvidence(directory, ManualClock(), read_only=read_only)


def lines(directory: Path) -> list[str]:
    """The file's lines; it must end with a line feed."""
    text = (directory / FILE).read_bytes().decode("utf-8")
    assert text == "" or text.endswith("\n")
    return text.split("\n")[:-1]


def chained(directory: Path) -> list[dict[str, Any]]:
    """The records of a file that is one whole chain."""
    prev, records = GENESIS, list[dict[str, Any]]()
    for number, record_line in enumerate(lines(directory)):
        sealed = follows(record_line, prev, number)
        assert sealed is not None, f"record {number} breaks the chain"
        prev = sealed.hash
        records.append(json.loads(record_line))
    return records


async def with_records(directory: Path, count: int = 3) -> Path:
    """A file with records about task 1."""
    log = evidence(directory)
    for number in range(count):
        await log.append("step", {"task": 1, "n": number})
    return directory / FILE


async def test_records_are_appended_in_a_chain_and_found_by_task(tmp_path: Path) -> None:
    """What was appended about a task is its history, oldest first."""
    log = evidence(tmp_path)
    for task, number in ((1, 0), (2, 1), (1, 2)):
        await log.append("step", {"task": task, "n": number})
    assert [record["n"] for record in (await log.history(1)).records] == [0, 2]
    assert [(record["seq"], record["task"]) for record in chained(tmp_path)] == [(0, 1), (1, 2), (2, 1)]


async def test_a_later_process_goes_on_with_the_chain(tmp_path: Path) -> None:
    """A new object on the old file knows the history and continues it."""
    await with_records(tmp_path)
    later = evidence(tmp_path)
    assert len((await later.history(1)).records) == 3
    await later.append("step", {"task": 1, "n": 3})
    assert [record["n"] for record in chained(tmp_path)] == [0, 1, 2, 3]


async def test_a_task_without_records_has_an_empty_history(tmp_path: Path) -> None:
    """Also in a directory that did not exist."""
    assert not (await evidence(tmp_path / "new" / "deep").history(1)).known


async def test_two_objects_on_one_directory_keep_one_chain(tmp_path: Path) -> None:
    """They take turns, and each sees what the other wrote."""
    one, other = evidence(tmp_path), evidence(tmp_path)
    for number in range(5):
        await one.append("step", {"task": 1, "n": number})
        await other.append("step", {"task": 2, "n": number})
    assert len(chained(tmp_path)) == 10
    assert len((await one.history(2)).records) == len((await other.history(1)).records) == 5


async def test_many_appends_at_once_keep_one_chain(tmp_path: Path) -> None:
    """From concurrent tasks, through two objects."""
    logs = [evidence(tmp_path), evidence(tmp_path)]
    await asyncio.gather(*(logs[number % 2].append("step", {"task": number}) for number in range(40)))
    assert sorted(record["task"] for record in chained(tmp_path)) == list(range(40))


def test_two_processes_keep_one_chain(tmp_path: Path) -> None:
    """Real ones, writing at the same time."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen([*command, str(task), "25"], env=environment) for task in (1, 2)]
    assert [process.wait(60) for process in running] == [0, 0]
    records = chained(tmp_path)
    assert [[record["n"] for record in records if record["task"] == task] for task in (1, 2)] == [list(range(25))] * 2


async def test_a_process_that_was_stopped_while_it_appends_stops_nobody_for_ever(tmp_path: Path) -> None:
    """Whoever waits for the lock in vain says who may hold it; nothing is recorded, and later it goes on."""
    await with_records(tmp_path)
    log = JsonLinesEvidence(tmp_path, ManualClock(), patience_s=0.05)
    with (tmp_path / LOCK).open() as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        with pytest.raises(Outage, match=f"`fuser {tmp_path / LOCK}` names it"):
            await log.append("step", {"task": 9})
        assert len(chained(tmp_path)) == 3
    await log.append("step", {"task": 9})
    assert [record["task"] for record in chained(tmp_path)][-1] == 9


def test_the_record_is_on_the_disk_when_append_returns(tmp_path: Path) -> None:
    """Every append ends with an fsync of the evidence file, after its line was written: the system calls say so."""
    strace = next((path for path in ("/usr/bin/strace", "/usr/local/bin/strace") if Path(path).exists()), None)
    if strace is None:
        pytest.skip("strace is not installed here")
    trace, state = tmp_path / "trace", tmp_path / "state"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    watched = [strace, "-f", "-y", "-e", "trace=pwrite64,fsync", "-o", str(trace), sys.executable, "-c", WRITER]
    done = subprocess.run([*watched, str(state), "1", "2"], env=environment, capture_output=True, check=False)
    if done.returncode != 0 or not trace.exists():
        pytest.skip("system calls cannot be traced here")
    calls = [
        record_line.split("(")[0].split()[-1] for record_line in trace.read_text().splitlines() if FILE in record_line
    ]
    assert calls == ["pwrite64", "fsync", "pwrite64", "fsync"]


async def test_files_and_directory_are_for_their_owner_only(tmp_path: Path) -> None:
    """0600 and 0700, also under a mask that would allow everything."""
    before = os.umask(0)
    try:
        await with_records(tmp_path / "state")
    finally:
        os.umask(before)
    modes = [(tmp_path / "state" / name).stat().st_mode & 0o777 for name in ("", FILE, LOCK)]
    assert modes == [0o700, 0o600, 0o600]


@pytest.mark.parametrize("torn", [b"{", b'{"task":1,"what":"step"}', b"\x00" * 10, b"\xff\xfe", b"x" * 5000])
async def test_a_torn_last_line_is_cut_and_the_cut_is_on_record(tmp_path: Path, torn: bytes) -> None:
    """What a crash in the middle of a write leaves; nothing of it is believed."""
    file = await with_records(tmp_path)
    with file.open("ab") as stream:
        stream.write(torn)
    later = evidence(tmp_path)
    assert len((await later.history(1)).records) == 3
    await later.append("step", {"task": 1, "n": 3})
    records = chained(tmp_path)
    assert [record["what"] for record in records] == ["step", "step", "step", "torn-line-cut", "step"]
    assert records[3]["bytes"] == len(torn)


async def test_a_whole_record_without_its_line_feed_is_torn_too(tmp_path: Path) -> None:
    """The last byte is what a crash takes first."""
    file = await with_records(tmp_path)
    os.truncate(file, file.stat().st_size - 1)
    assert len((await evidence(tmp_path).history(1)).records) == 2
    assert chained(tmp_path)[-1]["what"] == "torn-line-cut"


async def test_another_process_torn_line_is_cut_by_one_that_was_running(tmp_path: Path) -> None:
    """Not only at the start."""
    log = evidence(tmp_path)
    await log.append("step", {"task": 1})
    with (tmp_path / FILE).open("ab") as stream:
        stream.write(b'{"half')
    await log.append("step", {"task": 1})
    assert [record["what"] for record in chained(tmp_path)] == ["step", "torn-line-cut", "step"]


def swap(content: bytes) -> bytes:
    """The first two lines in each other's place."""
    first, second, *rest = content.splitlines(keepends=True)
    return b"".join([second, first, *rest])


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "a value": lambda content: content.replace(b'"n":1', b'"n":7'),
    "a letter of a hash": lambda content: content.replace(b'"prev":"0000', b'"prev":"1000'),
    "a space": lambda content: content.replace(b'"n":1,', b'"n":1, '),
    "a repeated name": lambda content: content.replace(b'"n":1,', b'"n":9,"n":1,'),
    "a byte that is no text": lambda content: content.replace(b"step", b"st\xffp", 1),
    "an empty line": lambda content: content.replace(b"\n", b"\n\n", 1),
    "an empty first line": lambda content: b"\n" + content,
    "a carriage return": lambda content: content.replace(b"\n", b"\r\n", 1),
    "the first line gone": lambda content: content.partition(b"\n")[2],
    "the order": swap,
    "a line twice": lambda content: content + content.splitlines(keepends=True)[-1],
    "a line of somebody's own": lambda content: content + b'{"task":1,"what":"handed-over"}\n',
    "endless brackets": lambda content: content + b"[" * 200_000 + b"\n",
}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("how", TAMPERED)
async def test_a_tampered_file_is_not_believed(tmp_path: Path, how: str, read_only: bool) -> None:
    """Neither read nor written any further, and left as it is for people to look at."""
    file = await with_records(tmp_path)
    tampered = TAMPERED[how](file.read_bytes())
    file.write_bytes(tampered)
    log = evidence(tmp_path, read_only=read_only)
    with pytest.raises(EvidenceBroken, match="does not continue the chain"):
        await log.history(1)
    with pytest.raises(EvidenceBroken):
        await log.append("step", {"task": 1})
    assert file.read_bytes() == tampered


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("keep", [0, 1, 2])
async def test_a_file_that_became_shorter_is_not_believed(tmp_path: Path, keep: int, read_only: bool) -> None:
    """While a process runs, records cannot vanish without its notice, though what is left is a whole chain."""
    file = await with_records(tmp_path)
    log = evidence(tmp_path, read_only=read_only)
    assert (await log.history(1)).known
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:keep]))
    with pytest.raises(EvidenceBroken, match="has become shorter"):
        await log.history(1)


async def test_a_file_that_was_exchanged_is_not_believed(tmp_path: Path) -> None:
    """Another chain, longer than the known one: its next record does not follow."""
    await with_records(tmp_path / "a", 2)
    log = evidence(tmp_path / "a")
    await log.history(1)
    other = await with_records(tmp_path / "b", 1)
    await evidence(tmp_path / "b").append("step", {"task": 9, "text": "x" * 2000})
    (tmp_path / "a" / FILE).write_bytes(other.read_bytes())
    with pytest.raises(EvidenceBroken):
        await log.append("step", {"task": 1})


async def test_reading_only_leaves_no_trace(tmp_path: Path) -> None:
    """No directory, no lock, no mended end; a torn line is left for a writer."""
    away = tmp_path / "away"
    assert not (await evidence(away, read_only=True).history(1)).known
    assert not away.exists()
    file = await with_records(tmp_path / "state")
    (tmp_path / "state" / LOCK).unlink()
    with file.open("ab") as stream:
        stream.write(b'{"half')
    before = file.read_bytes()
    assert len((await evidence(tmp_path / "state", read_only=True).history(1)).records) == 3
    assert file.read_bytes() == before
    assert [path.name for path in (tmp_path / "state").iterdir()] == [FILE]


async def test_a_reader_sees_what_is_appended_later(tmp_path: Path) -> None:
    """Each question reads on from where the last one ended."""
    reader, writer = evidence(tmp_path, read_only=True), evidence(tmp_path)
    for count in (1, 2, 3):
        await writer.append("step", {"task": 1})
        assert len((await reader.history(1)).records) == count


async def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    """`plan` cannot put anything on record."""
    with pytest.raises(EvidenceBroken, match="reads evidence and writes none"):
        await evidence(tmp_path, read_only=True).append("step", {"task": 1})
    assert not (tmp_path / FILE).exists()
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("below", ["a-file", "a-file/deeper"])
def test_a_directory_that_cannot_be_made_is_said_to_be_unusable(tmp_path: Path, below: str) -> None:
    """One line that names the place, before anything is removed."""
    (tmp_path / "a-file").write_text("x")
    with pytest.raises(EvidenceBroken, match=r"the state directory .*a-file.* cannot be used"):
        evidence(tmp_path / below)


@pytest.mark.parametrize("name", [FILE, LOCK])
async def test_a_file_that_cannot_be_opened_is_said_so(tmp_path: Path, name: str) -> None:
    """It turned into a directory under way."""
    log = evidence(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(EvidenceBroken, match="cannot be opened"):
        await log.append("step", {"task": 1})


async def test_a_full_disk_is_said_so(tmp_path: Path) -> None:
    """Writing to a device that is always full: the record is not taken for written."""
    log = evidence(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).symlink_to("/dev/full")
    with pytest.raises(EvidenceBroken, match="cannot be written"):
        await log.append("step", {"task": 1})


async def test_facts_that_cannot_be_written_leave_the_chain_as_it_was(tmp_path: Path) -> None:
    """A mistake of ours does not break the evidence."""
    await with_records(tmp_path)
    log = evidence(tmp_path)
    with pytest.raises(TypeError):
        await log.append("step", {"task": 1, "fact": object()})
    await log.append("step", {"task": 1, "n": 3})
    assert len(chained(tmp_path)) == 4


async def test_a_text_that_is_not_utf8_can_be_put_on_record(tmp_path: Path) -> None:
    """A lone surrogate in a requester's text must not stop the record of its refusal."""
    log = evidence(tmp_path)
    await log.append("result", {"task": 1, "app_name": "a\ud800b"})
    again = await evidence(tmp_path).history(1)
    assert [record["app_name"] for record in again.records] == ["a\ud800b"]


LIMIT = Refused("G8", "enough")
COUNTING = """
import asyncio, sys
from pathlib import Path
from spentkey.storage.files.evidence import JsonLinesEvidence
from spentkey.core.rules import Limits
from support_core import NOW, ManualClock

LIMITS = Limits(per_run=100, per_app=100, per_hour=30, hand_overs_per_hour=100)

async def main():
    log = JsonLinesEvidence(Path(sys.argv[1]), ManualClock())
    ask = lambda radius: radius.refuse_intent("run", "app", NOW, LIMITS)
    answers = [await log.append_unless(ask, "intent", {"task": int(sys.argv[2]), "app_id": "app"}) for _ in range(25)]
    print(sum(answer is None for answer in answers))

asyncio.run(main())
"""


def full_at(count: int) -> Question:
    """A question that refuses once so many removals of `app` are on record."""
    limits = Limits(per_run=99, per_app=count, per_hour=99, hand_overs_per_hour=99)
    return lambda blast_radius: LIMIT if blast_radius.refuse_intent("another run", "app", NOW, limits) else None


async def begin(log: JsonLinesEvidence, most: int) -> Refused | None:
    """Put an intent on record unless there are so many."""
    return await log.append_unless(full_at(most), "intent", {"task": 1, "app_id": "app", "run": "run"})


async def test_a_record_is_appended_unless_the_past_is_against_it(tmp_path: Path) -> None:
    """The last that fits is appended; what is refused leaves no record."""
    log = evidence(tmp_path)
    assert [await begin(log, 2) for _ in range(4)] == [None, None, LIMIT, LIMIT]
    assert [record["what"] for record in chained(tmp_path)] == ["intent", "intent"]


async def test_many_at_once_cannot_pass_a_limit_together(tmp_path: Path) -> None:
    """Concurrent tasks, through two objects: asking and appending are one step."""
    logs = [evidence(tmp_path), evidence(tmp_path)]
    answers = await asyncio.gather(*(begin(logs[number % 2], 7) for number in range(30)))
    assert (answers.count(None), len(chained(tmp_path))) == (7, 7)


def test_two_processes_cannot_pass_a_limit_together(tmp_path: Path) -> None:
    """Real ones at the same time, 25 tries each, 30 allowed: exactly 30 are on record, in one chain."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", COUNTING, str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(task)], env=environment, stdout=subprocess.PIPE, text=True) for task in (1, 2)
    ]
    begun = [int(process.communicate(timeout=60)[0]) for process in running]
    assert (sum(begun), len(chained(tmp_path))) == (30, 30)


async def test_a_question_sees_what_every_process_wrote(tmp_path: Path) -> None:
    """Without writing anything itself."""
    asking, writing = evidence(tmp_path), evidence(tmp_path)
    assert await asking.ask(full_at(1)) is None
    await begin(writing, 9)
    assert await asking.ask(full_at(1)) == LIMIT
    assert len(chained(tmp_path)) == 1


async def test_a_restart_remembers_counts_and_stops(tmp_path: Path) -> None:
    """They come from the file, so that no new process begins at zero, until somebody resumes."""
    await begin(evidence(tmp_path), 9)
    await evidence(tmp_path).append("survivor-lost", {"task": 1, "lost": []})
    assert await evidence(tmp_path).ask(full_at(1)) == LIMIT
    stopped = await evidence(tmp_path).ask(lambda blast_radius: blast_radius.refuse_any())
    assert stopped is not None
    assert stopped.guard == "G8"
    await evidence(tmp_path).append("resumed", {"who": "a", "why": "b"})
    assert await evidence(tmp_path).ask(lambda blast_radius: blast_radius.refuse_any()) is None


async def test_a_reader_may_ask_and_leaves_no_trace(tmp_path: Path) -> None:
    """`plan` knows of limits and stops, also where nothing is yet."""
    assert await evidence(tmp_path / "away", read_only=True).ask(full_at(1)) is None
    assert not (tmp_path / "away").exists()
    await begin(evidence(tmp_path / "state"), 9)
    before = (tmp_path / "state" / FILE).read_bytes()
    assert await evidence(tmp_path / "state", read_only=True).ask(full_at(1)) == LIMIT
    assert (tmp_path / "state" / FILE).read_bytes() == before


async def test_a_reader_begins_nothing(tmp_path: Path) -> None:
    """Not even where nothing is against it."""
    with pytest.raises(EvidenceBroken, match="reads evidence and writes none"):
        await begin(evidence(tmp_path, read_only=True), 9)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("how", ["a value", "an empty line", "the order"])
async def test_a_tampered_file_answers_no_question(tmp_path: Path, how: str) -> None:
    """Neither asking nor beginning goes on from records that are not believed."""
    file = await with_records(tmp_path)
    file.write_bytes(TAMPERED[how](file.read_bytes()))
    with pytest.raises(EvidenceBroken, match="does not continue the chain"):
        await evidence(tmp_path).ask(full_at(1))
    with pytest.raises(EvidenceBroken):
        await begin(evidence(tmp_path), 9)


async def test_a_torn_line_does_not_count(tmp_path: Path) -> None:
    """An intent that is only half on the disk was never sent; the cut is on record before the next one."""
    log = evidence(tmp_path)
    await begin(log, 9)
    file = tmp_path / FILE
    os.truncate(file, file.stat().st_size - 1)
    assert await begin(evidence(tmp_path), 1) is None
    assert [record["what"] for record in chained(tmp_path)] == ["torn-line-cut", "intent"]


async def with_results(directory: Path, count: int) -> JsonLinesEvidence:
    """Results of so many tasks, each with another record before it."""
    log = evidence(directory)
    for number in range(count):
        await log.append("intent", {"task": number, "app_id": "a", "key_id": "k"})
        await log.append("result", {"task": number, "ticket": "closed"})
    return log


@pytest.mark.parametrize("read_only", [False, True])
async def test_recent_results_come_newest_first(tmp_path: Path, read_only: bool) -> None:
    """Results alone, at most as many as asked for, also for somebody who only reads."""
    await with_results(tmp_path, 5)
    recent = await evidence(tmp_path, read_only=read_only).recent(3)
    assert [(one["what"], one["task"]) for one in recent] == [("result", 4), ("result", 3), ("result", 2)]


async def test_recent_results_go_on_before_a_record(tmp_path: Path) -> None:
    """Pages join; before the first one there is none."""
    log = await with_results(tmp_path, 5)
    first = await log.recent(2)
    second = await log.recent(2, first[-1]["seq"])
    assert [one["task"] for one in (*first, *second)] == [4, 3, 2, 1]
    assert await log.recent(5, 1) == []


async def test_recent_results_of_another_process_are_seen(tmp_path: Path) -> None:
    """Whoever wrote them."""
    log = await with_results(tmp_path, 1)
    await with_results(tmp_path, 1)
    assert len(await log.recent(10)) == 2
