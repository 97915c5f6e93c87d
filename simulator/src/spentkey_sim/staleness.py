"""Reads that show what was there before: for so many reads or seconds, and now and then not monotonically."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass
class Staleness:
    """How long reads of one object still show what was there before its latest write.

    With `alternate` every second one of them shows the present: old, new, old again.
    """

    reads: int = 0
    until: datetime | None = None
    alternate: bool = False
    asked: int = 0

    @classmethod
    def of(cls, params: dict[str, Any], now: datetime) -> "Staleness":
        """What the parameters of a fault ask for: `reads`, `seconds`, and `pattern`, which may be "alternate"."""
        seconds = params.get("seconds")
        reads = int(params.get("reads", 0 if seconds else 1))
        until = now + timedelta(seconds=float(seconds)) if seconds else None
        return cls(reads, until, params.get("pattern") == "alternate")

    def is_old(self, now: datetime) -> bool:
        """Whether a read shows what was there before; asking counts as a read."""
        if self.reads > 0:
            self.reads -= 1
        elif self.until is None or now >= self.until:
            return False
        self.asked += 1
        return not self.alternate or self.asked % 2 == 1
