"""`spentkey run TASK…`: each task from ticket to report, one after the other."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings, references_of
from spentkey.cli.show import print_json, print_many, print_results
from spentkey.cli.so_far import SoFar
from spentkey.cli.watching import watching
from spentkey.core.outcome import Result, TicketState, exit_code_of_all
from spentkey.ports.read_only import TellsLeftOut
from spentkey.story import work_on

NOTHING_DONE = "Nothing was done this time: the task was closed earlier, and this is the recorded result."


async def run_tasks(tasks: Sequence[str], config: Path, *, as_json: bool) -> int:
    """Work on the tasks in their order and show the results; gives the exit code.

    A single one is shown by itself, and the exit code is its own; several are one run, as with `work --once`.
    """
    settings = load_settings(config, os.environ)
    refs = references_of(settings, tasks)
    several = len(tasks) > 1
    with watching(as_json=as_json) as progress:
        so_far, unread = SoFar(progress), TellsLeftOut(progress)

        def show(results: Sequence[Result]) -> None:
            if several:
                print_many(results, unread.told, as_json=as_json)
            else:
                _print_one(results, as_json=as_json)

        with so_far.shown_if_interrupted(show):
            async with context_for(settings, so_far, meter=unread, signs=True) as context:
                for ref in refs:
                    so_far.ended(await work_on(ref, context))
    show(so_far.results)
    if several:
        return exit_code_of_all(so_far.results)
    (result,) = so_far.results
    if not as_json and result.ticket is TicketState.CLOSED and "report" not in so_far.steps:
        click.echo(NOTHING_DONE)
    return result.exit_code


def _print_one(results: Sequence[Result], *, as_json: bool) -> None:
    if as_json:
        print_json(results[0].as_json())
    else:
        print_results(results)
