"""Verifies an export where Spentkey is installed: what `verify.py` finds, and what it leaves to others.

That is: what a hostile ZIP could cost, earlier checkpoints that somebody has, time stamps against their checkpoints, and
whether the books add up.
Neither configuration nor network is needed, and nothing is unpacked.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from spentkey.core.checkpoint import Checkpoint, VerifierKey
from spentkey.storage.export.archive import refuse_hostile
from spentkey.storage.export.books import judge_books
from spentkey.storage.export.rooted import RootedRecords
from spentkey.storage.export.verify import WRONG, Export, SignedNote

DIGESTS = ("sha256", "sha384", "sha512")
"""The hashes by which a time stamp may name what it is over."""
TOLD_EVERY = 50_000
"""Records between two words to who waits."""
TOKEN = re.compile(r"anchors/([0-9]+)(-[0-9]+)?\.(?!checkpoint$)[a-z0-9]+")


def judge_export(
    file: Path, key: VerifierKey | None, earlier: Mapping[str, Checkpoint], tell: Callable[[int], None]
) -> dict[str, Any]:
    """The findings, by docs/reference/evidence-verify.schema.json; raises `UnreadableExport`."""
    if not file.is_dir():
        refuse_hostile(file)
    return _JudgedExport(str(file), key, earlier, tell).judge()


class _JudgedExport(Export):
    """What is added to the findings of `verify.py`; each fault keeps its kind."""

    def __init__(
        self, path: str, key: VerifierKey | None, earlier: Mapping[str, Checkpoint], tell: Callable[[int], None]
    ) -> None:
        super().__init__(path, str(key) if key is not None else "")
        self._earlier, self._tell, self._roots = earlier, tell, dict[int, bytes]()
        self._tokens = [name for name in _names(self.manifest.get("files")) if TOKEN.fullmatch(name)]

    def judge(self) -> dict[str, Any]:
        """As there, with the roots at other sizes noted on the way."""
        report = super().judge()
        if self.note is not None:
            for where, one in self._earlier.items():
                self._compare(where, one, self.note)
            for name in sorted(set(self._tokens) & set(self.files)):
                self._look_at_anchor(name)
            judge_books(self)
        return {**report, "holds": not self.faults}

    def begin(self, first: int, nodes: Sequence[bytes]) -> RootedRecords:
        """As there; the roots at the sizes of earlier checkpoints and time stamps are noted."""
        watched = {one.head.size for one in self._earlier.values()}
        watched |= {int(found[1]) for one in self._tokens if (found := TOKEN.fullmatch(one))}
        records = RootedRecords(self.fault, first, nodes, watched=watched, whole=not self.manifest["filtered"])
        self._roots = records.roots
        return records

    def lines(self, name: str) -> Iterator[bytes]:
        """As there; who waits hears how many records were read."""
        for number, one in enumerate(super().lines(name), 1):
            yield one
            if number % TOLD_EVERY == 0 and name == "records.jsonl":
                self._tell(number)

    def _compare(self, where: str, given: Checkpoint, note: SignedNote) -> None:
        """A checkpoint from before, against what the export shows of that time."""
        size, root = given.head.size, self._root_at(given.head.size)
        holds = [given.signed_by(VerifierKey.parse(text)) for text in sorted(self.keys)]
        if given.origin != note.origin or root not in (None, given.head.root):
            self.fault("fork", f"shows another log: its first {size} records are not those of the export", where=where)
        elif False in holds:
            self.fault("bad-signature", "its signature does not hold", where=where)
        elif size > note.size and not self.manifest["filters"]["until"]:
            message = f"is over {size} records, the export ends after {note.size}: the end was cut off, "
            self.fault("cut-off", message + "unless the checkpoint is younger than the export", note.size, where)
        elif root is None:
            self.not_checked.append(f"{where}: it is over {size} records, which this export does not show")
        elif True not in holds:
            self.not_checked.append(f"{where}: its signature, by a key that is not named here")

    def _root_at(self, size: int) -> bytes | None:
        """The root of the first records, where the export shows it."""
        if self.note is not None and size == self.note.size:
            return self.note.root
        return None if self.manifest["filtered"] else self._roots.get(size)

    def _look_at_anchor(self, name: str) -> None:
        """A time stamp is over the checkpoint that lies beside it, and that is one of this log."""
        try:
            raw = self.read(re.sub(r"\.[a-z0-9]+$", ".checkpoint", name))
            token, note = self.read(name), SignedNote(raw)
            if self._root_at(note.size) not in (None, note.root):
                raise ValueError("its checkpoint is of another log")
            if not any(hashlib.new(one, raw).digest() in token for one in DIGESTS):
                raise ValueError("it is not over its checkpoint")
        except WRONG as problem:
            self.fault("bad-proof", f"shows nothing ({problem})", where=name)


def _names(files: object) -> list[str]:
    return list(map(str, cast("dict[object, object]", files))) if isinstance(files, dict) else []
