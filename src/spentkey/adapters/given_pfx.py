"""A vault whose PFX the caller has got already: everything else comes from the vault behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from spentkey.core.secret import Secret
from spentkey.ports.vault import CertificateEntry, DocumentRef, Login, Vault


@dataclass(frozen=True)
class GivenPfx:
    """A PFX that the caller has got already, and the passwords that may open it, at most two."""

    name: str
    content: bytes
    password: Secret
    second_password: Secret


@dataclass(frozen=True)
class VaultWithPfx:
    """The `Vault` port whose certificate document is the one that the caller brought; logins come from the vault."""

    vault: Vault
    pfx: GivenPfx

    async def login(self, title: str) -> Login:
        """The vault's own answer."""
        return await self.vault.login(title)

    async def certificate_entries(self, app_id: str, display_name: str) -> Sequence[CertificateEntry]:
        """One entry, whose password opens the PFX."""
        del app_id, display_name
        return [CertificateEntry(0, self.pfx.name, self.pfx.password)]

    async def documents(self, entry: CertificateEntry) -> Sequence[DocumentRef]:
        """The PFX that was brought."""
        del entry
        return [DocumentRef(0, self.pfx.name)]

    async def download(self, document: DocumentRef) -> bytes:
        """Its bytes."""
        del document
        return self.pfx.content

    async def pki_password(self) -> Secret:
        """The second password, or that of the vault's own entry."""
        return self.pfx.second_password or await self.vault.pki_password()
