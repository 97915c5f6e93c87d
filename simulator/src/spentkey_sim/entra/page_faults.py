"""What can go wrong with the pages of a list, beyond what can befall any answer.

Each kind is a fault of a rule for `list-applications` or `list-service-principals`; the ledger says which of them a
real directory has shown. `nth` counts pages.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spentkey_sim.fault import Fault

Record = dict[str, Any]


@dataclass
class ListPage:
    """The objects of a page, and the position where the next one begins; `changes` are properties of the answer."""

    records: list[Any]
    next_at: int | None
    changes: dict[str, Any] = field(default_factory=dict[str, Any])
    without_value: bool = False

    @property
    def value(self) -> dict[str, Any]:
        """The objects as the answer has them, unless a fault has put something else in their place."""
        return {} if self.without_value or "value" in self.changes else {"value": self.records}


Read = Callable[[int], ListPage]
"""Reads the page that begins at a position."""


def bent(fault: Fault | None, read: Read, first: int, size: int) -> ListPage:
    """LEDGER: E-83, the page that begins at `first`, as the fault leaves it."""
    if fault is None or fault.kind not in _BENDS:
        return read(first)
    return _BENDS[fault.kind](fault.params, read, first, size)


def _same(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """The link leads to this very page."""
    del params, size
    page = read(first)
    return ListPage(page.records, first)


def _lost(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """The link leads past the next page; `pages` says how many are passed over."""
    page = read(first)
    at = page.next_at
    for _ in range(int(params.get("pages", 1))):
        at = read(at).next_at if at is not None else None
    del size
    return ListPage(page.records, at)


def _ends(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """There is no link, though there is more."""
    del params, size
    return ListPage(read(first).records, None)


def _short(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """Some objects from the middle are not there: `objects` of them."""
    del size
    page, gone = read(first), int(params.get("objects", 1))
    middle = max(0, (len(page.records) - gone) // 2)
    return ListPage(page.records[:middle] + page.records[middle + gone :], page.next_at)


def _twice(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """The last `objects` of the page before stand here too."""
    more = int(params.get("objects", 1))
    page = read(first)
    earlier = read(max(0, first - size)).records[: min(first, size)]
    return ListPage(earlier[-more:] + page.records if first else [*page.records, *page.records[-more:]], page.next_at)


def _shuffled(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """The objects stand in another order."""
    del params, size
    page = read(first)
    digests = [hashlib.sha256(f"{first} {n}".encode()).digest() for n in range(len(page.records))]
    order = sorted(range(len(page.records)), key=lambda n: digests[n])
    return ListPage([page.records[n] for n in order], page.next_at)


def _swapped(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """The first object of the next page stands here in the place of the last: one is twice, and another nowhere."""
    del params, size
    page = read(first)
    following = read(page.next_at).records if page.next_at is not None else []
    return ListPage([*page.records[:-1], *following[:1]] if following else page.records, page.next_at)


def _empty(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """LEDGER: E-84, a page without objects, whose link leads to those that would have stood here."""
    del params, read, size
    return ListPage([], first)


def _changed(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """Properties of the answer are others, as `changes` has them; those that `without` names are not there."""
    del size
    page = read(first)
    without = list(params.get("without", []))
    page.next_at = None if "@odata.nextLink" in without else page.next_at
    return ListPage(page.records, page.next_at, dict(params.get("changes", {})), "value" in without)


def _more(params: dict[str, Any], read: Read, first: int, size: int) -> ListPage:
    """What `objects` has stands on the page too: anything that is JSON."""
    del size
    page = read(first)
    return ListPage([*page.records, *params.get("objects", [])], page.next_at)


_BENDS: dict[str, Callable[[dict[str, Any], Read, int, int], ListPage]] = {
    "page-same": _same,
    "page-lost": _lost,
    "page-ends": _ends,
    "page-short": _short,
    "page-twice": _twice,
    "page-shuffled": _shuffled,
    "page-swapped": _swapped,
    "page-empty": _empty,
    "page-changed": _changed,
    "page-more": _more,
}
