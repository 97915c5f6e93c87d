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

from spentkey.http.rate_limit import RateLimiter, RateStates, State
from spentkey.ports.runtime import Clock

SPREAD, AT_ONCE = 0.95, 0.04
WRITES, TENANT_WRITES = (3000, 150.0), (18000, 300.0)
UNITS, AUDIT_READS = (3500, 10.0), (5, 10.0)
KEY_READS = (150, 60.0)
APPLICATION, PRINCIPAL, SELECTED = 2, 1, 1
"""What a read costs in resource units: of an application, of a service principal, and of an application with `$select`."""
LISTS_SHARE = 0.6
"""How much of `KEY_READS` lists take at most, while removals took some in the last minute."""
COUNTED_FOR_S = 3600.0
"""For how long reads without `$select` are paced like the others, after a 429 that nothing else explains."""
TELLS = "x-ms-throttle-information"
"""The header by which a 429 names one of the documented limits of resource units, writes or load."""
PURSE = 20
"""Resource units that a process takes at a time; a few processes' purses fit into what is left of the quota."""


@dataclass(frozen=True)
class Sought:
    """Whether removals took reads that are scarce in the last minute; known to all that share the states."""

    name: str
    states: RateStates

    async def mark(self) -> None:
        """Take note that a removal takes one now."""
        await self.states.advance(self.name, lambda _, now: ((float((now + _MINUTE_MS) * 1000),), now))

    async def lately(self) -> bool:
        """Whether one was taken in the last minute."""
        return await self.states.advance(self.name, _until) > 0


_MINUTE_MS = 60_000


def _until(stored: State | None, now: int) -> tuple[State, int]:
    """Nothing changes; the time is the end of that minute, or now where it is over."""
    until = stored[0] if stored else 0.0
    return (until,), max(now, int(until) // 1000)


@dataclass
class Quota:
    """What one client may ask of one tenant; shared by all that share the states."""

    writes: RateLimiter
    tenant_writes: RateLimiter
    units: RateLimiter
    audit_reads: RateLimiter
    key_reads: RateLimiter
    scan_reads: RateLimiter
    removals: Sought
    clock: Clock
    _counted_until: float = field(default=0.0, init=False)

    async def read(self, units: int = 1, *, plain: int = 0, selecting: int = 0) -> None:
        """Wait until a request of so many resource units fits; `selecting` reads of it select `keyCredentials`.

        `plain` ones of applications and service principals do not, which exempts them by the words of the documents.
        Nobody has measured that: see `throttled`.
        """
        counted = selecting + (plain if self.clock.monotonic() < self._counted_until else 0)
        if counted:
            await self.removals.mark()
            await self.key_reads.take(counted)
        await self.units.take(units)

    async def list_page(self) -> None:
        """Wait until one page of a list that selects `keyCredentials` fits.

        While removals ask for such reads too, in any process that shares the states, lists leave them the larger part
        of what is left: see `LISTS_SHARE`.
        """
        if await self.removals.lately():
            await self.scan_reads.take()
        await self.key_reads.take()
        await self.units.take()

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
        scan_reads=limiter("lists", (int(KEY_READS[0] * LISTS_SHARE), KEY_READS[1]), states=scarce),
        removals=Sought(f"graph/{tenant_id}/sought", scarce),
        clock=clock,
    )
