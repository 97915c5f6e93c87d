"""Ports in a narrower form: a vault whose PFX the caller brings, a service desk that is only read, turns for readers."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from spentkey.core.report import NewNote
from spentkey.core.secret import Secret
from spentkey.core.task import Parameter, Task
from spentkey.ports import CertificateEntry, DocumentRef, Login, TaskChange, TaskDesk, Vault


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


@dataclass(frozen=True)
class ReadOnlyDesk:
    """The `TaskDesk` port that reads and takes writes without making them."""

    desk: TaskDesk

    async def find(self, number: int) -> Task | None:
        """The task."""
        return await self.desk.find(number)

    async def queue(self) -> list[Task]:
        """The open tasks."""
        return await self.desk.queue()

    async def parameters(self, task: Task) -> tuple[Parameter, ...]:
        """The parameters."""
        return await self.desk.parameters(task)

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether the note is there."""
        return await self.desk.has_note(task, marker)

    async def add_note(self, task: Task, note: NewNote) -> None:
        """Write nothing."""

    async def change(self, task: Task, change: TaskChange) -> None:
        """Write nothing."""


class ReadersTurns:
    """The `Turns` port for those who only read: nobody waits, and no lock is made."""

    @asynccontextmanager
    async def task(self, number: int) -> AsyncGenerator[None]:
        """At once."""
        del number
        yield

    @asynccontextmanager
    async def turn(self, app_id: str) -> AsyncGenerator[None]:
        """At once."""
        del app_id
        yield
