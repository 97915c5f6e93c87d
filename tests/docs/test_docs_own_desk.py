"""CONTRIBUTING's ten steps to a desk of one's own: they are followed, and the desk is used by `run`."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import BIN
from doc_texts import ROOT, page
from files_desk import ASKED, files_desk_on
from real_simulator import RealSimulator

CHAPTER = page("CONTRIBUTING.md").split("## Adding a service desk or a vault")[1].split("\n## ")[0]
STEPS = re.findall(r"^(\d+)\. ", CHAPTER, re.M)
BLOCKS = re.findall(r"^   ```sh\n(.*?)^   ```$", CHAPTER, re.M | re.S)
UV = ROOT / ".uv" / "bin" / "uv"


@dataclass(frozen=True)
class Desk:
    """Where the steps are followed."""

    work: Path

    def type(self, block: str) -> subprocess.CompletedProcess[str]:
        """One block, in the root of the repository."""
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SPENTKEY_")},
            "WORK": str(self.work),
            "PATH": f"{BIN}:{UV.parent}:/usr/bin:/bin",
            "PYTHONPATH": str(self.work / "site"),
            "UV_OFFLINE": "1",
            "UV_NO_CONFIG": "1",
            "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.01",
        }
        command = ["/bin/sh", "-e", "-c", re.sub(r"^   ", "", block, flags=re.M)]
        return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def desk(sim: RealSimulator, tmp_path: Path) -> Desk:
    """A configuration with the new table in place of a known desk, and one task."""
    made = files_desk_on(sim, tmp_path / "w")
    work = made.folder
    text = made.config.read_text().replace('files = {"directory" = "requests"}', 'json_desk = {"file" = "tasks.json"}')
    made.config.write_text(text)
    task: dict[str, object] = {"state": "open", "group": "automation", "asks": ASKED, "notes": [], "version": 1}
    (work / "tasks.json").write_text(json.dumps({"INC1": task}))
    return Desk(work)


def test_there_are_ten_steps() -> None:
    """Numbered, with what is typed at three of them."""
    assert ([int(one) for one in STEPS], len(BLOCKS)) == ([*range(1, 11)], 3)


def test_a_table_of_a_package_that_is_not_installed_is_one_line(desk: Desk) -> None:
    """Before the steps were followed."""
    ended = desk.type(BLOCKS[2])
    assert (ended.returncode, "json_desk: is not a known setting" in ended.stderr) == (2, True)


@pytest.mark.skipif(not UV.exists(), reason="the set-up's own uv is not here")
def test_the_steps_lead_to_a_desk_that_run_uses(desk: Desk, sim: RealSimulator) -> None:
    """Install, the suite, check, and one removal that is proven and closes the task."""
    for block in BLOCKS:
        ended = desk.type(block)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [one["key_id"] for one in sim.removals()] == [ASKED["SecretID"]]
    (task,) = json.loads((desk.work / "tasks.json").read_text()).values()
    assert (task["state"], len(task["notes"])) == ("closed", 1)
