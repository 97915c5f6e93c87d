"""The page about evidence names every kind of record, and its ways to check the chain really tell."""

import ast
import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from doc_texts import ROOT, blocks, page, record_kinds, record_rows, tables

from spentkey.core.records import RecordKind
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.store import FILE as STORE
from spentkey.system import SystemClock

PAGE = page("docs", "reference", "evidence.md")
WRITERS = re.compile(r"\.(record|record_unless|try_to_record|_write)$|\bevidence\.append(_unless)?$")
EXOTIC = 'half a pair \ud800, quotes " and \\, a line\u2028separator, ünïcode, \t tab, "hash":"0"'


def unshaped() -> list[str]:
    """The calls in the code that put something on record by a text instead of a shape."""
    return [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "src" / "spentkey").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and WRITERS.search(ast.unparse(node.func)) and has_text(node)
    ]


def has_text(call: ast.Call) -> bool:
    """Whether a kind stands in the call as a text."""
    first = [one.elts[0] if isinstance(one, ast.Tuple) else one for arg in call.args for one in ast.walk(arg)]
    return any(isinstance(one, ast.Constant) and one.value in set(RecordKind) for one in first)


async def write_some(folder: Path) -> Path:
    """The evidence of three records, written to a file by the page's own program."""
    evidence = SqliteEvidence(folder, SystemClock())
    for number, detail in enumerate(("first", EXOTIC, "last")):
        await evidence.append("answer", {"task": number, "detail": detail, "tenant": None, "minutes": 1.5})
    evidence.close()
    program, _ = blocks(PAGE, "python")
    command = [sys.executable, "-c", program, str(folder / STORE)]
    printed = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
    (folder / "evidence.jsonl").write_bytes(printed.stdout)
    return folder / "evidence.jsonl"


def check(file: Path) -> subprocess.CompletedProcess[str]:
    """The ten lines of the page."""
    _, lines = blocks(PAGE, "python")
    return subprocess.run([sys.executable, "-c", lines, str(file)], capture_output=True, text=True, check=False)


def test_every_kind_has_a_shape() -> None:
    """There is one class for each kind, and no kind without one."""
    assert set(RecordKind) == set(record_kinds())


def test_the_page_is_made_from_the_shapes() -> None:
    """The table of kinds says what the code says: `python tests/docs/doc_texts.py` prints it anew."""
    assert record_rows() == tables(PAGE)[1][1:]


def test_nothing_is_put_on_record_without_its_shape() -> None:
    """No call of the code writes a kind as a text, so that nothing can be left out of the table."""
    assert unshaped() == []


@pytest.mark.parametrize(
    "call", ['evidence.append("intent", {})', 'self._write(file, [("torn-line-cut", {})])', 'attempt.record("closed")']
)
def test_a_text_in_place_of_a_shape_would_be_found(call: str) -> None:
    """The search sees a kind however it is written out."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    assert (WRITERS.search(ast.unparse(node.func)) is not None, has_text(node)) == (True, True)


async def test_every_key_of_a_record_is_explained(tmp_path: Path) -> None:
    """A record has no key of its own that the page leaves out."""
    record = json.loads((await write_some(tmp_path)).read_text("utf-8").split("\n")[0])
    explained = {name for row in tables(PAGE)[0][1:] for name in re.findall(r"`(\w+)`", row[0])}
    assert set(record) - {"detail", "minutes"} <= explained


async def test_the_ten_lines_accept_a_good_file(tmp_path: Path) -> None:
    """A file as Spentkey writes it passes, and the last hash is printed."""
    file = await write_some(tmp_path)
    last = json.loads(file.read_text("utf-8").rstrip("\n").split("\n")[-1])["hash"]
    ended = check(file)
    assert (0, f"3 records, the last hash is {last}\n") == (ended.returncode, ended.stdout)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("first", "other"),
        ('"task":1', '"task":9'),
        ('"minutes":1.5', '"minutes":15'),
        (f'"at":"{datetime.now(UTC):%Y}', '"at":"1999'),  # noqa: TID251
        ('"seq":2', '"seq":3'),
        ('"task":1', '"task": 1'),
        ('"task":1', '"task":0,"task":1'),
    ],
)
async def test_the_ten_lines_refuse_a_changed_record(tmp_path: Path, old: str, new: str) -> None:
    """A change of any record is found."""
    file = await write_some(tmp_path)
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert check(file).returncode == 1


@pytest.mark.parametrize("order", [(1, 2), (0, 2), (1, 0, 2), (0, 0, 1, 2)])
async def test_the_ten_lines_refuse_another_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    """A record that is taken out, moved or doubled is found."""
    file = await write_some(tmp_path)
    lines = file.read_text("utf-8").rstrip("\n").split("\n")
    file.write_text("".join(lines[number] + "\n" for number in order), "utf-8")
    assert check(file).returncode == 1


async def test_a_shortened_file_passes_as_the_page_admits(tmp_path: Path) -> None:
    """Without its last record the chain is whole; that is why the last hash is to be kept elsewhere."""
    file = await write_some(tmp_path)
    file.write_text("".join(line + "\n" for line in file.read_text("utf-8").split("\n")[:2]), "utf-8")
    assert check(file).returncode == 0
    assert "It cannot show that the end of the file was cut off" in PAGE


async def hashes(folder: Path, change: tuple[str, str]) -> list[str]:
    """What the two shell lines of the page print for the first record."""
    file = await write_some(folder)
    file.write_text(file.read_text("utf-8").replace(*change), "utf-8")
    return shell_hashes(folder)


def shell_hashes(folder: Path) -> list[str]:
    """Run the shell lines in the folder of the file."""
    (lines,) = blocks(PAGE, "sh")
    ended = subprocess.run(["/bin/sh", "-c", lines], capture_output=True, text=True, check=True, cwd=folder)
    return re.findall(r"[0-9a-f]{64}", ended.stdout)


async def test_the_shell_lines_agree_on_a_good_record(tmp_path: Path) -> None:
    """Both lines print the same hash."""
    computed, claimed = await hashes(tmp_path, ("first", "first"))
    assert computed == claimed


async def test_the_shell_lines_disagree_on_a_changed_record(tmp_path: Path) -> None:
    """The hashes differ once a byte was changed."""
    computed, claimed = await hashes(tmp_path, ("first", "fIrst"))
    assert computed != claimed
