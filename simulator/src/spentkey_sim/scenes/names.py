"""Ids, keys and passwords of the built-in world: all of them follow from the seed, and no two are the same."""

import hashlib
import string
import uuid
from dataclasses import dataclass

_LETTERS = string.ascii_letters + string.digits
_SYMBOLS = "!#%*+-=?@_"


@dataclass(frozen=True)
class Names:
    """Whatever has to look random. The same seed and the same purpose always give the same value."""

    seed: int

    def guid(self, *purpose: object) -> str:
        """A GUID, as Entra gives to applications, objects and credentials."""
        return str(uuid.UUID(bytes=self._bytes("guid", *purpose)[:16], version=4))

    def rec_id(self, *purpose: object) -> str:
        """An Ivanti RecId: 32 upper-case hexadecimal digits."""
        return self._bytes("rec-id", *purpose)[:16].hex().upper()

    def client_secret(self, *purpose: object) -> str:
        """40 characters in the manner of Entra, where the fourth to the sixth are always `8Q~`."""
        text = self._text(37, f"{_LETTERS}-._~", "client-secret", *purpose)
        return f"{text[:3]}8Q~{text[3:]}"

    def password(self, *purpose: object) -> str:
        """24 characters of all kinds, as a password generator makes them."""
        return self._text(24, _LETTERS + _SYMBOLS, "password", *purpose)

    def api_key(self, *purpose: object) -> str:
        """32 hexadecimal digits, as Passwordstate and Ivanti show their keys."""
        return self._bytes("api-key", *purpose)[:16].hex()

    def hint(self, *purpose: object) -> str:
        """The first three characters of a secret that nobody knows any more."""
        return self._text(3, _LETTERS, "hint", *purpose)

    def _text(self, length: int, alphabet: str, *purpose: object) -> str:
        stream = b"".join(self._bytes(*purpose, block) for block in range(1 + length // 32))
        return "".join(alphabet[byte % len(alphabet)] for byte in stream[:length])

    def _bytes(self, *purpose: object) -> bytes:
        return hashlib.sha256("\x1f".join(map(str, ("built-in", self.seed, *purpose))).encode()).digest()
