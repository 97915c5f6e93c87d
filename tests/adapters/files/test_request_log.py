"""`NAME.log`: appended whole or not at all, whatever dies, and believed only as Spentkey writes it."""

import fcntl
import json
import multiprocessing
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from spentkey.adapters.files import request_log
from spentkey.adapters.files.request_log import LARGEST, RequestLog, RequestStatus, What, append, read_log
from spentkey.core.errors import DeskRefused, Outage, WriteRefused

HEADER = {"at": "2026-07-01T12:00:00+00:00", "by": "spentkey"}


def never(log: RequestLog) -> bool:
    """No reason to leave the line out."""
    return False


def note(folder: Path, body: str) -> None:
    """Append a note."""
    append(folder, "a", {**HEADER, "what": What.NOTE, "body": body}, never)


def status(folder: Path, which: RequestStatus) -> None:
    """Append a status."""
    append(folder, "a", {**HEADER, "what": What.STATUS, "status": which, "owner": "spentkey"}, never)


def bodies(folder: Path) -> list[str]:
    """The notes of a log that can be believed."""
    log = read_log(folder, "a")
    assert log.problem == ""
    return [str(one.get("body")) for one in log.lines]


def content(folder: Path) -> bytes:
    return (folder / "a.log").read_bytes()


def test_without_a_log_a_request_is_open(tmp_path: Path) -> None:
    """Nothing has happened yet."""
    assert read_log(tmp_path, "a") == RequestLog()
    assert (RequestLog().status, RequestLog().owner, RequestLog().version) == (RequestStatus.OPEN, "", 0)


def test_each_line_is_one_object_with_the_next_version(tmp_path: Path) -> None:
    """In the order in which they were written; the last status counts."""
    note(tmp_path, "é\n\u2028 [x]")
    status(tmp_path, RequestStatus.HANDED_OFF)
    status(tmp_path, RequestStatus.OPEN)
    lines = [json.loads(one) for one in content(tmp_path).decode().split("\n")[:-1]]
    assert [(one["version"], one["what"]) for one in lines] == [(1, "note"), (2, "status"), (3, "status")]
    log = read_log(tmp_path, "a")
    assert (lines[0]["body"], log.status, log.owner, log.version) == (
        "é\n\u2028 [x]",
        RequestStatus.OPEN,
        "spentkey",
        3,
    )


def test_a_line_that_is_needless_by_now_is_left_out(tmp_path: Path) -> None:
    """Judged on what is there under the lock."""
    note(tmp_path, "one")
    append(tmp_path, "a", {**HEADER, "what": What.NOTE, "body": "one"}, lambda log: log.version == 1)
    assert bodies(tmp_path) == ["one"]


def test_a_crash_at_any_byte_of_an_append_leaves_the_line_or_none(tmp_path: Path) -> None:
    """And the next append stands behind the last whole line."""
    note(tmp_path, "one")
    first = content(tmp_path)
    note(tmp_path, "two é")
    whole = content(tmp_path)
    for end in range(len(first), len(whole) + 1):
        (tmp_path / "a.log").write_bytes(whole[:end])
        before = ["one", "two é"] if end == len(whole) else ["one"]
        assert bodies(tmp_path) == before
        assert read_log(tmp_path, "a").torn is (len(first) < end < len(whole))
        note(tmp_path, "three")
        assert bodies(tmp_path) == [*before, "three"]


def test_a_crash_in_the_very_first_line_leaves_nothing(tmp_path: Path) -> None:
    """An empty log, or half a line, is no line."""
    note(tmp_path, "one")
    whole = content(tmp_path)
    for end in range(len(whole)):
        (tmp_path / "a.log").write_bytes(whole[:end])
        assert bodies(tmp_path) == []
        note(tmp_path, "one")
        assert bodies(tmp_path) == ["one"]


def sound(**changes: Any) -> bytes:
    """A sound note with some of it changed."""
    return json.dumps({**HEADER, "what": "note", "body": "x", "version": 1, **changes}).encode() + b"\n"


EDITED = {
    "a line that was taken out": sound(version=2),
    "a line twice": sound() + sound(),
    "an empty line": sound() + b"\n",
    "a version that is no number": sound(version="1"),
    "a version that only counts as one": sound(version=True),
    "a version with a point": sound(version=1.0),
    "no version": b'{"what":"note"}\n',
    "a kind that is unknown": sound(what="approve"),
    "a kind that is a list": sound(what=["note"]),
    "a status that is unknown": sound(what="status", status="done"),
    "a status that is a table": sound(what="status", status={}),
    "a status without one": sound(what="status"),
    "a body that is no text": sound(body=1),
    "half a character": sound(owner="\ud800"),
    "a list": b"[]\n",
    "no JSON": b"open\n",
    "no UTF-8": b"\xff\n",
    "UTF-16": '{"what":"note","version":1}\n'.encode("utf-16"),
    "deep": b'{"a":' * 50_000 + b"\n",
    "endless digits": b'{"version":' + b"1" * 5000 + b"}\n",
    "a byte order mark": b"\xef\xbb\xbf" + sound(),
}


@pytest.mark.parametrize("scenario", EDITED)
def test_a_log_that_somebody_edited_is_not_believed_and_not_written(tmp_path: Path, scenario: str) -> None:
    """Its number of the line is said; people must look, and nothing of it is lost."""
    (tmp_path / "a.log").write_bytes(EDITED[scenario])
    number = 2 if scenario in ("a line twice", "an empty line") else 1
    problem = f"a.log: line {number} is not as Spentkey writes it"
    assert read_log(tmp_path, "a") == RequestLog(problem=problem)
    with pytest.raises(WriteRefused, match=problem):
        note(tmp_path, "x")
    assert content(tmp_path) == EDITED[scenario]


def test_a_line_of_a_person_counts_like_any_other(tmp_path: Path) -> None:
    """Also with line ends of Windows, spaces, and more than is asked for."""
    status(tmp_path, RequestStatus.HANDED_OFF)
    with (tmp_path / "a.log").open("ab") as stream:
        stream.write(b'{ "version": 2, "what": "status", "status": "open", "by": "an.other", "why": "again" }\r\n')
    assert (read_log(tmp_path, "a").status, read_log(tmp_path, "a").version) == (RequestStatus.OPEN, 2)


def test_a_huge_log_is_neither_believed_nor_cut(tmp_path: Path) -> None:
    """Where reading stops there is no end of a line, and what stands behind must stay."""
    note(tmp_path, "one")
    first = content(tmp_path)
    with (tmp_path / "a.log").open("ab") as stream:
        stream.truncate(LARGEST + 1)
    assert read_log(tmp_path, "a").problem == f"a.log is larger than {LARGEST} bytes"
    with pytest.raises(WriteRefused, match="is larger than"):
        note(tmp_path, "two")
    assert (content(tmp_path)[: len(first)], len(content(tmp_path))) == (first, LARGEST + 1)


@pytest.mark.parametrize("what", ["link", "dangling link", "folder", "pipe", "written by everybody"])
def test_what_is_no_plain_file_of_ours_is_refused(tmp_path: Path, what: str) -> None:
    """A link could lead anywhere; a log that everybody may write could approve anything."""
    log, other = tmp_path / "a.log", tmp_path / "other"
    match what:
        case "link" | "dangling link":
            log.symlink_to(other)
            other.touch() if what == "link" else None
        case "folder":
            log.mkdir()
        case "pipe":
            os.mkfifo(log)
        case _:
            log.touch()
            log.chmod(0o646)
    assert read_log(tmp_path, "a").problem.startswith("a.log ")
    with pytest.raises(WriteRefused, match=r"a\.log "):
        note(tmp_path, "x")
    assert other.exists() is (what == "link")
    assert not other.exists() or other.read_bytes() == b""


def test_a_folder_that_is_away_is_the_operators(tmp_path: Path) -> None:
    """Nothing is made anew in its place."""
    with pytest.raises(DeskRefused, match="cannot be written"):
        note(tmp_path / "away", "x")
    assert not (tmp_path / "away").exists()


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o000])
def test_the_people_of_the_group_may_read_a_new_log(tmp_path: Path, umask: int) -> None:
    """Whatever umask a unit of systemd has; nobody else may, and only we write it."""
    before = os.umask(umask)
    try:
        note(tmp_path, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.log").stat().st_mode) == 0o640


def _many(folder: str, who: int) -> None:
    for number in range(20):
        note(Path(folder), f"{who} {number}")


def test_several_processes_append_and_no_line_is_lost_or_mixed(tmp_path: Path) -> None:
    """Four processes with twenty lines each."""
    fork = multiprocessing.get_context("spawn")
    workers = [fork.Process(target=_many, args=(str(tmp_path), who)) for who in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    found = bodies(tmp_path)
    assert sorted(found) == sorted(f"{who} {number}" for who in range(4) for number in range(20))
    assert [[one for one in found if one.startswith(f"{who} ")] for who in range(4)] == [
        [f"{who} {number}" for number in range(20)] for who in range(4)
    ]


def test_a_log_that_another_process_keeps_is_waited_for(tmp_path: Path) -> None:
    """As soon as it lets go the line is written."""
    note(tmp_path, "one")
    with (tmp_path / "a.log").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        appending = threading.Thread(target=note, args=(tmp_path, "two"))
        appending.start()
        assert bodies(tmp_path) == ["one"]
        fcntl.flock(other, fcntl.LOCK_UN)
        appending.join()
    assert bodies(tmp_path) == ["one", "two"]


def test_a_log_that_was_replaced_while_it_was_waited_for_is_opened_anew(tmp_path: Path) -> None:
    """An editor or git puts a new file in its place: the line must not go into the one that is gone."""
    note(tmp_path, "one")
    (tmp_path / "new").write_bytes(content(tmp_path).replace(b"one", b"eno"))
    with (tmp_path / "a.log").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        appending = threading.Thread(target=note, args=(tmp_path, "two"))
        appending.start()
        (tmp_path / "new").rename(tmp_path / "a.log")
        appending.join()
    assert bodies(tmp_path) == ["eno", "two"]


def test_a_log_that_is_replaced_while_it_is_written_is_an_outage(tmp_path: Path) -> None:
    """The next try finds out what the new one says."""
    note(tmp_path, "one")

    def replace(log: RequestLog) -> bool:
        (tmp_path / "new").write_bytes(content(tmp_path))
        (tmp_path / "new").rename(tmp_path / "a.log")
        return False

    with pytest.raises(Outage, match="replaced while it was written"):
        append(tmp_path, "a", {**HEADER, "what": What.NOTE, "body": "two"}, replace)
    assert bodies(tmp_path) == ["one"]


def test_a_log_that_is_kept_for_too_long_is_an_outage(tmp_path: Path) -> None:
    """Nothing is written; by itself that takes ten seconds."""
    note(tmp_path, "one")
    with (tmp_path / "a.log").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Outage, match=r"another process has held a\.log for 0\.1 s"):
            append(tmp_path, "a", {**HEADER, "what": What.NOTE, "body": "two"}, never, 0.1)
    assert (bodies(tmp_path), request_log.PATIENCE_S) == (["one"], 10.0)


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_device_is_no_log(tmp_path: Path) -> None:
    """Neither by a link."""
    (tmp_path / "a.log").symlink_to(FULL)
    with pytest.raises(WriteRefused, match="cannot be written"):
        note(tmp_path, "x")
