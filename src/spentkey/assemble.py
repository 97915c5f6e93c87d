"""The only file that knows every concrete class: it turns settings into the hands that a story works with."""

import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from spentkey.audit.check import StateCheck
from spentkey.audit.container import Surroundings
from spentkey.audit.jsonl import JsonLinesEvidence
from spentkey.config.clouds import is_house
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.engine.turns import FileTurns
from spentkey.entra.check import TenantCheck
from spentkey.entra.directories import EntraDirectories, Place
from spentkey.ivanti.check import IvantiCheck
from spentkey.ivanti.client import Fields, IvantiDesk
from spentkey.passwordstate.api import ApiKeys, PasswordstateApi
from spentkey.passwordstate.check import PasswordstateCheck
from spentkey.passwordstate.sql import Database
from spentkey.passwordstate.vault import PasswordstateVault
from spentkey.ports import Checker, Clock, Progress
from spentkey.settings import Settings, rules_of, state_directory
from spentkey.steps.case import Hands
from spentkey.system import SystemClock, SystemIds, jitter
from spentkey.transport.connections import Connections, connected


@asynccontextmanager
async def hands_for(
    settings: Settings,
    progress: Progress,
    *,
    use_proxies: bool = True,
    read_only: bool = False,
    clock: Clock | None = None,
) -> AsyncGenerator[Hands]:
    """Open every connection lazily and close all of them at the end."""
    if not settings.passwordstate.database.query:
        raise Misconfigured("passwordstate.database.query: is missing; spentkey check lists tables with a DocumentID")
    async with _connected(settings, clock or SystemClock(), use_proxies=use_proxies) as connections:
        vault, clock = _vault(settings, connections), connections.clock
        yield Hands(
            desk=await _desk(settings, connections, vault),
            vault=vault,
            directories=_directories(settings, connections, vault),
            turns=_turns(settings, clock),
            evidence=evidence_for(settings, clock, read_only=read_only),
            clock=clock,
            progress=progress,
            ids=SystemIds(),
            rules=rules_of(settings),
            run=SystemIds().new(),
        )


def evidence_for(settings: Settings, clock: Clock | None = None, *, read_only: bool = False) -> JsonLinesEvidence:
    """The evidence in the state directory."""
    return JsonLinesEvidence(state_directory(settings, os.environ), clock or SystemClock(), read_only=read_only)


def _turns(settings: Settings, clock: Clock) -> FileTurns:
    policy, directory = settings.policy, state_directory(settings, os.environ)
    return FileTurns(directory, clock, policy.write_spacing_s, patience_s=2 * policy.verify_timeout_s)


@asynccontextmanager
async def checkers_for(settings: Settings, *, use_proxies: bool = True) -> AsyncGenerator[list[Checker]]:
    """One checker for each system, in the order in which a task meets them."""
    async with _connected(settings, SystemClock(), use_proxies=use_proxies) as connections:
        vault, ivanti = _vault(settings, connections), settings.ivanti
        directories, tenants = _directories(settings, connections, vault), rules_of(settings).tenants
        clients = frozenset(tenant.entry for tenant in settings.tenants.values())
        entries = (*sorted(clients), vault.database_entry, vault.pki_entry)
        yield [
            _state_check(settings, connections.clock),
            PasswordstateCheck(vault, entries, clients),
            IvantiCheck(
                make_desk=lambda: _desk(settings, connections, vault),
                teams={"queue_team": ivanti.queue_team, "escalation_team": ivanti.escalation_team},
                login_id=ivanti.login_id,
                statuses=tuple(dict.fromkeys((*ivanti.status.open, ivanti.status.completed, ivanti.status.handed_off))),
            ),
            *(TenantCheck(directories, tenant) for tenant in tenants),
        ]


def _state_check(settings: Settings, clock: Clock) -> StateCheck:
    chosen = settings.state.directory is not None or bool(os.environ.get("XDG_STATE_HOME"))
    return StateCheck(state_directory(settings, os.environ), clock, Surroundings(os.environ, chosen))


def _connected(settings: Settings, clock: Clock, *, use_proxies: bool) -> AbstractAsyncContextManager[Connections]:
    tls = settings.tls
    return connected(tls.ca_file, tls.microsoft_ca_file, clock, is_house, use_proxies=use_proxies)


async def _desk(settings: Settings, connections: Connections, vault: PasswordstateVault) -> IvantiDesk:
    ivanti = settings.ivanti
    key = ivanti.api_key
    if isinstance(key, str):  # `{ entry = … }`: the key is kept in the vault
        key = (await vault.login(key)).password
    if not isinstance(key, Secret):
        raise Misconfigured("ivanti.api_key: is missing")
    names = Fields(ivanti.fields.minutes, ivanti.fields.resolution, ivanti.note_category, ivanti.note_parent_category)
    line = connections.line("Ivanti", ivanti.url)
    return IvantiDesk(line, key, ivanti.queue_team, ivanti.status.open, names)


def _directories(settings: Settings, connections: Connections, vault: PasswordstateVault) -> EntraDirectories:
    places = {
        name: Place(one.tenant_id, one.entry, one.authority, one.graph_url, connections.proxy_of(one.authority))
        for name, one in settings.tenants.items()
    }
    return EntraDirectories(
        places, vault, connections.session_for, connections.line, connections.clock, SystemIds(), jitter
    )


def _vault(settings: Settings, connections: Connections) -> PasswordstateVault:
    place, database = settings.passwordstate, settings.passwordstate.database
    keys = ApiKeys(
        credentials=place.api_key,
        certificates=place.certificates_api_key or place.api_key,
        documents=place.documents_api_key or place.api_key,
    )
    line = connections.line("Passwordstate", place.url)
    return PasswordstateVault(
        api=PasswordstateApi(line, keys, place.credentials_list, place.certificates_list),
        database=Database(database.server, database.port, database.database, database.query, settings.tls.ca_file),
        database_entry=database.entry,
        pki_entry=place.pki_entry,
        certificate_match=place.certificate_match,
    )
