"""The documented limits of Microsoft Graph (learn.microsoft.com/graph/throttling-limits), respected before Graph enforces them.

For each application and tenant: 3,000 writes in 150 s, and 3,500 resource units in 10 s (the figure of the smallest
tenants, since how large a tenant is does not show). For a tenant, all applications together: 18,000 writes in 300 s. The audit log:
5 requests in 10 s for each application and tenant. Of each, 95 % are spread evenly and 4 % may come at once, so that no
window of that length ever sees more than the documented figure.
Reads that select `keyCredentials`, for a tenant, all applications together: 150 a minute (learn.microsoft.com/graph/api/application-get).
An application for personal accounts takes 60 writes a minute; Spentkey does not ask which those are, and a 429 tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spentkey.http.rate_limit import RateLimiter, RateStates
from spentkey.ports.runtime import Clock

SPREAD, AT_ONCE = 0.95, 0.04
WRITES, TENANT_WRITES = (3000, 150.0), (18000, 300.0)
UNITS, AUDIT_READS = (3500, 10.0), (5, 10.0)
KEY_READS = (150, 60.0)
APPLICATION, PRINCIPAL, SELECTED = 2, 1, 1
"""What a read costs in resource units: of an application, of a service principal, and of an application with `$select`."""
COUNTED_FOR_S = 3600.0
"""For how long reads without `$select` are paced like the others, after a 429 that nothing else explains."""
TELLS = "x-ms-throttle-information"
"""The header by which a 429 names one of the documented limits of resource units, writes or load."""
PURSE = 20
"""Resource units that a process takes at a time; a few processes' purses fit into what is left of the quota."""


@dataclass
class Quota:
    """What one client may ask of one tenant; shared by all that share the states."""

    writes: RateLimiter
    tenant_writes: RateLimiter
    units: RateLimiter
    audit_reads: RateLimiter
    key_reads: RateLimiter
    clock: Clock
    _counted_until: float = field(default=0.0, init=False)

    async def read(self, units: int = 1, *, plain: int = 0, selecting: int = 0) -> None:
        """Wait until a request of so many resource units fits; `selecting` reads of it select `keyCredentials`.

        `plain` ones of applications and service principals do not, which exempts them by the words of the documents.
        Nobody has measured that: see `throttled`.
        """
        counted = selecting + (plain if self.clock.monotonic() < self._counted_until else 0)
        if counted:
            await self.key_reads.take(counted)
        await self.units.take(units)

    def throttled(self, code: str, headers: Mapping[str, Any]) -> None:
        """Take note of a plain read that was answered with 429.

        Where Graph itself refused it and names no other limit, plain reads seem to count like those that select
        `keyCredentials`, so from now on this process paces them alike.
        """
        if code and not any(name.lower() == TELLS for name in headers):
            self._counted_until = self.clock.monotonic() + COUNTED_FOR_S

    async def write(self, *, as_client: bool) -> None:
        """Wait until a write fits; one with an application's own token counts for that application, not for us."""
        if as_client:
            await self.units.take()
            await self.writes.take()
        await self.tenant_writes.take()

    async def audit_read(self, *, wait: bool = False) -> bool:
        """Whether the audit log may be asked now; only who must know waits until it may."""
        if wait:
            await self.audit_reads.take()
            return True
        return await self.audit_reads.take_now()


def quota_of(tenant_id: str, client_id: str, rates: RateStates, scarce: RateStates, clock: Clock) -> Quota:
    """The quota of that client in that tenant; `scarce` is where the reads that select `keyCredentials` are counted."""

    def limiter(name: str, documented: tuple[int, float], purse: int = 1, states: RateStates = rates) -> RateLimiter:
        limit, period = documented
        spread, at_once = max(1, int(limit * SPREAD)), max(1, int(limit * AT_ONCE))
        return RateLimiter(f"graph/{tenant_id}/{name}", spread - 4 * (purse - 1), period, at_once, states, clock, purse)

    return Quota(
        writes=limiter(f"{client_id}/writes", WRITES),
        tenant_writes=limiter("writes", TENANT_WRITES),
        units=limiter(f"{client_id}/units", UNITS, PURSE),
        audit_reads=limiter(f"{client_id}/audit", AUDIT_READS),
        key_reads=limiter("keys", KEY_READS, states=scarce),
        clock=clock,
    )
