"""The end of the chain as far as it has been read: what both databases share.

Nothing of a record that was taken stays here, so that memory stays flat however long the chain becomes.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import GENESIS, Facts, Sealed, follows, seal

READS_ONLY = "this command reads evidence and writes none"


class Chain:
    """How long the chain is, and its last hash."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.length, self.hash = 0, GENESIS

    def take(self, record_line: str) -> Facts:
        """Take the next record; raises `EvidenceBroken` when it does not continue the chain."""
        sealed = follows(record_line, self.hash, self.length)
        if sealed is None:
            raise self.broken()
        self.went_on(sealed)
        return sealed.record

    def went_on(self, sealed: Sealed) -> None:
        """Take a record that was made or checked as the next one."""
        self.length, self.hash = sealed.seq + 1, sealed.hash

    def go_on_after(self, record_line: str) -> None:
        """Begin behind a record whose own hash was checked, without those before it."""
        record = json.loads(record_line)
        self.length, self.hash = int(record["seq"]) + 1, str(record["hash"])

    def following(self, at: datetime, wanted: Sequence[tuple[str, Facts]]) -> list[Sealed]:
        """Make the records that would come next, one after the other; they count when they are taken."""
        made: list[Sealed] = []
        for what, facts in wanted:
            before = (made[-1].hash, made[-1].seq + 1) if made else (self.hash, self.length)
            made.append(seal(*before, at, what, facts))
        return made

    def broken(self) -> EvidenceBroken:
        """What to raise when the next record cannot be believed."""
        return EvidenceBroken(f"{self._where}: record {self.length} does not continue the chain, nothing is removed")

    def shorter(self) -> EvidenceBroken:
        """What to raise when records that were read are not there any more."""
        return EvidenceBroken(f"{self._where} has become shorter: records are missing, nothing is removed")


def itself(record_line: str) -> Facts | None:
    """A record that was read before, read again: None when it is not the one that its own hash names."""
    try:
        record = json.loads(record_line)
        sealed = follows(record_line, str(record["prev"]), int(record["seq"]))
    except (ValueError, TypeError, KeyError):
        return None
    return sealed.record if sealed is not None else None
