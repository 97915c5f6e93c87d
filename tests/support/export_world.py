"""A log with removals in it, its export, and what somebody who has the export may do with it."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from evidence_store import put_lines
from support_core import ManualClock

from spentkey.core.checkpoint import VerifierKey, checkpoint_text, in_base64, proof_text, read_checkpoint, signed_note
from spentkey.core.evidence import GENESIS, Facts, seal
from spentkey.core.tree import CompactRange, TreeHead, consistency, inclusion, leaf_hash
from spentkey.ports.evidence_tree import Filters
from spentkey.storage.export.export import Contents, write_export
from spentkey.storage.export.judged import judge_export
from spentkey.storage.export.signers import Signer
from spentkey.storage.export.zip_file import zip_in_the_making
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree

BEGAN = datetime(2026, 7, 1, tzinfo=UTC)
ORIGIN = "spentkey/0011223344556677"
PROGRAM = "0.2.0"
ALL = Filters()
STEPS = ("intent", "answer", "verified", "noting", "noted", "closing", "closed", "result")


def key_of(seed: int, name: str = ORIGIN) -> tuple[Ed25519PrivateKey, VerifierKey]:
    """A pair of keys, the same for the same number."""
    private = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
    return private, VerifierKey(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def note_of(head: TreeHead, *seeds: int) -> str:
    """A checkpoint, signed by these keys."""
    text = checkpoint_text(ORIGIN, head)
    return signed_note(text, [(key_of(one)[1], key_of(one)[0].sign(text.encode())) for one in seeds])


def signer_of(seed: int) -> Signer:
    """Who signs with that key."""

    async def sign(head: TreeHead) -> str:
        return note_of(head, seed)

    return Signer(key_of(seed)[1], sign)


def told(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many records of removals, one after the other, each of eight records."""
    for number in range(count):
        task = 40021 + number // len(STEPS)
        what = STEPS[number % len(STEPS)]
        ending = {"outcome": "removed", "ticket": "closed", "app_name": f"Sales & <b>{task}</b>", "kind": "secret"}
        yield what, facts_of(what, task, ending if what == "result" else {})


def facts_of(what: str, task: int, more: Mapping[str, Any]) -> dict[str, Any]:
    """Some facts about a task; tenants and applications take turns."""
    usual: dict[str, Any] = {
        "task": task,
        "attempt": f"a-{task}",
        "run": "r-1",
        "tenant": ("production", "onderwijs")[task % 2],
        "app_id": f"1a1a1a1a-0000-4000-8000-{task % 3:012d}",
        "key_id": f"3c3c3c3c-0000-4000-8000-{task:012d}",
    }
    if what == "intent":
        usual |= {
            "route": "removePassword",
            "kind": "secret",
            "object_id": "o",
            "ended": None,
            "seen": "x",
            "signer": None,
        }
        usual |= {"survivors": [], "client_request_id": "c", "program": PROGRAM}
    return {**usual, **more}


def sealed(records: Sequence[tuple[str, Facts]], prev: str = GENESIS, seq: int = 0) -> list[str]:
    """The lines of a chain, a minute between two of them."""
    lines: list[str] = []
    for what, facts in records:
        one = seal(prev, seq, BEGAN + timedelta(minutes=seq), what, facts)
        prev, seq = one.hash, seq + 1
        lines.append(one.record_line)
    return lines


def resealed(lines: Sequence[str], change: Callable[[list[dict[str, Any]]], object]) -> list[str]:
    """The same chain after a change, written anew so that it verifies."""
    records: list[dict[str, Any]] = [json.loads(one) for one in lines]
    change(records)
    first = json.loads(lines[0])
    plain = [({**one}, one["what"]) for one in records]
    made, prev, seq = list[str](), str(first["prev"]), int(first["seq"])
    for facts, what in plain:
        at = datetime.fromisoformat(facts["at"])
        bare = {name: one for name, one in facts.items() if name not in ("v", "seq", "at", "what", "prev", "hash")}
        sealed_one = seal(prev, seq, at, what, bare)
        prev, seq = sealed_one.hash, seq + 1
        made.append(sealed_one.record_line)
    return made


@dataclass
class LogInATree:
    """A list of lines as the tree they make, to sign and to prove whatever somebody likes."""

    lines: list[str]
    _nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        grown = CompactRange()
        for number, one in enumerate(self.lines):
            for level, node in enumerate(grown.add(leaf_hash(one))):
                self._nodes[level, number >> level] = node

    def node(self, level: int, number: int) -> bytes:
        """One node."""
        return self._nodes[level, number]

    def head(self, size: int | None = None) -> TreeHead:
        """The head over the first records."""
        size = len(self.lines) if size is None else size
        return CompactRange.of(size, self.node).head()

    def proof(self, seq: int, note: str, size: int | None = None) -> str:
        """The proof of a record."""
        return proof_text(seq, inclusion(seq, len(self.lines) if size is None else size, self.node), note)

    def consistency(self, old: int) -> str:
        """The file of that name."""
        hashes = consistency(old, len(self.lines), self.node)
        return "".join(f"{one}\n" for one in (f"old {old}", *map(in_base64, hashes)))


def stored(state: Path, lines: Sequence[str]) -> SqliteTree:
    """A store that holds these lines."""
    put_lines(state, lines)
    return SqliteTree(SqliteEvidence(state, ManualClock()))


async def exported(tree: SqliteTree, file: Path, wanted: Filters = ALL, seed: int | None = 1) -> Contents:
    """An export of what is wanted, in its place."""
    with zip_in_the_making(file) as made:
        contents = await write_export(
            tree, wanted, signer_of(seed) if seed else None, made, PROGRAM, lambda _, __: None
        )
        made.finish()
        made.put_in_place()
    return contents


def unzipped(file: Path) -> dict[str, bytes]:
    """The files of an export."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(file: Path, files: Mapping[str, bytes]) -> Path:
    """A ZIP of these files."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file


def with_manifest(files: Mapping[str, bytes], /, **changed: Any) -> dict[str, bytes]:
    """The same files with a manifest that agrees with them, as whoever changes an export would write it."""
    others = {name: content for name, content in files.items() if name != "manifest.json"}
    manifest = json.loads(files["manifest.json"])
    names = {one: {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)} for one, raw in others.items()}
    records = [one for raw in others["records.jsonl"].split(b"\n") if (one := _said_by(raw)) is not None]
    counts: dict[str, int] = {}
    for one in records:
        counts[one["what"]] = counts.get(one["what"], 0) + 1
        if one["what"] == "result":
            name = f"outcome {one.get('outcome')}"
            counts[name] = counts.get(name, 0) + 1
    note = others.get("checkpoint", b"").split(b"\n")
    root = {"root": note[2].decode("latin-1")} if len(note) > 2 else {}
    manifest |= {
        **root,
        "files": names,
        "records": len(others["records.jsonl"].splitlines()),
        "counts": counts,
        **changed,
    }
    return {**others, "manifest.json": json.dumps(manifest).encode()}


def _said_by(raw: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(raw)
        return record if isinstance(record["what"], str) else None
    except (ValueError, TypeError, KeyError):
        return None


def judged(file: Path, key: VerifierKey | None = None, **given: bytes) -> dict[str, Any]:
    """What is found in it, with such a key and such earlier checkpoints."""
    notes = {name: read_checkpoint(raw.decode()) for name, raw in given.items()}
    return judge_export(file, key, notes, lambda _: None)


def kinds_in(report: Mapping[str, Any]) -> set[str]:
    """The kinds of faults in it."""
    return {one["kind"] for one in report["faults"]}


def lines_of(files: Mapping[str, bytes]) -> list[str]:
    """The records in an export."""
    return files["records.jsonl"].decode().splitlines()


def as_bytes(lines: Sequence[str]) -> bytes:
    """The file that they make."""
    return "".join(f"{one}\n" for one in lines).encode()


def in_memory_zip(files: Mapping[str, bytes]) -> bytes:
    """The bytes of a ZIP of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def proofs_in(files: Mapping[str, bytes]) -> list[int]:
    """The numbers of the records that have a proof of their own."""
    return sorted(int(found[1]) for name in files if (found := re.fullmatch(r"proofs/(\d+)\.tlog-proof", name)))


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, hidden files too."""
    return sorted(one.name for one in folder.iterdir())
