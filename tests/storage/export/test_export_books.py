"""The books in an export: they agree with the records of the scans, and whoever changes them is found."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from export_world import BEGAN, PROGRAM, judged, sealed, signer_of, stored, told, unzipped, with_manifest, zipped
from memory_inventory import MemoryInventory
from scanned import scan, scanned

from spentkey.core.books import population
from spentkey.core.inventory import Departure, Left, brought_up_to
from spentkey.core.scan_record import scan_mark, scanned_record
from spentkey.core.scan_result import ScannedCredential
from spentkey.ports.evidence_tree import Filters
from spentkey.storage.export.export import write_export
from spentkey.storage.export.zip_file import zip_in_the_making

HOUR = timedelta(hours=1)
REMOVED_KEY = "3c3c3c3c-0000-4000-8000-000000040021"
"""The first removal of `told`."""


def of_key(key_id: str) -> ScannedCredential:
    """A lapsed secret with that key id."""
    one = scanned(40)
    credential = replace(one.classified.credential, key_id=key_id)
    return replace(one, classified=replace(one.classified, credential=credential))


def made(folder: Path, wanted: Filters = Filters()) -> Path:  # noqa: B008  # a value that never changes
    """An export of two scans, with a removal of ours, one that lapsed and one that is gone between them."""
    stays, ours, gone, newly = (of_key(key) for key in ("k-stays", REMOVED_KEY, "k-gone", "k-new"))
    first = replace(scan(stays, ours, gone), scan="first", at=BEGAN - HOUR)
    second = replace(scan(stays, newly), scan="second", at=BEGAN + HOUR)
    inventory = MemoryInventory()
    left = {("", ""): Left(Departure.DELETED)}
    for one in (first, second):
        for known in inventory.spells.values():
            departure = Left(Departure.REMOVED, BEGAN + timedelta(minutes=2))
            left[known.key] = departure if known.key_id == REMOVED_KEY else Left(Departure.NOT_KNOWN)
        asyncio.run(inventory.update("production", brought_up_to("production", one.at, one.credentials, left)))
        asyncio.run(inventory.mark(scan_mark(one, {"secrets": 3})))
    stated = population(list(inventory.marks.values()), list(inventory.spells.values()), None, None)
    records = [("scanned", scanned_record(first).facts()), *told(8), ("scanned", scanned_record(second).facts())]
    tree = stored(folder / "state", sealed(records))

    async def write() -> None:
        with zip_in_the_making(folder / "export.zip") as file:
            text = json.dumps(stated)
            await write_export(tree, wanted, signer_of(1), file, PROGRAM, lambda _, __: None, text)
            file.finish()
            file.put_in_place()

    asyncio.run(write())
    return folder / "export.zip"


def test_the_books_of_an_export_hold(tmp_path: Path) -> None:
    """Each difference is named; what the books do not know is said beside the findings."""
    file = made(tmp_path)
    stated = json.loads(unzipped(file)["population.json"])
    books = stated["tenants"][0]
    assert {
        name: books[name] for name in ("lapsed_at_start", "newly_lapsed", "removed", "not_known", "lapsed_at_end")
    } == {
        "lapsed_at_start": 3,
        "newly_lapsed": 1,
        "removed": 1,
        "not_known": 1,
        "lapsed_at_end": 2,
    }
    found = judged(file)
    assert (found["holds"], found["faults"]) == (True, [])
    assert any("nothing shows who removed them" in text for text in found["not_checked"])
    assert "Sales" not in unzipped(file)["population.json"].decode()


def test_an_export_of_some_removals_states_no_population(tmp_path: Path) -> None:
    """It is no statement of completeness."""
    assert "population.json" not in unzipped(made(tmp_path, Filters(task="40021")))


def drop_one(books: dict[str, Any]) -> None:
    """Leave a credential out, and count one less."""
    books["credentials"] = [one for one in books["credentials"] if one["key_id"] != "k-stays"]
    books["lapsed_at_start"] -= 1
    books["lapsed_at_end"] -= 1


def claim_a_removal(books: dict[str, Any]) -> None:
    """Call ours what somebody else did."""
    (gone,) = [one for one in books["credentials"] if one["key_id"] == "k-gone"]
    gone |= {"left_as": "removed", "removed_at": (BEGAN + timedelta(minutes=2)).isoformat()}
    books["removed"] += 1
    books["not_known"] -= 1


def miscount(books: dict[str, Any]) -> None:
    """Only the sum."""
    books["lapsed_at_end"] -= 1


def no_books(books: dict[str, Any]) -> None:
    """Nothing of them is left."""
    books.clear()


@pytest.mark.parametrize(
    ("change", "told_of"),
    [
        (drop_one, "is on record with other lapsed credentials"),
        (claim_a_removal, "no intent in the export is to remove it"),
        (miscount, "3 + 1 - 2 is not 1"),
        (no_books, "cannot be read"),
    ],
)
def test_changed_books_are_a_fault_of_their_own_kind(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], told_of: str
) -> None:
    """Also by whoever writes the manifest anew."""
    files = unzipped(made(tmp_path))
    stated = json.loads(files["population.json"])
    change(stated["tenants"][0])
    changed = with_manifest({**files, "population.json": json.dumps(stated).encode()})
    found = judged(zipped(tmp_path / "changed.zip", changed))
    assert found["holds"] is False
    assert {one["kind"] for one in found["faults"]} == {"books"}
    assert any(told_of in one["message"] for one in found["faults"])
    assert {one["where"] for one in found["faults"]} == {"population.json"}


def test_books_beside_records_that_do_not_hold_are_not_judged(tmp_path: Path) -> None:
    """They are named as not checked."""
    files = unzipped(made(tmp_path))
    lines = files["records.jsonl"].splitlines(keepends=True)
    changed = with_manifest({**files, "records.jsonl": b"".join(lines[:-1])})
    found = judged(zipped(tmp_path / "changed.zip", changed))
    assert "books" not in {one["kind"] for one in found["faults"]}
    assert any(text.startswith("population.json: ") for text in found["not_checked"])
