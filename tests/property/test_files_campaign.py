"""The campaign with folders in short, and its judge by itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from any_files_story import Folder, sha256, text_of
from files_truth import task_of

from spentkey.adapters.files.request_file import read_request_file

PROGRAM = Path(__file__).with_name("campaign_files.py")
TABLE: dict[str, Any] = {"AppDisplayName": "Sales", "AppID": "1", "SecretID": "é\n", "SecretType": "Cert"}


def campaign(**settings: str) -> tuple[int, str]:
    """The exit code of the campaign, and what it printed; in a process of its own, as the other campaigns."""
    ended = subprocess.run(
        [sys.executable, str(PROGRAM)], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("cases", [12, pytest.param(150, marks=pytest.mark.long)])
def test_whatever_happens_to_folders_the_invariants_hold(cases: int) -> None:
    """Any world, people at the files, faults, deaths, half lines, a folder that is away: and it comes to rest."""
    code, message = campaign(CASES=str(cases), SEED="700")
    assert code == 0, message
    assert f"{cases} cases (seeds 700 to {699 + cases}), {cases} held" in message


@pytest.mark.parametrize("cases", [6, pytest.param(80, marks=pytest.mark.long)])
def test_whatever_happens_to_folders_the_invariants_hold_on_a_database_too(cases: int) -> None:
    """The same with evidence, locks and limits in PostgreSQL."""
    code, message = campaign(CASES=str(cases), SEED="700", STORE="postgres")
    assert code == 0, message
    assert f"{cases} cases (seeds 700 to {699 + cases}), {cases} held" in message


@pytest.mark.parametrize("cases", [2, pytest.param(10, marks=pytest.mark.long)])
def test_a_case_with_folders_is_replayed_by_its_seed(cases: int) -> None:
    """Played twice, it is the same requests in the same order."""
    code, message = campaign(CASES=str(cases), SEED="17", REPLAY="1")
    assert code == 0, message


def test_the_judge_makes_the_fingerprint_by_itself(tmp_path: Path) -> None:
    """And comes to the same as the product."""
    folder = Folder(tmp_path)
    folder.put(1, text_of(TABLE, approved=True))
    found = read_request_file(tmp_path, "1")
    assert found is not None
    assert (found.sha256, found.approved_by != "") == (sha256(TABLE), True)


def test_the_judge_knows_what_waits_for_people(tmp_path: Path) -> None:
    """Without approval, another one than was seen, broken, empty; not what was approved by a line."""
    folder = Folder(tmp_path)
    for number, content in enumerate(
        (text_of(TABLE, approved=True), text_of(TABLE, approved=False), b"[req", b"[request]")
    ):
        folder.put(number, content)
    assert [folder.stuck(number) for number in range(4)] == [False, True, True, True]
    folder.say(1, what="approved", request_sha256=sha256(TABLE))
    folder.say(0, what="seen", request_sha256="0")
    assert [folder.stuck(number) for number in range(2)] == [True, False]


def test_the_judge_sees_a_request_that_was_changed_and_a_line_that_is_gone(tmp_path: Path) -> None:
    """Spentkey changes no request, and logs only grow."""
    folder = Folder(tmp_path)
    folder.put(1, text_of(TABLE, approved=True))
    folder.say(1, what="status", status="closed")
    assert folder.wrong() == []
    folder.log(1).write_bytes(b"")
    folder.request(1).write_bytes(b"")
    assert folder.wrong() == ["7: the request 1 was changed", "7: 1.log lost a line"]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([], ("Logged", "", "Spentkey", 0)),
        ([{"status": "closed", "by": "spentkey"}], ("Completed", "svc-spentkey", "Spentkey", 1)),
        ([{"status": "closed", "by": "x"}], ("Completed", "an.other", "Spentkey", 0)),
        ([{"status": "handed-off", "by": "spentkey"}], ("Logged", "", "Systeemsoftware", 1)),
        ([{"status": "handed-off", "by": "spentkey"}, {"status": "open", "by": "x"}], ("Logged", "", "Spentkey", 1)),
    ],
)
def test_a_log_is_shown_to_the_judges_as_a_task(lines: list[dict[str, Any]], shown: tuple[Any, ...]) -> None:
    """Its state, and how often we ended it."""
    task = task_of([{"what": "status", **one} for one in lines])
    assert (task["status"], task["owner"], task["owner_team"], len(task["writes"])) == shown
    assert json.dumps(task)
