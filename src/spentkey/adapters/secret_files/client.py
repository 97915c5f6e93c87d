"""The `Vault` port over a folder.

A log-in TITLE is the two files `TITLE.username` and `TITLE.password`. The signing files of an application are
`APPID.pfx`, `APPID.*.pfx`, and the same with `.p12`, in any case, also with blanks around them; the password of each is
in the same name with `.password` behind it, in any case, and empty where there is no such file. One line feed at the end of a text is cut off, that of
Windows too.

Links are followed inside the folder (Kubernetes mounts secrets as links); the mode and the owner of what they lead to
count.
"""

import asyncio
import errno
import os
import re
import stat
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spentkey.adapters.secret_files.reasons import (
    CANNOT_BE_READ,
    EMPTY,
    LEADS_OUTSIDE,
    NO_FILE,
    NO_FOLDER,
    NO_OWN_FILE,
    NO_PLAIN_FILE,
    NO_TITLE,
    NOT_NOW,
    NOT_UTF_8,
    OF_FOLDER,
    OF_PATH,
    OTHER_ACCOUNT,
    READABLE,
    SEVERAL_LINES,
    TOO_LARGE,
    WRITABLE,
)
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.pfx import MOST_BYTES
from spentkey.core.secret import Secret
from spentkey.core.trim import trimmed
from spentkey.ports.vault import Login, SigningFile, SigningKey

SYSTEM = "secrets"
"""What it is called in metrics, logs, traces, messages and findings."""
LONGEST = 65_536
"""Longest text, in bytes."""
TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ @-]{0,127}", re.ASCII)
"""What a log-in may be called, so that its title is the beginning of a file's name and nothing else."""
ENDINGS = (".pfx", ".p12")
PASSING = frozenset({errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ETIMEDOUT})
"""What the system answers when trying again may help."""


@dataclass(frozen=True)
class PfxFile:
    """A file as a `SigningFile`."""

    directory: Path
    name: str

    async def read(self) -> bytes:
        """Its bytes."""
        return await asyncio.to_thread(read_file, self.directory, self.name, MOST_BYTES + 1)

    async def passwords(self) -> AsyncIterator[Secret]:
        """The one in the file beside it, else an empty one."""
        name = await asyncio.to_thread(self._name_of_password)
        yield Secret(await asyncio.to_thread(read_text, self.directory, name)) if name else Secret("")

    def _name_of_password(self) -> str | None:
        """The file with just that name; else the first that differs only in case and in blanks."""
        exact = f"{self.name}.password"
        if os.path.lexists(self.directory / exact):
            return exact
        wanted = f"{trimmed(self.name)}.password".lower()
        return next((one for one in names_in(self.directory) if _without_blanks(one) == wanted), None)


@dataclass(frozen=True)
class SecretFilesVault:
    """The vault on one folder; files are read each time they are needed, and never kept."""

    directory: Path

    async def none_found(self, app_id: str, display_name: str) -> str:
        """Which file was looked for."""
        del display_name
        return NO_FILE(app_id=app_id)

    async def login(self, title: str) -> Login:
        """The two files of that title."""
        if not TITLE.fullmatch(title):
            raise AccessRefused(NO_TITLE(title=repr(title), path=str(self.directory)))
        username, password = [
            await asyncio.to_thread(read_text, self.directory, f"{title}.{one}") for one in ("username", "password")
        ]
        for ending, text in (("username", username.strip()), ("password", password)):
            if not text:
                raise AccessRefused(EMPTY(path=f"{self.directory / title}.{ending}"))
            if any(unicodedata.category(one) in ("Cc", "Cf") for one in text):
                raise AccessRefused(SEVERAL_LINES(path=f"{self.directory / title}.{ending}"))
        return Login(username.strip(), Secret(password))

    async def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """The files that begin with the AppID, in the order of their names."""
        del display_name
        for name in await asyncio.to_thread(self._names_for, app_id):
            yield PfxFile(self.directory, name)

    async def files_of(self, title: str) -> AsyncIterator[SigningFile]:
        """`TITLE.pfx` or `TITLE.p12`, whose password is in the same name with `.password` behind it."""
        if not TITLE.fullmatch(title):
            raise AccessRefused(NO_TITLE(title=repr(title), path=str(self.directory)))
        wanted = [f"{title}{ending}" for ending in ENDINGS]
        found = [name for name in await asyncio.to_thread(names_in, self.directory) if name in wanted]
        if not found:
            raise AccessRefused(NO_OWN_FILE(names=" or ".join(wanted), path=str(self.directory)))
        for name in found:
            yield PfxFile(self.directory, name)

    async def signing_keys(self, app_id: str, display_name: str) -> AsyncIterator[SigningKey]:
        """None: a file gives its key away."""
        del app_id, display_name
        for none in ():
            yield none

    async def time(self) -> datetime | None:
        """None: a folder has no clock of its own."""
        return None

    async def reach(self) -> None:
        """Look at the folder, and read nothing of it."""
        await asyncio.to_thread(names_in, self.directory)

    def _names_for(self, app_id: str) -> list[str]:
        return [name for name in names_in(self.directory) if is_signing_file(name, app_id)]


def is_signing_file(name: str, app_id: str) -> bool:
    """Whether a file of that name is one of the application's."""
    return has_pfx_ending(name) and trimmed(name).lower().startswith(f"{app_id.lower()}.")


def has_pfx_ending(name: str) -> bool:
    """Whether a file of that name is a PFX, in any case and whatever blanks stand around it."""
    return trimmed(name).lower().endswith(ENDINGS)


def _without_blanks(name: str) -> str:
    """A name in lower case, without blanks around it and before the ending of a password's file."""
    stem, dot, ending = trimmed(name).lower().rpartition(".")
    return f"{stem.rstrip()}{dot}{ending}"


def names_in(directory: Path) -> list[str]:
    """The names of all files, in their order; raises `AccessRefused` where the folder cannot be believed or read."""
    try:
        problem = _why_not_folder(directory.stat())
        names = sorted(one.name for one in directory.iterdir())
    except OSError as error:
        raise _cannot(f"secrets.directory: {directory}", error) from None
    if problem:
        raise AccessRefused(OF_FOLDER(path=str(directory), why=problem))
    return names


def read_text(directory: Path, name: str) -> str:
    """A secret's text, without one line feed at its end."""
    content = read_file(directory, name, LONGEST + 1)
    if len(content) > LONGEST:
        raise AccessRefused(TOO_LARGE(path=str(directory / name), most=LONGEST))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AccessRefused(NOT_UTF_8(path=str(directory / name))) from None
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


def read_file(directory: Path, name: str, most: int) -> bytes:
    """The bytes of a file of the folder, or of what a link in it leads to; raises `AccessRefused` for any other.

    Kubernetes replaces what the links lead to: a target that goes away in this moment is looked for once more.
    """
    path = directory / name
    try:
        try:
            return _read(directory, path, most)
        except FileNotFoundError:
            return _read(directory, path, most)
    except OSError as error:
        raise _cannot(str(path), error) from None


def _read(directory: Path, path: Path, most: int) -> bytes:
    folder, real = (Path(os.path.realpath(one)) for one in (directory, path))
    problem = _why_not_folder(folder.stat())
    if problem:
        raise AccessRefused(OF_FOLDER(path=str(directory), why=problem))
    if not real.is_relative_to(folder):
        raise AccessRefused(LEADS_OUTSIDE(path=str(path)))
    file = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        problem = why_not(os.fstat(file))
        if problem:
            raise AccessRefused(OF_PATH(path=str(path), why=problem))
        with os.fdopen(file, "rb", closefd=False) as stream:
            return stream.read(most)
    finally:
        os.close(file)


def _cannot(what: str, error: OSError) -> SpentkeyError:
    if error.errno in PASSING:
        return Outage(NOT_NOW(path=what, why=str(error.strerror)))
    return AccessRefused(CANNOT_BE_READ(path=what, why=str(error.strerror)))


def _why_not_folder(seen: os.stat_result) -> str:
    """Why a folder is not believed: who may rename files in it could give one log-in the password of another.

    In a folder with the sticky bit nobody can, so a mount of Kubernetes (1777) is believed.
    """
    if not stat.S_ISDIR(seen.st_mode):
        return NO_FOLDER()
    if seen.st_uid not in (os.geteuid(), 0):
        return OTHER_ACCOUNT()
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not seen.st_mode & stat.S_ISVTX:
        return WRITABLE()
    return ""


def why_not(seen: os.stat_result) -> str:
    """Why a file with this mode and owner is not believed; empty where it is."""
    if not stat.S_ISREG(seen.st_mode):
        return NO_PLAIN_FILE()
    if seen.st_uid not in (os.geteuid(), 0):
        return OTHER_ACCOUNT()
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return WRITABLE()
    if seen.st_mode & stat.S_IROTH:
        return READABLE()
    return ""
