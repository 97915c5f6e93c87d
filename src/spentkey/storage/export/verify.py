"""Verifies an export of Spentkey's evidence with Python (3.9 or later) alone; it reads, and writes nothing to a disk.

    python3 -I verify.py [FOLDER | FILE.zip] [--key KEY] [--checkpoint FILE]...

It ends with 0 if everything holds, 3 if something does not, 4 if that cannot be read. Signatures: Ed25519 (RFC 8032).
Tree and proofs: RFC 9162, section 2.1. Checkpoints, keys and proofs: C2SP signed-note, tlog-checkpoint, tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
CURVE, ROOT_OF_MINUS_1 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
NAMES = re.compile(
    r"records\.jsonl|checkpoint(-from)?|consistency-proof|keys\.txt|population\.json|manifest\.json|report\.html|verify\.py"
    r"|README\.txt|(proofs|keys)/[0-9]{1,19}\.(tlog-proof|json)|anchors/[0-9]{1,19}(-[0-9]{1,6})?\.[a-z0-9]{1,20}"
)
MOST_AT_ONCE, LONGEST, MOST_PROOF, MOST_FAULTS, TOLD_EVERY = 1 << 28, 1 << 24, 1 << 16, 100, 50_000
FORMAT, ENDS = 1, ("result", "step-result")
Json = dict[str, Any]
Key = tuple[str, bytes, bytes]
WRONG = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)
encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class Unreadable(Exception):
    """What was given cannot be judged; the text is one plain line."""


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature is that of this key over the message (RFC 8032, 5.1.3 and 5.1.7)."""

    def point(raw: bytes) -> tuple[int, int]:
        odd, y = divmod(int.from_bytes(raw, "little"), 1 << 255)
        square = (y * y - 1) * pow(CURVE * y * y + 1, -1, P) % P
        x = pow(square, (P + 3) // 8, P)
        x = x if x * x % P == square else x * ROOT_OF_MINUS_1 % P
        if len(raw) != 32 or y >= P or x * x % P != square or (x == 0 and odd):
            raise ValueError("not a point")
        return x if x & 1 == odd else P - x, y

    def added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        (x1, y1), (x2, y2), product = one, other, CURVE * one[0] * other[0] * one[1] * other[1]
        return (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P

    def times(number: int, one: tuple[int, int]) -> tuple[int, int]:
        total = (0, 1)
        while number:
            total, one, number = added(total, one) if number & 1 else total, added(one, one), number >> 1
        return total

    try:
        base, factor = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), int.from_bytes(signature[32:], "little")
        digest = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
        expected = added(point(signature[:32]), times(digest, point(public)))
    except ValueError:
        return False
    return len(signature) == 64 and factor < ORDER and times(factor, base) == expected


def _sha(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def _root(nodes: Sequence[bytes]) -> bytes:
    """The root over the whole nodes of a tree, the largest first."""
    root = nodes[-1] if nodes else _sha(b"")
    for left in reversed(nodes[:-1]):
        root = _sha(b"\x01" + left + root)
    return root


def _walk(at: int, last: int, path: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """From the first of these hashes up to the root (RFC 9162, 2.1.3.2 and 2.1.4.2), and the left ones, the highest first."""
    root, left = path[0], [path[0]]
    for beside in path[1:]:
        if last == 0:
            raise ValueError("too long")
        if at & 1 or at == last:
            root, left = _sha(b"\x01" + beside + root), [beside, *left]
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = _sha(b"\x01" + root + beside)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("too short")
    return root, left


def _old_nodes(old: Note, new: Note, path: Sequence[bytes]) -> list[bytes]:
    """The nodes of the old tree, where the proof shows that `new` goes on from it; raises `ValueError` where not."""
    if old.size == new.size and old.root == new.root and not path:
        return [old.root]
    at, last, path = old.size - 1, new.size - 1, path if old.size & (old.size - 1) else [old.root, *path]
    while at & 1:
        at, last = at >> 1, last >> 1
    root, left = _walk(at, last, path)
    if not 0 < old.size < new.size or (root, _root(left)) != (new.root, old.root):
        raise ValueError("other roots")
    return left


def _bytes(text: str, size: int) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != size or base64.b64encode(raw).decode() != text:
        raise ValueError("not that many bytes in base64")
    return raw


def read_key(text: str) -> Key:
    """Name, id and public bytes of a key that is written NAME+ID+BASE64; raises `ValueError` for anything else."""
    name, stated, public = text.split("+", 2)
    raw = _bytes(public, 33)
    if raw[:1] != b"\x01" or stated != _sha(name.encode() + b"\n" + raw)[:4].hex():
        raise ValueError("not a key")
    return name, bytes.fromhex(stated), raw[1:]


class Note:
    """A checkpoint as it was read; raises `ValueError` where it is none. Unsigned, it ends with an empty line."""

    def __init__(self, raw: bytes) -> None:
        text, empty, below = raw.decode().rpartition("\n\n")
        self.raw, self.text, (self.origin, size, root, *more) = raw, f"{text}\n".encode(), text.split("\n")
        self.size, self.root = int(size), _bytes(root, 32)
        signed = [re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", one) for one in below.splitlines(keepends=True)]
        if (
            not empty
            or not self.origin
            or "" in more
            or str(self.size) != size
            or self.size < 0
            or len(signed) > 16
            or None in signed
        ):
            raise ValueError("not a checkpoint")
        self.signatures = [(one[1], _bytes(one[2], 68)) for one in signed if one]

    def holds_for(self, keys: Mapping[str, Key]) -> dict[str, bool]:
        """For each of these keys that signed it, or so it says, whether its signature holds."""
        pairs = [(text, key, one) for text, key in keys.items() for one in self.signatures]
        ours = [(text, key[2], raw[4:]) for text, key, (name, raw) in pairs if (name, raw[:4]) == key[:2]]
        return {text: verifies(public, self.text, signature) for text, public, signature in ours}


def _proven(raw: bytes, seq: int, record: bytes) -> Note:
    """The checkpoint whose tree holds the record, by this proof; raises `ValueError` where it does not show that."""
    above, _, below = raw.decode().partition("\n\n")
    note, (header, index, *path) = Note(below.encode()), above.split("\n")
    found, _ = _walk(seq, note.size - 1, [_sha(b"\x00" + record), *(_bytes(one, 32) for one in path)])
    if (header, index, found) != ("c2sp.org/tlog-proof@v1", f"index {seq}", note.root) or seq >= note.size:
        raise ValueError("not a proof of that record")
    return note


def read_record(raw: bytes) -> Json | None:
    """What a line says, if it is written in the one way and its hash is its own; None where not."""
    try:
        record = json.loads(raw.decode())
        before, own = encoded({name: one for name, one in record.items() if name < "hash"})[:-1], record["hash"]
        after = encoded({name: one for name, one in record.items() if name > "hash"})[1:]
        bare = f"{before},{after}".encode("utf-8", "backslashreplace")
        whole = f'{before},"hash":"{own}",{after}'.encode("utf-8", "backslashreplace")
        formed = type(record["seq"]) is int and record["seq"] >= 0 and type(record["prev"]) is str
        return record if formed and whole == raw and hashlib.sha256(bare).hexdigest() == own else None
    except WRONG:
        return None


class Records:
    """Takes records in their order: each must be what its own hash says, and follow the one before. Memory stays flat."""

    def __init__(
        self, fault: Callable[..., None], first: int = 0, nodes: Sequence[bytes] = (), whole: bool = True
    ) -> None:
        self.fault, self.next, self.size, self.nodes, self.whole = fault, first, first, list(nodes), whole
        self.prev, self.missing, self.roots = None if first else "0" * 64, set[int](), {first: _root(self.nodes)}

    def take(self, raw: bytes, watched: Collection[int] = ()) -> Json | None:
        """Judge the next line, without its line feed; the tree's roots at the sizes that are watched are noted."""
        record, size, node = read_record(raw), self.size, _sha(b"\x00" + raw)
        while size & 1 and self.nodes:
            node, size = _sha(b"\x01" + self.nodes.pop() + node), size >> 1
        self.nodes.append(node)
        self.size += 1
        if self.size in watched:
            self.roots[self.size] = _root(self.nodes)
        seq, prev, own = (record["seq"], record["prev"], record["hash"]) if record else (self.next, None, None)
        if record is None:
            self.fault("changed", "is not the record that its own hash names", seq)
        elif seq < self.next:
            kind, message = ("moved", "out of its order") if seq in self.missing else ("inserted", "a second time")
            self.fault(kind, f"stands here {message}", seq)
            return self.missing.discard(seq) or record
        elif seq > self.next and self.whole:
            self.missing.update(range(self.next, min(seq, self.next + MOST_FAULTS)))
        elif seq == self.next and self.prev not in (None, prev):
            self.fault("changed", f"does not continue record {seq - 1}: one of the two was written anew", seq)
        self.next, self.prev = seq + 1, own
        return record

    def end(self, size: int, root: bytes, faulty: bool) -> None:
        """Judge what shows only at the end, against the size and root that are signed."""
        for seq in sorted(self.missing):
            self.fault("missing", "is missing", seq)
        if self.next < size:
            self.fault(
                "cut-off", f"and what follows to {size - 1} is cut off: the checkpoint is over {size}", self.next
            )
        elif self.next > size:
            self.fault("inserted", f"is too much: the checkpoint is over {size}", size)
        elif _root(self.nodes) != root and not faulty and not self.missing:
            self.fault(
                "changed", "the root is not the one of the checkpoint: a record was changed, or all written anew"
            )


def needs_proof(record: Mapping[str, Any]) -> bool:
    """Whether a period has a proof of its own for this record: what shows a removal from its intent to its end."""
    closing = record.get("outcome") == "removed" or record.get("ticket") == "closed"
    return record["what"] in ("intent", "verified") or (record["what"] in ENDS and closing)


class Export:
    """Judges one export, in a folder or a ZIP. Nothing is unpacked, and no file is read further than the manifest says."""

    def __init__(self, path: str, key: str = "", given: Mapping[str, Note] | None = None) -> None:
        self.path, self.key, self.given, self.note, self.count = path, key, given or {}, None, 0
        self.faults, self.not_checked, self.files, self.proofs = list[Json](), list[str](), Json(), 0
        try:
            self.zip = None if Path(path).is_dir() else zipfile.ZipFile(path)
            with self.zip.open("manifest.json") if self.zip else Path(path, "manifest.json").open("rb") as file:
                self.manifest: Json = json.loads(file.read(MOST_AT_ONCE))
            if self.manifest["format"] != FORMAT:
                raise ValueError(f"its format is {self.manifest['format']!r}, and this program knows {FORMAT}")
        except WRONG as problem:
            raise Unreadable(f"{path} is no export that can be read ({type(problem).__name__}: {problem})") from None

    def fault(self, kind: str, message: str, seq: int | None = None, where: str = "records.jsonl") -> None:
        """Note one fault; of very many the first."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"kind": kind, "seq": seq, "where": where, "message": message})

    def blocks(self, name: str) -> Iterator[bytes]:
        """A file in parts; with a fault, where it is not the one that the manifest names."""
        digest, size, path = hashlib.sha256(), 0, Path(self.path, name)
        if not self.zip and (path.is_symlink() or not path.is_file()):
            raise ValueError(f"{name} is not a file")
        with self.zip.open(name) if self.zip else path.open("rb") as file:
            while size <= self.files[name]["size"] and (block := file.read(1 << 16)):
                digest.update(block)
                size += len(block)
                yield block
        if self.files[name] != {"sha256": digest.hexdigest(), "size": size}:
            self.fault("manifest", "is not the file that the manifest names", where=name)

    def read(self, name: str, most: int = MOST_AT_ONCE) -> bytes:
        """The whole of a file that is not large; raises one of `WRONG`."""
        if self.files[name]["size"] > most:
            raise ValueError(f"{name} is larger than such a file can be")
        return b"".join(self.blocks(name))

    def judge(self, tell: Callable[[int], None] = lambda _: None) -> Json:
        """The findings, by docs/reference/evidence-verify.schema.json; `tell` hears how many records were read."""
        try:
            self._list_files()
            keys, believed = self._read_keys()
            self.note = note = self._signed("checkpoint", keys, believed)
            start = self._signed("checkpoint-from", keys, keys) if "checkpoint-from" in self.files else None
            records = Records(self.fault, *self._start(note, start), whole=not self.manifest["filtered"])
            self._take_all(note, records, tell)
            for name, one in self.given.items():
                self._compare(name, one, note, keys, records.roots)
        except WRONG as problem:
            self.fault("manifest", f"cannot be read to its end ({type(problem).__name__}: {problem})", where=self.path)
        return {
            "holds": not self.faults,
            "key": "given" if self.key else "not-given" if not self.note or self.note.signatures else "unsigned",
            "records": self.count,
            "size": self.note.size if self.note else 0,
            "root": base64.b64encode(self.note.root).decode() if self.note else None,
            "faults": self.faults,
            "not_checked": self.not_checked,
        }

    def _list_files(self) -> None:
        """Each file but the records and proofs, whose turn is later, is what the manifest says, and there is no other."""
        self.files = dict(self.manifest["files"])
        there = Counter(self.zip.namelist() if self.zip else ["manifest.json", *self.files])
        odd = {name for name in {**there, **self.files} if not NAMES.fullmatch(name) or there[name] != 1}
        for name in sorted(odd | (set(there) ^ {*self.files, "manifest.json"})):
            self.fault("manifest", "is missing, too much, or there twice", where=ascii(name)[:100])
        self.files = {name: one for name, one in self.files.items() if name not in odd}
        for name in sorted(self.files):
            if not name.startswith(("proofs/", "records")):
                for _ in self.blocks(name):
                    pass
        self.not_checked.append("report.html and README.txt retell the records, and prove nothing by themselves")
        if any(name.startswith("anchors/") for name in self.files):
            self.not_checked.append("the time stamps in anchors/: README.txt says how openssl verifies them")
        if self.manifest["filtered"]:
            self.not_checked.append("whether these are all records: the export is filtered, and states no completeness")

    def _read_keys(self) -> tuple[dict[str, Key], set[str]]:
        """The keys that are named, and those that are believed: the given one, and what it handed over to."""
        texts = [one.split()[0] for one in self.read("keys.txt").decode().splitlines() if one and one[0] != "#"]
        keys = {text: read_key(text) for text in [*texts, *([self.key] if self.key else [])]}
        believed = {self.key} if self.key else set(keys)
        for seq in sorted(int(one[5:-5]) for one in self.files if re.fullmatch(r"keys/.*json", one)):
            raw, name = self.read(f"keys/{seq}.json"), f"keys/{seq}.tlog-proof"
            record = read_record(raw) or {}
            if record["lost"]:
                self.not_checked.append(f"record {seq} says that a key was lost: nothing else links the next one to it")
            elif not _proven(self.read(name), seq, raw).holds_for(keys)[record["old"]] or record["what"] != "new-key":
                self.fault("bad-signature", "the old key did not sign that another follows it", seq, name)
            elif record["old"] in believed:
                believed.add(record["new"])
        return keys, believed

    def _signed(self, name: str, keys: Mapping[str, Key], believed: Collection[str]) -> Note:
        """The checkpoint in that file; with a fault, where it is not signed well, or not by a key that is believed."""
        note = Note(self.read(name))
        holds = note.holds_for(keys)
        if not all(holds.values()) or (self.key and not note.signatures):
            self.fault("bad-signature", "its signature does not hold" if holds else "is not signed", where=name)
        elif note.signatures and not set(holds) & set(believed):
            self.fault("other-key", "is signed by another key, and the given one did not hand over to it", where=name)
        return note

    def _start(self, note: Note, start: Note | None) -> tuple[int, list[bytes]]:
        """How many records came before, and the nodes over them, as the proof of consistency shows them."""
        first, stated = start.size if start else 0, self.manifest
        if (0 if stated["filtered"] else stated["from"], stated["to"], stated["origin"]) != (
            first,
            note.size,
            note.origin,
        ):
            self.fault("manifest", "names another period, or another log, than the checkpoints", where="manifest.json")
        if start is None or stated["filtered"]:
            return first, []
        try:
            header, *path = self.read("consistency-proof").decode().splitlines()
            if header != f"old {first}" or start.origin != note.origin:
                raise ValueError("of another checkpoint")
            return first, _old_nodes(start, note, [_bytes(one, 32) for one in path])
        except WRONG as problem:
            self.fault("bad-proof", f"does not show that the log only grew ({problem})", where="consistency-proof")
            return first, []

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self.blocks("records.jsonl"):
            *whole, rest = (rest + block).split(b"\n")
            if len(rest) > LONGEST:
                raise ValueError(f"a line of more than {LONGEST} bytes")
            yield from whole
        if rest:
            self.fault("changed", "the last line does not end with a line feed")

    def _take_all(self, note: Note, records: Records, tell: Callable[[int], None]) -> None:
        """The records, each with its proof; then what the manifest says of all of them."""
        counts, at, watched = Counter[str](), list[str](), {one.size for one in self.given.values() if records.whole}
        for raw in self._lines():
            record, self.count = records.take(raw, watched), self.count + 1
            seq = record["seq"] if record else records.next - 1
            if record:
                counts[record["what"]] += 1
                counts[f"outcome {record.get('outcome')}"] += record["what"] in ENDS
                at = [*at[:1], record["at"]]
                if not _asked_for(record, self.manifest["filters"]):
                    self.fault("manifest", "is not what the filters ask for", seq)
            if f"proofs/{seq}.tlog-proof" in self.files or not record or not records.whole or needs_proof(record):
                self._prove(seq, raw, note, required=record is not None)
            if self.count % TOLD_EVERY == 0:
                tell(self.count)
        faulty = any(one["where"] == "records.jsonl" for one in self.faults)
        if records.whole:
            records.end(note.size, note.root, faulty)
        if self.proofs != sum(name.startswith("proofs/") for name in self.files):
            self.fault("bad-proof", "there are proofs of records that are not here", where="proofs/")
        since, until = (self.manifest["filters"][one] for one in ("since", "until"))
        stamps = [datetime.fromisoformat(one) for one in (*at[:1], *at[-1:])]
        outside = stamps and (
            (since and stamps[0] < datetime.fromisoformat(since))
            or (until and stamps[-1] >= datetime.fromisoformat(until))
        )
        if self.manifest["records"] != self.count or self.manifest["counts"] != +counts or outside:
            self.fault("manifest", "counts other records than there are, or names another time", where="manifest.json")

    def _prove(self, seq: int, raw: bytes, note: Note, required: bool) -> None:
        name = f"proofs/{seq}.tlog-proof"
        if name not in self.files and not required:
            return
        try:
            self.proofs += 1
            if _proven(self.read(name, MOST_PROOF), seq, raw).raw != note.raw:
                raise ValueError("of another checkpoint")
        except WRONG as problem:
            self.fault("bad-proof", f"does not show that the record is in the log ({problem})", seq, name)

    def _compare(self, name: str, given: Note, note: Note, keys: Mapping[str, Key], roots: Mapping[int, bytes]) -> None:
        """A checkpoint that somebody has from before, against what the export shows of that time."""
        root = note.root if given.size == note.size else roots.get(given.size)
        if given.origin != note.origin or root not in (None, given.root):
            self.fault(
                "fork", f"shows another log: its first {given.size} records are not those of the export", where=name
            )
        elif not all(given.holds_for(keys).values()):
            self.fault("bad-signature", "its signature does not hold", where=name)
        elif given.size > note.size and not self.manifest["filters"]["until"]:
            message = f"is over {given.size} records, the export ends after {note.size}: the end was cut off"
            self.fault("cut-off", f"{message}, unless the checkpoint is younger than the export", note.size, name)
        elif root is None:
            self.not_checked.append(f"{name}: it is over {given.size} records, which is outside of this export")


def _asked_for(record: Json, filters: Json) -> bool:
    pairs = (("task", "task"), ("app", "app_id"), ("tenant", "tenant"))
    return all(filters[name] in (None, str(record.get(field))) for name, field in pairs)


def retold(report: Json, *, compared: bool) -> Iterator[str]:
    """The findings in lines for people; `compared` says that an earlier checkpoint was given."""
    if report["key"] == "unsigned" or (report["key"] == "not-given" and not compared):
        what = "the checkpoint is not signed" if report["key"] == "unsigned" else "the key was not given"
        yield f"{what}: whoever made this file may have made the key too (--key KEY, --checkpoint FILE)"
    for one in report["faults"]:
        seq = "" if one["seq"] is None else f", record {one['seq']}"
        yield f"{one['kind']}: {one['where']}{seq}: {one['message']}"
    yield from (f"not checked: {one}" for one in report["not_checked"])
    end = "everything holds" if report["holds"] else f"{len(report['faults'])} faults, people must look"
    yield f"{report['records']} records, of a log of {report['size']}, root {report['root']}: {end}"


def read_note(path: str) -> Note:
    """The checkpoint in a file; raises `Unreadable`."""
    try:
        with Path(path).open("rb") as file:
            return Note(file.read(MOST_PROOF))
    except WRONG as problem:
        raise Unreadable(f"{path} is no checkpoint that can be read ({problem})") from None


def main() -> int:
    """Called as a program: the exit code."""
    parser = argparse.ArgumentParser(description="Verifies an export of Spentkey's evidence; writes nothing.")
    parser.add_argument("path", nargs="?", default=str(Path(__file__).resolve().parent), help="a folder or a ZIP")
    parser.add_argument("--key", default="", help="the key that you know, NAME+ID+BASE64")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint that you have from before")
    asked = parser.parse_args()
    try:
        _ = read_key(asked.key) if asked.key else None
    except ValueError:
        parser.error("--key: a key is written NAME+ID+BASE64")
    try:
        report = Export(asked.path, asked.key, {one: read_note(one) for one in asked.checkpoint}).judge()
    except Unreadable as problem:
        print(f"verify.py: {problem}", file=sys.stderr)
        return 4
    for one in retold(report, compared=bool(asked.checkpoint)):
        print(ascii(one)[1:-1] if not one.isprintable() else one)
    return 0 if report["holds"] else 3


if __name__ == "__main__":
    sys.exit(main())
