"""The `Vault` port over a folder.

A log-in TITLE is the two files `TITLE.username` and `TITLE.password`. The signing files of an application are
`APPID.pfx`, `APPID.*.pfx`, and the same with `.p12`, in any case, also with blanks around them; the password of each is
in the same name with `.password` behind it, in any case, and empty where there is no such file. One line feed at the end of a text is cut off, that of
Windows too.

Which files are believed, `folder.py` says.
"""

import asyncio
import os
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from spentkey.adapters.secret_files.folder import Folder
from spentkey.adapters.secret_files.reasons import EMPTY, NO_FILE, NO_OWN_FILE, NO_TITLE, SEVERAL_LINES
from spentkey.core.errors import AccessRefused
from spentkey.core.pfx import MOST_BYTES
from spentkey.core.secret import Secret
from spentkey.core.trim import trimmed
from spentkey.ports.vault import Login, SigningFile, SigningKey
from spentkey.settings.surroundings import ProcessView

SYSTEM = "secrets"
"""What it is called in metrics, logs, traces, messages and findings."""
TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ @-]{0,127}", re.ASCII)
"""What a log-in may be called, so that its title is the beginning of a file's name and nothing else."""
ENDINGS = (".pfx", ".p12")


@dataclass(frozen=True)
class PfxFile:
    """A file as a `SigningFile`."""

    folder: Folder
    name: str

    async def read(self) -> bytes:
        """Its bytes."""
        return await asyncio.to_thread(self.folder.content, self.name, MOST_BYTES + 1)

    async def passwords(self) -> AsyncIterator[Secret]:
        """The one in the file beside it, else an empty one."""
        name = await asyncio.to_thread(self._name_of_password)
        yield Secret(await asyncio.to_thread(self.folder.text, name)) if name else Secret("")

    def _name_of_password(self) -> str | None:
        """The file with just that name; else the first that differs only in case and in blanks."""
        exact = f"{self.name}.password"
        if os.path.lexists(self.folder.path / exact):
            return exact
        wanted = f"{trimmed(self.name)}.password".lower()
        return next((one for one in self.folder.names() if _without_blanks(one) == wanted), None)


@dataclass(frozen=True)
class SecretFilesVault:
    """The vault on one folder; files are read each time they are needed, and never kept."""

    directory: Path
    here: ProcessView = field(default_factory=ProcessView)

    @property
    def folder(self) -> Folder:
        """The folder, as it is judged where this process runs."""
        return Folder(self.directory, self.here)

    async def none_found(self, app_id: str, display_name: str) -> str:
        """Which file was looked for."""
        del display_name
        return NO_FILE(app_id=app_id)

    async def login(self, title: str) -> Login:
        """The two files of that title."""
        if not TITLE.fullmatch(title):
            raise AccessRefused(NO_TITLE(title=repr(title), path=str(self.folder.path)))
        username, password = [
            await asyncio.to_thread(self.folder.text, f"{title}.{one}") for one in ("username", "password")
        ]
        for ending, text in (("username", username.strip()), ("password", password)):
            if not text:
                raise AccessRefused(EMPTY(path=f"{self.folder.path / title}.{ending}"))
            if any(unicodedata.category(one) in ("Cc", "Cf") for one in text):
                raise AccessRefused(SEVERAL_LINES(path=f"{self.folder.path / title}.{ending}"))
        return Login(username.strip(), Secret(password))

    async def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """The files that begin with the AppID, in the order of their names."""
        del display_name
        for name in await asyncio.to_thread(self._names_for, app_id):
            yield PfxFile(self.folder, name)

    async def files_of(self, title: str) -> AsyncIterator[SigningFile]:
        """`TITLE.pfx` or `TITLE.p12`, whose password is in the same name with `.password` behind it."""
        if not TITLE.fullmatch(title):
            raise AccessRefused(NO_TITLE(title=repr(title), path=str(self.folder.path)))
        wanted = [f"{title}{ending}" for ending in ENDINGS]
        found = [name for name in await asyncio.to_thread(self.folder.names) if name in wanted]
        if not found:
            raise AccessRefused(NO_OWN_FILE(names=" or ".join(wanted), path=str(self.folder.path)))
        for name in found:
            yield PfxFile(self.folder, name)

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
        await asyncio.to_thread(self.folder.names)

    def _names_for(self, app_id: str) -> list[str]:
        return [name for name in self.folder.names() if is_signing_file(name, app_id)]


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
