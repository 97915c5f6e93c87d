"""Whose a file is, and who may write or read it: what others may change is not believed, what they may read is no secret.

The owner and root may do anything; who else may is said by the mode of what was opened, through links too.
"""

import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spentkey.settings.surroundings import MEMORY, MOUNTS, container, kind_of

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def account(uid: int) -> str:
    """The name of an account, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@dataclass
class Modes:
    """Judges the files of one configuration; `remarks` are what is let pass and should be mended all the same."""

    environment: Mapping[str, str]
    me: int = field(default_factory=os.geteuid)
    mounts: Path = MOUNTS
    remarks: list[str] = field(default_factory=list[str])

    def why_not(self, path: Path, seen: os.stat_result, *, secret: bool) -> str:
        """Why a file must not be used, with what mends it; empty where it may be. Only plain files have such modes.

        In a container the owner is not compared: what is mounted from outside may belong to any account there.
        """
        if not stat.S_ISREG(seen.st_mode):
            return ""
        if seen.st_mode & OTHERS_WRITE:
            return f"may be written by others; chmod go-w {path}"
        if seen.st_uid not in (self.me, 0) and container(self.environment) is None:
            return (
                f"belongs to the account {account(seen.st_uid)}, which can change it, and this is {account(self.me)}; "
                f"chown {account(self.me)} {path}"
            )
        if not secret or not seen.st_mode & stat.S_IROTH:
            return ""
        if container(self.environment) is not None and kind_of(path, self.mounts) in MEMORY:
            self.remarks.append(f"{path} may be read by every account of this container; mount it with mode 0440")
            return ""
        return f"may be read by everybody; chmod o-rwx {path}"
