"""The latest records that this machine saw acknowledged, so that it notices when the database has lost them.

They are kept in a file of the state directory, one for each chain, with an entry of fixed length for each of the last `MOST`
records; a record goes where its `seq` says. So a later start knows what an earlier one saw, and so does another process.
Nothing is flushed: what a power cut takes away is only known less well. An entry that is torn or unreadable counts as empty.
"""

import contextlib
import hashlib
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

NAME = "acknowledged-"
MOST = 1024
"""How many records are known by their hashes; where more are lost, the line names at least these."""
ENTRY = re.compile(rb"([0-9a-f]{16}) ([0-9a-f]{64}) ([0-9a-f]{16})\n")
LENGTH = 16 + 1 + 64 + 1 + 16 + 1
logger = logging.getLogger(__name__)


def _entry(seq: int, digest: str) -> bytes:
    said = f"{seq:016x} {digest}"
    return f"{said} {hashlib.sha256(said.encode()).hexdigest()[:16]}\n".encode()


class Acknowledged:
    """What is known of one chain: hashes by `seq`. Without a directory this process alone knows it."""

    def __init__(self, directory: Path | None = None, *, read_only: bool = False) -> None:
        self._directory, self._read_only = directory, read_only
        self._file: Path | None = None
        self._known: dict[int, str] = {}
        self._waiting: list[tuple[int, str]] = []
        self._aside = False
        self._of_a_chain, self._told = False, False

    @property
    def known(self) -> Mapping[int, str]:
        """The hashes of the latest records by their `seq`; empty for a machine that has seen none."""
        return self._known

    def belong_to(self, first_hash: str | None) -> None:
        """Read what is kept about the chain whose first record has this hash; what is known in memory already stays.

        A database without any record may have lost all of them, so it is held against the chain that was seen last.
        """
        if self._directory is None or (self._file is not None and self._of_a_chain):
            return
        self._of_a_chain = first_hash is not None
        self._file = self._directory / f"{NAME}{first_hash[:16]}" if first_hash else _last_written(self._directory)
        if self._file is None or self._aside:
            return
        kept = _read(self._file)
        self._known = {**kept, **self._known}
        self._forget()

    def note(self, seq: int, digest: str) -> None:
        """Know one record more, and keep it with the next `keep`."""
        if seq == 0:
            self.belong_to(digest)
        self._known[seq] = digest
        self._waiting.append((seq, digest))
        if len(self._waiting) > 2 * MOST:
            del self._waiting[:-MOST]
        if len(self._known) > 2 * MOST:
            self._forget()

    def keep(self) -> None:
        """Write what was noted into the file; a file that cannot be written is told, and does not end the work."""
        waiting = self._waiting[-MOST:]
        if self._file is None or self._read_only or self._aside or not waiting:
            return
        self._waiting = []
        try:
            self._write(self._file, waiting, os.O_CREAT)
        except OSError as problem:
            level = logging.DEBUG if self._told else logging.WARNING  # once is enough for an operator
            logger.log(
                level, "what was acknowledged is not kept: %s cannot be written (%s)", self._file, problem.strerror
            )
            self._told = True

    def set_aside(self) -> None:
        """Know nothing in this process, and leave the file as it is, until `begin_anew`."""
        self._known, self._waiting, self._aside = {}, [], True

    def begin_anew(self) -> None:
        """Forget what the file has, and keep what was noted since `set_aside`; somebody has said that the rest is lost."""
        self._aside = False
        if self._file is not None and not self._read_only:
            with contextlib.suppress(OSError):
                self._file.unlink()
        if not self._of_a_chain:
            self._file = None
        self.keep()

    def _write(self, file: Path, some: list[tuple[int, str]], flags: int) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(file, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | flags, 0o600)
        try:
            for seq, digest in some:
                os.pwrite(opened, _entry(seq, digest), seq % MOST * LENGTH)
        finally:
            os.close(opened)

    def _forget(self) -> None:
        latest = max(self._known, default=0)
        self._known = {seq: digest for seq, digest in self._known.items() if seq > latest - MOST}


def _last_written(directory: Path) -> Path | None:
    try:
        return max(directory.glob(f"{NAME}*"), key=lambda one: one.stat().st_mtime, default=None)
    except OSError:
        return None


def _read(file: Path) -> dict[int, str]:
    """The entries that are whole; those that are left of an earlier round are older than `MOST` records."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as problem:
        logger.warning("what was acknowledged earlier is not known: %s cannot be read (%s)", file, problem.strerror)
        return {}
    found: dict[int, str] = {}
    for begin in range(0, min(len(content), MOST * LENGTH), LENGTH):
        match = ENTRY.fullmatch(content, begin, begin + LENGTH)
        if match is not None and _entry(seq := int(match[1], 16), match[2].decode()) == match[0]:
            found[seq] = match[2].decode()
    return found
