"""The vault as the story knows it: the API and the database behind one port."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from spentkey.adapters.passwordstate import sql
from spentkey.adapters.passwordstate.api import PasswordstateApi
from spentkey.adapters.passwordstate.entries import CertificateEntry, DocumentRef, PfxDocument
from spentkey.adapters.passwordstate.reasons import NO_DOCUMENT, NO_ENTRY_FOR
from spentkey.adapters.passwordstate.sql import Database, find_documents
from spentkey.core.secret import Secret
from spentkey.ports.vault import Login, SigningFile, SigningKey


@dataclass(frozen=True)
class PasswordstateVault:
    """The `Vault` port over Passwordstate. Entries are read each time they are needed and never kept."""

    api: PasswordstateApi
    database: Database
    database_entry: str
    pki_entry: str
    certificate_match: tuple[str, ...]

    async def none_found(self, app_id: str, display_name: str) -> str:
        """No entry, or entries without a document."""
        titles = [entry.title for entry in await self.certificate_entries(app_id, display_name)]
        if not titles:
            return NO_ENTRY_FOR()
        return NO_DOCUMENT(titles=", ".join(titles))

    async def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """The PFX documents of the entries that belong to the application."""
        for entry in await self.certificate_entries(app_id, display_name):
            for document in await self.documents(entry):
                yield PfxDocument(document, entry.password, self.download, self.pki_password)

    async def signing_keys(self, app_id: str, display_name: str) -> AsyncIterator[SigningKey]:
        """None: Passwordstate gives its keys away."""
        del app_id, display_name
        for none in ():
            yield none

    async def certificate_entries(self, app_id: str, display_name: str) -> Sequence[CertificateEntry]:
        """The entries that belong to the application; the first rule with hits wins."""
        for rule in self.certificate_match:
            entries = await self.api.certificate_entries(rule, app_id, display_name)
            if entries:
                return entries
        return []

    async def documents(self, entry: CertificateEntry) -> Sequence[DocumentRef]:
        """The PFX documents of the entry, by the configured query, logged in with the configured entry."""
        login = await self.api.entry(self.database_entry)
        return await find_documents(self.database, login.username, login.password, entry.entry_id)

    async def download(self, document: DocumentRef) -> bytes:
        """The bytes of a document."""
        return await self.api.download(document)

    async def pki_password(self) -> Secret:
        """The password of the PKI entry."""
        return (await self.api.entry(self.pki_entry)).password

    async def time(self) -> datetime | None:
        """The time of the API's server."""
        return await self.api.time()

    async def reach(self) -> None:
        """Look for an entry without reading its password, and without a record in Passwordstate's audit log."""
        await self.api.look_for(self.database_entry)

    async def reach_database(self) -> None:
        """Connect to the database's port and hang up."""
        await sql.reach(self.database)

    async def login(self, title: str) -> Login:
        """The user name and password of the entry with that title."""
        entry = await self.api.entry(title)
        return Login(entry.username, entry.password)
