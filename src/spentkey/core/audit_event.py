"""What the directory's own audit log says about a removal, beside the reads that proved it.

An audit event shows up 13 to 20 minutes after the change, and only a tenant that granted `AuditLog.Read.All` shows it
(learn.microsoft.com/graph/api/directoryaudit-list). After a removal of one key id it is not waited for, and its absence
proves nothing. After a PATCH it is: it alone shows what else the written list took away.
"""

from dataclasses import dataclass
from enum import StrEnum

from spentkey.core.credential import Kind


class Shows(StrEnum):
    """What the audit log shows."""

    OURS = "ours"
    MORE = "more"
    OTHERS = "others"
    UNREADABLE = "unreadable"
    NOT_YET = "not-yet"
    NOT_AVAILABLE = "not-available"


@dataclass(frozen=True)
class AuditEvent:
    """What the audit log shows of one removal, why in words, and the id of the event that says so."""

    shows: Shows
    detail: str
    event: str | None = None
    beside: tuple[tuple[Kind, str], ...] = ()
    """The other credentials, by kind and key id, that the same write dropped, changed or brought back."""


@dataclass(frozen=True)
class WrittenList:
    """What a PATCH of ours wrote, by which its event is judged: it can drop anything, and bring back what it wrote."""

    kept: frozenset[str]
    """The key ids that were written again."""
    ours: frozenset[str]
    """The key ids that Spentkey set out to remove from the application: events of those removals stand in the log too."""
