"""What one scan of all tenants found, and whether it is whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spentkey.core.classified import Classified, CredentialClass
from spentkey.core.listed import CredentialUse, Owner
from spentkey.core.opening import OpenedState


@dataclass(frozen=True)
class ListCount:
    """How much of one list was read; `count` is what the directory's own counter says, None where it says nothing."""

    listed: int
    count: int | None
    pages: int
    left_out: int = 0
    """Of those that were listed: managed identities and Microsoft's own, whose credentials nobody here can renew."""

    def as_json(self) -> dict[str, Any]:
        """As it stands in `scan --json`."""
        return {"listed": self.listed, "count": self.count, "pages": self.pages, "left_out": self.left_out}


@dataclass(frozen=True)
class TenantScan:
    """One tenant: both lists, and what got in the way."""

    tenant: str
    complete: bool
    applications: ListCount
    service_principals: ListCount
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it stands in `scan --json`."""
        return {
            "tenant": self.tenant,
            "complete": self.complete,
            "applications": self.applications.as_json(),
            "service_principals": self.service_principals.as_json(),
            "problems": list(self.problems),
        }


@dataclass(frozen=True)
class ScannedCredential:
    """One credential, with what was looked up of it beside its class.

    `owners` is None where they could not be read, which is not the same as none; `federated` likewise.
    """

    classified: Classified
    first_seen: datetime
    owners: tuple[Owner, ...] | None = None
    federated: int | None = None
    use: CredentialUse | None = None
    task: str | None = None
    opened: OpenedState = OpenedState.NO

    def as_json(self, now: datetime) -> dict[str, Any]:
        """As it stands in `scan --json`, at that time."""
        one = self.classified
        target, credential, following = one.holder.target, one.credential, one.successor
        return {
            "tenant": one.tenant,
            "holder": target.kind.value,
            "object_id": target.object_id,
            "app_id": target.app_id,
            "app_name": target.name,
            "kind": credential.kind.value,
            "key_id": credential.key_id,
            "name": next(iter(credential.names()), None),
            "start": _iso(credential.start),
            "end": _iso(credential.end),
            "days_expired": one.days_expired(now),
            "class": one.klass.value,
            "reason": str(one.reason),
            "team": one.team,
            "federated": self.federated,
            "first_seen": self.first_seen.isoformat(),
            "owners": None if self.owners is None else [_owner(owner) for owner in self.owners],
            "use": _use(self.use),
            "successor": following
            and {"key_id": following.key_id, "end": following.end.isoformat(), "use": following.use},
            "task": self.task,
            "opened": self.opened.value,
        }


@dataclass(frozen=True)
class ScanResult:
    """One scan of all tenants that were asked for."""

    scan: str
    at: datetime
    tenants: tuple[TenantScan, ...]
    credentials: tuple[ScannedCredential, ...]

    @property
    def complete(self) -> bool:
        """Whether every list of every tenant was read whole; a scan of no tenant is not."""
        return bool(self.tenants) and all(one.complete for one in self.tenants)

    @property
    def lapsed(self) -> list[ScannedCredential]:
        """What counts as lapsed."""
        return [one for one in self.credentials if one.classified.lapsed]

    def as_json(self, *, every: bool = True) -> dict[str, Any]:
        """The whole result; only what has lapsed unless `every`."""
        return {
            "scan": self.scan,
            "complete": self.complete,
            "tenants": [one.as_json() for one in self.tenants],
            "credentials": [one.as_json(self.at) for one in (self.credentials if every else self.lapsed)],
            "summary": summary_of(self.lapsed, self.at),
        }


def summary_of(lapsed: Sequence[ScannedCredential], now: datetime) -> Mapping[str, Any]:
    """Counts of what has lapsed; `without_owner` counts those that are known to have none."""
    classes = Counter(one.classified.klass for one in lapsed)
    days = [found for one in lapsed if (found := one.classified.days_expired(now)) is not None]
    return {
        "lapsed": len(lapsed),
        "by_class": {klass.value: classes[klass] for klass in CredentialClass if classes[klass]},
        "without_owner": sum(one.owners == () for one in lapsed),
        "oldest_days": max(days, default=None),
        "opened": sum(one.opened is OpenedState.OPENED for one in lapsed),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _owner(owner: Owner) -> dict[str, str | None]:
    return {"id": owner.object_id, "name": owner.name, "mail": owner.mail}


def _use(use: CredentialUse | None) -> dict[str, str | None]:
    if use is None:
        return {"state": "not-available", "last": None, "why": None}
    return {"state": str(use.state), "last": _iso(use.last), "why": None if use.why is None else str(use.why)}
