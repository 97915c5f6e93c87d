"""Where in a list a record was seen last: spares looking through thousands of them for each request.

A hint is checked each time, and where it does not hold the list is looked through; so whoever changes a list, or what
is in it, need not say so. Of several records with one key the first counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class _Seen:
    locations: dict[str, int] = field(default_factory=dict[str, int])
    looked: int = 0
    """How many records of the list were looked at."""


class Hints:
    """The hints for some lists, each way of looking something up under a name of its own."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def find(self, name: str, records: Sequence[T], key_of: Callable[[T], str], wanted: str) -> T | None:
        """The record with that key, or None."""
        at = self.location(name, records, key_of, wanted)
        return None if at is None else records[at]

    def location(self, name: str, records: Sequence[T], key_of: Callable[[T], str], wanted: str) -> int | None:
        """Where the record with that key stands, or None."""
        seen = self._seen.setdefault(name, _Seen())

        def holds() -> int | None:
            at = seen.locations.get(wanted)
            return at if at is not None and at < len(records) and key_of(records[at]) == wanted else None

        def look(first: int) -> None:
            for at in range(first, len(records)):
                seen.locations.setdefault(key_of(records[at]), at)
            seen.looked = len(records)

        if (found := holds()) is None:
            look(seen.looked)  # what was added since
            if (found := holds()) is None:
                seen.locations.clear()
                look(0)
                found = holds()
        return found
