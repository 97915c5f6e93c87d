"""Every tenant that is configured, signed in to once, with its own credential or the one that the vault holds for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import aiohttp

from spentkey.adapters.entra.client import EntraDirectory
from spentkey.adapters.entra.lists import EntraLists
from spentkey.adapters.entra.managed_identity import METADATA, UNTRIED, IdentityEndpoint, ManagedIdentity
from spentkey.adapters.entra.managed_identity import SYSTEM as IDENTITY_SYSTEM
from spentkey.adapters.entra.own_credential import Own, OwnCertificate, OwnSecret, OwnToken, OwnWithoutEnd, PfxOnDisk
from spentkey.adapters.entra.paging import Paging
from spentkey.adapters.entra.quota import quota_of
from spentkey.adapters.entra.reasons import NO_CLIENT_ID, NO_CLIENT_SECRET
from spentkey.adapters.entra.sign_in import Proof, SignIn
from spentkey.adapters.entra.token import TokenSource
from spentkey.adapters.entra.wire import SYSTEM, refused_before_effect
from spentkey.core.credential import OwnKind
from spentkey.core.errors import AccessRefused
from spentkey.core.reason import Reason, reason_for
from spentkey.core.rules import TenantRules
from spentkey.core.secret import Secret
from spentkey.http.client import HttpClient, Refused, throttled
from spentkey.http.rate_limit import RateStates
from spentkey.ports.pfx import PfxOpener
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Clock, Ids, Meter
from spentkey.ports.vault import Login, SigningFile, Vault

PAUSE_S = 300.0
"""How long a tenant rests after its sign-in was refused, in seconds, so that a wrong secret is not tried for each task."""


@dataclass(frozen=True)
class ByCertificate:
    """Sign in with a certificate: in the entry of the vault with that title, else in a PFX file."""

    client_id: str
    entry: str | None
    file: Path | None = None
    password: Secret = field(default_factory=lambda: Secret(""), repr=False)
    """Opens the file."""


@dataclass(frozen=True)
class ByToken:
    """Sign in with a token that somebody else renews in that file."""

    client_id: str
    file: Path


@dataclass(frozen=True)
class ByManagedIdentity:
    """Sign in as the managed identity of this machine, by its client id where there are several."""

    client_id: str | None
    endpoint: IdentityEndpoint


@dataclass(frozen=True)
class TenantEndpoint:
    """Where a tenant's sign-in and Graph are, and what to sign in with; a text is the title of an entry with a `Login`.

    The user name of a `Login` is the client id, its password the client secret.
    """

    tenant_id: str
    credential: Login | str | ByCertificate | ByToken | ByManagedIdentity
    authority: str
    graph_url: str
    proxy: str | None = None


@dataclass
class EntraDirectories:
    """The `Directories` port; a directory is opened once for each tenant and shared by all tasks."""

    slots: Mapping[str, TenantEndpoint]
    vault: Vault
    opener: PfxOpener
    session_for: Callable[[str], aiohttp.ClientSession]
    http: Callable[[str, str, Refused], HttpClient]
    clock: Clock
    ids: Ids
    jitter: Callable[[], float]
    rates: RateStates
    scarce: RateStates
    meter: Meter = UNMEASURED
    _open: dict[str, asyncio.Task[EntraDirectory]] = field(default_factory=dict[str, asyncio.Task[EntraDirectory]])
    _paused: dict[str, tuple[float, Reason]] = field(default_factory=dict[str, tuple[float, Reason]])

    async def open(self, tenant: TenantRules) -> EntraDirectory:
        """The directory of the tenant, whose credential was taken; a refusal pauses the tenant for `PAUSE_S`."""
        until, why = self._paused.get(tenant.name, (0.0, reason_for("")))
        if self.clock.monotonic() < until:
            raise AccessRefused(why)
        try:
            return await asyncio.shield(self._opening(tenant.name))
        except AccessRefused as problem:
            self._paused[tenant.name] = (self.clock.monotonic() + PAUSE_S, problem.reason)
            raise

    async def lists(self, tenant: TenantRules) -> EntraLists:
        """Its whole lists, by the same sign-in and under the same quota as its directory."""
        directory = await self.open(tenant)
        paging = Paging(directory.http, directory.tokens, self.clock, self.ids, self.jitter)
        return EntraLists(paging, directory.quota)

    def _opening(self, name: str) -> asyncio.Task[EntraDirectory]:
        """The sign-in that all tasks share; one that failed is started again."""
        opening = self._open.get(name)
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
            opening = asyncio.ensure_future(self._sign_in(self.slots[name]))
            opening.add_done_callback(_noticed)
            self._open[name] = opening
        return opening

    async def _sign_in(self, endpoint: TenantEndpoint) -> EntraDirectory:
        sign_in, proof, own = await self._proof_for(endpoint)
        tokens = self._tokens(sign_in, proof)
        client_id = sign_in.client_id or (await tokens.token_claims()).app_id  # an identity that nobody named
        tokens.sign_in = replace(sign_in, client_id=client_id)
        directory = EntraDirectory(
            http=self.http(SYSTEM, endpoint.graph_url, refused_before_effect),
            tokens=tokens,
            own=own,
            as_application=self._tokens,
            clock=self.clock,
            ids=self.ids,
            jitter=self.jitter,
            quota=quota_of(endpoint.tenant_id, client_id, self.rates, self.scarce, self.clock),
        )
        await directory.token_claims()
        return directory

    async def _proof_for(self, endpoint: TenantEndpoint) -> tuple[SignIn, Proof | ManagedIdentity, Own]:
        """Where to sign in, as whom, with what, and when that ends."""
        given = endpoint.credential
        where = (endpoint.authority, endpoint.tenant_id)
        more = (f"{endpoint.graph_url}/.default", endpoint.proxy)
        if isinstance(given, ByManagedIdentity):
            own = OwnWithoutEnd(OwnKind.MANAGED_IDENTITY, UNTRIED if given.endpoint.base == METADATA else "")
            identity = ManagedIdentity(
                given.endpoint, self._on_this_machine(given), given.client_id, endpoint.graph_url
            )
            return SignIn(*where, given.client_id or "", *more), identity, own
        if isinstance(given, ByToken):
            token = OwnToken(given.file, self.clock)
            return SignIn(*where, given.client_id, *more), token, token
        if isinstance(given, ByCertificate):
            sign_in = SignIn(*where, given.client_id, *more)
            certificate = OwnCertificate(lambda: self._files(given), self.opener, sign_in, self.clock, self.ids.new)
            return sign_in, certificate, certificate
        login = await self._login(given)
        return SignIn(*where, login.username, *more), login.password, OwnSecret(login.password)

    def _on_this_machine(self, given: ByManagedIdentity) -> HttpClient:
        """Without a proxy, whatever the environment says: the header would reach it in the clear."""
        base = given.endpoint.base
        return HttpClient(
            IDENTITY_SYSTEM, base, self.session_for(base), self.clock, self.jitter, None, throttled, self.meter
        )

    def _files(self, given: ByCertificate) -> AsyncIterator[SigningFile]:
        if given.file is not None:
            return _one(PfxOnDisk(given.file, given.password))
        return self.vault.files_of(given.entry or "")  # the settings have one or the other

    async def _login(self, credential: Login | str) -> Login:
        """The credential itself, or the one that the vault holds under that title; raises `AccessRefused` for none."""
        if isinstance(credential, Login):
            return credential
        login = await self.vault.login(credential)
        try:
            client_id = str(UUID(login.username.strip()))
        except ValueError:
            raise AccessRefused(NO_CLIENT_ID(title=repr(credential))) from None
        if not login.password:
            raise AccessRefused(NO_CLIENT_SECRET(title=repr(credential)))
        return Login(client_id, login.password)

    def _tokens(self, sign_in: SignIn, proof: Proof | ManagedIdentity) -> TokenSource:
        session = self.session_for(sign_in.authority)
        return TokenSource(sign_in, session, self.clock, self.jitter, proof, self.meter)


async def _one(file: SigningFile) -> AsyncIterator[SigningFile]:
    yield file


def _noticed(opening: asyncio.Task[EntraDirectory]) -> None:
    """Take note of how an opening ended, also when every task that waited for it was interrupted."""
    if not opening.cancelled():
        opening.exception()
