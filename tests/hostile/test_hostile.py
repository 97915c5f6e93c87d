"""The campaign in short, in a process of its own; how long a case takes is judged by its long form alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).parent / "campaign_hostile.py"


@pytest.mark.timeout(500)  # a case starts its processes twice, and a busy host takes its time
@pytest.mark.parametrize(("seed", "cases"), [(1, 1), pytest.param(5, 3, marks=pytest.mark.long)])
def test_whoever_is_beside_attacks_ends_as_alone(seed: int, cases: int) -> None:
    """Files, rows, objects, requesters, peers and clocks: the other tasks end alike, and the invariants hold for all."""
    settings = {**os.environ, "CASES": str(cases), "SEED": str(seed), "TIMED": "0"}
    ended = subprocess.run([sys.executable, str(CAMPAIGN)], env=settings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{cases} cases (seeds {seed} to {seed + cases - 1}), {cases} held" in ended.stdout
