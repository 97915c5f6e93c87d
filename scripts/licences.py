"""The licence of each locked package, and whether it fits: `licences.py` judges, `licences.py --write` renews the list.

deploy/licences.toml has one row for each package of uv.lock: what its own metadata declares, and the licence as an
expression of SPDX. Where the metadata is such an expression, it is the licence; elsewhere a person has read it. A new
version that declares the same keeps its licence; one that declares something else has to be read again.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from locked import ROOT, Lock, Locked, declared, installed

LIST = ROOT / "deploy" / "licences.toml"
UNREAD = "LicenseRef-unread"
PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0", "Zlib"}
)
BESIDE = frozenset({"LGPL-2.1-only", "LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0"})
"""Fit beside a program under Apache-2.0, as packages of their own that anybody can replace; not to be copied from."""
TOOLS_ALONE = frozenset({"GPL-3.0-only", "GPL-3.0-or-later"})
"""Fit for a tool that is run and never passed on."""
SPDX = PERMISSIVE | BESIDE | TOOLS_ALONE
READ = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache Software License, Version 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "ISC license": "ISC",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Words that mean one licence and no other. "BSD License" is not among them: it means one of several."""


@dataclass(frozen=True)
class Row:
    """What is known of one package."""

    declared: str
    licence: str


@dataclass(frozen=True)
class Known:
    """The list: a row for each package, and those that are taken all the same, with the reason."""

    rows: Mapping[Locked, Row]
    exceptions: Mapping[str, str]

    @classmethod
    def read(cls, text: str) -> "Known":
        """Read the list; KeyError or ValueError where it is none."""
        table = tomllib.loads(text)
        rows: dict[Locked, Row] = {}
        for name, row in table["packages"].items():
            package, _, version = str(name).partition("==")
            rows[Locked(package, version)] = Row(str(row["declared"]), str(row["licence"]))
        return cls(rows, {str(name): str(why) for name, why in table["exceptions"].items()})


def terms(expression: str) -> list[list[str]] | None:
    """An expression as alternatives, each the licences that hold together; None for what is no such expression."""
    words: list[str] = re.findall(r"[A-Za-z0-9.+-]+|[()]|\S", expression)
    if "(" in words or ")" in words or not words or len(words) % 2 == 0 or set(words[1::2]) - {"AND", "OR"}:
        return None
    if any(re.fullmatch(r"[A-Za-z0-9.+-]+", word) is None or word in ("AND", "OR") for word in words[::2]):
        return None
    return [part.split(" AND ") for part in " ".join(words).split(" OR ")]


def fits(expression: str, allowed: frozenset[str]) -> bool:
    """Whether one of the alternatives consists of allowed licences alone."""
    return any(set(one) <= allowed for one in terms(expression) or [])


def problems(lock: Lock, known: Known, here: Mapping[Locked, Distribution]) -> list[str]:
    """What keeps the list from being whole, true and allowed; each in one line."""
    others, shipped = lock.others(), set(lock.shipped())
    found = [f"{one}: has no row; `make licences` makes one" for one in sorted(others - set(known.rows))]
    found += [
        f"{one}: is not in uv.lock any more; `make licences` takes it out" for one in sorted(set(known.rows) - others)
    ]
    for one in sorted(others & set(known.rows)):
        row = known.rows[one]
        found += [f"{one}: {why}" for why in _row_problems(row, here.get(one))]
        allowed = PERMISSIVE | BESIDE | (frozenset[str]() if one in shipped else TOOLS_ALONE)
        excepted = one.name in known.exceptions
        if not fits(row.licence, allowed) and not excepted:
            found.append(f"{one}: {row.licence} is not allowed {'in the product' if one in shipped else 'for a tool'}")
        if fits(row.licence, allowed) and excepted:
            found.append(f"{one}: is an exception without need")
    names = {one.name for one in others}
    found += [f"{name}: is an exception, and not in uv.lock" for name in sorted(set(known.exceptions) - names)]
    return found + [
        f"{name}: is an exception without a reason" for name, why in known.exceptions.items() if not why.strip()
    ]


def _row_problems(row: Row, one: Distribution | None) -> list[str]:
    found: list[str] = []
    if one is not None and declared(one) != row.declared:
        found.append(f"declares {declared(one)!r}, and the list says {row.declared!r}")
    if _is_expression(row.declared) and row.licence != row.declared:
        found.append(f"declares {row.declared}, and the list reads {row.licence}")
    if row.licence == UNREAD:
        found.append(f"nobody has read its licence yet; it declares {row.declared!r}")
    return found


def _is_expression(text: str) -> bool:
    return all(word in SPDX for one in terms(text) or [["?"]] for word in one)


def read_licence(text: str, before: Iterable[Row]) -> str:
    """The licence of what is declared: itself, the one that the words mean, what a person read before, or unread."""
    if _is_expression(text):
        return text
    meant = {READ.get(part, part) for part in text.split("; ")} - {"DFSG approved"}
    if any(one.startswith("BSD-") for one in meant):
        meant -= {"BSD License"}
    if len(meant) == 1 and _is_expression(alone := meant.pop()):
        return alone
    return next((row.licence for row in before if row.declared == text), UNREAD)


def renewed(lock: Lock, known: Known, here: Mapping[Locked, Distribution]) -> Known:
    """The list for this lock; KeyError names a package whose metadata is nowhere."""
    rows: dict[Locked, Row] = {}
    for one in sorted(lock.others()):
        if one not in here and one not in known.rows:
            raise KeyError(str(one))
        told = declared(here[one]) if one in here else known.rows[one].declared
        before = [row for of, row in sorted(known.rows.items()) if of.name == one.name]
        rows[one] = Row(told, read_licence(told, before))
    return Known(rows, known.exceptions)


HEAD = """\
# The licence of each package of uv.lock: what its metadata declares, and what that is as an expression of SPDX.
# `make licences` renews it after a change of the lock; what is {unread} then has to be read by a person, from the
# files of the package, and written here. tests/deploy/test_supply_licences.py holds it; why which licence is allowed:
# docs/adr/0022-supply-chain.md
"""


def as_text(known: Known) -> str:
    """The list as its file."""
    lines = [HEAD.format(unread=UNREAD), "[exceptions]"]
    lines += [f"{name} = {_quoted(why)}" for name, why in sorted(known.exceptions.items())]
    lines += ["", "[packages]"]
    for one, row in sorted(known.rows.items()):
        lines.append(
            f"{_quoted(str(one))} = {{ declared = {_quoted(row.declared)}, licence = {_quoted(row.licence)} }}"
        )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def environments() -> list[Path]:
    """The site-packages of every environment of this repository."""
    return sorted(ROOT.glob(".venv*/lib/python3*/site-packages"))


def fetched(missing: Iterable[Locked], into: Path) -> list[Path]:
    """Unpack the wheels of these, only to read their metadata, each into a folder of its own; nothing of them is run."""
    environment = {**os.environ, "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(ROOT / ".uv/cache"))}
    command = [str(ROOT / ".uv/bin/uv"), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    folders: list[Path] = []
    for one in missing:
        folders.append(into / str(one))
        for python in ("3.11", "3.14"):  # what is locked for newer ones alone
            words = [*command, "--python-version", python, "--target", str(folders[-1]), str(one)]
            if subprocess.run(words, check=False, env=environment, capture_output=True).returncode == 0:
                break
    return folders


def main(words: list[str]) -> int:
    """Judge the list, or renew it first; 1 where something is wrong with it."""
    lock, known, here = Lock.read(), Known.read(LIST.read_text("utf-8")), installed(environments())
    if words == ["--write"]:
        with tempfile.TemporaryDirectory() as folder:
            missing = [one for one in sorted(lock.others()) if one not in here and one not in known.rows]
            elsewhere = installed(fetched(missing, Path(folder)))
            try:
                known = renewed(lock, known, {**elsewhere, **here})
            except KeyError as unknown:
                print(f"licences: {unknown.args[0]} cannot be had, so its licence cannot be read", file=sys.stderr)
                return 1
        LIST.write_text(as_text(known), "utf-8")
    elif words:
        print("usage: licences.py [--write]", file=sys.stderr)
        return 2
    found = problems(lock, known, here)
    print("\n".join(found) or f"licences: {len(known.rows)} packages, every licence is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
