"""What shows a run: a live table on a terminal, lines in a log, nothing when a program reads the output."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from spentkey.cli.show import Lines
from spentkey.ports.read_only import NoProgress
from spentkey.ports.runtime import Progress


@contextmanager
def watching(*, as_json: bool) -> Generator[Progress]:
    """Choose by what stderr is; results go to stdout, so both can be had apart."""
    if sys.stderr.isatty():
        from spentkey.cli.live import live_table  # noqa: PLC0415

        with live_table() as progress:
            yield progress
    elif as_json:
        yield NoProgress()
    else:
        yield Lines(sys.stderr)
