"""Checkpoints: what the tree over the records was at a moment, signed, so that nobody can write it anew unseen.

A checkpoint has three lines, the origin, the size and the root in base64 (c2sp.org/tlog-checkpoint, v1.0.0), inside a
signed note (c2sp.org/signed-note, v1.0.0): that text, an empty line, and a line `— NAME BASE64` for each signature, which
holds four bytes of the key's id and then, for Ed25519, the 64 bytes over the text. Keys are written as notes write them:
`NAME+ID+BASE64`, the id in hexadecimal, then 0x01 and the public key. A proof is the text of c2sp.org/tlog-proof, v1.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from spentkey.core.tree import HASH_BYTES, TreeHead

ED25519 = b"\x01"
"""The type of signature, as signed notes number them."""
KEY_ID_BYTES, SIGNATURE_BYTES, PUBLIC_BYTES = 4, 64, 32
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MOST_SIGNATURES = 16
MOST_CHARACTERS = 64 * 1024
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True)
class VerifierKey:
    """A public key by which checkpoints are verified."""

    name: str
    public: bytes
    """The 32 bytes of an Ed25519 public key."""

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature says which key made it."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{in_base64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that this text names; raises `ValueError` with what is wrong with it."""
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        raw = from_base64(encoded)
        if not is_name(name) or raw is None or len(raw) != 1 + PUBLIC_BYTES or raw[:1] != ED25519:
            raise ValueError("a key is written NAME+ID+BASE64, of type Ed25519")
        key = cls(name, raw[1:])
        if stated != key.id.hex():
            raise ValueError(f"the key's id is {key.id.hex()}, not {stated}")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key made the signature over that text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One line below the text of a note."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A signed note that was read. Nobody has checked its signatures yet."""

    origin: str
    head: TreeHead
    text: str
    """What is signed, with its last line feed."""
    signatures: tuple[Signature, ...]
    note: str

    def signed_by(self, key: VerifierKey) -> bool | None:
        """Whether the key's signature holds; None where there is none of that key."""
        by_key = [one for one in self.signatures if (one.name, one.key_id) == (key.name, key.id)]
        return all(key.verifies(self.text, one.value) for one in by_key) if by_key else None


def checkpoint_text(origin: str, head: TreeHead) -> str:
    """What is signed."""
    return f"{origin}\n{head.size}\n{in_base64(head.root)}\n"


def signed_note(text: str, signatures: Sequence[tuple[VerifierKey, bytes]]) -> str:
    """The text with its signatures."""
    lines = [f"{_DASH}{key.name} {in_base64(key.id + value)}\n" for key, value in signatures]
    return text + "\n" + "".join(lines)


def read_checkpoint(note: str) -> Checkpoint:
    """The checkpoint in a signed note; raises `ValueError` with what is wrong with its form."""
    text, empty, below = note.rpartition("\n\n")
    if not empty or len(note) > MOST_CHARACTERS:
        raise ValueError("a signed note has a text, an empty line and signatures")
    text += "\n"
    if not below.endswith("\n") or any(ord(one) < ord(" ") and one != "\n" for one in note):
        raise ValueError("a signed note ends with a line feed and has no control characters")
    lines = text[:-1].split("\n")
    root = from_base64(lines[2]) if len(lines) >= 3 else None
    if root is None or len(root) != HASH_BYTES or not lines[0] or not _SIZE.fullmatch(lines[1]) or "" in lines:
        raise ValueError("a checkpoint has an origin, a size, and a root of 32 bytes in base64, each in a line")
    signatures = tuple(_signature(one) for one in below[:-1].split("\n"))
    if len(signatures) > MOST_SIGNATURES:
        raise ValueError(f"a signed note has at most {MOST_SIGNATURES} signatures")
    return Checkpoint(lines[0], TreeHead(int(lines[1]), root), text, signatures, note)


def _signature(note_line: str) -> Signature:
    name, _, encoded = note_line.removeprefix(_DASH).partition(" ")
    raw = from_base64(encoded)
    if not note_line.startswith(_DASH) or not is_name(name) or raw is None or len(raw) <= KEY_ID_BYTES:
        raise ValueError("a signature is written `\u2014 NAME BASE64`")
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def proof_text(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """A proof that the record with this number, from 0, is in the tree of that checkpoint (a signed note)."""
    return "".join(f"{one}\n" for one in (PROOF_HEADER, f"index {index}", *map(in_base64, path), "")) + checkpoint


def read_proof(text: str) -> tuple[int, list[bytes], Checkpoint]:
    """The number, the hashes and the checkpoint of a proof; raises `ValueError` with what is wrong with its form."""
    above, _, note = text.partition("\n\n")
    lines = above.split("\n")
    if len(lines) > 2 and lines[1].startswith("extra "):
        del lines[1]
    number = lines[1].removeprefix("index ") if len(lines) > 1 and lines[1].startswith("index ") else ""
    path = [from_base64(one) for one in lines[2:]]
    hashes = [one for one in path if one is not None and len(one) == HASH_BYTES]
    if lines[0] != PROOF_HEADER or not _SIZE.fullmatch(number) or len(hashes) != len(path):
        raise ValueError(f"a proof begins with {PROOF_HEADER}, then a line `index N`, then hashes in base64")
    return int(number), hashes, read_checkpoint(note)


def is_name(text: str) -> bool:
    """Whether a key may be named so: no blanks, no plus sign, no control characters."""
    return _NAME.fullmatch(text) is not None


def in_base64(raw: bytes) -> str:
    """As notes write bytes."""
    return base64.b64encode(raw).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """The bytes; None where the text is not exactly what `in_base64` writes."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if in_base64(raw) == text else None
