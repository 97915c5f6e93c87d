"""The ZIP of an export: the same bytes for the same content, and there whole, for its owner alone, or not at all."""

import errno
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.storage.durable import flush_names

NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it: when it was made stands in the evidence."""
FOR_ITS_OWNER = 0o100600 << 16
UNIX = 3
BLOCK = 1 << 20
NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
Write = Callable[[bytes], None]


class ZipInTheMaking:
    """Files are added one after the other, under a name that nobody looks for, beside where the ZIP will stand."""

    def __init__(self, file: Path) -> None:
        """Raises `Misconfigured` where a file stands there already, or none can be made."""
        self.file = file
        self.files: dict[str, dict[str, str | int]] = {}
        """Size in bytes and SHA-256 of each file so far, as the manifest has them."""
        if os.path.lexists(file):
            raise _is_there(file)
        try:
            opened, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # its mode is 0600
        except OSError as problem:
            raise Misconfigured(f"{file} cannot be made ({problem.strerror}); name another file") from None
        self._half = Path(name)
        self._stream = os.fdopen(opened, "w+b")
        self._zip = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED)

    @contextmanager
    def member(self, name: str) -> Generator[Write]:
        """One file, written in parts."""
        info = zipfile.ZipInfo(name, NO_TIME)
        info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, FOR_ITS_OWNER, UNIX
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as target:

            def write(content: bytes) -> None:
                nonlocal size
                target.write(content)
                digest.update(content)
                size += len(content)

            yield write
        self.files[name] = {"sha256": digest.hexdigest(), "size": size}

    def add(self, name: str, content: bytes | str) -> None:
        """One file, whole."""
        with self.member(name) as write:
            write(content.encode() if isinstance(content, str) else content)

    def finish(self) -> tuple[int, str]:
        """Put it on the disk, still under its other name; returns its size in bytes and its SHA-256, in hexadecimal."""
        self._zip.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.seek(0)
        digest, size = hashlib.sha256(), 0
        while block := self._stream.read(BLOCK):
            digest.update(block)
            size += len(block)
        self._stream.close()
        return size, digest.hexdigest()

    def put_in_place(self) -> None:
        """Give it its name; raises `Misconfigured` where another file has it by now, which is left as it is."""
        try:
            os.link(self._half, self.file)
        except FileExistsError:
            raise _is_there(self.file) from None
        except OSError as problem:
            if problem.errno not in NO_HARD_LINKS:
                raise
            self._move()
        flush_names(self.file.parent)

    def _move(self) -> None:
        """On a file system without hard links: the name is taken first, so that no other file is overwritten."""
        try:
            os.close(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise _is_there(self.file) from None
        self._half.replace(self.file)

    def discard(self) -> None:
        """Take away what stands under the other name; what is in place stays."""
        with suppress(OSError, ValueError):
            self._zip.close()
        with suppress(OSError, ValueError):
            self._stream.close()
        with suppress(OSError):
            self._half.unlink()


@contextmanager
def zip_in_the_making(file: Path) -> Generator[ZipInTheMaking]:
    """A ZIP that is gone without a trace where the block does not put it in place; a disk's errors become ours."""
    made = ZipInTheMaking(file)
    try:
        yield made
    except OSError as problem:
        raise EvidenceBroken(f"{file} cannot be written ({problem.strerror})") from None
    finally:
        made.discard()


def _is_there(file: Path) -> Misconfigured:
    return Misconfigured(f"{file} is there already, and no export is overwritten; name another file")
