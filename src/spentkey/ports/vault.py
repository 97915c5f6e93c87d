"""The vault: log-ins by title, and what may sign for an application."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from spentkey.core.errors import OddData
from spentkey.core.secret import Secret
from spentkey.core.signer import KeyInVault
from spentkey.core.step_reasons import NO_VAULT


@dataclass(frozen=True)
class Login:
    """A user name with its password."""

    username: str
    password: Secret


class SigningFile(Protocol):
    """A PFX file (PKCS#12) that may hold a certificate of the application with its private key."""

    @property
    def name(self) -> str:
        """What people find it by, for reasons and notes."""
        ...

    async def read(self) -> bytes:
        """Its bytes; raises `OddData` where something about it is odd for good."""
        ...

    def passwords(self) -> AsyncIterator[Secret]:
        """The passwords that may open it, the likeliest first; a later one is fetched only if it is asked for."""
        ...


@dataclass(frozen=True)
class UnreadableFile:
    """Something of the vault that cannot be read, as a `SigningFile` that says so: what else there is may still sign."""

    name: str
    problem: str

    async def read(self) -> bytes:
        """Raise `OddData`, which names what is odd."""
        raise OddData(self.problem)

    async def passwords(self) -> AsyncIterator[Secret]:
        """None."""
        for none in ():
            yield none


SigningKey = KeyInVault
"""A private key that never leaves the vault, with the certificate that belongs to it."""


class Vault(Protocol):
    """A vault. Raises `AccessRefused` when a key, a log-in or an entry is missing, `Outage` when it cannot be read."""

    async def none_found(self, app_id: str, display_name: str) -> str:
        """Why there is neither a file nor a key for the application: a `Reason`, or a text that no note translates."""
        ...

    async def login(self, title: str) -> Login:
        """The user name and password of the one entry with that title."""
        ...

    def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """The PFX files that belong to the application; none of them is read yet."""
        ...

    def files_of(self, title: str) -> AsyncIterator[SigningFile]:
        """The PFX files of the one entry with that title, for signing in ourselves; none of them is read yet."""
        ...

    def signing_keys(self, app_id: str, display_name: str) -> AsyncIterator[SigningKey]:
        """The keys in the vault that belong to the application."""
        ...

    async def time(self) -> datetime | None:
        """The vault's own clock, in UTC; None where it shows none."""
        ...


class NoVault:
    """The `Vault` port where none is configured."""

    async def none_found(self, app_id: str, display_name: str) -> str:
        """There is no vault."""
        del app_id, display_name
        return NO_VAULT()

    async def login(self, title: str) -> Login:
        """There is none; the settings were checked, so nobody asks."""
        raise LookupError(title)

    async def signing_files(self, app_id: str, display_name: str) -> AsyncIterator[SigningFile]:
        """None."""
        del app_id, display_name
        for none in ():
            yield none

    async def files_of(self, title: str) -> AsyncIterator[SigningFile]:
        """There is none; the settings were checked, so nobody asks."""
        for none in ():
            yield none
        raise LookupError(title)

    async def signing_keys(self, app_id: str, display_name: str) -> AsyncIterator[SigningKey]:
        """None."""
        del app_id, display_name
        for none in ():
            yield none

    async def time(self) -> datetime | None:
        """There is none."""
        return None
