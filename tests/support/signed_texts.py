"""What a search for secrets leaves out: the file of the signing key, and base64 that is random and may look like anything.

The private key may be in its own file alone, so every other file is searched. Signatures, roots and public keys are
base64 in which `eyJ` or `MII` stands now and then by chance.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from spentkey.storage.key_file import KEY_NAME

KEY_FILES = frozenset(f"{KEY_NAME}{end}" for end in ("", ".half", ".next", ".next.half"))
BY_CHANCE = re.compile(
    r"\u2014 \S+ [A-Za-z0-9+/]{91}=|\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}="
)
"""A signature in a note, a public key as notes write it, a hash."""


def without_chance(text: str) -> str:
    """The text without signatures, public keys and hashes of notes."""
    return BY_CHANCE.sub("", text)


def texts_to_search(files: Iterable[Path]) -> list[str]:
    """What these files hold, as text; the signing key's own file is left out."""
    return [without_chance(one.read_bytes().decode("utf-8", "replace")) for one in files if one.name not in KEY_FILES]
