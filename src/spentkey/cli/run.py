"""`spentkey run TASK`: one task, from ticket to report."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings, reference_of
from spentkey.cli.show import print_json, print_results
from spentkey.cli.watching import watching
from spentkey.core.outcome import TicketState
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Progress
from spentkey.story import work_on

NOTHING_DONE = "Nothing was done this time: the task was closed earlier, and this is the recorded result."


class Noted:
    """The `Progress` port in front of another one, which notes the steps that were taken."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self.steps: set[str] = set()

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Note the step and pass it on."""
        self.steps.add(step)
        self._inner.step(task, step, detail)

    def tell(self, message: str) -> None:
        """Pass it on."""
        self._inner.tell(message)


async def run_task(task: str, config: Path, *, as_json: bool) -> int:
    """Work on one task and show its result; gives the exit code."""
    settings = load_settings(config, os.environ)
    ref = reference_of(settings, task)
    with watching(as_json=as_json) as progress:
        noted = Noted(progress)
        async with context_for(settings, noted) as context:
            result = await work_on(ref, context)
    if as_json:
        print_json(result.as_json())
    else:
        print_results([result])
        if result.ticket is TicketState.CLOSED and "report" not in noted.steps:
            click.echo(NOTHING_DONE)
    return result.exit_code
