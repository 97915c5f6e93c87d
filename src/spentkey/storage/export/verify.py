"""Verifies an export of Spentkey's evidence with Python (3.9 or later) alone; it reads, and writes nothing to a disk.

    python3 -I verify.py [FOLDER | FILE.zip] [--key KEY]

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
ENDS, FORMAT, MOST_AT_ONCE, LONGEST, MOST_FAULTS = ("result", "step-result"), 1, 1 << 28, 1 << 24, 100
TOP = r"records\.jsonl|checkpoint|checkpoint-from|consistency-proof|keys\.txt|population\.json|manifest\.json|report\.html"
NAMES = re.compile(
    TOP + r"|verify\.py|README\.txt|(proofs|keys)/\d{1,19}\.(tlog-proof|json)|anchors/[\d-]{1,30}\.[a-z0-9]{1,20}"
)
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
EVER, NEVER = "0001-01-02T00:00:00+00:00", "9999-12-30T00:00:00+00:00"
encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class UnreadableExport(Exception):
    """What was given cannot be judged; the text is one plain line."""


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature is that of this key over the message (RFC 8032, 5.1.3 to 5.1.7)."""

    def point(raw: bytes) -> tuple[int, ...]:
        odd, y = divmod(int.from_bytes(raw, "little"), 1 << 255)
        square = (y * y - 1) * pow(CURVE * y * y + 1, -1, P) % P
        x = pow(square, (P + 3) // 8, P)
        x = x if x * x % P == square else x * ROOT_OF_MINUS_1 % P
        if len(raw) != 32 or y >= P or x * x % P != square or (x == 0 and odd):
            raise ValueError("not a point")
        x = x if x & 1 == odd else P - x
        return x, y, 1, x * y % P

    def added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
        (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
        a, b, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * CURVE, 2 * z1 * z2
        return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

    def times(number: int, one: tuple[int, ...]) -> tuple[int, ...]:
        total: tuple[int, ...] = (0, 1, 1, 0)
        while number:
            total, one, number = added(total, one) if number & 1 else total, added(one, one), number >> 1
        return total

    try:
        base, factor = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), int.from_bytes(signature[32:], "little")
        digest = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
        (x1, y1, z1, _), (x2, y2, z2, _) = (
            times(factor, base),
            added(point(signature[:32]), times(digest, point(public))),
        )
    except ValueError:
        return False
    return len(signature) == 64 and factor < ORDER and (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0


def sha(raw: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(raw).digest()


def root_over(nodes: Sequence[bytes]) -> bytes:
    """The root over the whole nodes of a tree, the largest first."""
    root = nodes[-1] if nodes else sha(b"")
    for left in reversed(nodes[:-1]):
        root = sha(b"\x01" + left + root)
    return root


def walk(at: int, last: int, path: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """From the first of these hashes up to the root (RFC 9162, 2.1.3.2 and 2.1.4.2), and the left ones, the largest first."""
    root, left = path[0], [path[0]]
    for beside in path[1:]:
        if last == 0:
            raise ValueError("a proof that is too long")
        if at & 1 or at == last:
            root, left = sha(b"\x01" + beside + root), [beside, *left]
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = sha(b"\x01" + root + beside)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("a proof that is too short")
    return root, left


def from_base64(text: str, size: int | None = None) -> bytes:
    """So many bytes, or any; raises `ValueError` where the text is not exactly how they are written."""
    raw = base64.b64decode(text, validate=True)
    if size not in (None, len(raw)) or base64.b64encode(raw).decode() != text:
        raise ValueError("other bytes than there must be, in base64")
    return raw


def read_key(text: str) -> tuple[str, bytes, bytes]:
    """Name, id and public bytes of a key that is written NAME+ID+BASE64; raises `ValueError` for anything else."""
    name, stated, public = text.split("+", 2)
    raw = from_base64(public, 33)
    if raw[:1] != b"\x01" or stated != sha(name.encode() + b"\n" + raw)[:4].hex():
        raise ValueError("no key of type Ed25519")
    return name, bytes.fromhex(stated), raw[1:]


class SignedNote:
    """A checkpoint as it was read; raises `ValueError` where it is none. Unsigned, it ends with an empty line."""

    def __init__(self, raw: bytes) -> None:
        text, empty, below = raw.decode().rpartition("\n\n")
        self.raw, self.text, (self.origin, size, root, *more) = raw, f"{text}\n".encode(), text.split("\n")
        self.size, self.root = int(size), from_base64(root, 32)
        signed = [re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", one) for one in below.splitlines(keepends=True)]
        self.signatures = [
            (one[1], from_base64(one[2])) for one in signed if one
        ]  # of any kind, as others may sign too
        if (
            not (empty and self.origin and re.fullmatch("0|[1-9][0-9]*", size))
            or "" in more
            or None in signed[:16]
            or signed[16:]
        ):
            raise ValueError("no checkpoint")

    def holds_for(self, keys: Collection[str]) -> dict[str, bool]:
        """For each of these keys that signed it, or so it says, whether its signature holds."""
        pairs = [(text, *read_key(text), *one) for text in keys for one in self.signatures]
        ours = [
            (text, public, raw[4:]) for text, name, number, public, by, raw in pairs if (name, number) == (by, raw[:4])
        ]
        return {text: verifies(public, self.text, signature) for text, public, signature in ours}


def proven(raw: bytes, seq: int, record: bytes) -> SignedNote:
    """The checkpoint whose tree holds the record, by this proof; raises `ValueError` where it does not show that."""
    above, _, below = raw.decode().partition("\n\n")
    note, (header, index, *path) = SignedNote(below.encode()), above.split("\n")
    root, _ = walk(seq, note.size - 1, [sha(b"\x00" + record), *(from_base64(one, 32) for one in path)])
    if (header, index, root) != ("c2sp.org/tlog-proof@v1", f"index {seq}", note.root) or seq >= note.size:
        raise ValueError("a proof of something else")
    return note


def read_record(raw: bytes) -> dict[str, Any] | None:
    """What a line says, if it is written in the one way and its hash is its own; None where not."""
    try:
        record = json.loads(raw.decode())
        names, own = list(record), record.pop("hash")
        bare = encoded(record).encode("utf-8", "backslashreplace")
        written = raw.replace(b'"hash":"%s",' % own.encode(), b"", 1) == bare and names == sorted(names)
        formed = type(record["seq"]) is int and record["seq"] >= 0 and type(record["prev"]) is str
        record["hash"] = own
        return record if written and formed and hashlib.sha256(bare).hexdigest() == own else None
    except WRONG:
        return None


class Records:
    """Takes records in their order: each must be what its own hash says, and follow the one before. Memory stays flat."""

    def __init__(
        self, fault: Callable[..., None], first: int = 0, nodes: Sequence[bytes] = (), whole: bool = True
    ) -> None:
        self.fault, self.next, self.size, self.nodes, self.whole = fault, first, first, list(nodes), whole
        self.prev, self.missing, self.roots = None if first else "0" * 64, set[int](), {first: root_over(self.nodes)}

    def take(self, raw: bytes, watched: Collection[int] = ()) -> dict[str, Any] | None:
        """Judge the next line, without its line feed; the tree's roots at the sizes that are watched are noted."""
        record, size, node = read_record(raw), self.size, sha(b"\x00" + raw)
        while size & 1 and self.nodes:
            node, size = sha(b"\x01" + self.nodes.pop() + node), size >> 1
        self.nodes.append(node)
        self.size += 1
        if self.size in watched:
            self.roots[self.size] = root_over(self.nodes)
        seq, prev, own = (record["seq"], record["prev"], record["hash"]) if record else (self.next, None, None)
        if record is None:
            self.fault("changed", "is not the record that its own hash names", seq)
        elif seq < self.next:
            kind, how = ("moved", "out of its order") if seq in self.missing else ("inserted", "a second time")
            self.fault(kind, f"stands here {how}", seq)
            return self.missing.discard(seq) or record
        elif seq > self.next and self.whole:
            self.missing.update(range(self.next, min(seq, self.next + MOST_FAULTS)))
        elif seq == self.next and self.prev not in (None, prev):
            self.fault("changed", f"does not continue record {seq - 1}: one of the two was written anew", seq)
        self.next, self.prev = seq + 1, own
        return record

    def end(self, size: int, root: bytes, faulty: bool) -> None:
        """Judge what shows only at the end, against the size and root that are signed; `faulty`: something was named."""
        for seq in sorted(self.missing)[:MOST_FAULTS]:
            self.fault("missing", "is missing", seq)
        if self.next < size:
            self.fault("cut-off", f"and all behind it is cut off: the checkpoint is over {size}", self.next)
        elif self.next > size:
            self.fault("inserted", f"is too much: the checkpoint is over {size}", size)
        elif root_over(self.nodes) != root and not faulty and not self.missing:
            self.fault(
                "changed", "the root is not the one of the checkpoint: a record was changed, or all written anew"
            )


def needs_proof(record: Mapping[str, Any]) -> bool:
    """Whether it has a proof of its own in the export of a period: what shows a removal, from its intent to its end."""
    closing = record.get("outcome") == "removed" or record.get("ticket") == "closed"
    return record["what"] in ("intent", "verified") or (record["what"] in ENDS and closing)


class Export:
    """Judges one export, in a folder or a ZIP. Nothing is unpacked, and no file is read further than the manifest says."""

    def __init__(self, path: str, key: str = "", watched: Collection[int] = ()) -> None:
        self.path, self.key, self.watched, self.keys, self.proofs, self.count = path, key, watched, set[str](), 0, 0
        self.faults, self.not_checked, self.files = list[dict[str, Any]](), list[str](), dict[str, Any]()
        self.note, self.records = None, Records(self.fault)
        try:
            self.zip = None if Path(path).is_dir() else zipfile.ZipFile(path)
            with self.zip.open("manifest.json") if self.zip else Path(path, "manifest.json").open("rb") as file:
                self.manifest = dict[str, Any](json.loads(file.read(MOST_AT_ONCE)))
            if self.manifest["format"] != FORMAT:
                raise ValueError(f"its format is {self.manifest['format']!r}, and this program knows {FORMAT}")
        except WRONG as problem:
            raise UnreadableExport(
                f"{path} is no export that can be read ({type(problem).__name__}: {problem})"
            ) from None

    def fault(self, kind: str, message: str, seq: int | None = None, where: str = "records.jsonl") -> None:
        """Note one fault; of very many the first."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"kind": kind, "seq": seq, "where": where, "message": message})

    def blocks(self, name: str) -> Iterator[bytes]:
        """A file in parts; with a fault, where it is not the one that the manifest names."""
        digest, size, path = hashlib.sha256(), 0, Path(self.path, name)
        if not self.zip and (path.is_symlink() or not path.is_file()):
            raise ValueError(f"{name} is no file")
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

    def judge(self, tell: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
        """The findings, by docs/reference/evidence-verify.schema.json; `tell` hears how many records were read."""
        try:
            self._look_at_files()
            believed = self._believed()
            note = self.note = self._signed("checkpoint", believed)
            start = self._signed("checkpoint-from", self.keys) if "checkpoint-from" in self.files else None
            self.records = Records(self.fault, *self._start(note, start), whole=not self.manifest["filtered"])
            self._take_all(note, tell)
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

    def _look_at_files(self) -> None:
        self.files, filtered = dict(self.manifest["files"]), self.manifest["filtered"]
        there = Counter(self.zip.namelist() if self.zip else ["manifest.json", *self.files])
        odd = {name for name in {**there, **self.files} if not NAMES.fullmatch(name) or there[name] != 1}
        for name in sorted(odd | (set(there) ^ {*self.files, "manifest.json"})):
            self.fault("manifest", "is missing, too much, or there twice", where=ascii(name)[:100])
        self.files = {name: one for name, one in self.files.items() if name not in odd}
        for name in sorted(one for one in self.files if not one.startswith(("proofs/", "records"))):
            for _ in self.blocks(name):
                pass
        remarks = {"report.html and README.txt retell the records, and prove nothing by themselves": True}
        remarks["the time stamps in anchors/: README.txt says how openssl does"] = any(
            "anchors/" in one for one in self.files
        )
        remarks["whether these are all records: the export is filtered, and states no completeness"] = filtered
        self.not_checked += [text for text, is_so in remarks.items() if is_so]

    def _believed(self) -> set[str]:
        """Of all keys that are named, those that are believed: the given one, and what it handed over to."""
        self.keys = {one.split()[0] for one in self.read("keys.txt").decode().splitlines() if one[:1] not in ("", "#")}
        self.keys |= {self.key} - {""}
        believed = {self.key} if self.key else set(self.keys)
        for seq in sorted(int(one[5:-5]) for one in self.files if re.fullmatch("keys/.*json", one)):
            raw, name = self.read(f"keys/{seq}.json"), f"keys/{seq}.tlog-proof"
            record = read_record(raw) or {}
            if record["lost"]:
                self.not_checked.append(f"record {seq} says that a key was lost: nothing else links the next one to it")
            elif record["what"] != "new-key" or not proven(self.read(name), seq, raw).holds_for([record["old"]]).get(
                record["old"]
            ):
                self.fault("bad-signature", "the old key did not sign that another follows it", seq, name)
            elif record["old"] in believed:
                believed.add(record["new"])
        return believed

    def _signed(self, name: str, believed: Collection[str]) -> SignedNote:
        note = SignedNote(self.read(name))
        holds = note.holds_for(self.keys)
        if not all(holds.values()) or (self.key and not note.signatures):
            self.fault("bad-signature", "its signature does not hold" if holds else "is not signed", where=name)
        elif note.signatures and not set(holds) & set(believed):
            self.fault("other-key", "is signed by another key, and the given one did not hand over to it", where=name)
        return note

    def _start(self, note: SignedNote, start: SignedNote | None) -> tuple[int, list[bytes]]:
        """How many records came before, and the nodes over them, as the proof of consistency shows them."""
        first, stated = start.size if start else 0, self.manifest
        bounds = (
            0 if stated["filtered"] else stated["from"],
            stated["to"],
            stated["origin"],
            from_base64(stated["root"], 32),
        )
        if bounds != (first, note.size, note.origin, note.root) or stated["key"] not in (None, *self.keys):
            self.fault("manifest", "names another period, log, root or key than the checkpoints", where="manifest.json")
        if start is None or stated["filtered"]:
            return first, []
        try:
            header, *path = self.read("consistency-proof").decode().splitlines()
            hashes = [*([start.root] if not first & (first - 1) else []), *(from_base64(one, 32) for one in path)]
            at, last = first - 1, note.size - 1
            while at & 1:
                at, last = at >> 1, last >> 1
            root, nodes = walk(at, last, hashes) if first < note.size else (start.root, [start.root][: not path])
            if (header, start.origin, root, root_over(nodes)) != (f"old {first}", note.origin, note.root, start.root):
                raise ValueError("a proof of something else")
        except WRONG as problem:
            self.fault("bad-proof", f"does not show that the log only grew ({problem})", where="consistency-proof")
            return first, []
        return first, nodes

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self.blocks("records.jsonl"):
            *whole, rest = (rest + block).split(b"\n")
            if len(rest) > LONGEST:
                raise ValueError(f"a line of more than {LONGEST} bytes")
            yield from whole
        if rest:
            self.fault("changed", "the last line does not end with a line feed")

    def _take_all(self, note: SignedNote, tell: Callable[[int], None]) -> None:
        """The records, each with its proof; then what the manifest says of all of them."""
        counts, at, filters, records = Counter[str](), list[str](), self.manifest["filters"], self.records
        for raw in self._lines():
            record, self.count = records.take(raw, self.watched if records.whole else ()), self.count + 1
            if record:
                counts.update(
                    [record["what"], *([f"outcome {record.get('outcome')}"] if record["what"] in ENDS else [])]
                )
                at = [*at[:1], record["at"]]
                self._prove(record, raw, note)
                if filters["task"] not in (None, str(record.get("task"))):
                    self.fault("manifest", "is of another task than the filter", record["seq"])
            if self.count % 50_000 == 0:
                tell(self.count)
        if records.whole:
            records.end(note.size, note.root, any(one["where"] == "records.jsonl" for one in self.faults))
        if self.proofs != sum(name.startswith("proofs/") for name in self.files):
            self.fault("bad-proof", "there are proofs of records that are not here", where="proofs/")
        since, until = (
            datetime.fromisoformat(filters[one] or limit) for one, limit in (("since", EVER), ("until", NEVER))
        )
        times = [datetime.fromisoformat(one) for one in at if records.whole]  # a clock may be set back in between
        outside = bool(times) and (times[0] < since or times[-1] >= until)
        if self.manifest["records"] != self.count or self.manifest["counts"] != counts or outside:
            self.fault("manifest", "counts other records than there are, or names another time", where="manifest.json")

    def _prove(self, record: dict[str, Any], raw: bytes, note: SignedNote) -> None:
        name = f"proofs/{record['seq']}.tlog-proof"
        if name in self.files or self.manifest["filtered"] or needs_proof(record):
            try:
                self.proofs += name in self.files
                if proven(self.read(name, 1 << 16), record["seq"], raw).raw != note.raw:
                    raise ValueError("a proof of another checkpoint")
            except WRONG as problem:
                self.fault("bad-proof", f"does not show that the record is in the log ({problem})", record["seq"], name)


def main() -> int:
    """Called as a program: the exit code."""
    parser = argparse.ArgumentParser(description="Verifies an export of Spentkey's evidence; writes nothing.")
    parser.add_argument("path", nargs="?", default=str(Path(__file__).resolve().parent), help="a folder or a ZIP")
    parser.add_argument("--key", default="", help="the key that you know, NAME+ID+BASE64")
    asked = parser.parse_args()
    try:
        _ = read_key(asked.key) if asked.key else None
        found = Export(asked.path, asked.key).judge()
    except (UnreadableExport, ValueError) as problem:
        print(f"verify.py: {asked.key and '--key or '}{asked.path}: {ascii(str(problem))[1:-1]}", file=sys.stderr)
        return 4 if isinstance(problem, UnreadableExport) else 2
    if not asked.key:
        print("the key was not given (--key): whoever made this file may have made the key too")
    for one in found["faults"]:
        print(f"{one['kind']}: {one['where']}, record {one['seq']}: {ascii(one['message'])[1:-1]}")
    for text in found["not_checked"]:
        print(f"not checked: {text}")
    print(
        f"{found['records']} records of a log of {found['size']}, root {found['root']}:",
        "it holds" * found["holds"] or "FAULTS",
    )
    return 0 if found["holds"] else 3


if __name__ == "__main__":
    sys.exit(main())
