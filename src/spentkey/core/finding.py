"""What a check-up finds: one line for each thing that must be in place, and for each failure the line that mends it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spentkey.core.credential import SKEW


class FindingState(StrEnum):
    """Whether the thing is in place; a warning does not stop anything."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of a check-up."""

    system: str
    what: str
    state: FindingState
    message: str
    """What was found."""
    fix: str = ""
    """What grants or fixes it."""

    def as_json(self) -> dict[str, str]:
        """The object that `spentkey check --json` prints; `said` and `mend` are the older names of `message` and `fix`."""
        older = {"said": self.message, "mend": self.fix}
        return {
            "system": self.system,
            "what": self.what,
            "state": self.state,
            "message": self.message,
            "fix": self.fix,
            **older,
        }


def clock_finding(system: str, ours: datetime, theirs: datetime | None) -> Finding:
    """How far a system's clock and ours are apart; past 300 s nothing would be removed (guard G5)."""
    if theirs is None:
        return Finding(
            system, "clock", FindingState.WARN, "the answer carries no Date, so its clock cannot be compared"
        )
    apart = abs(ours - theirs)
    message = f"{apart.total_seconds():.0f} s apart from ours"
    if apart > SKEW:
        return Finding(
            system,
            "clock",
            FindingState.FAIL,
            message,
            "set this machine's clock by NTP: sudo timedatectl set-ntp true",
        )
    return Finding(system, "clock", FindingState.OK, message)
