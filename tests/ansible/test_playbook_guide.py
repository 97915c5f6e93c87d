"""The guide's own commands, typed where it says: the collections are built, and the repository stays as it was."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from play_runs import BIN, ROOT, environment

GUIDE = (ROOT / "docs" / "howto" / "ansible.md").read_text("utf-8")
BUILDS = [line.partition("#")[0] for line in GUIDE.splitlines() if line.startswith("ansible-galaxy collection build ")]
INSTALL = next(line for line in GUIDE.splitlines() if line.startswith("ansible-galaxy collection install "))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The collections and the rules of git as they stand here, in a repository without a change."""
    files = git(ROOT, "ls-files", "-co", "--exclude-standard", "ansible", ".gitignore")
    for name in files.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    return tmp_path


def git(folder: Path, *words: str) -> str:
    """What git says."""
    command = ["git", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def typed(folder: Path, words: str, home: Path) -> None:
    """One line of the guide."""
    told = environment(home) | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "ANSIBLE_COLLECTIONS_PATH": str(home)}
    subprocess.run(shlex.split(words), cwd=folder, env=told, check=True, capture_output=True)


def test_building_by_the_guide_leaves_nothing_in_the_repository(
    clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What is built goes where git does not look, and is what the next line installs."""
    home = tmp_path_factory.mktemp("home")
    for line in BUILDS:
        typed(clone, line, home)
    assert git(clone, "ls-files", "--others", "--exclude-standard") == ""
    typed(clone, f"{INSTALL} --offline", home)
    installed = sorted(one.parent.name for one in home.glob("ansible_collections/*/*/MANIFEST.json"))
    assert (len(BUILDS), installed) == (2, ["entra", "ivanti_itsm"])


def test_a_build_in_the_root_would_be_seen(clone: Path, tmp_path: Path) -> None:
    """As the guide said it before."""
    typed(clone, BUILDS[0].replace("--output-path dist ", ""), tmp_path)
    assert git(clone, "ls-files", "--others", "--exclude-standard", "*.tar.gz") == "spentkey-entra-0.1.0.tar.gz\n"
