"""A period as people name it: days or moments, in UTC."""

import re
from datetime import UTC, datetime

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
FORM = "a date such as 2026-07-01, or a time such as 2026-07-01T08:30:00Z"


def moment(text: str) -> datetime:
    """The moment in UTC, which is meant where no offset is named; a date is its midnight. Raises `ValueError` with what is wrong."""
    if not _MOMENT.fullmatch(text.strip()):
        raise ValueError(f"give {FORM}")
    try:
        found = datetime.fromisoformat(text.strip())
        return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"there is no such time; give {FORM}") from None


def refuse_backwards(since: datetime | None, until: datetime | None) -> None:
    """Raise `ValueError` for a period that ends before it begins, or is empty."""
    if since is not None and until is not None and since >= until:
        raise ValueError("since must be before until, which is excluded")
