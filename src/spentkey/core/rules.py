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
    resolution_field: str
    language: str


@dataclass(frozen=True)
class VerifyRules:
    """How absence is proven: `reads` agreeing reads in a row, `interval_s` apart, for at most `timeout_s` seconds."""

    reads: int
    interval_s: float
    timeout_s: float


@dataclass(frozen=True)
class Limits:
    """Guard G8's numbers: how many removals and hand-overs may be begun; those for one application count an hour."""

    per_run: int
    per_app: int
    per_hour: int
    hand_overs_per_hour: int


@dataclass(frozen=True)
class Rules:
    """Everything that the guards and steps need to know of the configuration."""

    desk: DeskRules
    tenants: tuple[TenantRules, ...]
    verify: VerifyRules
    grace: timedelta
    max_attempts: int
    limits: Limits
    patch_allowed: bool = False
    """Whether a certificate without a valid signer may be removed by writing the certificate list again."""
    protected: tuple[str, ...] = ()
    own_apps: frozenset[str] = field(default_factory=frozenset[str])
    """AppIDs of the automation's own applications; the adapters add each client id as it becomes known."""
