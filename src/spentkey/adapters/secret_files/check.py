"""The check-up of the folder of secrets: the titles that the configuration names, and the signing files. Only reads."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from spentkey.adapters.secret_files.client import ENDINGS, SYSTEM, PfxFile, SecretFilesVault, has_pfx_ending
from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.core.sanitize import plain
from spentkey.core.task import is_uuid
from spentkey.core.trim import trimmed
from spentkey.settings.modes import FOR_ALL

MODE = "chown the files to the account that runs spentkey and chmod 0600 them"
MOUNT = "in Kubernetes: defaultMode: 0440 for the volume of the secret"
FILES = f"call it APPID.pfx or APPID.WORD.pfx, its password the same and .password; {MODE}"
APPLICATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class SecretFilesCheck:
    """What must be in place in the folder; `titles` are those that the configuration names, by the setting."""

    vault: SecretFilesVault
    titles: Mapping[str, str]

    async def findings(self) -> AsyncIterator[Finding]:
        """The folder, each title, then the PFX files."""
        try:
            names = self.vault.folder.names()
        except SpentkeyError as problem:
            yield Finding(SYSTEM, "directory", FindingState.FAIL, str(problem), MODE)
            return
        yield Finding(SYSTEM, "directory", FindingState.OK, f"{self.vault.directory} can be read")
        for setting, title in self.titles.items():
            yield await (self._certificate(title) if _is_certificate(setting) else self._title(setting, title))
        own = {name for setting, title in self.titles.items() if _is_certificate(setting) for name in _own_files(title)}
        files = [name for name in names if has_pfx_ending(name) and name not in own]
        for name in files:
            problem = await self._problem(name)
            if problem:
                yield Finding(SYSTEM, f"file {plain(name)}", FindingState.WARN, problem, FILES)
        yield Finding(SYSTEM, "signing files", FindingState.OK, f"{len(files)} PFX files")
        open_to_all = [plain(name) for name in names if self.vault.folder.is_for_all(name)]
        if open_to_all:
            yield Finding(SYSTEM, "modes", FindingState.WARN, f"{', '.join(open_to_all)}: {FOR_ALL}", MOUNT)

    async def _problem(self, name: str) -> str:
        """Why a PFX file signs for nobody, as far as that shows without opening it; nothing secret is kept."""
        if not APPLICATION.match(trimmed(name)):
            return "belongs to no application: its name does not begin with an AppID"
        file = PfxFile(self.vault.folder, name)
        try:
            await file.read()
            _ = [one async for one in file.passwords()]
        except SpentkeyError as problem:
            return str(problem)
        return ""

    async def _certificate(self, title: str) -> Finding:
        """The PFX that we sign in with; whether it opens shows at sign-in."""
        what = f"certificate {title}"
        try:
            names = [file.name async for file in self.vault.files_of(title)]
        except SpentkeyError as problem:
            fix = f"put {title}.pfx there, its password in {title}.pfx.password; {MODE}"
            return Finding(SYSTEM, what, FindingState.FAIL, str(problem), fix)
        return Finding(SYSTEM, what, FindingState.OK, f"{', '.join(names)} found")

    async def _title(self, setting: str, title: str) -> Finding:
        what = f"entry {title}"
        try:
            login = await self.vault.login(title)
        except SpentkeyError as problem:
            fix = f"put {title}.username and {title}.password there; {MODE}"
            return Finding(SYSTEM, what, FindingState.FAIL, str(problem), fix)
        if setting.startswith("tenants.") and not is_uuid(login.username):
            fix = f"{title}.username holds the client id, {title}.password the client secret"
            return Finding(SYSTEM, what, FindingState.FAIL, "the user name is no client id", fix)
        return Finding(SYSTEM, what, FindingState.OK, "found")


def _own_files(title: str) -> list[str]:
    return [f"{title}{ending}" for ending in ENDINGS]


def _is_certificate(setting: str) -> bool:
    return setting.startswith("tenants.") and setting.endswith(".certificate")
