"""Builds the directories of the tenants: where each is, and what the automation signs in to it with."""

import os

from spentkey.adapters.entra.directories import (
    ByCertificate,
    ByManagedIdentity,
    ByToken,
    EntraDirectories,
    TenantEndpoint,
)
from spentkey.adapters.entra.managed_identity import identity_endpoint
from spentkey.core.secret import Secret
from spentkey.http.rate_limit import RateStates
from spentkey.http.sessions import Connections
from spentkey.ports.pfx import PfxOpener
from spentkey.ports.vault import Login, Vault
from spentkey.settings.schema import Settings, TenantSettings
from spentkey.system import SystemIds, jitter


def directories_of(
    settings: Settings,
    connections: Connections,
    vault: Vault,
    opener: PfxOpener,
    rates: RateStates,
    scarce: RateStates,
) -> EntraDirectories:
    """Every tenant's directory; the opener is for the PFX that the automation itself signs in with."""
    slots = {
        name: TenantEndpoint(
            one.tenant_id, _credential_of(one), one.authority, one.graph_url, connections.proxy_of(one.authority)
        )
        for name, one in settings.tenants.items()
    }
    how = (connections.session_for, connections.http, connections.clock, SystemIds(), jitter)
    return EntraDirectories(slots, vault, opener, *how, rates, scarce, connections.meter)


def _credential_of(tenant: TenantSettings) -> Login | str | ByCertificate | ByToken | ByManagedIdentity:
    """What the settings say, which is one way; the title of an entry stands for the client id and secret in it."""
    if tenant.managed_identity:
        return ByManagedIdentity(tenant.client_id, identity_endpoint(os.environ))
    if tenant.client_id is not None and tenant.client_secret is not None:
        return Login(tenant.client_id, tenant.client_secret)
    if tenant.client_id is not None and tenant.federated_token_file is not None:
        return ByToken(tenant.client_id, tenant.federated_token_file)
    if tenant.client_id is not None and tenant.certificate is not None:
        one = tenant.certificate
        return ByCertificate(tenant.client_id, one.entry, one.file, tenant.certificate_password or Secret(""))
    return tenant.entry or ""  # the settings have one or the other
