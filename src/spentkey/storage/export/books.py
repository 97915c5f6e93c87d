"""Whether the books of an export add up, and agree with the records of the scans that are in it."""

import json
from collections.abc import Iterator
from typing import Any, cast

from spentkey.core.books import books_faults
from spentkey.storage.export.verify import WRONG, Export

FILE = "population.json"
SCANNED, INTENT = b'"what":"scanned"', b'"what":"intent"'
MOST = 1 << 28
"""Largest file of books that is read, in bytes."""


def judge_books(export: Export) -> None:
    """Note each fault as one of kind `books`; of an export without books there is nothing to say."""
    if FILE not in export.files:
        return
    if export.faults:  # what does not hold is no ground to judge books on
        export.not_checked.append(f"{FILE}: whether the books add up, since other files do not hold")
        return
    try:
        stated = cast("dict[str, Any]", json.loads(export.read(FILE, MOST)))
        found = _faults(stated, export)
        unknown = [str(text) for text in stated["not_known"]]
    except (*WRONG, AttributeError) as problem:
        found, unknown = [f"cannot be read ({type(problem).__name__}: {problem})"], []
    for message in found:
        export.fault("books", message, where=FILE)
    export.not_checked += unknown


def _faults(stated: dict[str, Any], export: Export) -> list[str]:
    scanned: dict[str, dict[str, Any]] = {}
    begun: set[str] = set()
    first: str | None = None
    for record in _records(export):
        first = first or str(record["at"])
        if record["what"] == "scanned":
            scanned[str(record["scan"])] = record
        elif record["what"] == "intent":
            begun.add(str(record.get("key_id")))
    return [*books_faults(stated, scanned), *_not_begun(stated, begun, first)]


def _records(export: Export) -> Iterator[dict[str, Any]]:
    """The first record, and those that books are about; the others are not parsed."""
    left, first = b"", True
    for block in export.blocks("records.jsonl"):
        *lines, left = (left + block).split(b"\n")
        for one in lines:
            if first or SCANNED in one or INTENT in one:
                first = False
                yield json.loads(one)


def _not_begun(stated: dict[str, Any], begun: set[str], first: str | None) -> list[str]:
    """Removals that the books call ours, and that no intent in the export began, though it was proven in the period."""
    return [
        f"{books['tenant']}: {one['key_id']} is called removed by us, and no intent in the export is to remove it"
        for books in stated["tenants"]
        for one in books["credentials"]
        if one["left_as"] == "removed"
        and one["removed_at"] is not None
        and first is not None
        and one["removed_at"] >= first
        and one["key_id"] not in begun
    ]
