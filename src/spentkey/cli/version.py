"""`spentkey --version`: the version, and the commit where it is known.

git is not called, and nothing is read before the version is asked for: the commit stands in the files of a
checkout, in what pip recorded about an installation from a repository, or in `commit.txt`, which `git archive` and the
build of the image fill in.
"""

import importlib.metadata
import json
import re
from pathlib import Path

import spentkey

PACKAGE = Path(spentkey.__file__).parent
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SHOWN = 12
"""How many characters of a commit are shown."""


def version_line() -> str:
    """What `--version` prints."""
    found = commit_of(PACKAGE)
    return f"spentkey, version {spentkey.__version__}" + (f" (commit {found[:SHOWN]})" if found else "")


def commit_of(package: Path) -> str | None:
    """The commit that the package is of, or None where nothing says so."""
    found = (_filled_in(package), _checked_out(package.parent.parent), _installed_from(package))
    return next((one for one in found if one is not None), None)


def _filled_in(package: Path) -> str | None:
    return _a_commit(_text(package / "cli" / "commit.txt"))


def _checked_out(root: Path) -> str | None:
    """The commit of the checkout in which the package stands as `src/spentkey`, if it is one."""
    if not (root / "src" / "spentkey").is_dir():
        return None
    git = root / ".git"
    if git.is_file():  # a second working tree names the folder
        git = root / _text(git).removeprefix("gitdir:").strip()
    head = _text(git / "HEAD")
    name = head.removeprefix("ref:").strip()
    if name == head:
        return _a_commit(head)
    common = git / (_text(git / "commondir") or ".")
    return _a_commit(_text(common / name)) or _packed(_text(common / "packed-refs"), name)


def _packed(text: str, name: str) -> str | None:
    lines = (line.split(" ") for line in text.splitlines())
    return next((_a_commit(parts[0]) for parts in lines if parts[1:] == [name]), None)


def _installed_from(package: Path) -> str | None:
    """The commit of the repository that pip installed from (PEP 610)."""
    try:
        installed = importlib.metadata.distribution("spentkey")
        if Path(str(installed.locate_file("spentkey"))) != package:
            return None
        return _a_commit(json.loads(installed.read_text("direct_url.json") or "{}")["vcs_info"]["commit_id"])
    except (importlib.metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return None


def _a_commit(text: str) -> str | None:
    return text if COMMIT.fullmatch(text) else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""
