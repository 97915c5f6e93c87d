"""The file with the key that signs checkpoints, and what lies beside it.

FILE is the key (PEM, PKCS #8, mode 0600), FILE.pub the public key as notes write it. FILE.last is the last checkpoint that
was signed with it, FILE.lock what a process holds meanwhile, FILE.next the new key while a change is under way. With a
database FILE.last and FILE.lock lie in the state directory, since several machines share the key. Nothing of this belongs
into a backup: a restored FILE.last would hide that the evidence was restored.
"""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spentkey.core.checkpoint import Checkpoint, VerifierKey, read_checkpoint
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.note_key import SEED_BYTES, NoteKey
from spentkey.settings.modes import Modes
from spentkey.storage.durable import flush_names
from spentkey.storage.small_file import read_small, written_whole

KEY_NAME = "signing.key"
"""In the state directory, where no other file is configured."""
GROUP_OR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
Draw = Callable[[int], bytes]
"""So many random bytes."""


@dataclass(frozen=True)
class KeyFile:
    """Where the key is, and how it may be read."""

    file: Path
    beside: Path | None
    """The folder of FILE.last and FILE.lock; None where there is none: then this process alone knows what it signed."""
    modes: Modes
    draw: Draw
    made_here: bool = False
    """Whether it lies in the state directory and is made at first use."""

    @property
    def next(self) -> Path:
        """The new key while a change is under way."""
        return self.file.with_name(f"{self.file.name}.next")

    @property
    def public(self) -> Path:
        """The public key, for people."""
        return self.file.with_name(f"{self.file.name}.pub")

    @property
    def last(self) -> Path | None:
        """The last checkpoint that this machine signed."""
        return self.beside / f"{self.file.name}.last" if self.beside is not None else None

    @property
    def lock(self) -> Path | None:
        """What is locked while a checkpoint is made."""
        return self.beside / f"{self.file.name}.lock" if self.beside is not None else None

    def read(self) -> NoteKey | None:
        """The key; None where there is no file. Raises `Misconfigured` where it must not be used, or is none."""
        return self._read(self.file)

    def read_next(self) -> NoteKey | None:
        """The new key of a change that was begun; None where none is under way."""
        return self._read(self.next)

    def _read(self, file: Path) -> NoteKey | None:
        try:
            found = read_small(file, follow=not self.made_here)
        except OSError as problem:
            why = "is a link, and nothing is opened through one" if problem.errno == errno.ELOOP else problem.strerror
            raise Misconfigured(f"evidence.signing_key: {file} cannot be read: {why}") from None
        if found is None:
            return None
        content, seen = found
        why = self.modes.why_not(file, seen, secret=True)
        if not why and self.made_here and seen.st_mode & GROUP_OR_OTHERS:
            why = f"may be read by others; chmod 600 {file}"
        if why:
            raise Misconfigured(f"evidence.signing_key: {file} {why}")
        try:
            return NoteKey.read(content)
        except ValueError as problem:
            raise Misconfigured(f"evidence.signing_key: {file} {problem}") from None

    def make(self) -> NoteKey:
        """Make the first key. The caller holds the lock and has found none."""
        return self._made(self.file)

    def make_next(self) -> NoteKey:
        """Make the key that comes next. The caller holds the lock and has found none."""
        return self._made(self.next)

    def _made(self, file: Path) -> NoteKey:
        key = NoteKey.from_seed(self.draw(SEED_BYTES))
        self._write(file, key.pem())
        return key

    def put_next_in_place(self) -> None:
        """The new key is the key from here on. The caller holds the lock."""
        try:
            self.next.replace(self.file)
            flush_names(self.file.parent)
        except OSError as problem:
            raise _unwritable(self.file, problem) from None

    def publish(self, key: VerifierKey) -> None:
        """Write the public key for people, where it is not there as it should be; it is of no use to Spentkey itself."""
        content = f"{key}\n".encode()
        try:
            found = read_small(self.public)
            if found is None or found[0] != content:
                written_whole(self.public, content)
        except OSError:
            return  # a folder that is only read, such as one of systemd's credentials: the commands print the key too

    def published(self) -> str | None:
        """The public key that was written for people; None where there is none that can be read."""
        try:
            found = read_small(self.public)
            return str(VerifierKey.parse(found[0].decode())) if found is not None else None
        except (OSError, ValueError):
            return None

    def read_last(self) -> Checkpoint | None:
        """The last checkpoint that this machine signed; None where there is none.

        Raises `ValueError` where the file holds something else, and `EvidenceBroken` where it cannot be read.
        """
        found = self.read_last_and_when()
        return found[0] if found is not None else None

    def read_last_and_when(self) -> tuple[Checkpoint, datetime] | None:
        """The same, and when it was written there, by this machine's clock."""
        if self.last is None:
            return None
        try:
            found = read_small(self.last)
        except OSError as problem:
            raise EvidenceBroken(f"{self.last} cannot be read ({problem.strerror})") from None
        if found is None:
            return None
        content, seen = found
        return read_checkpoint(content.decode()), datetime.fromtimestamp(seen.st_mtime, UTC)

    def write_last(self, note: str) -> None:
        """Keep a checkpoint before it is used; it is on the disk when this returns. The caller holds the lock."""
        if self.last is not None:
            self._write(self.last, note.encode())

    def _write(self, file: Path, content: bytes) -> None:
        try:
            if file.parent == self.beside:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            written_whole(file, content)
        except OSError as problem:
            raise _unwritable(file, problem) from None

    def open_lock(self) -> int | None:
        """The open file to lock; None where there is nothing to share it with."""
        if self.lock is None:
            return None
        try:
            self.lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as problem:
            raise _unwritable(self.lock, problem) from None

    def close_lock(self, file: int) -> None:
        """Give it back; the file stays."""
        os.close(file)


def _unwritable(file: Path, problem: OSError) -> EvidenceBroken:
    return EvidenceBroken(
        f"{file} cannot be written ({problem.strerror}); the account that runs spentkey must be able to write beside its "
        "signing key"
    )
