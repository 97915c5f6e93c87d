"""Texts that others control, made fit to be shown: no control characters, no markup, never long."""

import html
import unicodedata

MARK = "[spentkey "
"""How the markers of Spentkey's own notes begin; no text of others may begin so."""
LONGEST_VALUE = 128
"""Longest value in a note, in characters."""


def plain(value: str, longest: int = LONGEST_VALUE) -> str:
    """Strip control and invisible formatting characters and cut to `longest` characters."""
    kept = "".join(c for c in value if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    kept = kept.replace(MARK, MARK.replace("[", "("))  # a requester's text must not pass for a marker of ours
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def safe(value: str, longest: int = LONGEST_VALUE) -> str:
    """Make a value fit for a note: plain, and with markup escaped."""
    return html.escape(plain(value, longest), quote=False)
