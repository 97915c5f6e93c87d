"""What `spentkey check` looks at: one checker for each system that the settings name."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from spentkey.adapters.entra.check import TenantCheck
from spentkey.adapters.ivanti.check import IvantiCheck
from spentkey.adapters.passwordstate.check import PasswordstateCheck
from spentkey.bootstrap.context import connected_for, desk_of, directories_of, vault_of
from spentkey.bootstrap.storage import with_database
from spentkey.http.rate_limit import LocalRates
from spentkey.ports.runtime import Checker, Clock
from spentkey.settings.rules import rules_of, state_directory
from spentkey.settings.schema import Settings
from spentkey.storage.sqlite.check import StateCheck
from spentkey.storage.sqlite.container import Surroundings
from spentkey.system import SystemClock


@asynccontextmanager
async def checkers_for(settings: Settings, *, use_proxies: bool = True) -> AsyncGenerator[list[Checker]]:
    """One checker for each system, in the order in which a task meets them."""
    async with connected_for(settings, SystemClock(), use_proxies=use_proxies) as connections:
        vault, ivanti = vault_of(settings, connections), settings.ivanti
        directories = directories_of(settings, connections, vault, LocalRates(connections.clock))
        clients = frozenset(tenant.entry for tenant in settings.tenants.values() if tenant.entry is not None)
        entries = (*sorted(clients), vault.database_entry, vault.pki_entry)
        yield [
            _check_of_storage(settings, connections.clock),
            PasswordstateCheck(vault, entries, clients),
            IvantiCheck(
                make_desk=lambda: desk_of(settings, connections, vault),
                teams={"queue_team": ivanti.queue_team, "escalation_team": ivanti.escalation_team},
                login_id=ivanti.login_id,
                statuses=tuple(dict.fromkeys((*ivanti.status.open, ivanti.status.completed, ivanti.status.handed_off))),
            ),
            *(TenantCheck(directories, tenant) for tenant in rules_of(settings).tenants),
        ]


def _check_of_storage(settings: Settings, clock: Clock) -> Checker:
    if settings.engine.database_url is not None:
        return with_database().check_of(settings.engine.database_url, clock)
    chosen = settings.state.directory is not None or bool(os.environ.get("XDG_STATE_HOME"))
    return StateCheck(state_directory(settings, os.environ), clock, Surroundings(os.environ, chosen))
