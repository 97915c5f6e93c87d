"""Small files that are there whole or not at all, for this account alone."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from spentkey.storage.durable import flush_names

MODE = 0o600
MOST_BYTES = 64 * 1024


def written_whole(file: Path, content: bytes) -> None:
    """Put a file in place in one step; it is on the disk when this returns. Raises `OSError`.

    The caller holds the lock of whatever the file belongs to: what an earlier process left half written is replaced.
    """
    half = file.with_name(f"{file.name}.half")
    with suppress(FileNotFoundError):
        half.unlink()
    opened = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    try:
        os.fchmod(opened, MODE)  # whatever the umask says
        view = memoryview(content)
        while view:
            view = view[os.write(opened, view) :]
        os.fsync(opened)
    finally:
        os.close(opened)
    half.replace(file)
    flush_names(file.parent)


def read_small(file: Path, *, follow: bool = False) -> tuple[bytes, os.stat_result] | None:
    """What a plain file holds, and its modes as they were when it was opened; None where there is none.

    Raises `OSError`; a link is one unless `follow` is set, and so is what is no plain file, or a large one.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        opened = os.open(file, flags)
    except FileNotFoundError:
        return None
    try:
        seen = os.fstat(opened)
        if not stat.S_ISREG(seen.st_mode):
            raise OSError(0, "is no plain file")
        content = os.read(opened, MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise OSError(0, "is larger than such a file can be")
        return content, seen
    finally:
        os.close(opened)
