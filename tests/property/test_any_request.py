"""The campaign of request parameters in short, and the judge of it by itself."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from any_request import KEYS, NAME, NAMES, TARGETS, already_gone, any_set, every_single_change, meant
from campaign_requests import unclean
from worlds import APP, AUTOMATION, EXPIRED_SECRET, LIVE_SECRET, OTHER_APP

SOUND: dict[str, Any] = dict(zip(NAMES, [NAME, APP, EXPIRED_SECRET, "Secret", "No"], strict=True))


def message(**changes: Any) -> list[tuple[str, Any]]:
    """The sound set with some values changed."""
    return list({**SOUND, **changes}.items())


@pytest.mark.parametrize("count", [40, pytest.param(660, marks=pytest.mark.long)])
def test_nothing_is_removed_but_what_a_set_means(count: int) -> None:
    """Sets from harmless to hostile, each worked by the real story; `make campaign-requests` tries more."""
    program = [sys.executable, str(Path(__file__).with_name("campaign_requests.py"))]
    ended = subprocess.run(
        program, env={**os.environ, "CASES": str(count), "SEED": "3"}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{count} request parameter sets (seed 3), {count} held" in ended.stdout
    assert all(f" {end}" in ended.stdout for end in ("removed closed", "refused G1 handed-off"))


def test_a_set_is_made_by_its_seed_alone() -> None:
    """The same seed makes the same set, and others make others."""
    made = [str(any_set(random.Random(number))) for number in range(200)]  # noqa: S311
    assert [str(any_set(random.Random(number))) for number in range(200)] == made  # noqa: S311
    assert len(set(made)) > 150
    assert 450 < len(list(every_single_change())) < 660


@pytest.mark.parametrize(
    "harmless",
    [{}, {"AppID": APP.upper()}, {"SecretID": f" {EXPIRED_SECRET}\n"}, {"AppDisplayName": NAME.upper()}],
)
def test_the_judge_knows_what_is_legal(harmless: dict[str, Any]) -> None:
    """Case and outer blanks change no meaning."""
    assert meant(message(**harmless)) == TARGETS[0]


@pytest.mark.parametrize(
    "doubtful",
    [
        {"AppID": OTHER_APP},
        {"AppID": AUTOMATION},
        {"SecretID": LIVE_SECRET},
        {"SecretID": "\uff13" + EXPIRED_SECRET[1:]},
        {"SecretID": EXPIRED_SECRET[:9] + "\u200b" + EXPIRED_SECRET[9:]},
        {"SecretID": [EXPIRED_SECRET]},
        {"secretid ": EXPIRED_SECRET},
        {"SecretType": "Cert"},
        {"Onderwijs": True},
        {"AppDisplayName": NAME + "\u0301"},
    ],
)
def test_the_judge_sees_a_doubt(doubtful: dict[str, Any]) -> None:
    """Look-alikes, other types, repeated names and other ids mean nothing."""
    assert meant(message(**doubtful)) is None
    assert not already_gone(message(**doubtful))


@pytest.mark.parametrize(("key_id", "gone"), [(KEYS[0], True), (KEYS[4], False), ("x", False)])
def test_the_judge_knows_what_is_not_there(key_id: str, *, gone: bool) -> None:
    """A certificate of an application without any: only a key id that stands nowhere on it is gone."""
    asked = message(AppDisplayName="Other", AppID=OTHER_APP, SecretID=key_id, SecretType="Cert")
    assert already_gone(asked) is gone


@pytest.mark.parametrize("text", ["a\0b", "a\x1b[31m", "a\u202eb", "a\u200bb", "a\u2028b", "<b>", "x" * 5001])
def test_an_unclean_note_is_seen(text: str) -> None:
    """Control and invisible characters, markup, and what is far too long."""
    assert len(unclean(text)) >= 1


def test_a_clean_note_is_none() -> None:
    """Lines, letters of any script, and escaped markup may stand in a note."""
    assert unclean("Ünïcode €\n&lt;b&gt;\n") == []
