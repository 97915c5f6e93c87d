"""What ends soon, and whether something is ready to take over: asked of a scan, nothing is written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from spentkey.core.classified import CredentialClass
from spentkey.core.scan_result import ScannedCredential, ScanResult


class SuccessorState(StrEnum):
    """How far the move to a successor is. What the report of sign-ins does not record is not proven to be unused."""

    NO_SUCCESSOR = "no-successor"
    NOT_USED = "successor-not-used"
    BOTH_USED = "both-used"
    MOVED = "moved"
    NOT_KNOWN = "not-known"


WORDS = {
    SuccessorState.NO_SUCCESSOR: "no successor",
    SuccessorState.NOT_USED: "the successor is not used, as far as sign-ins are recorded",
    SuccessorState.BOTH_USED: "both are used",
    SuccessorState.MOVED: "the successor is used, and the old one is silent, as far as sign-ins are recorded",
    SuccessorState.NOT_KNOWN: "there is a successor, and whether it is used is not known",
}
RECORDED = ("used", "not-recorded")
"""What the report of sign-ins can say of a credential; any other state is that it says nothing."""


@dataclass(frozen=True)
class EndingSoon:
    """A credential that ends soon, and how far the move away from it is."""

    scanned: ScannedCredential
    end: datetime
    days_left: int
    readiness: SuccessorState

    def as_json(self, now: datetime) -> dict[str, Any]:
        """As it stands in `successors --json`."""
        facts = self.scanned.as_json(now)
        names = ("tenant", "holder", "object_id", "app_id", "app_name", "kind", "key_id", "name", "end")
        told = {name: facts[name] for name in names}
        more = {name: facts[name] for name in ("team", "owners", "use", "successor")}
        return {**told, "days_left": self.days_left, "state": self.readiness.value, **more}


def ending_soon(result: ScanResult, within: timedelta) -> list[EndingSoon]:
    """What has not lapsed and ends within that time, what ends first at the top."""
    found: list[EndingSoon] = []
    for one in result.credentials:
        end = one.classified.credential.end
        if one.classified.klass is CredentialClass.EXPIRING and end is not None and end - result.at <= within:
            found.append(EndingSoon(one, end, (end - result.at).days, readiness_of(one)))
    return sorted(
        found, key=lambda one: (one.end, one.scanned.classified.tenant, one.scanned.classified.credential.key_id)
    )


def readiness_of(one: ScannedCredential) -> SuccessorState:
    """By whether there is a successor, and what the report of sign-ins shows of both."""
    following = one.classified.successor
    if following is None:
        return SuccessorState.NO_SUCCESSOR
    old = "not-available" if one.use is None else str(one.use.state)
    if following.use not in RECORDED:
        return SuccessorState.NOT_KNOWN
    if following.use == "not-recorded":
        return SuccessorState.NOT_USED
    if old not in RECORDED:
        return SuccessorState.NOT_KNOWN
    return SuccessorState.BOTH_USED if old == "used" else SuccessorState.MOVED


def successors_json(result: ScanResult, found: Sequence[EndingSoon], within: timedelta) -> dict[str, Any]:
    """The object of `successors --json`."""
    counts = Counter(one.readiness for one in found)
    return {
        "scan": result.scan,
        "complete": result.complete,
        "within_days": within.days,
        "tenants": [one.as_json() for one in result.tenants],
        "credentials": [one.as_json(result.at) for one in found],
        "summary": {one.value: counts[one] for one in SuccessorState},
    }
