"""The check-up of the folder of requests."""

import os
from pathlib import Path

import pytest
from other_account import as_root, other_account, public_folder
from support_core import ManualClock

from spentkey.adapters.files.check import FilesCheck
from spentkey.adapters.files.client import FilesDesk

SOUND = 'approved_by = "x"\n[request]\nAppID = "1"\n'


async def findings(folder: Path, *, approve: bool = True) -> list[tuple[str, str, str]]:
    """What the check-up finds: what, how, in which words."""
    check = FilesCheck(FilesDesk(folder, approve, ManualClock()))
    return [(one.what, one.state.value, one.message) async for one in check.findings()]


def names(folder: Path) -> list[str]:
    """What is in the folder."""
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a request of each kind that can be worked on, or waits."""
    tmp_path.chmod(0o2770)
    (tmp_path / "a.toml").write_text(SOUND)
    (tmp_path / "b.toml").write_text(SOUND.partition("\n")[2])
    return tmp_path


async def test_a_sound_folder_says_how_many_wait(folder: Path) -> None:
    """And is not changed."""
    before = names(folder)
    queue = ("queue", "ok", "1 of 2 requests can be worked on, 1 wait for approval")
    assert await findings(folder) == [(f"directory {folder}", "ok", "can be read and written"), queue]
    assert await findings(folder, approve=False) == [
        (f"directory {folder}", "ok", "can be read and written"),
        ("queue", "ok", "2 of 2 requests can be worked on"),
    ]
    assert names(folder) == before


async def test_each_request_that_cannot_be_worked_on_is_named(folder: Path) -> None:
    """Its file, its log, a torn end, a change, a name; none of them waits for approval."""
    for name in ("bad", "edited", "torn", "changed", "done"):
        (folder / f"{name}.toml").write_text(SOUND)
    (folder / "bad.toml").write_text("[request")
    (folder / "edited.log").write_text("x\n")
    (folder / "torn.log").write_text("{")
    seen = '{"what":"seen","request_sha256":"x","version":1}\n'
    (folder / "changed.log").write_text(seen)
    (folder / "done.log").write_text(f'{seen}{{"what":"status","status":"closed","version":2}}\n')
    (folder / "New\x1b[2J Text.toml").write_text(SOUND)
    found = await findings(folder)
    assert found[1:-1] == [
        ("file New[2J Text.toml", "warn", "is not read: no name of a request"),
        ("request bad", "warn", "bad.toml is not valid TOML (at end of document)"),
        ("request changed", "warn", "changed after it was first seen, so it is not worked on"),
        ("request edited", "warn", "edited.log: line 1 is not as Spentkey writes it"),
        ("request torn", "warn", "torn.log: its last line has no line feed, so it does not count"),
    ]
    assert found[-1] == ("queue", "ok", "2 of 7 requests can be worked on, 1 wait for approval")


async def test_a_folder_that_everybody_may_write_fails(folder: Path) -> None:
    """With the line that mends it, and nothing else is looked at."""
    os.chmod(folder, 0o777)  # noqa: PTH101, S103
    ((_, state, message),) = await findings(folder)
    assert (state, message.startswith(f"everybody may write to {folder}")) == ("fail", True)


async def test_a_folder_that_is_away_fails(folder: Path) -> None:
    """So does a file in its place."""
    for name in ("away", "a.toml"):
        ((_, state, message),) = await findings(folder / name)
        assert (state, str(folder / name) in message) == ("fail", True)


@as_root
async def test_a_folder_that_this_account_may_not_write_fails() -> None:
    """Readable is not enough: what becomes of requests is written there."""
    with public_folder() as theirs, other_account():
        ((_, state, message),) = await findings(theirs)
    assert (state, message) == ("fail", "cannot be written by this account")
