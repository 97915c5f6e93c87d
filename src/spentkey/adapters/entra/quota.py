"""The documented limits of Microsoft Graph (learn.microsoft.com/graph/throttling-limits), respected before Graph enforces them.

For each application and tenant: 3,000 writes in 150 s, and 3,500 resource units in 10 s (the figure of the smallest
tenants, since how large a tenant is does not show). For a tenant, all applications together: 18,000 writes in 300 s. The audit log:
5 requests in 10 s for each application and tenant. Of each, 95 % are spread evenly and 4 % may come at once, so that no
window of that length ever sees more than the documented figure.
An application for personal accounts takes 60 writes a minute; Spentkey does not ask which those are, and a 429 tells.
"""

from dataclasses import dataclass

from spentkey.http.rate_limit import RateLimiter, RateStates
from spentkey.ports.runtime import Clock

SPREAD, AT_ONCE = 0.95, 0.04
WRITES, TENANT_WRITES = (3000, 150.0), (18000, 300.0)
UNITS, AUDIT_READS = (3500, 10.0), (5, 10.0)
PURSE = 20
"""Resource units that a process takes at a time; a few processes' purses fit into what is left of the quota."""


@dataclass(frozen=True)
class Quota:
    """What one client may ask of one tenant; shared by all that share the states."""

    writes: RateLimiter
    tenant_writes: RateLimiter
    units: RateLimiter
    audit_reads: RateLimiter

    async def read(self, units: int = 1) -> None:
        """Wait until a read of so many resource units fits."""
        await self.units.take(units)

    async def write(self, *, as_client: bool) -> None:
        """Wait until a write fits; one with an application's own token counts for that application, not for us."""
        if as_client:
            await self.units.take()
            await self.writes.take()
        await self.tenant_writes.take()

    async def audit_read(self) -> bool:
        """Whether the audit log may be asked now; it is never waited for."""
        return await self.audit_reads.take_now()


def quota_of(tenant_id: str, client_id: str, states: RateStates, clock: Clock) -> Quota:
    """The quota of that client in that tenant."""

    def limiter(name: str, documented: tuple[int, float], purse: int = 1) -> RateLimiter:
        limit, period = documented
        spread, at_once = max(1, int(limit * SPREAD)), max(1, int(limit * AT_ONCE))
        return RateLimiter(f"graph/{tenant_id}/{name}", spread - 4 * (purse - 1), period, at_once, states, clock, purse)

    return Quota(
        writes=limiter(f"{client_id}/writes", WRITES),
        tenant_writes=limiter("writes", TENANT_WRITES),
        units=limiter(f"{client_id}/units", UNITS, PURSE),
        audit_reads=limiter(f"{client_id}/audit", AUDIT_READS),
    )
