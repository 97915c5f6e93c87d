"""The documented throttling quotas of directory objects and of the audit log: learn.microsoft.com/graph/throttling-limits.

Every request counts in several windows at once; the first one without room refuses it, and says for how long. Whoever
asks again before that is refused again, and waits anew.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

UNITS = {"S": 3500, "M": 5000, "L": 8000}
"""Resource units in ten seconds, by the size of the tenant."""
PERSONAL = frozenset({"AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"})
"""The audiences whose applications live elsewhere, with a small quota of writes."""
NEAR = 0.8
"""From this part of a quota on, answers tell how much of it is used."""
_HIGHEST = 1.8
_SMALL_PAGE = 20


@dataclass(frozen=True)
class Limit:
    """A quota: so much within so many seconds. `scope` and `kind` are the first words of x-ms-throttle-scope."""

    scope: str
    kind: str
    limit: int
    seconds: int
    what: str = ""
    """What is counted, where that is not every request of the kind."""

    @property
    def information(self) -> str:
        """The reason as x-ms-throttle-information gives it."""
        return "WriteLimitExceeded" if self.kind == "Write" else "ResourceUnitLimitExceeded"


APP_UNITS = Limit("Application", "ReadWrite", 150_000, 20)
APP_WRITES = Limit("Application", "Write", 70_000, 300)
TENANT_WRITES = Limit("Tenant", "Write", 18_000, 300)
PAIR_WRITES = Limit("Tenant_Application", "Write", 3000, 150)
PERSONAL_WRITES = Limit("Application", "Write", 60, 60)
REPORTS = Limit("Tenant_Application", "Read", 5, 10)
KEYS = "keyCredentials"
_KEYS_A_MINUTE = 150


def pair_units(size: str) -> Limit:
    """The resource units of one application in one tenant of that size."""
    return Limit("Tenant_Application", "ReadWrite", UNITS[size], 10)


@dataclass
class Window:
    """What was spent of one quota within its time, which slides; and the wait that it has imposed, if any."""

    limit: Limit
    spent: int = 0
    spendings: deque[tuple[datetime, int]] = field(default_factory=deque[tuple[datetime, int]])
    closed_until: datetime | None = None
    wait: int = 0

    def open(self, now: datetime) -> bool:
        """Whether a wait is over. LEDGER: E-55, a question that comes too early starts it anew."""
        if self.closed_until is None or now >= self.closed_until:
            self.closed_until = None
            return True
        self.closed_until = now + timedelta(seconds=self.wait)
        return False

    def fits(self, cost: int, now: datetime) -> bool:
        """Whether there is room for this cost now."""
        span = timedelta(seconds=self.limit.seconds)
        while self.spendings and now - self.spendings[0][0] >= span:
            self.spent -= self.spendings.popleft()[1]
        return self.spent + cost <= self.limit.limit

    def spend(self, cost: int, now: datetime) -> None:
        """Count this cost."""
        self.spent += cost
        self.spendings.append((now, cost))

    def close(self, cost: int, now: datetime) -> None:
        """Refuse until enough of what was spent is so old that this cost fits, in whole seconds."""
        free, until = self.limit.limit - self.spent, now
        for moment, spent in self.spendings:
            if free >= cost:
                break
            free, until = free + spent, moment + timedelta(seconds=self.limit.seconds)
        self.wait = max(1, math.ceil((until - now).total_seconds()))
        self.closed_until = now + timedelta(seconds=self.wait)


@dataclass(frozen=True)
class Taken:
    """What became of one request: what it cost, how much of its quotas is used, and the window that refused it."""

    units: int
    used: float
    refused: Window | None

    def headers(self, app_id: str, tenant_id: str) -> dict[str, str]:
        """LEDGER: E-56, what an answer says of its cost and of the quotas."""
        told = {"x-ms-resource-unit": str(self.units)} if self.units else {}
        if self.used >= NEAR and self.units:
            told["x-ms-throttle-limit-percentage"] = f"{min(self.used, _HIGHEST):.2f}"
        if self.refused is not None:
            limit = self.refused.limit
            told["Retry-After"] = str(self.refused.wait)
            if limit.what:
                return told
            told["x-ms-throttle-scope"] = f"{limit.scope}/{limit.kind}/{app_id}/{tenant_id}"
            told["x-ms-throttle-information"] = limit.information
        return told


@dataclass(frozen=True)
class Spending:
    """One request as quotas see it: who asks where, what it costs, and whether it writes."""

    tenant_id: str
    app_id: str
    units: int
    write: bool
    audience: str = ""
    reports: bool = False
    keys: str = ""
    """The bucket of reads that select keyCredentials which this one counts in, or "" for none."""


@dataclass
class Quotas:
    """Every window of one world, each made when it is first needed."""

    size: str
    windows: dict[tuple[Limit, str, str], Window] = field(default_factory=dict[tuple[Limit, str, str], Window])

    def window(self, limit: Limit, tenant_id: str, app_id: str) -> Window:
        """The window of a quota; a scope that leaves tenant or application out is shared by all of them."""
        key = (limit, "" if limit.scope == "Application" else tenant_id, "" if limit.scope == "Tenant" else app_id)
        return self.windows.setdefault(key, Window(limit))

    def take(self, asked: Spending, now: datetime) -> Taken:
        """LEDGER: E-46, take the cost of one request in every window, or in none when one of them has no room."""
        costs = [(self.window(limit, asked.tenant_id, asked.app_id), cost) for limit, cost in self._costs(asked)]
        refused = next((window for window, _ in costs if not window.open(now)), None)
        if refused is None:
            full = next(((window, cost) for window, cost in costs if not window.fits(cost, now)), None)
            if full is not None:
                refused = full[0]
                refused.close(full[1], now)
        for window, cost in costs if refused is None else ():
            window.spend(cost, now)
        used = 1.0 if refused is not None else max(window.spent / window.limit.limit for window, _ in costs)
        return Taken(0 if asked.reports else asked.units, used, refused)

    def _costs(self, asked: Spending) -> list[tuple[Limit, int]]:
        if asked.reports:
            return [(REPORTS, 1)]
        costs = [(pair_units(self.size), asked.units), (APP_UNITS, asked.units)]
        if asked.write:
            costs += [(limit, 1) for limit in (PAIR_WRITES, TENANT_WRITES, APP_WRITES)]
        if asked.write and asked.audience in PERSONAL:
            costs.append((PERSONAL_WRITES, 1))
        if asked.keys:
            costs.append((Limit("Tenant", "Read", _KEYS_A_MINUTE, 60, asked.keys), 1))
        return costs


def keys_bucket(keys_quota: str, method: str, options: dict[str, str], collection: str) -> str:
    """LEDGER: E-62, the bucket of 150 a minute and tenant that a read counts in; "" for one that is exempt.

    LEDGER: E-63, one bucket for applications and service principals, or one each, as the world says.
    """
    selects = KEYS in [name.strip() for name in options.get("$select", "").split(",")]
    counts = selects or keys_quota == "every-read"
    if method != "GET" or not counts or not collection or keys_quota == "off":
        return ""
    return f"{KEYS} of {collection}" if keys_quota == "apart" else KEYS


def units(method: str, options: dict[str, str], *, applications: bool) -> int:
    """LEDGER: E-46, what one request costs.

    A read of applications, one or many, costs two, $select and a $top below 20 save one each, $expand costs one more, and nothing costs less than
    one.
    """
    top = options.get("$top", "")
    small = top.isascii() and top.isdigit() and int(top) < _SMALL_PAGE
    base = 2 if applications and method == "GET" else 1
    return max(1, base - ("$select" in options) + ("$expand" in options) - small)
