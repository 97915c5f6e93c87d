"""The vault."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spentkey.core.secret import Secret


@dataclass(frozen=True)
class CertificateEntry:
    """An entry of the certificates list: its id, and the password that usually opens its documents."""

    entry_id: int
    title: str
    password: Secret


@dataclass(frozen=True)
class DocumentRef:
    """A document of an entry, by its id and file name."""

    document_id: int
    name: str


@dataclass(frozen=True)
class Login:
    """A user name with its password."""

    username: str
    password: Secret


class Vault(Protocol):
    """The password store (Passwordstate). Raises `AccessRefused` when a key, a log-in or an entry is missing."""

    async def login(self, title: str) -> Login:
        """The user name and password of the one entry of the credentials list with that title."""
        ...

    async def certificate_entries(self, app_id: str, display_name: str) -> Sequence[CertificateEntry]:
        """The entries that belong to the application, by the first matching rule of the configuration."""
        ...

    async def documents(self, entry: CertificateEntry) -> Sequence[DocumentRef]:
        """The PFX documents of the entry, by the configured database query."""
        ...

    async def download(self, document: DocumentRef) -> bytes:
        """The bytes of a document."""
        ...

    async def pki_password(self) -> Secret:
        """The password of the PKI entry, which opens documents that their own entry's password does not."""
        ...

    async def reach(self) -> None:
        """See that the vault answers and takes the key, without reading a secret."""
        ...

    async def reach_database(self) -> None:
        """See that the vault's database takes a connection, without logging in."""
        ...
