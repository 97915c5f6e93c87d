"""What the directory's own audit log says about a removal, beside the reads that proved it.

An audit event shows up 13 to 20 minutes after the change, and only a tenant that granted `AuditLog.Read.All` shows it
(learn.microsoft.com/graph/api/directoryaudit-list). So it is never waited for, and its absence proves nothing.
"""

from dataclasses import dataclass
from enum import StrEnum


class Shows(StrEnum):
    """What the audit log shows."""

    OURS = "ours"
    OTHERS = "others"
    NOT_YET = "not-yet"
    NOT_AVAILABLE = "not-available"


@dataclass(frozen=True)
class AuditEvent:
    """What the audit log shows of one removal, why in words, and the id of the event that says so."""

    shows: Shows
    detail: str
    event: str | None = None
