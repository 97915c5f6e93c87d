"""The live table, which a terminal shows while tasks are worked on."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from spentkey.cli.show import STEP_WORDS
from spentkey.cli.tables import coloured
from spentkey.core.sanitize import plain
from spentkey.core.task import TaskRef

STEPS = tuple(STEP_WORDS)
NAMED_AT = "ask"
"""The step whose detail is the application's name, as the request gives it."""
APPLICATION_WIDTH = 20
"""Characters for the application's name."""


class LiveTable:
    """The `Progress` port as a table that moves: tasks under way above, those that ended below, as many as fit."""

    KEPT = 200
    """How many of the tasks that ended are remembered."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._at: dict[TaskRef, tuple[str, str]] = {}
        self._names: dict[TaskRef, str] = {}
        self._forgotten = 0
        self._told = ""

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Move the task's row; one that ended goes to the top of those that ended."""
        self._at.pop(task, None)
        self._told = ""
        message = plain(detail, 200)
        if step == NAMED_AT:
            self._names[task], message = message, ""
        self._at[task] = (step, message)
        if step not in STEPS:
            self._forget()
        self._live.update(self._table())

    def tell(self, message: str) -> None:
        """Show the message above the table until the next one, or a task, comes."""
        self._told = plain(message, 200)
        self._live.update(self._table())

    def _forget(self) -> None:
        """Of the tasks that ended, keep the last ones: a service never ends."""
        ended = [task for task, (step, _) in self._at.items() if step not in STEPS]
        for task in ended[: -self.KEPT]:
            del self._at[task]
            self._names.pop(task, None)
            self._forgotten += 1

    def _table(self) -> Table:
        under_way = sorted((task for task, (step, _) in self._at.items() if step in STEPS), key=_in_order)
        ended = [task for task in reversed(self._at) if task not in under_way]
        table = Table(
            box=None,
            pad_edge=False,
            padding=(0, 2, 0, 0),
            title=Text(self._told) if self._told else None,
            title_justify="left",
            caption=f"{len(under_way)} under way, {len(ended) + self._forgotten} ended",
            caption_justify="left",
        )
        numbers = max((len(str(task)) for task in self._at), default=5)
        fixed = (numbers, APPLICATION_WIDTH, max(map(len, STEP_WORDS.values())), len(STEPS))
        rest = self._live.console.width - sum(fixed) - 2 * len(fixed)
        for heading, width in zip(("task", "application", "step", "", ""), (*fixed, max(10, rest)), strict=True):
            table.add_column(heading, width=width, no_wrap=True, overflow="ellipsis")
        for task in [*under_way, *ended][: max(3, self._live.console.height - 4)]:
            step, detail = self._at[task]
            name, word = Text(self._names.get(task, "")), coloured(STEP_WORDS.get(step, step))
            table.add_row(str(task), name, word, _track(step), Text(detail, style="dim"))
        return table


def _in_order(task: TaskRef) -> tuple[int, str]:
    """Numbers by their value, other references as texts."""
    return (len(task), task) if task.isdigit() else (0, task)


def _track(step: str) -> Text:
    done = STEPS.index(step) + 1 if step in STEPS else len(STEPS)
    return Text("●" * done, style="cyan") + Text("·" * (len(STEPS) - done), style="dim")


@contextmanager
def live_table() -> Generator[LiveTable]:
    """The table on stderr; it is gone when all is done."""
    console = Console(stderr=True, highlight=False)
    with Live(console=console, refresh_per_second=12, transient=True) as live:
        yield LiveTable(live)
