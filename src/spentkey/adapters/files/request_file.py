"""`NAME.toml`, which belongs to people: a table `[request]`, and beside it `approved_by`. Spentkey never changes it."""

import hashlib
import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from spentkey.adapters.files.reading import Unreadable, away, read_plain
from spentkey.adapters.files.reasons import (
    APPROVED_BY_NO_TEXT,
    BEING_WRITTEN,
    LINK_OUTSIDE,
    LINK_TO_NOTHING,
    NO_TABLE,
    NOT_TOML,
    NOT_UTF_8,
    OF_FILE,
    UNKNOWN_NAME,
)
from spentkey.core.sanitize import plain
from spentkey.core.trim import trimmed

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""What a request may be called; its file is the name and `.toml`."""
ENDING = ".toml"
LARGEST = 65_536
"""Largest file that is read, in bytes."""


@dataclass(frozen=True)
class RequestFile:
    """What a file says; `problem` says why it cannot be worked on, in words."""

    table: dict[str, Any] = field(default_factory=dict[str, Any])
    sha256: str = ""
    """Of the table as JSON, keys sorted, no spaces: by this a change after the first sight is seen."""
    approved_by: str = ""
    problem: str = ""


def names_in(directory: Path) -> list[str]:
    """The names of all requests in the folder, in their order."""
    found = [one.removesuffix(ENDING) for one in _listed(directory) if one.endswith(ENDING)]
    return sorted(name for name in found if REFERENCE.fullmatch(name))


def strays_in(directory: Path) -> list[str]:
    """The files that somebody may take for a request, but that have no name of one."""
    files = [one for one in _listed(directory) if one.lower().endswith(ENDING)]
    return sorted(one for one in files if not (one.endswith(ENDING) and REFERENCE.fullmatch(one.removesuffix(ENDING))))


def _listed(directory: Path) -> list[str]:
    try:
        return [one.name for one in directory.iterdir()]
    except OSError as problem:
        raise away(directory, problem) from None


def read_request_file(directory: Path, name: str) -> RequestFile | None:
    """The request of that name; None where there is no such file. Links are followed inside the folder."""
    path = directory / f"{name}{ENDING}"
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(directory)):
        return RequestFile(problem=LINK_OUTSIDE(file=path.name))
    try:
        content = read_plain(real, LARGEST, follow=False)
    except FileNotFoundError:
        return RequestFile(problem=LINK_TO_NOTHING(file=path.name)) if path.is_symlink() else None
    except Unreadable as problem:
        return RequestFile(problem=OF_FILE(file=path.name, why=problem.reason))
    if not content.steady:
        return RequestFile(problem=BEING_WRITTEN(file=path.name))
    return _read(path.name, content.data)


def _read(file: str, content: bytes) -> RequestFile:
    try:
        values = tomllib.loads(content.decode("utf-8-sig"))
        table, approved_by = values.get("request"), values.get("approved_by", "")
        sha256 = _sha256(table)
    except UnicodeDecodeError:
        return RequestFile(problem=NOT_UTF_8(file=file))
    except (ValueError, RecursionError) as problem:  # beside TOML's own error: endless digits, deep nesting
        text = str(problem)
        where = text[text.rfind("(at ") :] if "(at " in text else f"({type(problem).__name__})"
        return RequestFile(problem=NOT_TOML(file=file, where=where))
    unknown = sorted(values.keys() - {"request", "approved_by"})
    if not isinstance(table, dict):
        return RequestFile(problem=NO_TABLE(file=file))
    if unknown:
        names = plain(", ".join(unknown))
        return RequestFile(problem=UNKNOWN_NAME(file=file, names=names))
    if not isinstance(approved_by, str):
        return RequestFile(problem=APPROVED_BY_NO_TEXT(file=file))
    return RequestFile(cast("dict[str, Any]", table), sha256, trimmed(approved_by))


def _sha256(table: object) -> str:
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
