"""A folder of secrets: which files it has, and what stands in them, where nobody else may change or read them.

Links are followed inside the folder (Kubernetes mounts secrets as links); the mode and the owner of what they lead to
count, as for the files of the configuration.
"""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from spentkey.adapters.secret_files.reasons import (
    CANNOT_BE_READ,
    LEADS_OUTSIDE,
    NO_FOLDER,
    NO_PLAIN_FILE,
    NOT_NOW,
    NOT_UTF_8,
    OF_FOLDER,
    OF_PATH,
    OTHER_ACCOUNT,
    READABLE,
    TOO_LARGE,
    WRITABLE,
)
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.settings.modes import OTHERS_WRITE, ModeFault, fault_of
from spentkey.settings.surroundings import ProcessView, container

LONGEST = 65_536
"""Longest text, in bytes."""
PASSING = frozenset({errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ETIMEDOUT})
"""What the system answers when trying again may help."""
REASONS = {ModeFault.WRITABLE: WRITABLE, ModeFault.OTHER_ACCOUNT: OTHER_ACCOUNT, ModeFault.READABLE: READABLE}
"""What is said of a file; one that is let pass in a container has none."""


@dataclass(frozen=True)
class Folder:
    """One folder, and where this process runs."""

    path: Path
    here: ProcessView = field(default_factory=ProcessView)

    def names(self) -> list[str]:
        """The names of all files, in their order; raises `AccessRefused` where the folder cannot be believed or read."""
        try:
            problem = self._why_not_folder(self.path.stat())
            names = sorted(one.name for one in self.path.iterdir())
        except OSError as error:
            raise _cannot(f"secrets.directory: {self.path}", error) from None
        if problem:
            raise AccessRefused(OF_FOLDER(path=str(self.path), why=problem))
        return names

    def text(self, name: str) -> str:
        """A secret's text, without one line feed at its end."""
        content = self.content(name, LONGEST + 1)
        if len(content) > LONGEST:
            raise AccessRefused(TOO_LARGE(path=str(self.path / name), most=LONGEST))
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise AccessRefused(NOT_UTF_8(path=str(self.path / name))) from None
        return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")

    def content(self, name: str, most: int) -> bytes:
        """The bytes of a file of the folder, or of what a link in it leads to; raises `AccessRefused` for any other.

        Kubernetes replaces what the links lead to: a target that goes away in this moment is looked for once more.
        """
        path = self.path / name
        try:
            try:
                return self._read(path, most)
            except FileNotFoundError:
                return self._read(path, most)
        except OSError as error:
            raise _cannot(str(path), error) from None

    def is_for_all(self, name: str) -> bool:
        """Whether everybody may read a file that is let pass, because it is in memory, in a container."""
        real = Path(os.path.realpath(self.path / name))
        try:
            seen = real.stat()
        except OSError:
            return False
        return fault_of(real, seen, self.here, secret=True) is ModeFault.READABLE_IN_MEMORY

    def _read(self, path: Path, most: int) -> bytes:
        folder, real = (Path(os.path.realpath(one)) for one in (self.path, path))
        problem = self._why_not_folder(folder.stat())
        if problem:
            raise AccessRefused(OF_FOLDER(path=str(self.path), why=problem))
        if not real.is_relative_to(folder):
            raise AccessRefused(LEADS_OUTSIDE(path=str(path)))
        file = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            problem = why_not(real, os.fstat(file), self.here)
            if problem:
                raise AccessRefused(OF_PATH(path=str(path), why=problem))
            with os.fdopen(file, "rb", closefd=False) as stream:
                return stream.read(most)
        finally:
            os.close(file)

    def _why_not_folder(self, seen: os.stat_result) -> str:
        """Why a folder is not believed: who may rename files in it could give one log-in the password of another.

        In a folder with the sticky bit nobody can, so a mount of Kubernetes (1777) is believed.
        """
        if not stat.S_ISDIR(seen.st_mode):
            return NO_FOLDER()
        if seen.st_uid not in (self.here.me, 0) and container(self.here.environment) is None:
            return OTHER_ACCOUNT()
        if seen.st_mode & OTHERS_WRITE and not seen.st_mode & stat.S_ISVTX:
            return WRITABLE()
        return ""


def _cannot(what: str, error: OSError) -> SpentkeyError:
    if error.errno in PASSING:
        return Outage(NOT_NOW(path=what, why=str(error.strerror)))
    return AccessRefused(CANNOT_BE_READ(path=what, why=str(error.strerror)))


def why_not(path: Path, seen: os.stat_result, here: ProcessView) -> str:
    """Why a file with this mode and owner is not believed; empty where it is."""
    if not stat.S_ISREG(seen.st_mode):
        return NO_PLAIN_FILE()
    fault = fault_of(path, seen, here, secret=True)
    return REASONS[fault]() if fault in REASONS else ""
