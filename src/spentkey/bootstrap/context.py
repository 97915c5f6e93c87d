"""Builds the `Context` of a story from the settings. Only the files of this package know the concrete classes."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from spentkey.adapters.entra.directories import EntraDirectories, TenantEndpoint
from spentkey.adapters.ivanti import wire as ivanti_wire
from spentkey.adapters.ivanti.client import Fields, IvantiDesk
from spentkey.adapters.passwordstate import wire as passwordstate_wire
from spentkey.adapters.passwordstate.api import ApiKeys, PasswordstateApi
from spentkey.adapters.passwordstate.sql import Database
from spentkey.adapters.passwordstate.vault import PasswordstateVault
from spentkey.bootstrap.storage import Storage, storage_for
from spentkey.core.errors import Misconfigured
from spentkey.http.rate_limit import RateStates
from spentkey.http.sessions import Connections, connected
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Clock, Meter, Progress
from spentkey.ports.vault import Login
from spentkey.settings.clouds import is_internal
from spentkey.settings.rules import rules_of
from spentkey.settings.schema import Settings, TenantSettings
from spentkey.settings.sources import VaultEntry
from spentkey.steps.context import Context
from spentkey.system import SystemClock, SystemIds, jitter


@asynccontextmanager
async def context_for(
    settings: Settings,
    progress: Progress,
    *,
    use_proxies: bool = True,
    read_only: bool = False,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Context]:
    """Open every connection lazily and close all of them at the end."""
    clock = clock or SystemClock()
    async with (
        storage_for(settings, clock, read_only=read_only, progress=progress) as storage,
        context_with(storage, settings, progress, clock, use_proxies=use_proxies, meter=meter) as context,
    ):
        yield context


@asynccontextmanager
async def context_with(
    storage: Storage,
    settings: Settings,
    progress: Progress,
    clock: Clock,
    *,
    use_proxies: bool = True,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Context]:
    """The same, with storage that is open already."""
    if not settings.passwordstate.database.query:
        raise Misconfigured("passwordstate.database.query: is missing; spentkey check lists tables with a DocumentID")
    async with connected_for(settings, clock, use_proxies=use_proxies, meter=meter) as connections:
        vault = vault_of(settings, connections)
        yield Context(
            desk=await desk_of(settings, connections, vault),
            vault=vault,
            directories=directories_of(settings, connections, vault, storage.rates),
            locks=storage.locks,
            evidence=storage.evidence,
            clock=clock,
            progress=progress,
            ids=SystemIds(),
            rules=rules_of(settings),
            run=SystemIds().new(),
        )


def connected_for(
    settings: Settings, clock: Clock, *, use_proxies: bool, meter: Meter = UNMEASURED
) -> AbstractAsyncContextManager[Connections]:
    """Sessions for every system, opened lazily."""
    files = (settings.tls.ca_file, settings.tls.microsoft_ca_file)
    return connected(*files, clock, is_internal, use_proxies=use_proxies, meter=meter)


async def desk_of(settings: Settings, connections: Connections, vault: PasswordstateVault) -> IvantiDesk:
    """The service desk."""
    ivanti = settings.ivanti
    key = ivanti.api_key
    if isinstance(key, VaultEntry):
        key = (await vault.login(key.title)).password
    names = Fields(ivanti.fields.minutes, ivanti.fields.resolution, ivanti.note_category, ivanti.note_parent_category)
    http = connections.http(ivanti_wire.SYSTEM, ivanti.url)
    return IvantiDesk(http, key, ivanti.queue_team, ivanti.status.open, names)


def directories_of(
    settings: Settings, connections: Connections, vault: PasswordstateVault, rates: RateStates
) -> EntraDirectories:
    """Every tenant's directory."""
    slots = {
        name: TenantEndpoint(
            one.tenant_id, _credential_of(one), one.authority, one.graph_url, connections.proxy_of(one.authority)
        )
        for name, one in settings.tenants.items()
    }
    how = (connections.session_for, connections.http, connections.clock, SystemIds(), jitter, rates, connections.meter)
    return EntraDirectories(slots, vault, *how)


def _credential_of(tenant: TenantSettings) -> Login | str:
    """The client id and secret of the settings, or the title of the entry that has them."""
    if tenant.client_id is not None and tenant.client_secret is not None:
        return Login(tenant.client_id, tenant.client_secret)
    return tenant.entry or ""  # the settings have one or the other


def vault_of(settings: Settings, connections: Connections) -> PasswordstateVault:
    """The vault."""
    section, database = settings.passwordstate, settings.passwordstate.database
    server = (database.server, database.port, database.database, database.query)
    keys = ApiKeys(
        credentials=section.api_key,
        certificates=section.certificates_api_key or section.api_key,
        documents=section.documents_api_key or section.api_key,
    )
    http = connections.http(passwordstate_wire.SYSTEM, section.url)
    return PasswordstateVault(
        api=PasswordstateApi(http, keys, section.credentials_list, section.certificates_list),
        database=Database(*server, settings.tls.ca_file, connections.meter),
        database_entry=database.entry,
        pki_entry=section.pki_entry,
        certificate_match=section.certificate_match,
    )
