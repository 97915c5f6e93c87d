"""Whose a file is, and who may write or read it: what others may change is not believed, what they may read is no secret.

The owner and root may do anything; who else may is said by the mode of what was opened, through links too.
"""

import os
import pwd
import stat
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from spentkey.settings.surroundings import MEMORY, ProcessView, container, kind_of

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
FOR_ALL = "may be read by every account of this container; mount it with mode 0440"
"""What is said of a secret that is let pass all the same."""


def account(uid: int) -> str:
    """The name of an account, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class ModeFault(Enum):
    """What is wrong with who may do what with a file."""

    WRITABLE = auto()
    OTHER_ACCOUNT = auto()
    READABLE = auto()
    READABLE_IN_MEMORY = auto()
    """Let pass: in a container, on a file system in memory, where a mounted secret is for everybody unless one says otherwise."""


def fault_of(path: Path, seen: os.stat_result, here: ProcessView, *, secret: bool) -> ModeFault | None:
    """What is wrong with a plain file, as it was opened; None where it may be used as it is.

    In a container the owner is not compared: what is mounted from outside may belong to any account there.
    """
    if seen.st_mode & OTHERS_WRITE:
        return ModeFault.WRITABLE
    inside = container(here.environment) is not None
    if seen.st_uid not in (here.me, 0) and not inside:
        return ModeFault.OTHER_ACCOUNT
    if not secret or not seen.st_mode & stat.S_IROTH:
        return None
    return ModeFault.READABLE_IN_MEMORY if inside and kind_of(path, here.mounts) in MEMORY else ModeFault.READABLE


@dataclass
class Modes:
    """Judges the files of one configuration; `remarks` are what is let pass and should be mended all the same."""

    here: ProcessView
    remarks: list[str] = field(default_factory=list[str])

    def why_not(self, path: Path, seen: os.stat_result, *, secret: bool) -> str:
        """Why a file must not be used, with what mends it; empty where it may be. Only plain files have such modes."""
        if not stat.S_ISREG(seen.st_mode):
            return ""
        me = account(self.here.me)
        match fault_of(path, seen, self.here, secret=secret):
            case ModeFault.WRITABLE:
                return f"may be written by others; chmod go-w {path}"
            case ModeFault.OTHER_ACCOUNT:
                owner = account(seen.st_uid)
                return f"belongs to the account {owner}, which can change it, and this is {me}; chown {me} {path}"
            case ModeFault.READABLE:
                return f"may be read by everybody; chmod o-rwx {path}"
            case ModeFault.READABLE_IN_MEMORY:
                self.remarks.append(f"{path} {FOR_ALL}")
                return ""
            case None:
                return ""
