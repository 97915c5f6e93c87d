"""The private key that signs checkpoints: it signs, and says which key it is; nobody gets it out by accident."""

from typing import NoReturn, final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from spentkey.core.checkpoint import VerifierKey

SEED_BYTES = 32
"""The random bytes that an Ed25519 key is (RFC 8032, section 5.1.5)."""


@final
class NoteKey:
    """An Ed25519 key. `str()`, formatting and pickling are refused with a `TypeError`; `repr()` shows a mask."""

    __slots__ = ("_private",)

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def from_seed(cls, seed: bytes) -> "NoteKey":
        """The key that these 32 random bytes are."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def read(cls, pem: bytes) -> "NoteKey":
        """The key in a PEM file; raises `ValueError` with what is wrong, in words that quote nothing of it."""
        try:
            private = load_pem_private_key(pem, password=None)
        except TypeError:
            raise ValueError("has a password; the key must be without one") from None
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("is no private key in PEM that can be read") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("holds a key of another type than Ed25519")  # noqa: TRY004  # the file is wrong, not the call
        return cls(private)

    def pem(self) -> bytes:
        """What its own file holds (PKCS #8, without a password), and nothing else may."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, text: str) -> bytes:
        """The 64 bytes over that text."""
        return self._private.sign(text.encode())

    def verifier(self, name: str) -> VerifierKey:
        """The public half, under the name that stands in notes."""
        return VerifierKey(name, self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def __repr__(self) -> str:
        return "<NoteKey hidden>"

    def __str__(self) -> NoReturn:
        raise TypeError("a signing key cannot be turned into text")

    def __format__(self, format_spec: str) -> NoReturn:
        raise TypeError("a signing key cannot be formatted")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key cannot be pickled or copied")
