"""A scan as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from spentkey.core.scan_result import ScannedCredential, ScanResult
from spentkey.scan.summary import incomplete, joined, owner_of

COLUMNS = (
    "tenant",
    "holder",
    "object_id",
    "app_id",
    "app_name",
    "kind",
    "key_id",
    "name",
    "start",
    "end",
    "days_expired",
    "class",
    "reason",
    "team",
    "federated",
    "first_seen",
    "owners",
    "use_state",
    "use_last",
    "successor",
    "task",
    "opened",
)
"""The keys of `scan --json`, in their order."""
FORMULA = ("=", "+", "-", "@", "\t")
"""What a spreadsheet would take for the beginning of a formula."""


def write_csv(result: ScanResult, write: Callable[[str], object], *, every: bool = False) -> None:
    """Write what has lapsed, or with `every` all that the scan holds; a scan that is not whole says so above the heading.

    That row is no heading, so whoever reads the file by its columns stops there.
    """
    told = incomplete(result)
    if told:
        write(_row([joined(told), *[""] * (len(COLUMNS) - 1)]))
    write(_row(COLUMNS))
    for one in result.credentials if every else result.lapsed:
        write(_row([facts_of(one, result.at)[column] for column in COLUMNS]))


def facts_of(one: ScannedCredential, now: datetime) -> dict[str, Any]:
    """The cells of one credential, by column."""
    facts = one.as_json(now)
    use, following = facts["use"], one.classified.successor
    return facts | {
        "owners": owner_of(one),
        "use_state": use["state"],
        "use_last": use["last"],
        "successor": None if following is None else following.key_id,
    }


def _row(cells: Sequence[object]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([cell_of(one) for one in cells])
    return written.getvalue()


def cell_of(value: object) -> str:
    """A value as text that no spreadsheet runs, in characters that can be written."""
    text = "" if value is None else str(value)
    text = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return f"'{text}" if text.startswith(FORMULA) else text
