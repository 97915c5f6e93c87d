"""The rules one run goes by: the part of the configuration that decisions depend on, and nothing secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from spentkey.core.credential import Kind
from spentkey.core.windows import ALWAYS, Schedule


@dataclass(frozen=True)
class TenantRules:
    """One tenant: who it is, and which tasks mean it (`when`: parameter name to the value it must have)."""

    name: str
    tenant_id: str
    when: Mapping[str, str]


@dataclass(frozen=True)
class ParameterNames:
    """What the service desk calls the four parameters that say which credential is meant."""

    app_display_name: str = "AppDisplayName"
    app_id: str = "AppID"
    secret_id: str = "SecretID"  # noqa: S105  # a name
    secret_type: str = "SecretType"  # noqa: S105  # a name

    def in_order(self) -> tuple[str, str, str, str]:
        """The four names, in the order in which they are read."""
        return self.app_display_name, self.app_id, self.secret_id, self.secret_type


SECRET_TYPES: Mapping[str, Kind] = {
    "Secret": Kind.SECRET,
    "Certificaat": Kind.CERTIFICATE,
    "Cert": Kind.CERTIFICATE,
}
"""The words of SecretType, unless the configuration has others; they are compared in any case."""


@dataclass(frozen=True)
class RequestRules:
    """How a request is read: its parameters' names, the words of SecretType, and what chooses the tenant."""

    names: ParameterNames = ParameterNames()
    secret_types: Mapping[str, Kind] = field(default_factory=lambda: SECRET_TYPES)
    when: tuple[str, ...] = ()
    """Every name that a tenant's `when` has, once."""

    def kind_of(self, word: str) -> Kind | None:
        """What a word of SecretType means, in any case; None where it means nothing. Not casefolded: `ſecret` is no word."""
        return next((kind for one, kind in self.secret_types.items() if one.lower() == word.lower()), None)


@dataclass(frozen=True)
class DeskRules:
    """What the steps need to know of the service desk; everything else is the desk's own business."""

    names: ParameterNames = ParameterNames()
    secret_types: Mapping[str, Kind] = field(default_factory=lambda: SECRET_TYPES)
    language: str = "en"
    """The language of notes: en, nl or fr."""
    note_on_close: bool = True
    """Whether a close is told in a note; False where the resolution has a field of its own."""
    note_after_close: bool = False
    """Whether a note behind a close says what the log was; only where the close is told in no note."""
    longest_note: int = 0
    """What the desk keeps of a note, in characters; 0 where it keeps all of it."""
    numbers: bool = False
    """Whether references are numbers, which stand as numbers in records."""


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
    request: RequestRules
    tenants: tuple[TenantRules, ...]
    verify: VerifyRules
    grace: timedelta
    """Time after its end before a credential counts as expired, whole days; `SKEW` for clocks is always added."""
    max_attempts: int
    """Tries that leave a task open before it is handed over; a system that is away, a limit or a stop starts the count anew."""
    limits: Limits
    schedule: Schedule = ALWAYS
    """When removals may begin."""
    patch_allowed: bool = False
    """Whether a certificate without a valid signer may be removed by writing the certificate list again."""
    canary: bool = True
    """Whether the first removal by a new version, in a tenant and by a route, goes alone until it is proven."""
    protected: tuple[str, ...] = ()
    """What is never touched: AppIDs, and patterns of credential names (`name:GLOB`)."""
    own_apps: frozenset[str] = field(default_factory=frozenset[str])
    """AppIDs of the automation's own applications; the adapters add each client id as it becomes known."""
