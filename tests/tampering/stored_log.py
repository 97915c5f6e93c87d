"""The evidence in a store as whoever may write that can change it: in memory, to be edited."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from spentkey.core.checkpoint import VerifierKey, checkpoint_text, read_checkpoint, signed_note
from spentkey.core.evidence import GENESIS, canonical, seal
from spentkey.core.tree import CompactRange, TreeHead, leaf_hash

Json = dict[str, Any]
OURS = frozenset({"v", "seq", "at", "what", "prev", "hash"})
"""The fields that the chain itself gives a record."""
READABLE = '{"seq":0,"at":"2020-01-01T00:00:00+00:00","what":"result"}'


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint as it stands in the store."""

    size: int
    at: float
    note: str


@dataclass
class StoredLog:
    """All of it in memory."""

    lines: list[str]
    nodes: list[bytes]
    checkpoints: list[StoredCheckpoint] = field(default_factory=list[StoredCheckpoint])

    def reseal(self, first: int) -> None:
        """Give every record from there on the number and the hash that its place asks for."""
        prev = json.loads(self.lines[first - 1])["hash"] if first else GENESIS
        for seq in range(first, len(self.lines)):
            record: Json = json.loads(self.lines[seq])
            facts = {name: value for name, value in record.items() if name not in OURS}
            at = record["at"]
            made = seal(prev, seq, _At(at), record["what"], facts)  # type: ignore[arg-type]
            self.lines[seq], prev = made.record_line, made.hash

    def rebuild(self) -> None:
        """Compute the tree anew."""
        tree = CompactRange()
        self.nodes = [b"".join(tree.add(leaf_hash(line))) for line in self.lines]

    def head(self, size: int) -> TreeHead:
        """The root over the first records as they stand now."""
        tree = CompactRange()
        for line in self.lines[:size]:
            tree.add(leaf_hash(line))
        return tree.head()

    def sign(self, private: Ed25519PrivateKey, origin: str) -> None:
        """Write every checkpoint anew that fits into the log, over what stands there now."""
        key = VerifierKey(origin, private.public_key().public_bytes_raw())
        fits = [one for one in self.checkpoints if one.size <= len(self.lines)]
        if not fits or fits[-1].size < len(self.lines):
            fits.append(StoredCheckpoint(len(self.lines), self.checkpoints[-1].at if self.checkpoints else 0.0, ""))
        self.checkpoints = []
        for one in fits:
            text = checkpoint_text(origin, self.head(one.size))
            note = signed_note(text, [(key, private.sign(text.encode()))])
            self.checkpoints.append(replace(one, note=note))

    def origin(self) -> str:
        """The log's own name, by its newest checkpoint."""
        return read_checkpoint(self.checkpoints[-1].note).origin


class _At:
    """A time that is written as it was read."""

    def __init__(self, text: str) -> None:
        self._text = text

    def isoformat(self) -> str:
        return self._text


def row_or_first(row_of: Callable[[str], Sequence[Any]], seq: int, record_line: str, at: Any) -> Sequence[Any]:
    """Columns as the line says; where it says nothing that can be read, those of the first record."""
    try:
        row = list(row_of(record_line))
    except (ValueError, KeyError, TypeError):
        row = [seq, at, "result", *[None] * (len(row_of(READABLE)) - 4), record_line]
    row[0] = seq
    return row


def resealed(record: Json) -> str:
    """The record with the hash that it should have, its place unchanged."""
    facts = {name: value for name, value in record.items() if name not in OURS}
    return seal(record["prev"], record["seq"], _At(record["at"]), record["what"], facts).record_line  # type: ignore[arg-type]


def other_spelling(record_line: str) -> str:
    """The same record, written in another way."""
    return json.dumps(json.loads(record_line))


def as_base64(raw: bytes) -> str:
    """As notes write bytes."""
    return base64.b64encode(raw).decode()


__all__ = ["StoredCheckpoint", "StoredLog", "as_base64", "canonical", "other_spelling", "resealed"]
