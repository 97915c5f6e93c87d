"""How two names differ that look the same on a screen: which characters cannot be seen in them, by code point and name."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from spentkey.core.reason import Reason, ReasonKind

IGNORABLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)
"""Characters that no screen shows although they are no format characters: Default_Ignorable_Code_Point of Unicode's
DerivedCoreProperties, and the blank pattern of Braille."""
IN_A_ROW = ReasonKind(
    "spaces-in-a-row",
    "U+0020 SPACE {count} times in a row",
    "{count} keer U+0020 SPACE na elkaar",
    "U+0020 SPACE {count} fois de suite",
)
IN_TASK = ReasonKind("in-the-task", "{what} in {name}", "{what} in {name}", "{what} dans {name}")
IN_DIRECTORY = ReasonKind(
    "in-the-directory",
    "{what} in the directory's name",
    "{what} in de naam van de directory",
    "{what} dans le nom de l'annuaire",
)


def as_seen(name: str) -> str:
    """A name as a screen shows it: every kind of space alike and once, and nothing of what cannot be seen."""
    shown = "".join(" " if one.isspace() else "" if _is_hidden(one) else one for one in name)
    return " ".join(shown.split())


def unseen_differences(asked: str, shown: str, name: str) -> tuple[Reason, ...]:
    """What a screen does not show of two names and that tells them apart: first of the task's, then of the directory's.

    `name` is that of the parameter that holds the task's.
    """
    in_task, in_directory = _unseen(asked), _unseen(shown)
    only = (_names(in_task - in_directory), _names(in_directory - in_task))
    if not any(only):  # the same characters, at other places
        only = (_names(in_task), _names(in_directory))
    return (*(IN_TASK(what=what, name=name) for what in only[0]), *(IN_DIRECTORY(what=what) for what in only[1]))


def _is_hidden(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") or any(
        first <= code <= last for first, last in IGNORABLE
    )


def _unseen(name: str) -> Counter[str]:
    """The characters that cannot be seen or told from a plain space, and runs of plain spaces, as texts of spaces."""
    found: Counter[str] = Counter()
    spaces = 0
    for one in (*name.strip(" "), ""):
        if one == " ":
            spaces += 1
            continue
        if spaces > 1:
            found[" " * spaces] += 1
        spaces = 0
        if one and (one.isspace() or _is_hidden(one)):
            found[one] += 1
    return found


def _names(characters: Counter[str]) -> Sequence[str]:
    return [_name(one) for one in characters]


def _name(character: str) -> str:
    if len(character) > 1:
        return IN_A_ROW(count=len(character))
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
