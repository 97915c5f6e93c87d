"""The sabotage in short: protections taken out of a copy are noticed, and the table fits the code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from campaign_sabotage import INSIDE, ROOT, SHORT, TABLE, spoil
from sabotage import Sabotage
from sabotage_evidence import EXPORTS, LOG, READERS, SIGNING, VERIFIER
from sabotage_outside import CALLERS, FILES, MACHINES, SERVERS
from sabotage_scan import SCANS

PROGRAM = Path(__file__).with_name("campaign_sabotage.py")


@pytest.mark.parametrize("names", [SHORT[-1:], pytest.param(SHORT[:-1], marks=pytest.mark.long)])
def test_protections_that_are_taken_out_are_noticed(names: tuple[str, ...]) -> None:
    """A mask by its test; a guard by the property campaign, the name by that of request parameters."""
    environment = {**os.environ, "SABOTAGE": ";".join(names), "MOST": "400"}
    ended = subprocess.run([sys.executable, str(PROGRAM)], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{len(names)} protections taken out, {len(names)} noticed" in ended.stdout


def test_what_is_not_noticed_is_told() -> None:
    """A name that no protection has is no success, and neither is a run of nothing."""
    environment = {**os.environ, "SABOTAGE": "nothing"}
    ended = subprocess.run([sys.executable, str(PROGRAM)], env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, "0 protections taken out" in ended.stdout) == (1, True)


@pytest.mark.parametrize("name", TABLE)
def test_every_replacement_fits_the_code(tmp_path: Path, name: str) -> None:
    """The text stands once, the copy is Python, and who must notice exists."""
    one = TABLE[name]
    file = spoil(tmp_path, one) / "spentkey" / one.file
    compile(file.read_text("utf-8"), str(file), "exec")
    assert one.new in file.read_text("utf-8")
    by, _, test = one.by.partition("::")
    noticing = ROOT / by if by.startswith("tests/") else PROGRAM.with_name(by)
    assert f"def {test}" in noticing.read_text("utf-8")


def test_no_name_stands_for_two_protections() -> None:
    """One of them would never be taken out."""
    of_evidence = (LOG, SIGNING, EXPORTS, READERS, VERIFIER)
    assert sum(len(one) for one in (INSIDE, *of_evidence, FILES, CALLERS, SERVERS, MACHINES, SCANS)) == len(TABLE)


def test_a_text_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """After a change of the code the table must follow."""
    with pytest.raises(ValueError, match="stands there 0 times"):
        spoil(tmp_path, Sabotage("story.py", "no such line", "", "campaign_property.py", "1"))
