"""Who may read and write the files that the automation signs in with; the same rules as for the configuration's."""

import os
from pathlib import Path

import pytest

from spentkey.adapters.entra.files import read_file
from spentkey.core.errors import AccessRefused
from spentkey.settings.surroundings import ProcessView

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.fixture(autouse=True)
def _outside_of_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run, is not what they ask."""
    monkeypatch.setattr("spentkey.settings.surroundings.MARKS", ())


def file(folder: Path, mode: int) -> Path:
    """A file with that mode, beside what the kernel says where its folder is in memory."""
    path = folder / "own.pfx"
    path.write_bytes(b"content")
    path.chmod(mode)
    (folder / "mountinfo").write_text(f"1 1 0:1 / / rw - ext4 x rw\n2 1 0:2 / {folder} rw - tmpfs x rw\n")
    return path


def here(folder: Path, *, pod: bool, in_memory: bool, me: int | None = None) -> ProcessView:
    """Where this process runs."""
    mounts = folder / ("mountinfo" if in_memory else "none")
    return ProcessView(POD if pod else {}, os.geteuid() if me is None else me, mounts)


@pytest.mark.parametrize("mode", [0o600, 0o440, 0o640])
def test_a_secret_for_its_account_and_group_is_read(tmp_path: Path, mode: int) -> None:
    """On a disk, outside of containers."""
    path = file(tmp_path, mode)
    assert read_file(path, 100, private=True, here=here(tmp_path, pod=False, in_memory=False)) == b"content"


def test_a_mounted_secret_for_everybody_is_read_in_the_memory_of_a_container(tmp_path: Path) -> None:
    """Kubernetes' own default is 0644 there, and the owner is whoever mounted it."""
    path = file(tmp_path, 0o644)
    assert read_file(path, 100, private=True, here=here(tmp_path, pod=True, in_memory=True, me=54321)) == b"content"


@pytest.mark.parametrize(("pod", "in_memory"), [(False, False), (True, False), (False, True)])
def test_elsewhere_a_secret_for_everybody_is_refused(tmp_path: Path, *, pod: bool, in_memory: bool) -> None:
    """The accounts of a machine are people, and a disk outlives the container."""
    path = file(tmp_path, 0o644)
    with pytest.raises(AccessRefused, match="read by"):
        read_file(path, 100, private=True, here=here(tmp_path, pod=pod, in_memory=in_memory))


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_secret_that_others_may_write_is_refused_everywhere(tmp_path: Path, mode: int) -> None:
    """That is no question of where it lies."""
    path = file(tmp_path, mode)
    with pytest.raises(AccessRefused, match="written by"):
        read_file(path, 100, private=True, here=here(tmp_path, pod=True, in_memory=True))


def test_a_token_for_everybody_is_read_and_one_that_everybody_may_write_is_not(tmp_path: Path) -> None:
    """Clusters project tokens so; who may write one could sign us in as somebody else."""
    nowhere = here(tmp_path, pod=False, in_memory=False)
    assert read_file(file(tmp_path, 0o644), 100, private=False, here=nowhere) == b"content"
    with pytest.raises(AccessRefused, match="written by"):
        read_file(file(tmp_path, 0o646), 100, private=False, here=nowhere)
