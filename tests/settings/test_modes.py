"""Who may write a configuration and read a secret: what others may do to a file decides whether it is used."""

import os
from pathlib import Path

import pytest
from support_settings import KEYS, load, problems, write

from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured
from spentkey.settings.modes import Modes
from spentkey.settings.surroundings import MARKS, ProcessView, container

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.fixture(autouse=True)
def _outside_of_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run, is not what they ask."""
    monkeypatch.setattr("spentkey.settings.surroundings.MARKS", ())


def file(folder: Path, mode: int, name: str = "key") -> Path:
    """A file with a value and that mode."""
    path = folder / name
    path.write_text("value-9Qw\n")
    path.chmod(mode)
    return path


def why_not(path: Path, *, secret: bool, me: int | None = None, mounts: Path | None = None, pod: bool = False) -> str:
    """Why that file must not be used."""
    account = os.geteuid() if me is None else me
    here = ProcessView(POD if pod else {}, account, mounts or path.parent / "none")
    return Modes(here).why_not(path, path.stat(), secret=secret)


def memory(folder: Path) -> Path:
    """What the kernel says where the folder is a memory file system."""
    mounts = folder / "mountinfo"
    mounts.write_text(f"1 1 0:1 / / rw - ext4 x rw\n2 1 0:2 / {folder} rw - tmpfs x rw\n")
    return mounts


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o666, 0o622])
def test_a_configuration_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """By the group or by everybody: they would choose what is removed, and where secrets are sent."""
    path = write(tmp_path, mode=mode)
    with pytest.raises(Misconfigured) as refused:
        load_settings(path, KEYS)
    assert str(refused.value) == f"{path}: may be written by others; chmod go-w {path}"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o644, 0o444])
def test_a_configuration_that_others_may_read_is_one(tmp_path: Path, mode: int) -> None:
    """It holds no secret then, which is another test."""
    assert load_settings(write(tmp_path, mode=mode), KEYS).folder == tmp_path


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
@pytest.mark.parametrize("setting", ["ivanti.api_key", "passwordstate.api_key"])
def test_a_secret_that_others_may_write_is_refused(tmp_path: Path, setting: str, mode: int) -> None:
    """By its name and its whole path, with what mends it, and never its value."""
    path = file(tmp_path, mode)
    assert problems(tmp_path, {setting: {"file": "key"}}) == [
        f"{setting}: the file {path} may be written by others; chmod go-w {path}"
    ]


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o444])
def test_a_secret_that_everybody_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """On a disk, in a container too."""
    path = file(tmp_path, mode)
    expected = f"ivanti.api_key: the file {path} may be read by everybody; chmod o-rwx {path}"
    assert problems(tmp_path, {"ivanti.api_key": {"file": "key"}}) == [expected]
    assert problems(tmp_path, {"ivanti.api_key": {"file": "key"}}, **POD) == [expected]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_a_secret_for_its_account_and_group_is_read(tmp_path: Path, mode: int) -> None:
    """Group-readable is how pods get one: `fsGroup` and `defaultMode: 0440`."""
    file(tmp_path, mode)
    assert load(tmp_path, {"ivanti.api_key": {"file": "key"}}).remarks == ()


def test_a_link_to_a_secret_counts_by_what_it_leads_to(tmp_path: Path) -> None:
    """Kubernetes mounts links; the mode of a link says nothing."""
    path = file(tmp_path, 0o644, "target")
    (tmp_path / "key").symlink_to(path)
    assert "may be read by everybody" in problems(tmp_path, {"ivanti.api_key": {"file": "key"}})[0]
    path.chmod(0o440)
    assert problems(tmp_path, {"ivanti.api_key": {"file": "key"}}) == []


def test_in_the_memory_of_a_container_it_is_only_remarked(tmp_path: Path) -> None:
    """Kubernetes' own default is 0644 there; the remark says which mode is better."""
    path = file(tmp_path, 0o644)
    modes = Modes(ProcessView(POD, os.geteuid(), memory(tmp_path)))
    assert modes.why_not(path, path.stat(), secret=True) == ""
    assert modes.remarks == [f"{path} may be read by every account of this container; mount it with mode 0440"]


def test_in_the_memory_of_a_machine_it_is_refused(tmp_path: Path) -> None:
    """Its accounts are people."""
    assert "by everybody" in why_not(file(tmp_path, 0o644), secret=True, mounts=memory(tmp_path))


def test_in_memory_others_may_not_write_either(tmp_path: Path) -> None:
    """That is no question of where it lies."""
    assert "written by others" in why_not(file(tmp_path, 0o666), secret=True, mounts=memory(tmp_path), pod=True)


@pytest.mark.parametrize("secret", [True, False])
def test_a_file_of_another_account_is_refused(tmp_path: Path, *, secret: bool) -> None:
    """Its owner can write it whatever its mode; both accounts are named."""
    path = file(tmp_path, 0o400)
    if os.geteuid() == 0:
        assert why_not(path, secret=secret, me=54321) == ""  # root can write everything as it is
        os.chown(path, 12345, 12345)
    found = why_not(path, secret=secret, me=54321)
    assert "belongs to the account" in found
    assert "chown 54321" in found


@pytest.mark.parametrize("secret", [True, False])
def test_in_a_container_the_owner_is_not_compared(tmp_path: Path, *, secret: bool) -> None:
    """What is mounted from outside may belong to any account there."""
    assert why_not(file(tmp_path, 0o400), secret=secret, me=54321, pod=True) == ""


def test_what_is_no_plain_file_has_no_such_mode(tmp_path: Path) -> None:
    """A pipe, as the shell makes for `<(…)`."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe").chmod(0o666)
    assert why_not(tmp_path / "pipe", secret=True) == ""


@pytest.mark.parametrize(
    ("setting", "mode", "message"),
    [
        ("tls.ca_file", 0o666, "may be written by others"),
        ("tls.microsoft_ca_file", 0o620, "may be written by others"),
        ("service.tls", 0o644, "may be read by everybody"),
    ],
)
def test_authorities_and_private_keys_are_judged_too(tmp_path: Path, setting: str, mode: int, message: str) -> None:
    """Whoever may write the authorities decides whom to believe; the service's key is a secret."""
    path = file(tmp_path, mode)
    value: object = {"certificate": str(path), "key": str(path)} if setting == "service.tls" else str(path)
    (line,) = problems(tmp_path, {setting: value})
    assert line.startswith(f"{setting}{'.key' if setting == 'service.tls' else ''}: the file {path} {message}")


def test_a_container_is_known_by_its_variables_and_its_files() -> None:
    """Docker sets no variable, but leaves a file."""
    assert container(POD, lambda _: False) == "a pod"
    assert container({}, lambda _: False) is None
    assert MARKS[0] == Path("/.dockerenv")
