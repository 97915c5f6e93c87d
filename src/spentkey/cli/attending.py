"""What an unattended command reports to: the log, traces where a collector is named, and metrics."""

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from spentkey.cli.live import LiveTable, live_table
from spentkey.core.errors import Misconfigured
from spentkey.core.task import TaskRef
from spentkey.observe.logs import Logged, logging_to
from spentkey.observe.observer import Observer, Observers
from spentkey.ports.runtime import Clock
from spentkey.settings.schema import ServiceSettings

COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"


class TableObserver(Observer):
    """The live table as an observer."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """Move the task's row."""
        self._table.step(task, step, detail)

    def told(self, message: str) -> None:
        """Show it above the table."""
        self._table.tell(message)

    def notified(self, event: str, result: str, why: str) -> None:
        """Show what could not be sent above the table."""
        if why:
            self._table.tell(f"notice of {event}, {result}: {why}")

    def not_checkpointed(self, why: str) -> None:
        """Show above the table why no checkpoint could be made."""
        if why:
            self._table.tell(why)


@contextmanager
def attending(
    service: ServiceSettings,
    clock: Clock,
    environment: Mapping[str, str],
    *others: Observer,
    live: bool = False,
    as_json: bool = False,
) -> Generator[Observers]:
    """Log to stderr, and trace where the environment names a collector.

    With `live`, a terminal shows the moving table in place of the log.
    """
    wanted = "json" if as_json else service.log_format
    lines = wanted == "json" if wanted else not sys.stderr.isatty()
    with _traced(clock, environment) as traced:
        if live and sys.stderr.isatty() and wanted is None:
            with live_table() as table:
                yield Observers((TableObserver(table), *traced, *others), clock)
        else:
            with logging_to(sys.stderr, as_json=lines, level=service.log_level, clock=clock):
                yield Observers((Logged(), *traced, *others), clock)


@contextmanager
def _traced(clock: Clock, environment: Mapping[str, str]) -> Generator[Sequence[Observer]]:
    """The traces, which cost an import that only those pay who want them."""
    if not environment.get(COLLECTOR):
        yield ()
        return
    try:
        from spentkey.observe import traces  # noqa: PLC0415  # an extra, loaded only where it is wanted
    except ImportError:
        raise Misconfigured(
            f"{COLLECTOR} is set, but traces are not installed: run scripts/setup service in the repository"
        ) from None
    traced = traces.Traced(traces.provider(), clock)
    try:
        yield (traced,)
    finally:
        traced.close()
