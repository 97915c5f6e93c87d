"""What is cut off the ends of values that people copied; it imports nothing, for the process that opens PFX files."""

import unicodedata


def trimmed(text: str) -> str:
    """Without spaces of any kind and format characters (Unicode Cf) at its ends: forms and pages add them unseen."""
    unseen = [is_unseen(character) for character in text]
    if all(unseen):
        return ""
    return text[unseen.index(False) : len(text) - unseen[::-1].index(False)]


def is_unseen(character: str) -> bool:
    """A space of any kind, or a format character."""
    return character.isspace() or unicodedata.category(character) == "Cf"
