"""Turns settings into the hands that a story works with; with the other assemble files it alone knows every class."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from spentkey.adapters.entra.directories import EntraDirectories, Place
from spentkey.adapters.ivanti.client import Fields, IvantiDesk
from spentkey.adapters.passwordstate.api import ApiKeys, PasswordstateApi
from spentkey.adapters.passwordstate.sql import Database
from spentkey.adapters.passwordstate.vault import PasswordstateVault
from spentkey.bootstrap.storage import Kept, kept_for
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.http.rate_limit import PaceStates
from spentkey.http.sessions import Connections, connected
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Clock, Meter, Progress
from spentkey.settings.clouds import is_house
from spentkey.settings.rules import rules_of
from spentkey.settings.schema import Settings
from spentkey.steps.context import Hands
from spentkey.system import SystemClock, SystemIds, jitter


@asynccontextmanager
async def hands_for(
    settings: Settings,
    progress: Progress,
    *,
    use_proxies: bool = True,
    read_only: bool = False,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Hands]:
    """Open every connection lazily and close all of them at the end."""
    clock = clock or SystemClock()
    async with (
        kept_for(settings, clock, read_only=read_only) as kept,
        hands_with(kept, settings, progress, clock, use_proxies=use_proxies, meter=meter) as hands,
    ):
        yield hands


@asynccontextmanager
async def hands_with(
    kept: Kept,
    settings: Settings,
    progress: Progress,
    clock: Clock,
    *,
    use_proxies: bool = True,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Hands]:
    """The same, where evidence and turns are open already."""
    if not settings.passwordstate.database.query:
        raise Misconfigured("passwordstate.database.query: is missing; spentkey check lists tables with a DocumentID")
    async with connected_for(settings, clock, use_proxies=use_proxies, meter=meter) as connections:
        vault = vault_of(settings, connections)
        yield Hands(
            desk=await desk_of(settings, connections, vault),
            vault=vault,
            directories=directories_of(settings, connections, vault, kept.paces),
            turns=kept.turns,
            evidence=kept.evidence,
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
    return connected(*files, clock, is_house, use_proxies=use_proxies, meter=meter)


async def desk_of(settings: Settings, connections: Connections, vault: PasswordstateVault) -> IvantiDesk:
    """The service desk."""
    ivanti = settings.ivanti
    key = ivanti.api_key
    if isinstance(key, str):  # `{ entry = … }`: the key is kept in the vault
        key = (await vault.login(key)).password
    if not isinstance(key, Secret):
        raise Misconfigured("ivanti.api_key: is missing")
    names = Fields(ivanti.fields.minutes, ivanti.fields.resolution, ivanti.note_category, ivanti.note_parent_category)
    line = connections.line("Ivanti", ivanti.url)
    return IvantiDesk(line, key, ivanti.queue_team, ivanti.status.open, names)


def directories_of(
    settings: Settings, connections: Connections, vault: PasswordstateVault, paces: PaceStates
) -> EntraDirectories:
    """Every tenant's directory."""
    places = {
        name: Place(one.tenant_id, one.entry, one.authority, one.graph_url, connections.proxy_of(one.authority))
        for name, one in settings.tenants.items()
    }
    how = (connections.session_for, connections.line, connections.clock, SystemIds(), jitter, paces, connections.meter)
    return EntraDirectories(places, vault, *how)


def vault_of(settings: Settings, connections: Connections) -> PasswordstateVault:
    """The vault."""
    place, database = settings.passwordstate, settings.passwordstate.database
    server = (database.server, database.port, database.database, database.query)
    keys = ApiKeys(
        credentials=place.api_key,
        certificates=place.certificates_api_key or place.api_key,
        documents=place.documents_api_key or place.api_key,
    )
    line = connections.line("Passwordstate", place.url)
    return PasswordstateVault(
        api=PasswordstateApi(line, keys, place.credentials_list, place.certificates_list),
        database=Database(*server, settings.tls.ca_file, connections.meter),
        database_entry=database.entry,
        pki_entry=place.pki_entry,
        certificate_match=place.certificate_match,
    )
