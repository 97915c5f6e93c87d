"""The last line of every note on a ticket: which try wrote it, and what the log was then.

It is the same in every language: `Evidence: <id> · log <size> <root in base64>`. Size and root are those of the tree
before the record `noting` that announces the note, so the size is the number of that record. Whoever keeps the tickets
so keeps what the log was, out of reach of whoever keeps the log.
"""

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spentkey.core.sanitize import MARK
from spentkey.core.tree import TreeHead

LABEL = "Evidence"
_LINE = re.compile(
    rf"{LABEL}: (\S{{1,128}}) \S log (0|[1-9][0-9]{{0,18}}) ([A-Za-z0-9+/]{{43}}=)(?!\S| reason=)", re.ASCII
)
_BREAK = re.compile(r"<br\s*/?>|</?(?:p|div)>", re.IGNORECASE)


@dataclass(frozen=True)
class EvidenceLine:
    """What such a line says."""

    id: str
    """`evidence` of the result, and `attempt` of its records."""
    head: TreeHead

    def __str__(self) -> str:
        return f"{LABEL}: {self.id} · log {self.head.size} {root_text(self.head)}"


def root_text(head: TreeHead) -> str:
    """The root as notes and records write it, in base64."""
    return base64.b64encode(head.root).decode("ascii")


def line_on_record(noting: Mapping[str, Any]) -> EvidenceLine | None:
    """The line that a record `noting` announces; None for one of 0.2.0 or older, and for one that makes no sense."""
    found = _LINE.fullmatch(f"{LABEL}: {noting.get('attempt')} · log {noting.get('log_size')} {noting.get('log_root')}")
    return _line_of(*found.groups()) if found is not None else None


def evidence_line_in(body: str) -> EvidenceLine | None:
    """That line of a note as a desk shows it; None where no whole one is there.

    Desks break lines anew and escape characters: neither matters. Before our marker, and in it, may stand what a
    requester wrote.
    """
    found = _LINE.findall(in_words(body).rpartition(MARK)[2])
    return _line_of(*found[-1]) if found else None


def _line_of(evidence: str, size: str, root: str) -> EvidenceLine:
    return EvidenceLine(evidence, TreeHead(int(size), base64.b64decode(root)))


def in_words(text: str) -> str:
    """The text without what desks change in it: escaped characters, tags that break lines, and where lines break."""
    return " ".join(html.unescape(_BREAK.sub(" ", text)).split())
