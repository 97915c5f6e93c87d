"""A vault whose PFX the caller has got already: everything else comes from the vault behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from spentkey.core.secret import Secret
from spentkey.ports.vault import Login, SigningFile, SigningKey, Vault


@dataclass(frozen=True)
class GivenPfx:
    """A PFX that the caller has got already, and the passwords that may open it, at most two."""

    name: str
    content: bytes
    password: Secret
    second_password: Secret


@dataclass(frozen=True)
class _GivenFile:
    """The given PFX as a `SigningFile`; where no second password came with it, the vault's own are tried."""

    pfx: GivenPfx
    vault: Vault
    about: tuple[str, str]

    @property
    def name(self) -> str:
        """What the caller calls it."""
        return self.pfx.name

    async def read(self) -> bytes:
        """Its bytes."""
        return self.pfx.content

    async def passwords(self) -> AsyncIterator[Secret]:
        """Those that came with it, then those that open the vault's own files of the application."""
        yield self.pfx.password
        if self.pfx.second_password:
            yield self.pfx.second_password
            return
        async for file in self.vault.signing_files(*self.about):
            async for password in file.passwords():
                yield password
            return


@dataclass(frozen=True)
class VaultWithPfx:
    """The `Vault` port whose only file is the one that the caller brought; log-ins come from the vault."""

    vault: Vault
    pfx: GivenPfx

    async def none_found(self, app_id: str, display_name: str) -> str:
        """A PFX was given, so nobody asks."""
        return await self.vault.none_found(app_id, display_name)

    async def login(self, title: str) -> Login:
        """The vault's own answer."""
        return await self.vault.login(title)

    async def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """The PFX that was brought."""
        yield _GivenFile(self.pfx, self.vault, (app_id, display_name))

    def files_of(self, title: str) -> AsyncIterator[SigningFile]:
        """The vault's own answer."""
        return self.vault.files_of(title)

    async def signing_keys(self, app_id: str, display_name: str) -> AsyncIterator[SigningKey]:
        """None: the caller brought a file."""
        del app_id, display_name
        for none in ():
            yield none

    async def time(self) -> datetime | None:
        """The vault's own clock."""
        return await self.vault.time()
