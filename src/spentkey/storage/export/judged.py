"""Verifies an export where Spentkey is installed: what `verify.py` finds, and what it leaves to others.

That is: what a hostile ZIP could cost, earlier checkpoints that somebody has, time stamps against their checkpoints, and
whether the books add up.
Neither configuration nor network is needed, and nothing is unpacked.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from spentkey.core.checkpoint import Checkpoint, VerifierKey
from spentkey.storage.export.archive import refuse_hostile
from spentkey.storage.export.books import judge_books
from spentkey.storage.export.verify import WRONG, Export, SignedNote

DIGESTS = ("sha256", "sha384", "sha512")
"""The hashes by which a time stamp may name what it is over."""
TOKEN = re.compile(r"anchors/([0-9]+)(-[0-9]+)?\.(?!checkpoint$)[a-z0-9]+")


def judge_export(
    file: Path, key: VerifierKey | None, earlier: Mapping[str, Checkpoint], tell: Callable[[int], None]
) -> dict[str, Any]:
    """The findings, by docs/reference/evidence-verify.schema.json; raises `UnreadableExport`."""
    if not file.is_dir():
        refuse_hostile(file)
    export = _JudgedExport(str(file), key, earlier)
    return export.judge(tell)


class _JudgedExport(Export):
    """What is added to the findings of `verify.py`; each fault keeps its kind."""

    def __init__(self, path: str, key: VerifierKey | None, earlier: Mapping[str, Checkpoint]) -> None:
        super().__init__(path, str(key) if key is not None else "")
        self._earlier = earlier

    def judge(self, tell: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
        """As there, with the roots at other sizes noted on the way."""
        names = [name for name in _names(self.manifest.get("files")) if TOKEN.fullmatch(name)]
        self.watched = {one.head.size for one in self._earlier.values()}
        self.watched |= {int(found[1]) for one in names if (found := TOKEN.fullmatch(one))}
        report = super().judge(tell)
        if self.note is not None:
            for where, one in self._earlier.items():
                self._compare(where, one, self.note)
            for name in sorted(set(names) & set(self.files)):
                self._look_at_anchor(name)
            judge_books(self)
        return {**report, "holds": not self.faults}

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
        return None if self.manifest["filtered"] else self.records.roots.get(size)

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
