"""Verifies an export of Spentkey's evidence with Python (3.9 or later) alone; it reads, and writes nothing to a disk.

    python3 -I verify.py [FOLDER | FILE.zip] [--key KEY]

It ends with 0 if everything holds, 3 if something does not, 4 if that cannot be read. Signatures: Ed25519 (RFC 8032).
Tree and proofs: RFC 9162, section 2.1. Checkpoints, keys and proofs: C2SP signed-note, tlog-checkpoint, tlog-proof.
"""

# It is set closely, so that an auditor reads all of it in one sitting.
# fmt: off
# ruff: noqa: ANN204, D102, D103, E401, E701, I001
from __future__ import annotations
import argparse, base64, hashlib, io, json, re, sys, zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any, cast

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
CURVE, ROOT_OF_MINUS_1 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
BASE = (4 * pow(5, -1, P) % P).to_bytes(32, "little")
ENDS, FORMAT, MOST_AT_ONCE, LONGEST, MOST_FAULTS = ("result", "step-result"), 1, 1 << 28, 1 << 24, 100
TOP = r"records\.jsonl|checkpoint(-from)?|consistency-proof|keys\.txt|population\.json|manifest\.json|report\.html|"
NAMES = TOP + r"verify\.py|README\.txt|(proofs|keys)/\d{1,19}\.(tlog-proof|json)|anchors/[\d-]{1,30}\.[a-z0-9]{1,20}"
EVER, NEVER = "0001-01-02T00:00:00+00:00", "9999-12-30T00:00:00+00:00"
WRONG = Exception  # what comes from anywhere can break the reading in any way; nothing is shown by it then
encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode

class UnreadableExport(Exception): """What was given cannot be judged; the text is one plain line."""

def why(problem: Exception) -> str: return f"{type(problem).__name__}: {problem}"

# Ed25519: points of the curve as (x, y), by the formulas of RFC 8032, 5.1.3, 5.1.4 and 5.1.7.
def point(raw: bytes) -> tuple[int, int]:
    odd, y = divmod(int.from_bytes(raw, "little"), 1 << 255)
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT_OF_MINUS_1 % P
    if len(raw) != 32 or y >= P or x * x % P != square or (x == 0 and odd): raise ValueError("not a point")
    return x if x & 1 == odd else P - x, y

def added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, other
    twist = CURVE * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + twist, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - twist, -1, P) % P

def times(number: int, one: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    while number:
        total, one, number = added(total, one) if number & 1 else total, added(one, one), number >> 1
    return total

def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that of this key over the message."""
    factor = int.from_bytes(signature[32:], "little")
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    if len(signature) != 64 or factor >= ORDER: return False
    try:
        return times(factor, point(BASE)) == added(point(signature[:32]), times(digest, point(public)))
    except ValueError:
        return False

# The tree: RFC 9162, 2.1. A record's leaf and the nodes above it; what a proof of inclusion or of consistency leads to.
def sha(raw: bytes) -> bytes: return hashlib.sha256(raw).digest()

def root_over(nodes: Sequence[bytes]) -> bytes:
    """The root over the whole nodes of a tree, the largest first."""
    return reduce(lambda right, left: sha(b"\x01" + left + right), reversed(nodes)) if nodes else sha(b"")

def included(at: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root of the tree of that size in which the leaf stands there, by this path."""
    if size == 1 and not path: return leaf
    *below, beside = path  # raises `ValueError` where the path is too short
    half = 1 << (size - 1).bit_length() >> 1
    if at < half: return sha(b"\x01" + included(at, half, leaf, below) + beside)
    return sha(b"\x01" + beside + included(at - half, size - half, leaf, below))

def continued(old: int, new: int, start: bytes, path: Sequence[bytes]) -> tuple[list[bytes], bytes]:
    """The whole nodes of the tree of the old size, which has the root `start`, and the root of the new one."""
    if old == new:
        [node] = path or [start]
        return [node], node
    *below, beside = path
    half = 1 << (new - 1).bit_length() >> 1
    if old <= half:
        nodes, root = continued(old, half, start, below)
        return nodes, sha(b"\x01" + root + beside)
    nodes, root = continued(old - half, new - half, start, below)
    return [beside, *nodes], sha(b"\x01" + beside + root)

# Keys, checkpoints and proofs: C2SP. Everything raises `ValueError` where the text is not what it must be.
def from_base64(text: str, size: int | None = None) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if size in (None, len(raw)) and base64.b64encode(raw).decode() == text: return raw
    raise ValueError("other bytes than there must be, in base64")

def read_key(text: str) -> tuple[str, bytes, bytes]:
    """Name, id and public bytes of a key that is written NAME+ID+BASE64."""
    name, stated, public = text.split("+", 2)
    raw = from_base64(public, 33)
    number = sha(name.encode() + b"\n" + raw)[:4]
    if raw[:1] == b"\x01" and stated == number.hex(): return name, number, raw[1:]
    raise ValueError("no key of type Ed25519")

class SignedNote:
    """A checkpoint as it was read. Unsigned, it ends with an empty line."""

    def __init__(self, raw: bytes) -> None:
        text, empty, below = raw.decode().rpartition("\n\n")
        self.raw, self.text, (self.origin, size, root, *more) = raw, f"{text}\n".encode(), text.split("\n")
        signed = [re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", one) for one in below.splitlines(keepends=True)]
        formed = empty and self.origin and re.fullmatch("0|[1-9][0-9]*", size) and "" not in more
        if not formed or None in signed or len(signed) > 16: raise ValueError("no checkpoint")
        self.size, self.root = int(size), from_base64(root, 32)
        self.signatures = [(one[1], from_base64(one[2])) for one in signed if one]  # of any kind: others may sign too

    def holds_for(self, keys: Collection[str]) -> dict[str, bool]:
        """For each of these keys that signed it, or so it says, whether its signature holds."""
        pairs = [(text, read_key(text), *one) for text in keys for one in self.signatures]
        ours = [(text, key[2], raw[4:]) for text, key, name, raw in pairs if key[:2] == (name, raw[:4])]
        holds = [(text, verifies(public, self.text, signature)) for text, public, signature in ours]
        return {text: all(one for by, one in holds if by == text) for text, _ in holds}

def proven(raw: bytes, seq: int, record: bytes) -> SignedNote:
    """The checkpoint whose tree holds the record, by this proof."""
    above, _, below = raw.decode().partition("\n\n")
    note, (header, index, *path) = SignedNote(below.encode()), above.split("\n")
    named = (header, index) == ("c2sp.org/tlog-proof@v1", f"index {seq}") and seq < note.size
    root = included(seq, note.size, sha(b"\x00" + record), [from_base64(one, 32) for one in path])
    if named and root == note.root: return note
    raise ValueError("a proof of something else")

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
    """Takes records in their order: each is what its own hash says, and follows the one before. Memory stays flat."""

    def __init__(self, fault: Callable[..., None], first: int = 0, nodes: Sequence[bytes] = (), whole: bool = True):
        self.fault, self.next, self.size, self.nodes, self.whole = fault, first, first, list(nodes), whole
        self.prev, self.missing = None if first else "0" * 64, set[int]()

    def take(self, raw: bytes) -> dict[str, Any] | None:
        """Judge the next line, without its line feed."""
        record, size, node = read_record(raw), self.size, sha(b"\x00" + raw)
        while size & 1 and self.nodes:
            node, size = sha(b"\x01" + self.nodes.pop() + node), size >> 1
        self.nodes.append(node)
        self.size += 1
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
        """Judge what shows only at the end, by the size and root that are signed; `faulty`: something was named."""
        for seq in sorted(self.missing)[:MOST_FAULTS]:
            self.fault("missing", "is missing", seq)
        if self.next < size:
            self.fault("cut-off", f"and all behind it is cut off: the checkpoint is over {size}", self.next)
        elif self.next > size:
            self.fault("inserted", f"is too much: the checkpoint is over {size}", size)
        elif root_over(self.nodes) != root and not faulty and not self.missing:
            self.fault("changed", "the root is not the checkpoint's: a record was changed, or all written anew")

def needs_proof(record: Mapping[str, Any]) -> bool:
    """Whether it has a proof of its own in the export of a period: what shows a removal, from its intent to its end."""
    closing = record.get("outcome") == "removed" or record.get("ticket") == "closed"
    return record["what"] in ("intent", "verified") or (record["what"] in ENDS and closing)

class Export:
    """Judges one export, a folder or a ZIP. Nothing is unpacked, no file is read further than the manifest says."""

    def __init__(self, path: str, key: str = "") -> None:
        self.path, self.key, self.keys, self.proofs, self.count = path, key, set[str](), 0, 0
        self.faults, self.not_checked, self.files = list[dict[str, Any]](), list[str](), dict[str, Any]()
        self.note, self.records = None, Records(self.fault)
        try:
            self.zip = None if Path(path).is_dir() else zipfile.ZipFile(path)
            with self.zip.open("manifest.json") if self.zip else Path(path, "manifest.json").open("rb") as file:
                self.manifest = dict[str, Any](json.loads(file.read(MOST_AT_ONCE)))
            known = self.manifest["format"] == FORMAT
        except WRONG as problem:
            raise UnreadableExport(f"{path} is no export that can be read ({why(problem)})") from None
        if not known: raise UnreadableExport(f"{path} is no export that can be read: its format is not {FORMAT}")

    def fault(self, kind: str, message: str, seq: int | None = None, where: str = "records.jsonl") -> None:
        """Note one fault; of very many the first."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"kind": kind, "seq": seq, "where": where, "message": message})

    def lines(self, name: str) -> Iterator[bytes]:
        """A file by its lines, line feeds included; with a fault, where it is not the one that the manifest names."""
        digest, size, path = hashlib.sha256(), 0, Path(self.path, name)
        if not self.zip and (path.is_symlink() or not path.is_file()): raise ValueError(f"{name} is no file")
        with io.BufferedReader(cast("Any", self.zip.open(name)), 1 << 16) if self.zip else path.open("rb") as file:
            while size <= self.files[name]["size"] and (part := file.readline(LONGEST)):
                digest.update(part)
                size += len(part)
                yield part
        if self.files[name] != {"sha256": digest.hexdigest(), "size": size}:
            self.fault("manifest", "is not the file that the manifest names", where=name)

    def read(self, name: str, most: int = MOST_AT_ONCE) -> bytes:
        if self.files[name]["size"] <= most: return b"".join(self.lines(name))
        raise ValueError(f"{name} is larger than such a file can be")

    def judge(self) -> dict[str, Any]:
        """The findings, by docs/reference/evidence-verify.schema.json."""
        try:
            self._look_at_files()
            believed = self._believed()
            note = self.note = self._signed("checkpoint", believed)
            start = self._signed("checkpoint-from", self.keys) if "checkpoint-from" in self.files else None
            self.records = self.begin(*self._start(note, start))
            self._take_all(note)
        except WRONG as problem:
            self.fault("manifest", f"cannot be read to its end ({why(problem)})", where=self.path)
        size, root = (self.note.size, base64.b64encode(self.note.root).decode()) if self.note else (0, None)
        key = "given" if self.key else "not-given" if not self.note or self.note.signatures else "unsigned"
        found = {"holds": not self.faults, "key": key, "records": self.count, "size": size, "root": root}
        return {**found, "faults": self.faults, "not_checked": self.not_checked}

    def begin(self, first: int, nodes: Sequence[bytes]) -> Records:
        return Records(self.fault, first, nodes, not self.manifest["filtered"])

    def _look_at_files(self) -> None:
        self.files, filtered = dict(self.manifest["files"]), bool(self.manifest["filtered"])
        there = Counter(self.zip.namelist() if self.zip else ["manifest.json", *self.files])
        odd = {name for name in {**there, **self.files} if not re.fullmatch(NAMES, name) or there[name] != 1}
        for name in sorted(odd | (set(there) ^ {*self.files, "manifest.json"})):
            self.fault("manifest", "is missing, too much, or there twice", where=ascii(name)[:100])
        self.files = {name: one for name, one in self.files.items() if name not in odd}
        for name in sorted(one for one in self.files if not one.startswith(("proofs/", "records"))):
            for _ in self.lines(name): pass
        self.not_checked = ["report.html and README.txt retell the records, and prove nothing by themselves"]
        if any("anchors/" in one for one in self.files):
            self.not_checked += ["the time stamps in anchors/: README.txt says how openssl does"]
        if filtered:
            self.not_checked += ["whether these are all records: the export is filtered, and states no completeness"]

    def _believed(self) -> set[str]:  # of all keys that are named, the given one, and what it handed over to
        self.keys = {one.split()[0] for one in self.read("keys.txt").decode().splitlines() if one[:1] not in ("", "#")}
        self.keys |= {self.key} - {""}
        believed = {self.key} if self.key else set(self.keys)
        for seq in sorted(int(one[5:-5]) for one in self.files if re.fullmatch("keys/.*json", one)):
            raw, name = self.read(f"keys/{seq}.json"), f"keys/{seq}.tlog-proof"
            record = read_record(raw) or {}
            if record["lost"]:
                self.not_checked += [f"record {seq} says that a key was lost: nothing else links the next one to it"]
                continue
            old, new = record["old"], record["new"]
            if record["what"] != "new-key" or proven(self.read(name), seq, raw).holds_for([old]) != {old: True}:
                self.fault("bad-signature", "the old key did not sign that another follows it", seq, name)
            elif old in believed: believed.add(new)
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
        # How many records came before, and the nodes over them, as the proof of consistency shows them.
        first, said, root = start.size if start else 0, self.manifest, base64.b64encode(note.root).decode()
        period = first if said["filtered"] else said["from"], said["to"], said["origin"], said["root"]
        if period != (first, note.size, note.origin, root) or said["key"] not in (None, *self.keys):
            self.fault("manifest", "names another period, log, root or key than the checkpoints", where="manifest.json")
        if start is None or said["filtered"]: return first, []
        try:
            header, *path = self.read("consistency-proof").decode().splitlines()
            nodes, new = continued(first, note.size, start.root, [from_base64(one, 32) for one in path])
            shown = header, start.origin, new, root_over(nodes)
            if shown == (f"old {first}", note.origin, note.root, start.root): return first, nodes
            raise ValueError("a proof of something else")
        except WRONG as problem:
            self.fault("bad-proof", f"does not show that the log only grew ({problem})", where="consistency-proof")
            return first, []

    def _take_all(self, note: SignedNote) -> None:  # each with its proof; then what the manifest says of all of them
        counts, at, filters, records = Counter[str](), list[str](), self.manifest["filters"], self.records
        for line in self.lines("records.jsonl"):
            if line[-1:] != b"\n":
                self.fault("changed", f"the last line is cut, or one is longer than {LONGEST} bytes")
                continue
            record, self.count = records.take(line[:-1]), self.count + 1
            if record:
                counts.update([record["what"], *[f"outcome {record.get('outcome')}"][: record["what"] in ENDS]])
                at = [*at[:1], record["at"]]
                self._prove(record, line[:-1], note)
                if filters["task"] not in (None, str(record.get("task"))):
                    self.fault("manifest", "is of another task than the filter", record["seq"])
        if records.whole: records.end(note.size, note.root, any(one["where"] == "records.jsonl" for one in self.faults))
        if self.proofs != sum(name.startswith("proofs/") for name in self.files):
            self.fault("bad-proof", "there are proofs of records that are not here", where="proofs/")
        since, until, *ends = map(datetime.fromisoformat, [filters["since"] or EVER, filters["until"] or NEVER, *at])
        outside = records.whole and ends and (ends[0] < since or ends[-1] >= until)  # clocks may be set back in between
        if self.manifest["records"] != self.count or self.manifest["counts"] != counts or outside:
            self.fault("manifest", "counts other records than there are, or names another time", where="manifest.json")

    def _prove(self, record: dict[str, Any], raw: bytes, note: SignedNote) -> None:
        seq, name = record["seq"], f"proofs/{record['seq']}.tlog-proof"
        if name not in self.files and not self.manifest["filtered"] and not needs_proof(record): return
        try:
            self.proofs += name in self.files
            by = proven(self.read(name, 1 << 16), seq, raw)
            if by.raw != note.raw: raise ValueError("a proof of another checkpoint")
        except WRONG as problem:
            self.fault("bad-proof", f"does not show that the record is in the log ({problem})", seq, name)

def main() -> int:
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
    if not asked.key: print("the key was not given (--key): whoever made this file may have made the key too")
    for one in found["faults"]:
        print(f"{one['kind']}: {one['where']}, record {one['seq']}: {ascii(one['message'])[1:-1]}")
    for text in found["not_checked"]: print(f"not checked: {text}")
    ending = "it holds" if found["holds"] else "FAULTS"
    print(f"{found['records']} records of a log of {found['size']}, root {found['root']}: {ending}")
    return 0 if found["holds"] else 3

if __name__ == "__main__": sys.exit(main())
