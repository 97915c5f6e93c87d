"""The live table, which a terminal shows while tasks are worked on."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from spentkey.cli.tables import coloured
from spentkey.core.sanitize import plain

STEPS = ("ticket", "ask", "see", "judge", "plan", "remove", "verify", "report")


class LiveTable:
    """The `Progress` port as a table that moves: tasks under way above, those that ended below, as many as fit."""

    KEPT = 200
    """How many of the tasks that ended are remembered."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._at: dict[int, tuple[str, str]] = {}
        self._forgotten = 0

    def step(self, task: int, step: str, detail: str = "") -> None:
        """Move the task's row; one that ended goes to the top of those that ended."""
        self._at.pop(task, None)
        self._at[task] = (step, plain(detail, 80))
        if step not in STEPS:
            self._forget()
        self._live.update(self._table())

    def _forget(self) -> None:
        """Of the tasks that ended, keep the last ones: a service never ends."""
        ended = [task for task, (step, _) in self._at.items() if step not in STEPS]
        for task in ended[: -self.KEPT]:
            del self._at[task]
            self._forgotten += 1

    def _table(self) -> Table:
        under_way = sorted(task for task, (step, _) in self._at.items() if step in STEPS)
        ended = [task for task in reversed(self._at) if task not in under_way]
        table = Table(
            box=None, pad_edge=False, caption=f"{len(under_way)} under way, {len(ended) + self._forgotten} ended"
        )
        for heading in ("task", "steps", "now", ""):
            table.add_column(heading, no_wrap=True, overflow="ellipsis")
        for task in [*under_way, *ended][: max(3, self._live.console.height - 4)]:
            step, detail = self._at[task]
            table.add_row(str(task), _track(step), coloured(step), Text(detail, style="dim"))
        return table


def _track(step: str) -> Text:
    done = STEPS.index(step) + 1 if step in STEPS else len(STEPS)
    return Text("●" * done, style="cyan") + Text("·" * (len(STEPS) - done), style="dim")


@contextmanager
def live_table() -> Generator[LiveTable]:
    """The table on stderr; it is gone when all is done."""
    console = Console(stderr=True, highlight=False)
    with Live(console=console, refresh_per_second=12, transient=True) as live:
        yield LiveTable(live)
