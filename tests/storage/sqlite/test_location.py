"""Where a database may lie: on a local disk, in a directory of the account that uses it."""

import os
from pathlib import Path

import pytest

from spentkey.core.errors import Misconfigured
from spentkey.settings.surroundings import kind_of
from spentkey.storage.sqlite.location import refuse_a_network, refuse_another_owner, refuse_unfit


def mounts(folder: Path, *mounted: tuple[Path | str, str]) -> Path:
    """What the kernel says of these mounts, in the form of proc_pid_mountinfo(5)."""
    lines = [f"{number} 1 0:{number} / {where} rw - {kind} source rw" for number, (where, kind) in enumerate(mounted)]
    file = folder / "mountinfo"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "glusterfs", "fuse.sshfs", "fuseblk"]
)
def test_a_file_system_of_a_network_is_refused(tmp_path: Path, kind: str) -> None:
    """By its kind; the line says what to use instead."""
    seen = mounts(tmp_path, ("/", "ext4"), (tmp_path, kind))
    with pytest.raises(Misconfigured, match=rf"of the kind {kind}.*engine\.database_url"):
        refuse_a_network(tmp_path / "state", seen)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay"])
def test_a_local_file_system_is_taken(tmp_path: Path, kind: str) -> None:
    """Also one that lies below a network's."""
    refuse_a_network(tmp_path, mounts(tmp_path, ("/", "nfs4"), (tmp_path, kind)))


def test_the_deepest_mount_counts_and_of_two_the_later(tmp_path: Path) -> None:
    """A name that only begins like a mount is none of it."""
    state = tmp_path / "state"
    seen = mounts(tmp_path, ("/", "ext4"), (state, "nfs"), (state, "xfs"), (tmp_path / "st", "cifs"))
    assert kind_of(state / "deep", seen) == "xfs"


def test_names_with_spaces_and_links_are_followed(tmp_path: Path) -> None:
    """The kernel writes a space as an octal code."""
    real = tmp_path / "my state"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    seen = mounts(tmp_path, ("/", "ext4"), (str(real).replace(" ", "\\040"), "nfs"))
    assert kind_of(tmp_path / "link", seen) == "nfs"


def test_where_the_kernel_does_not_say_nothing_is_refused(tmp_path: Path) -> None:
    """A machine without /proc."""
    refuse_a_network(tmp_path, tmp_path / "nowhere")


def test_the_kernel_of_this_machine_is_read(tmp_path: Path) -> None:
    """Its own table has a kind for every folder."""
    assert kind_of(tmp_path) != ""


def test_a_directory_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's use of an account's directory too: what it makes there the account could not use."""
    refuse_another_owner(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 54321)
    with pytest.raises(Misconfigured, match=r"belongs to the account .*run spentkey as"):
        refuse_another_owner(tmp_path)


def test_a_directory_that_is_not_there_yet_is_fit(tmp_path: Path) -> None:
    """It is made for this account alone."""
    refuse_unfit(tmp_path / "state")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_directory_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """They could put another store in its place."""
    tmp_path.chmod(mode)
    with pytest.raises(Misconfigured, match=rf"^state\.directory: {tmp_path} may be written by others; chmod go-w"):
        refuse_unfit(tmp_path)


@pytest.mark.parametrize("name", ["spentkey.db", "spentkey.db-journal", "locks", "evidence.jsonl"])
def test_what_others_may_write_in_it_is_refused(tmp_path: Path, name: str) -> None:
    """Each file counts, whatever the directory lets through."""
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o666)
    with pytest.raises(Misconfigured, match=rf"{name} may be written by others"):
        refuse_unfit(tmp_path)


LINKED = ["spentkey.db", "spentkey.db-journal", "locks", "rates", "evidence.jsonl", "evidence.lock", "taking-over"]


@pytest.mark.parametrize("name", LINKED)
def test_a_link_in_it_is_refused(tmp_path: Path, name: str) -> None:
    """Also one that leads nowhere: what is made through it would be made there."""
    (tmp_path / name).symlink_to(tmp_path.parent / "elsewhere")
    with pytest.raises(Misconfigured, match=rf"{name} is a link, and nothing is opened through one"):
        refuse_unfit(tmp_path)


def test_a_link_to_the_directory_is_no_link_in_it(tmp_path: Path) -> None:
    """An administrator may put it on another disk."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    refuse_unfit(tmp_path / "link")
