"""What is cut off the ends of values that people copied; it imports nothing, for the process that opens PFX files."""

import unicodedata


def trimmed(text: str) -> str:
    """Without spaces of any kind and format characters (Unicode Cf) at its ends: forms and pages add them unseen."""
    if text.isascii() and text.isprintable():  # of these only the blank is a space, and none is a format character
        return text.strip(" ")
    begin, end = 0, len(text)
    while begin < end and is_unseen(text[begin]):
        begin += 1
    while end > begin and is_unseen(text[end - 1]):
        end -= 1
    return text[begin:end]


def is_unseen(character: str) -> bool:
    """A space of any kind, or a format character."""
    return character.isspace() or unicodedata.category(character) == "Cf"
