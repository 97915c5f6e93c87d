"""Looks at a ZIP before anything in it is read: what a hostile one could cost, and what cannot be read at all."""

import stat
import zipfile
from pathlib import Path

from spentkey.storage.export.verify import WRONG, Unreadable

MOST_FILES = 1_500_000
MOST_BYTES = 1 << 36
"""Of all files together, unpacked."""
DENSEST, SMALL = 100, 1 << 16
"""How many bytes one packed byte may stand for; records are far below that. Small files may be what they like."""
ENCRYPTED = 1
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNIX_MODE = 16


def refuse_hostile(file: Path) -> None:
    """Raise `Unreadable` with what is wrong with it; nothing is unpacked for that."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except WRONG as problem:
        raise Unreadable(f"{file} is no ZIP that can be read ({_why(problem)})") from None
    if len(infos) > MOST_FILES or sum(one.file_size for one in infos) > MOST_BYTES:
        raise Unreadable(f"{file} holds more than any export: nothing of it is unpacked")
    for one in infos:
        why = _why_not(one)
        if why:
            raise Unreadable(f"{file}: {ascii(one.orig_filename)[:100]} {why}")


def _why_not(one: zipfile.ZipInfo) -> str | None:
    name = one.orig_filename
    if one.flag_bits & ENCRYPTED:
        return "is encrypted; an export is not"
    if one.compress_type not in PACKED:
        return "is packed in a way that no export is"
    if stat.S_IFMT(one.external_attr >> UNIX_MODE) not in (0, stat.S_IFREG):
        return "is a link or no file; an export has none"
    if one.file_size > DENSEST * one.compress_size + SMALL:
        return "is far larger unpacked than packed, as no file of an export is; it is not unpacked"
    if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/") or "\0" in name:
        return "leads out of its folder; no name in an export does"
    return None


def _why(problem: BaseException) -> str:
    strerror = problem.strerror if isinstance(problem, OSError) else None
    return strerror or str(problem) or type(problem).__name__
