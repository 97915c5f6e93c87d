"""The endpoint that gives tokens to a managed identity, as App Service and Container Apps have it: plain HTTP, loopback.

learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint reference". It stands on the control port,
because the real one is not one of Microsoft's hosts either.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from spentkey_sim.clock import SimClock
from spentkey_sim.entra import login, state
from spentkey_sim.model import Holder, ManagedIdentity, Tenant

VERSION = "2019-08-01"


class ManagedIdentities:
    """The endpoint of every identity of a world; the header tells which machine asks."""

    def __init__(self, holder: Holder, clock: SimClock) -> None:
        self.holder = holder
        self.clock = clock

    async def token(self, request: web.Request) -> web.Response:
        """LEDGER: E-75, a token for the identity of this machine, whose end is told in seconds since 1970, as a text."""
        header = request.headers.get("X-IDENTITY-HEADER", "")
        here = [(tenant, one) for tenant, one in self._all() if one.header == header]
        if not here:
            return _refused(401, "The header X-IDENTITY-HEADER does not fit.")
        query = request.query
        if query.get("api-version") != VERSION or not _is_resource(query.get("resource", "")):
            return _refused(400, "The api-version or the resource is not one that is known here.")
        wanted = query.get("client_id", "").lower()
        found = [(tenant, one) for tenant, one in here if wanted in ("", one.client_id)]
        if not found:
            return _refused(400, "No managed identity was found for the specified client_id.")
        tenant, identity = found[0]
        now = self.clock.now()
        expires = now + timedelta(seconds=login.LIFETIME)
        grant = state.Grant(tenant, identity.client_id, identity.roles, expires)
        return web.json_response(
            {
                "access_token": login.issue(self.holder.world, grant, query["resource"], now),
                "expires_on": str(int(expires.timestamp())),
                "resource": query["resource"],
                "token_type": "Bearer",
                "client_id": identity.client_id,
            }
        )

    def _all(self) -> list[tuple[Tenant, ManagedIdentity]]:
        return [(tenant, one) for tenant in self.holder.world.tenants for one in tenant.managed_identities]


def _is_resource(resource: str) -> bool:
    return urlsplit(resource).hostname in ("localhost", "127.0.0.1", "graph.microsoft.com")


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
