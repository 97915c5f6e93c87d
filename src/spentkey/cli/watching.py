"""Who watches a run: a live table on a terminal, lines in a log, nobody when a program reads the output."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from spentkey.cli.show import Lines, LiveTable
from spentkey.ports.read_only import NoProgress
from spentkey.ports.runtime import Progress


@contextmanager
def watching(*, as_json: bool) -> Generator[Progress]:
    """Choose by what stderr is; results go to stdout, so both can be had apart."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=12, transient=True) as live:
            yield LiveTable(live)
    elif as_json:
        yield NoProgress()
    else:
        yield Lines(console)
