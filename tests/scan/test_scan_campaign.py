"""The campaign of faulty pages in short, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("campaign_scan.py")


@pytest.mark.parametrize(("seed", "cases"), [(1, 12), pytest.param(1000, 120, marks=pytest.mark.long)])
def test_a_scan_that_is_called_whole_shows_everything_once(seed: int, cases: int) -> None:
    """Whatever pages do; and a few scans are whole, so that the judge has seen both."""
    settings = {**os.environ, "CASES": str(cases), "SEED": str(seed)}
    ended = subprocess.run([sys.executable, str(CAMPAIGN)], env=settings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{cases} scans (from seed {seed} on), 0 wrong" in ended.stdout
    assert all(word in ended.stdout for word in (" INCOMPLETE", " whole"))
