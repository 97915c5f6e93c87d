"""Whether a directory is fit for a database: whose it is, and on what kind of file system it lies."""

import os
import pwd
from pathlib import Path

from spentkey.core.errors import Misconfigured

MOUNTS = Path("/proc/self/mountinfo")
SHARED = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
})  # fmt: skip
"""File systems of a network or of a host, whose locks cannot be relied on (sqlite.org/faq.html#q5)."""
FUSE = "fuse"
"""`fuse`, `fuseblk` and `fuse.NAME`: what is behind them, and how it locks, does not show."""


def refuse_another_owner(directory: Path) -> None:
    """Raise `Misconfigured` where the directory belongs to another account, root's own included."""
    owner, me = directory.stat().st_uid, os.geteuid()
    if owner != me:
        raise Misconfigured(
            f"state.directory: {directory} belongs to the account {_name(owner)}, and this is {_name(me)}; run spentkey "
            f"as {_name(owner)}, or give {_name(me)} a directory of its own"
        )


def refuse_a_network(directory: Path, mounts: Path = MOUNTS) -> None:
    """Raise `Misconfigured` where the directory lies on a file system of a network, of a host, or behind FUSE."""
    kind = kind_of(directory, mounts)
    if kind in SHARED or kind.partition(".")[0] in (FUSE, "fuseblk"):
        raise Misconfigured(
            f"state.directory: {directory} lies on a file system of the kind {kind}, on which locks cannot be relied on; "
            "use a local disk, or for several machines set engine.database_url"
        )


def kind_of(directory: Path, mounts: Path = MOUNTS) -> str:
    """The kind of the file system, empty where the kernel does not say (proc_pid_mountinfo(5))."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    real, kind, depth = directory.resolve(), "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted = Path(_unescaped(before.split(" ")[4]))
        if real.is_relative_to(mounted) and len(mounted.parts) >= depth:  # of two on one folder the later one counts
            kind, depth = after.split(" ")[0], len(mounted.parts)
    return kind


def _unescaped(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
