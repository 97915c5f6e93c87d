"""Whether a process of this machine still lives: each holds the lock of a file of its own, which the kernel frees."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

PREFIX = "process-"


class Living:
    """The file of this process; all processes that share a state directory see it, whatever container they run in."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self._directory = directory / "locks"
        self._file: int | None = None

    def hold(self) -> None:
        """Show that this process lives, until it ends; clear away what dead ones left. Raises `OSError`."""
        if self._file is not None:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in self._directory.glob(f"{PREFIX}*.lock"):
            self.has_ended(other.name.removeprefix(PREFIX).removesuffix(".lock"))
        path = self._path(self.name)
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and os.fstat(file).st_ino == path.stat().st_ino:  # nobody cleared it away meanwhile
                self._file = file
                return
            os.close(file)

    def has_ended(self, name: str) -> bool:
        """Whether the process of that name has ended; its file is cleared away then."""
        if name == self.name:
            return False
        path = self._path(name)
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            return False
        finally:
            os.close(file)
        return True

    def release(self) -> None:
        """End in good order."""
        if self._file is not None:
            with suppress(OSError):
                self._path(self.name).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _path(self, name: str) -> Path:
        return self._directory / f"{PREFIX}{name}.lock"
