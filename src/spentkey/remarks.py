"""Notes in a caller's own words: made fit for a ticket like every other text, and recognised by a marker."""

import hashlib
from dataclasses import dataclass

from spentkey.core.plain import safe
from spentkey.core.report import LONGEST_REASON, NewNote, Subject, marker


@dataclass(frozen=True)
class Remark:
    """What a caller wants to have written; `hands_over` is set for the one note that goes with a hand-over."""

    subject: str
    body: str
    hands_over: bool = False

    @property
    def safe_subject(self) -> str:
        """The subject as it may stand in a ticket."""
        return safe(self.subject.strip())


def remark_note(about: Subject, remark: Remark) -> NewNote:
    """The note with its marker: the same words are written once for each assignment of the task to us."""
    digest = hashlib.sha256(f"{remark.subject}\0{remark.body}".encode("utf-8", "replace")).hexdigest()[:16]
    mark = marker(about, f"remark-{digest}")
    lines = [safe(line, LONGEST_REASON) for line in remark.body.splitlines()[:100]]
    return NewNote(remark.safe_subject, "\n".join([*lines, "", f"{mark}]"]), mark)
