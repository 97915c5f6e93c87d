"""The campaign in short, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).parent / "campaign_tampering.py"


@pytest.mark.timeout(400)  # it first makes real evidence, and a busy host takes its time
@pytest.mark.parametrize(
    ("store", "seed", "cases", "lives"),
    [
        ("sqlite", 1, 30, 10),
        pytest.param("sqlite", 1000, 300, 100, marks=pytest.mark.long),
        pytest.param("postgres", 1, 40, 4, marks=pytest.mark.long),
    ],
)
def test_what_was_spoilt_is_found_and_what_was_not_is_never_accused(
    store: str, seed: int, cases: int, lives: int
) -> None:
    """Stores, exports and tickets; and logs that lived through crashes, new keys, restored backups and failovers."""
    chosen = {"STORE": store, "CASES": str(cases), "LIVES": str(lives), "FAILOVERS": str(lives)}
    settings = {**os.environ, **chosen, "WORLDS": "1", "SEED": str(seed)}
    ended = subprocess.run([sys.executable, str(CAMPAIGN)], env=settings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{cases} cases and {lives} lives (from seed {seed} on), 0 wrong" in ended.stdout
    assert " found" in ended.stdout
