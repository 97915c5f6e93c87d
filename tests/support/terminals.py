"""Runs a command on a terminal of its own."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

from commands import BIN, environment


def on_a_terminal(
    home: Path, *arguments: str, rows: int = 50, columns: int = 140, more: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run `spentkey` on a terminal of that size; its exit code and all that it drew."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    variables = environment(home, TERM="xterm-256color", **(more or {}))
    command = [str(BIN / "spentkey"), *arguments]
    with subprocess.Popen(command, cwd=home, env=variables, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        drawn = b""
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:  # Linux says so when the last writer has gone
            pass
        finally:
            os.close(ours)
    return process.returncode, drawn.decode()
