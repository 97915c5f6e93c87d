"""What a scan makes of each credential: one class, one reason, one team, and what may take its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from spentkey.core.credential import Credential, UnreadableCredential
from spentkey.core.listed import ListedObject
from spentkey.core.reason import Reason


class CredentialClass(StrEnum):
    """What can become of a credential; all but the last two are of credentials that have lapsed, or may have."""

    REMOVABLE = "removable"
    NEEDS_SIGNER = "needs-signer"
    NO_SIGNER = "no-signer"
    PROTECTED = "protected"
    DOUBTFUL = "doubtful"
    ON_PRINCIPAL = "on-principal"
    SAML_GROUP = "saml-group"
    OTHER_KIND = "other-kind"
    EXPIRING = "expiring"
    LIVE = "live"

    @property
    def lapsed(self) -> bool:
        """Whether it counts as lapsed: it has ended by guard G5, or no guard can tell that it has not."""
        return self not in (CredentialClass.EXPIRING, CredentialClass.LIVE)

    @property
    def to_open(self) -> bool:
        """Whether a request for it can end in a removal."""
        return self in (CredentialClass.REMOVABLE, CredentialClass.NEEDS_SIGNER)


@dataclass(frozen=True)
class ScanRules:
    """What classes depend on beside the guards' own rules."""

    within: timedelta = timedelta(days=30)
    """How long before its end a credential counts as expiring."""
    team_from: str = ""
    """The attribute that names who is responsible: `serviceManagementReference`, `notes`, or none."""
    teams: Mapping[str, str] = field(default_factory=dict[str, str])
    """Teams by what that attribute says; a value that is not among them names no team."""
    reads_audit_log: bool = False
    """Whether the tenant's token holds AuditLog.Read.All, without which the list is never written again (PATCH)."""


@dataclass(frozen=True)
class Successor:
    """Another live credential of the same kind on the same object: the one of them that ends last."""

    key_id: str
    end: datetime
    use: str = "unknown"
    """`used`, `not-recorded`, `unknown` or `not-available`, as `CredentialUse.state`."""


@dataclass(frozen=True)
class Classified:
    """One credential of one listed object, and what can become of it."""

    tenant: str
    holder: ListedObject
    credential: Credential
    klass: CredentialClass
    reason: Reason
    team: str | None
    successor: Successor | None
    guard: str | None = None
    """The guard that refuses its removal first, as a run names it; None where none of them does, or none can judge it."""

    @property
    def lapsed(self) -> bool:
        """Whether it counts as lapsed."""
        return self.klass.lapsed

    @property
    def is_named(self) -> bool:
        """Whether its key id can be read; without one, nobody can ask for it, and no inventory can hold it."""
        return not isinstance(self.credential, UnreadableCredential)

    def days_expired(self, now: datetime) -> int | None:
        """Whole days since its end, negative before it; None where the end is not known."""
        return None if self.credential.end is None else (now - self.credential.end).days
