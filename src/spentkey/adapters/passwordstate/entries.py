"""What Passwordstate's certificates list holds: entries, and the documents that hang on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from spentkey.core.secret import Secret


@dataclass(frozen=True)
class CertificateEntry:
    """An entry of the certificates list: its id, and the password that usually opens its documents."""

    entry_id: int
    title: str
    password: Secret


@dataclass(frozen=True)
class CertificateEntries:
    """Entries of the certificates list, and in words those that cannot be read."""

    entries: tuple[CertificateEntry, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentRef:
    """A document of an entry, by its id and file name."""

    document_id: int
    name: str


@dataclass(frozen=True)
class Documents:
    """The PFX documents of an entry, and in words the rows that name none."""

    documents: tuple[DocumentRef, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class PfxDocument:
    """A document as a `SigningFile`: opened by the password of its entry, else by that of the PKI entry."""

    document: DocumentRef
    password: Secret
    download: Callable[[DocumentRef], Awaitable[bytes]]
    pki_password: Callable[[], Awaitable[Secret]]

    @property
    def name(self) -> str:
        """Its file name and its id."""
        return f"{self.document.name} (document {self.document.document_id})"

    async def read(self) -> bytes:
        """Its bytes."""
        return await self.download(self.document)

    async def passwords(self) -> AsyncIterator[Secret]:
        """The PKI entry is read only where the first password does not open the file."""
        yield self.password
        yield await self.pki_password()
