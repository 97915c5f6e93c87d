"""The rules one run goes by: the part of the configuration that decisions depend on, and nothing secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class TenantRules:
    """One tenant: who it is, and which tasks mean it (`when`: parameter name to the value it must have)."""

    name: str
    tenant_id: str
    when: Mapping[str, str]


@dataclass(frozen=True)
class DeskRules:
    """How tasks look when they are ours, and what to write when they are done; all texts are Ivanti's own values."""

    queue_team: str
    escalation_team: str
    login_id: str
    open_statuses: tuple[str, ...]
    completed: str
    handed_off: str
    minutes: int
    """Minutes that a close or a hand-over adds to the task's booked minutes."""
    resolution_field: str
    language: str


@dataclass(frozen=True)
class VerifyRules:
    """How absence is proven."""

    reads: int
    """Reads in a row that must agree."""
    interval_s: float
    """Seconds between two of those reads."""
    timeout_s: float
    """Seconds after which verification ends without agreement."""


@dataclass(frozen=True)
class Limits:
    """Guard G8's numbers. An hour is the last 3600 s, over all runs and processes that share the evidence."""

    per_run: int
    """Most removals that one run begins."""
    per_app: int
    """Most removals begun on one application in an hour."""
    per_hour: int
    """Most removals begun in an hour."""
    hand_overs_per_hour: int
    """Most tasks handed over in an hour."""


@dataclass(frozen=True)
class Rules:
    """Everything that the guards and steps need to know of the configuration."""

    desk: DeskRules
    tenants: tuple[TenantRules, ...]
    verify: VerifyRules
    grace: timedelta
    """Time after its end before a credential counts as expired, whole days; `SKEW` for clocks is always added."""
    max_attempts: int
    """Tries that leave a task open before it is handed over; a system that is away, a limit or a stop starts the count anew."""
    limits: Limits
    patch_allowed: bool = False
    """Whether a certificate without a valid signer may be removed by writing the certificate list again."""
    protected: tuple[str, ...] = ()
    """What is never touched: AppIDs, and patterns of credential names (`name:GLOB`)."""
    own_apps: frozenset[str] = field(default_factory=frozenset[str])
    """AppIDs of the automation's own applications; the adapters add each client id as it becomes known."""
