"""Every tenant that is configured, signed in to once, with the credential that the vault holds for it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import aiohttp

from spentkey.core.errors import AccessRefused
from spentkey.core.rules import TenantRules
from spentkey.core.secret import Secret
from spentkey.entra.client import REFUSED_BEFORE_EFFECT, EntraDirectory
from spentkey.entra.token import SignIn, TokenSource
from spentkey.ports import Clock, Directory, Ids, Vault
from spentkey.transport.line import Line


@dataclass(frozen=True)
class Place:
    """Where a tenant's sign-in and Graph are, and the title of the entry with its client id and secret."""

    tenant_id: str
    entry: str
    authority: str
    graph_url: str
    proxy: str | None = None


@dataclass
class EntraDirectories:
    """The `Directories` port; a directory is opened once for each tenant and shared by all tasks."""

    places: Mapping[str, Place]
    vault: Vault
    session_for: Callable[[str], aiohttp.ClientSession]
    line: Callable[[str, str, frozenset[int]], Line]
    clock: Clock
    ids: Ids
    jitter: Callable[[], float]
    _open: dict[str, asyncio.Task[EntraDirectory]] = field(default_factory=dict[str, asyncio.Task[EntraDirectory]])

    async def open(self, tenant: TenantRules) -> Directory:
        """The directory of the tenant; an opening that failed is tried anew by the next task."""
        opening = self._open.get(tenant.name)
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
            opening = asyncio.ensure_future(self._sign_in(self.places[tenant.name]))
            self._open[tenant.name] = opening
        return await asyncio.shield(opening)

    async def _sign_in(self, place: Place) -> EntraDirectory:
        login = await self.vault.login(place.entry)
        try:
            client_id = str(UUID(login.username.strip()))
        except ValueError:
            raise AccessRefused(f"the entry {place.entry!r} has no client id (a UUID) as its UserName") from None
        if not login.password:
            raise AccessRefused(f"the entry {place.entry!r} has no client secret as its Password")
        sign_in = SignIn(place.authority, place.tenant_id, client_id, f"{place.graph_url}/.default", place.proxy)
        return EntraDirectory(
            line=self.line("Microsoft Graph", place.graph_url, REFUSED_BEFORE_EFFECT),
            tokens=self._tokens(sign_in, login.password),
            as_application=self._tokens,
            clock=self.clock,
            ids=self.ids,
            jitter=self.jitter,
        )

    def _tokens(self, sign_in: SignIn, proof: Secret | Callable[[], str]) -> TokenSource:
        return TokenSource(sign_in, self.session_for(sign_in.authority), self.clock, self.jitter, proof)
