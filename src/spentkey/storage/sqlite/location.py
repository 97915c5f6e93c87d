"""Whether a directory is fit for a database: whose it is, who may write to it, and on what file system it lies."""

import os
import stat
from pathlib import Path

from spentkey.core.errors import Misconfigured
from spentkey.settings.modes import OTHERS_WRITE, account
from spentkey.settings.surroundings import MOUNTS, kind_of

SHARED = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
})  # fmt: skip
"""File systems of a network or of a host, whose locks cannot be relied on (sqlite.org/faq.html#q5)."""
FUSE = "fuse"
"""`fuse`, `fuseblk` and `fuse.NAME`: what is behind them, and how it locks, does not show."""


def refuse_unfit(directory: Path) -> None:
    """Raise `Misconfigured` where others own a state directory or may write to it, or where anything in it is a link.

    A link would let whoever made it choose what is written over. One that is not there yet is fit.
    """
    if not _is_there(directory):
        return
    refuse_another_owner(directory)
    for path in (directory, *sorted(directory.iterdir())):
        try:
            seen = path.stat() if path == directory else path.lstat()
        except FileNotFoundError:
            continue  # another process has done with it meanwhile
        if stat.S_ISLNK(seen.st_mode):
            raise Misconfigured(
                f"state.directory: {path} is a link, and nothing is opened through one; put the file itself there, or "
                "set state.directory to where it is"
            )
        if seen.st_mode & OTHERS_WRITE:
            raise Misconfigured(f"state.directory: {path} may be written by others; chmod go-w {path}")


def _is_there(directory: Path) -> bool:
    try:
        return directory.is_dir()
    except OSError:
        return False  # what is in the way is told when it is opened


def refuse_another_owner(directory: Path) -> None:
    """Raise `Misconfigured` where the directory belongs to another account, root's own included."""
    owner, me = directory.stat().st_uid, os.geteuid()
    if owner != me:
        raise Misconfigured(
            f"state.directory: {directory} belongs to the account {account(owner)}, and this is {account(me)}; run "
            f"spentkey as {account(owner)}, or give {account(me)} a directory of its own"
        )


def refuse_a_network(directory: Path, mounts: Path = MOUNTS) -> None:
    """Raise `Misconfigured` where the directory lies on a file system of a network, of a host, or behind FUSE."""
    kind = kind_of(directory, mounts)
    if kind in SHARED or kind.partition(".")[0] in (FUSE, "fuseblk"):
        raise Misconfigured(
            f"state.directory: {directory} lies on a file system of the kind {kind}, on which locks cannot be relied on; "
            "use a local disk, or for several machines set engine.database_url"
        )
