"""What somebody does to a store who may write its file: one edit, and how much of the rest he makes fit to it."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from stored_log import Json, StoredCheckpoint, StoredLog, other_spelling, resealed

LAST_KEYS = ("v", "seq", "prev", "hash")


class Effort(IntEnum):
    """How much of the rest is made to fit; each one does what those before it do."""

    EDIT = 0
    RESEAL = 1
    TREE = 2
    DROP = 3
    """The checkpoints that cover the edit are taken out, and `.last` beside the key."""
    OTHER_KEY = 4
    """All checkpoints are signed anew by a key of his own, which is put in the place of ours."""
    STOLEN_KEY = 5


@dataclass(frozen=True)
class Edit:
    """What was done: its name, the first record that is not as it was, and whether one was changed or records went."""

    name: str
    first: int
    effort: Effort


def flip(rng: random.Random, raw: bytes) -> bytes:
    """One bit is another."""
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def other_text(rng: random.Random, text: str) -> str:
    """One printable character is another."""
    at = rng.randrange(len(text))
    new = chr((ord(text[at]) - 33 + rng.randrange(1, 93)) % 93 + 33)
    return text[:at] + new + text[at + 1 :]


def other_value(rng: random.Random, value: Any) -> Any:
    """A value of the same kind that is another."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice((-1, 1, 1000))
    if isinstance(value, str) and value:
        return other_text(rng, value)
    if isinstance(value, list) and value:
        return cast("list[Any]", value)[:-1]
    return "x" if value is None or value == "" else None


def byte(rng: random.Random, log: StoredLog, at: int) -> int:
    """A byte of a record."""
    log.lines[at] = other_text(rng, log.lines[at])
    return at


def field_changed(rng: random.Random, log: StoredLog, at: int) -> int:
    """A field of a record, whose own hash is made to fit."""
    record: Json = json.loads(log.lines[at])
    name = rng.choice(sorted(set(record) - set(LAST_KEYS) - {"at"}))
    record[name] = other_value(rng, record[name])
    log.lines[at] = resealed(record)
    return at


def field_gone(rng: random.Random, log: StoredLog, at: int) -> int:
    """A field less."""
    record: Json = json.loads(log.lines[at])
    del record[rng.choice(sorted(set(record) - set(LAST_KEYS) - {"at", "what"}))]
    log.lines[at] = resealed(record)
    return at


def spelling(rng: random.Random, log: StoredLog, at: int) -> int:
    """The same record, written otherwise."""
    del rng
    log.lines[at] = other_spelling(log.lines[at])
    return at


def taken_out(rng: random.Random, log: StoredLog, at: int) -> int:
    """Some records less."""
    del log.lines[at : at + rng.randrange(1, 5)]
    return at


def put_in(rng: random.Random, log: StoredLog, at: int) -> int:
    """A record more: a copy of another one."""
    log.lines.insert(at, rng.choice(log.lines))
    return at


def moved(rng: random.Random, log: StoredLog, at: int) -> int:
    """A record stands elsewhere."""
    record_line = log.lines.pop(at)
    to = rng.choice([one for one in range(len(log.lines) + 1) if one != at])
    log.lines.insert(to, record_line)
    return min(at, to)


def cut(rng: random.Random, log: StoredLog, at: int) -> int:
    """The end is gone."""
    del rng
    del log.lines[at:]
    return at


EDITS: dict[str, Callable[[random.Random, StoredLog, int], int]] = {
    "a byte": byte,
    "a field": field_changed,
    "a field gone": field_gone,
    "another spelling": spelling,
    "taken out": taken_out,
    "put in": put_in,
    "moved": moved,
    "the end cut": cut,
}
NOT_RESEALED = frozenset({"a byte", "another spelling"})
"""What a resealing would undo, or cannot read."""


def edited(rng: random.Random, log: StoredLog, stolen: Ed25519PrivateKey, least: Effort = Effort.EDIT) -> Edit:
    """Edit the log somewhere, and make the rest fit as far as the drawn effort goes."""
    name = rng.choice(sorted(set(EDITS) - (NOT_RESEALED if least else set())))
    effort = Effort.EDIT if name in NOT_RESEALED else Effort(rng.randrange(least, len(Effort)))
    origin, before = log.origin(), list(log.lines)
    at = rng.randrange(1 if name == "the end cut" else 0, len(log.lines))
    first = EDITS[name](rng, log, at)
    if effort >= Effort.RESEAL and first < len(log.lines):
        log.reseal(first)
    if effort >= Effort.TREE:
        log.rebuild()
    if effort == Effort.DROP:
        log.checkpoints = [one for one in log.checkpoints if one.size <= first]
    if effort >= Effort.OTHER_KEY:
        log.sign(stolen if effort is Effort.STOLEN_KEY else OTHER_KEY, origin)
    same = next((at for at, (one, other) in enumerate(zip(before, log.lines, strict=False)) if one != other), None)
    return Edit(name, min(len(before), len(log.lines)) if same is None else same, effort)


OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x2a" * 32)


def nodes_spoilt(rng: random.Random, log: StoredLog) -> str:
    """The stored tree is another than the records', which stay."""
    at = rng.randrange(len(log.nodes))
    what = rng.choice(["a node", "a node less", "a node more", "no node", "two that changed places"])
    if what == "a node":
        log.nodes[at] = flip(rng, log.nodes[at])
    elif what == "a node less":
        log.nodes[at] = log.nodes[at][:-32]
    elif what == "a node more":
        log.nodes[at] += bytes(32)
    elif what == "no node":
        del log.nodes[at]
    else:
        other = rng.choice([one for one in range(len(log.nodes)) if one != at])
        log.nodes[at], log.nodes[other] = log.nodes[other], log.nodes[at]
    return what


def checkpoint_spoilt(rng: random.Random, log: StoredLog) -> str:
    """A checkpoint says something that nobody signed."""
    at = rng.randrange(len(log.checkpoints))
    old = log.checkpoints[at]
    lines = old.note.split("\n")
    what = rng.choice(["its size", "its root", "its signature", "its origin", "its row", "not signed"])
    if what == "its size":
        lines[1] = str(int(lines[1]) + rng.choice((-1, 1)))
    elif what == "its root":
        lines[2] = log.head(max(0, old.size - 1)).root.hex() if rng.random() < 0.5 else _other_base64(rng, lines[2])
    elif what == "its signature":
        lines[4] = lines[4][:-30] + other_text(rng, lines[4][-30:-4]) + lines[4][-4:]
    elif what == "its origin":
        lines[0] += "x"
    elif what == "not signed":
        del lines[4]
    note = "\n".join(lines)
    log.checkpoints[at] = StoredCheckpoint(old.size + (what == "its row"), old.at, note)
    return what


def _other_base64(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) - 4)
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
