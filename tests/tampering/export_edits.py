"""What somebody does to an export that he holds: one edit, and whether the manifest is made to fit."""

import hashlib
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from store_edits import flip, other_text
from stored_log import Json

RETELLING = ("report.html", "README.txt", "verify.py", "keys.txt")
"""Files that prove nothing by themselves: with a manifest that fits, only somebody who reads them sees a change."""
MANIFEST = "manifest.json"


@dataclass
class Archive:
    """The files of an export, by their names; `twice` are added once more at its end."""

    files: dict[str, bytes]
    twice: list[str] = field(default_factory=list[str])

    @classmethod
    def read(cls, file: Path) -> "Archive":
        with zipfile.ZipFile(file) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    def write(self, file: Path) -> None:
        with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a name that is there twice is what is wanted
            for name in (*self.files, *self.twice):
                archive.writestr(name, self.files[name])

    @property
    def manifest(self) -> Json:
        found: Json = json.loads(self.files[MANIFEST])
        return found

    def say(self, manifest: Json) -> None:
        """Another manifest."""
        self.files[MANIFEST] = json.dumps(manifest, indent=1).encode()

    def fit(self) -> None:
        """Let the manifest name the files as they are now."""
        named = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for name, content in self.files.items()
            if name != MANIFEST
        }
        self.say(self.manifest | {"files": named})

    def lines(self) -> list[bytes]:
        return self.files["records.jsonl"].splitlines(keepends=True)


def a_byte(rng: random.Random, archive: Archive) -> bool:
    """A bit of any file."""
    name = rng.choice(sorted(name for name, content in archive.files.items() if content and name != MANIFEST))
    archive.files[name] = flip(rng, archive.files[name])
    return name in RETELLING


def a_record_changed(rng: random.Random, archive: Archive) -> bool:
    """A character of a record."""
    lines = archive.lines()
    at = rng.randrange(len(lines))
    lines[at] = other_text(rng, lines[at].decode().rstrip("\n")).encode() + b"\n"
    archive.files["records.jsonl"] = b"".join(lines)
    return False


def a_record_less(rng: random.Random, archive: Archive) -> bool:
    """Thinned by one or more, from the beginning, the middle or the end; with their proofs."""
    lines = archive.lines()
    at = rng.choice([0, len(lines) - 1, rng.randrange(len(lines))])
    gone = [json.loads(one)["seq"] for one in lines[at : at + rng.randrange(1, 4)]]
    archive.files["records.jsonl"] = b"".join(one for one in lines if json.loads(one)["seq"] not in gone)
    for seq in gone:
        archive.files.pop(f"proofs/{seq}.tlog-proof", None)
    return False


def a_record_more(rng: random.Random, archive: Archive) -> bool:
    """One a second time."""
    lines = archive.lines()
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    archive.files["records.jsonl"] = b"".join(lines)
    return False


def a_record_moved(rng: random.Random, archive: Archive) -> bool:
    """Two that changed places."""
    lines = archive.lines()
    one, other = rng.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    archive.files["records.jsonl"] = b"".join(lines)
    return False


def a_file_less(rng: random.Random, archive: Archive) -> bool:
    """A file that must be there."""
    name = rng.choice([one for one in sorted(archive.files) if one not in (MANIFEST, *RETELLING)])
    del archive.files[name]
    return False


def a_file_twice(rng: random.Random, archive: Archive) -> bool:
    """One name for two files."""
    archive.twice.append(rng.choice(sorted(archive.files)))
    return False


def a_proof_of_another(rng: random.Random, archive: Archive) -> bool:
    """Two proofs that changed places."""
    proofs = sorted(name for name in archive.files if name.endswith(".tlog-proof"))
    one, other = rng.sample(proofs, 2)
    archive.files[one], archive.files[other] = archive.files[other], archive.files[one]
    return False


def a_hash(rng: random.Random, archive: Archive) -> bool:
    """A hash of a proof, or the root of a checkpoint."""
    names = [name for name in archive.files if name.endswith(".tlog-proof") or name.startswith("c")]
    name = rng.choice(sorted(one for one in names if b"\n" in archive.files[one]))
    lines = archive.files[name].decode().split("\n")
    at = rng.choice([at for at, one in enumerate(lines) if len(one) == 44])
    lines[at] = ("A" if lines[at][0] != "A" else "B") + lines[at][1:]
    archive.files[name] = "\n".join(lines).encode()
    return False


def a_lie(rng: random.Random, archive: Archive) -> bool:
    """The manifest says something else; a period that would begin earlier is not to be seen from inside."""
    manifest = archive.manifest
    name = rng.choice(["records", "from", "to", "origin", "counts", "filtered", "files"])
    if name in ("records", "from", "to"):
        manifest[name] += rng.choice((-1, 1))
    elif name == "origin":
        manifest[name] += "x"
    elif name == "counts":
        one = rng.choice(sorted(manifest[name]))
        manifest[name][one] += 1
    elif name == "filtered":
        manifest[name] = not manifest[name]
    else:
        one = rng.choice(sorted(manifest[name]))
        manifest[name][one]["size"] += 1
    archive.say(manifest)
    return name == "from" and manifest["filtered"]  # of some removals nothing is stated about where the period began


EDITS: dict[str, Callable[[random.Random, Archive], bool]] = {
    "a byte": a_byte,
    "a record changed": a_record_changed,
    "a record less": a_record_less,
    "a record more": a_record_more,
    "a record moved": a_record_moved,
    "a file less": a_file_less,
    "a file twice": a_file_twice,
    "a proof of another": a_proof_of_another,
    "a hash": a_hash,
    "a lie": a_lie,
}


def edited(rng: random.Random, archive: Archive) -> tuple[str, bool]:
    """Edit the export; what was done, and whether it must be found: not where nothing in the export rests on it."""
    name = rng.choice(sorted(EDITS))
    retells = EDITS[name](rng, archive)
    fitted = name != "a lie" and rng.random() < 0.5
    if fitted:
        archive.fit()
    return f"{name}{', manifest made to fit' if fitted else ''}", not (retells and (fitted or name == "a lie"))
