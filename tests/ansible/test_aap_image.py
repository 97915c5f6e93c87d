"""The execution environment: its context is made by ansible-builder as it stands, and holds what it must and no more."""

import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from play_runs import BIN, COLLECTIONS, ROOT, environment

IMAGE = COLLECTIONS / "execution-environment"
PINNED = re.compile(r"[=<~!]")
SECRET = re.compile(r"(?i)(password|secret|api_key|token)\s*[:=]\s*\S|-----BEGIN")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context of the image, as people make it."""
    folder = tmp_path_factory.mktemp("image")
    told = subprocess.run(
        [str(IMAGE / "build"), str(folder / "context")],
        env={**environment(folder), "BIN": str(BIN)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.findall(r"(?i)warning|no matches", told.stdout + told.stderr) == []
    return folder / "context"


def test_the_context_holds_both_collections_and_the_wheel(context: Path) -> None:
    """Built from this repository, each whole; what the requirements name is there."""
    built = context / "_build"
    assert [one.name for one in (built / "wheels").iterdir()] == ["spentkey-0.2.0-py3-none-any.whl"]
    named = [one["name"] for one in yaml.safe_load((built / "requirements.yml").read_text())["collections"]]
    assert [one for one in named if not (built / one).is_file()] == []
    assert sorted(one.name for one in (built / "collections").iterdir()) == sorted(Path(one).name for one in named)
    with tarfile.open(built / named[0]) as archive:
        assert "playbooks/entraid_secrets_removal.yml" in archive.getnames()
    with zipfile.ZipFile(next((built / "wheels").iterdir())) as wheel:
        assert "spentkey/facade.py" in wheel.namelist()


def test_the_image_is_made_in_order(context: Path) -> None:
    """The base can be chosen, the wheel is found before dependencies are, and the import is tried at the end."""
    lines = (context / "Containerfile").read_text().splitlines()
    assert lines[0].startswith("ARG EE_BASE_IMAGE=")
    order = ["COPY _build/wheels /build/wheels", "ENV PIP_FIND_LINKS=/build/wheels", "RUN /output/scripts/assemble"]
    slots = [lines.index(one) for one in [*order, "RUN $PYCMD -c 'import spentkey.facade'"]]
    assert slots == sorted(slots)
    system = (context / "_build" / "bindep.txt").read_text().splitlines()
    assert [one.split()[0] for one in system if not one.startswith("#")] == ["libtool-ltdl", "libltdl7"]


def test_nothing_secret_and_nothing_else_is_in_the_context(context: Path) -> None:
    """No configuration, no key, no folder of the repository's own."""
    files = [one for one in context.rglob("*") if one.is_file()]
    assert {one.relative_to(context).parts[0] for one in files} == {"Containerfile", "_build"}
    texts = [one for one in files if one.suffix not in (".whl", ".gz") and "scripts" not in one.parts]
    assert [one.name for one in texts if SECRET.search(one.read_text())] == []


def test_the_collection_asks_for_spentkey_from_a_version_on() -> None:
    """What introspection finds is `>=` alone, without any upper bound or pin, and nothing of Ansible itself."""
    told = subprocess.run(
        [str(BIN / "ansible-builder"), "introspect", str(ROOT / "ansible")], capture_output=True, text=True, check=True
    )
    found = yaml.safe_load(told.stdout.split("---", 1)[1])["python"]
    assert [one.split("#")[0].strip() for one in found] == ["spentkey>=0.2.0"]
    definition = yaml.safe_load((IMAGE / "execution-environment.yml").read_text())["dependencies"]
    asked = [definition["ansible_core"]["package_pip"], definition["ansible_runner"]["package_pip"], *found]
    assert [one for one in asked if PINNED.search(one.split("#")[0].replace(">=", ""))] == []


@pytest.mark.parametrize("text", ["api_key: abc", "PASSWORD=x", "-----BEGIN PRIVATE KEY-----"])
def test_a_secret_would_be_seen(text: str) -> None:
    """The search finds each kind."""
    assert SECRET.search(text) is not None


@pytest.mark.parametrize("text", ["spentkey==0.1.0", "spentkey>=0.1,<1", "spentkey~=0.1"])
def test_a_pin_would_be_seen(text: str) -> None:
    """So does that for bounds."""
    assert PINNED.search(text.replace(">=", "")) is not None
