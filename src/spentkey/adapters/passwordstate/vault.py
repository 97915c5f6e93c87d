"""The vault as the story knows it: the API and the database behind one port."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from spentkey.adapters.passwordstate import sql
from spentkey.adapters.passwordstate.api import PasswordstateApi
from spentkey.adapters.passwordstate.entries import (
    CertificateEntries,
    CertificateEntry,
    DocumentRef,
    Documents,
    PfxDocument,
)
from spentkey.adapters.passwordstate.reasons import (
    AND_MORE,
    NO_DOCUMENT,
    NO_ENTRY_FOR,
    NO_PASSWORD,
    NO_USERNAME,
    PASSED_OVER,
)
from spentkey.adapters.passwordstate.sql import Database, find_documents
from spentkey.adapters.passwordstate.wire import PasswordEntry
from spentkey.core.errors import AccessRefused
from spentkey.core.reason import Reason, several
from spentkey.core.secret import Secret
from spentkey.ports.vault import Login, SigningFile, SigningKey, UnreadableFile

MOST_NAMED = 5
"""How many things that cannot be read a reason names."""


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
        titles = [entry.title for entry in (await self.certificate_entries(app_id, display_name)).entries]
        if not titles:
            return NO_ENTRY_FOR()
        return NO_DOCUMENT(titles=", ".join(titles))

    async def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """The PFX documents of the entries that belong to the application; what cannot be read comes last, as one."""
        found = await self.certificate_entries(app_id, display_name)
        odd = list(found.unreadable)
        for entry in found.entries:
            listed = await self.documents(entry)
            odd += listed.unreadable
            for document in listed.documents:
                yield PfxDocument(document, entry.password, self.download, self.pki_password)
        for what, problems in (("entry", found.unreadable), ("document", odd[len(found.unreadable) :])):
            for problem in problems:
                self.api.left_out(what, problem)
        if odd:
            yield UnreadableFile(PASSED_OVER(), _some(odd))

    async def signing_keys(self, app_id: str, display_name: str) -> AsyncIterator[SigningKey]:
        """None: Passwordstate gives its keys away."""
        del app_id, display_name
        for none in ():
            yield none

    async def certificate_entries(self, app_id: str, display_name: str) -> CertificateEntries:
        """The entries that belong to the application; the first rule with hits wins, and what cannot be read is told."""
        odd: dict[str, None] = {}
        for rule in self.certificate_match:
            found = await self.api.certificate_entries(rule, app_id, display_name)
            odd |= dict.fromkeys(found.unreadable)
            if found.entries:
                return CertificateEntries(found.entries, tuple(odd))
        return CertificateEntries((), tuple(odd))

    async def documents(self, entry: CertificateEntry) -> Documents:
        """The PFX documents of the entry, by the configured query, logged in with the configured entry."""
        login = await self.login(self.database_entry)
        return await find_documents(self.database, login.username, login.password, entry.entry_id)

    async def download(self, document: DocumentRef) -> bytes:
        """The bytes of a document."""
        return await self.api.download(document)

    async def pki_password(self) -> Secret:
        """The password of the PKI entry."""
        return _password(await self.api.entry(self.pki_entry))

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
        if entry.username is None:
            raise AccessRefused(NO_USERNAME(title=repr(title), entry=entry.entry_id))
        return Login(entry.username, _password(entry))


def _password(entry: PasswordEntry) -> Secret:
    if entry.password is None:
        raise AccessRefused(NO_PASSWORD(title=repr(entry.title), entry=entry.entry_id))
    return entry.password


def _some(odd: Sequence[str]) -> Reason:
    """The first of them, and how many there are."""
    shown = several(odd[:MOST_NAMED])
    return AND_MORE(shown=shown, more=len(odd) - MOST_NAMED) if len(odd) > MOST_NAMED else shown
