"""Verification with three answers: a small machine that is fed one read at a time and never trusts a single one.

A successful write does not mean that the next read shows it, and reads may go back and forth between replicas
(devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra).
"""

from dataclasses import dataclass, field
from enum import Enum

from spentkey.core.rules import VerifyRules


class Verdict(Enum):
    """What the reads so far say."""

    WAIT = "wait"
    GONE = "gone"
    REPEAT = "repeat"
    STILL_THERE = "still-there"
    CANNOT_TELL = "cannot-tell"
    SURVIVOR_LOST = "survivor-lost"


@dataclass
class Verification:
    """Counts agreeing reads in a row.

    `may_repeat` is set when the reply to the removal was lost: then `verify_reads` reads in a row that still show the
    credential ask for the one repeat; after it the window starts again.
    """

    rules: VerifyRules
    may_repeat: bool = False
    started_at: float = 0.0
    absent_in_a_row: int = 0
    present_in_a_row: int = 0
    lost_in_a_row: int = 0
    other_reads: int = 0
    """Reads of this window that did not show the credential, whatever they showed instead."""
    reads: int = 0
    seen: list[str] = field(default_factory=list[str])

    def read(self, at: float, *, present: bool, survivors_intact: bool) -> Verdict:
        """Take one read made at `at` (monotonic seconds) and say what follows from all of them."""
        self._count(present=present, intact=survivors_intact)
        enough = self.rules.reads
        if self.lost_in_a_row >= enough:
            return Verdict.SURVIVOR_LOST
        if self.absent_in_a_row >= enough:
            return Verdict.GONE
        if self.may_repeat and self.present_in_a_row >= enough:
            return Verdict.REPEAT
        if at - self.started_at < self.rules.timeout_s:
            return Verdict.WAIT
        return Verdict.CANNOT_TELL if self.other_reads else Verdict.STILL_THERE

    def unclear(self, at: float) -> Verdict:
        """Take a read that showed neither: the application itself was not found."""
        self.reads += 1
        self.other_reads += 1
        self.seen.append("no-application")
        self.absent_in_a_row = self.present_in_a_row = self.lost_in_a_row = 0
        return Verdict.WAIT if at - self.started_at < self.rules.timeout_s else Verdict.CANNOT_TELL

    def _count(self, *, present: bool, intact: bool) -> None:
        self.reads += 1
        self.seen.append(("present" if present else "absent") + ("" if intact else "+survivor-missing"))
        self.other_reads += not present
        self.present_in_a_row = self.present_in_a_row + 1 if present else 0
        self.absent_in_a_row = self.absent_in_a_row + 1 if not present and intact else 0
        self.lost_in_a_row = 0 if intact else self.lost_in_a_row + 1

    def repeated(self, at: float) -> None:
        """Start the window again after the one repeat."""
        self.may_repeat = False
        self.started_at = at
        self.absent_in_a_row = self.present_in_a_row = self.lost_in_a_row = self.other_reads = 0
