"""A request that Spentkey itself puts into the folder: made once, whole, under a name that only it can have."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from spentkey.adapters.files.reading import away
from spentkey.adapters.files.reasons import NAME_TAKEN
from spentkey.adapters.files.request_file import ENDING
from spentkey.ports.service_desk import NewRequest, Sent, SentState

MODE = 0o660
"""Of a new request, whatever the umask: the people of the folder's group may correct and approve it."""
LONGEST_TENANT = 20
_UNFIT = re.compile(r"[^A-Za-z0-9-]")


def name_for(new: NewRequest) -> str:
    """The name: tenant and key id, and from the second request on its number; never longer than a name may be."""
    tenant = new.tenant
    if _UNFIT.search(tenant) or not tenant[:1].isalnum() or len(tenant) > LONGEST_TENANT:
        tenant = hashlib.sha256(tenant.encode("utf-8")).hexdigest()[:LONGEST_TENANT]
    return f"{tenant}-{new.key_id.lower()}" + (f"-{new.number}" if new.number > 1 else "")


def content_of(new: NewRequest) -> bytes:
    """The file: the table, and in remarks where it comes from. JSON's texts are TOML's, but for U+007F."""
    table = "".join(f"{_text(name)} = {_text(value)}\n" for name, value in new.values.items())
    follows = f"# It follows {new.follows}, which was closed.\n" if new.follows is not None else ""
    return f"# Opened by spentkey scan.\n{follows}[request]\n{table}".encode()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def put(directory: Path, name: str, content: bytes) -> Sent:
    """Make the file in one step, flushed to the disk, unless there is one of that name.

    Raises `DeskRefused` or `Outage` while nothing of that name is there.
    """
    path = directory / f"{name}{ENDING}"
    try:
        half, at = tempfile.mkstemp(prefix=".", suffix=".new", dir=directory)
        try:
            _fill(half, content)
            os.link(at, path, follow_symlinks=False)
        finally:
            os.unlink(at)  # noqa: PTH108  # it has two names until then, or none that counts
    except FileExistsError:
        return Sent(SentState.LOST, name, NAME_TAKEN(file=path.name))
    except OSError as problem:
        raise away(directory, problem) from None
    try:
        _flush_name(directory)
    except OSError as problem:
        return Sent(SentState.LOST, name, away(directory, problem).reason)
    return Sent(SentState.TAKEN, name)


def _fill(file: int, content: bytes) -> None:
    try:
        os.fchmod(file, MODE)
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
        os.fsync(file)
    finally:
        os.close(file)


def _flush_name(directory: Path) -> None:
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def asks_for(table: Mapping[str, object], name: str, key_id: str) -> bool:
    """Whether a request's table names that credential."""
    wanted = name.strip().casefold()
    return any(
        one.strip().casefold() == wanted and isinstance(value, str) and value.strip().lower() == key_id.lower()
        for one, value in table.items()
    )
