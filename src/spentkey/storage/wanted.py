"""Which results are asked for: a quick look at a line, and the answer by its record."""

from datetime import datetime

from spentkey.core.evidence import Facts, canonical
from spentkey.ports.evidence_tree import Filters

IN_LINE = ("outcome", "tenant")
"""Filters that are the text of a field of the same name."""


def may_be(record_line: str, wanted: Filters) -> bool:
    """Whether the record on a line may be wanted; False only where it is not. Fields are written in one way alone."""
    return all(
        canonical({name: text})[1:-1] in record_line for name in IN_LINE if (text := getattr(wanted, name)) is not None
    )


def is_wanted(record: Facts, wanted: Filters) -> bool:
    """Whether a result is asked for: `app` is an application's id or its name, in any case, `task` as it is written."""
    if any(getattr(wanted, name) not in (None, record.get(name)) for name in IN_LINE):
        return False
    if wanted.task is not None and str(record.get("task")) != wanted.task:
        return False
    if wanted.app is not None and wanted.app.casefold() not in _names(record):
        return False
    return is_within(datetime.fromisoformat(record["at"]), wanted.since, wanted.until)


def is_within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    """Whether a time lies in a period; `until` is excluded."""
    return (since is None or at >= since) and (until is None or at < until)


def _names(record: Facts) -> set[str]:
    names = [record.get(name) for name in ("app_id", "app_name")]
    return {name.casefold() for name in names if isinstance(name, str)}
