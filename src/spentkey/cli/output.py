"""What is printed where it cannot be: a full disk, a reader that has gone, a terminal that does not know UTF-8.

A removal must not end because its progress cannot be shown, and a task that is closed is closed whether its result was
seen or not. So a write to stdout or stderr never fails; what was lost is said at the end.
"""

import codecs
import errno
import io
import os
import select
import sys
from pathlib import Path
from typing import TextIO

STAND_INS = {"·": "-", "…": "...", "●": "*", "—": "-", "–": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "→": "->"}
"""What is shown in place of a character that the terminal does not know; for any other a question mark."""
ERRORS = "spentkey-stand-in"
NOT_READ = 4
"""The exit code of a command that only reads, where what it read could not be shown."""


class Output(io.FileIO):
    """stdout or stderr: what cannot be written is dropped, and the first reason is kept."""

    lost: OSError | None = None

    def write(self, content: object) -> int:
        """Write, or drop; gives the number of bytes that were taken."""
        view = memoryview(content)  # pyright: ignore[reportArgumentType]  # bytes, as BufferedWriter gives them
        if self.lost is None:
            try:
                while (written := super().write(view)) is None:  # somebody made the pipe or terminal non-blocking
                    select.select([], [self], [])
                return written
            except OSError as problem:
                self.lost = problem
        return view.nbytes


class Acted(SystemExit):
    """The end of a command that did something: its exit code stands, whether it could be shown or not."""


def never_failing() -> None:
    """Put such streams in place of this process' own; a closed one is opened on nothing, so that no file gets its number."""
    codecs.register_error(ERRORS, _stand_in)
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]  # `<&-` closes it
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  # for the whole process
    sys.stdout, sys.stderr = _never_failing(sys.stdout), _never_failing(sys.stderr)


def _never_failing(stream: TextIO | None) -> io.TextIOWrapper:
    if stream is None:
        output = Output(os.open(os.devnull, os.O_WRONLY), "wb")
        output.lost = BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        encoding, lines = "utf-8", False
    else:
        stream.flush()
        output = Output(stream.fileno(), "wb", closefd=False)
        encoding, lines = stream.encoding, bool(getattr(stream, "line_buffering", False))
    return io.TextIOWrapper(io.BufferedWriter(output), encoding, ERRORS, line_buffering=lines)


def _stand_in(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    missing = problem.object[problem.start : problem.end]
    return "".join(STAND_INS.get(one, "?") for one in missing), problem.end


def knows_unicode(stream: TextIO) -> bool:
    """Whether every character can be written to it."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")


def what_was_lost() -> OSError | None:
    """Why stdout took no more; None where everything was taken, or nobody reads any more."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    lost = raw.lost if isinstance(raw, Output) else None
    return None if lost is None or lost.errno == errno.EPIPE else lost
