"""`spentkey plan [TASK]`: what would be done, and why or why not; nothing is written anywhere."""

from pathlib import Path

import click

from spentkey.assemble import hands_for
from spentkey.cli.ending import until_done
from spentkey.cli.options import config_option, json_option, settings_from
from spentkey.cli.show import print_json
from spentkey.cli.tables import show_plans
from spentkey.cli.watching import watching
from spentkey.engine.local import in_parallel
from spentkey.foresee import foresee


@click.command("plan")
@click.argument("task", type=click.IntRange(min=1, max=2**53), required=False)
@config_option
@json_option
def command(task: int | None, config: Path, as_json: bool) -> None:
    """Say what would be done to TASK, or to each open task of the queue team, and why or why not."""
    until_done(_plan(task, config, as_json=as_json))


async def _plan(task: int | None, config: Path, *, as_json: bool) -> int:
    settings = settings_from(config)
    with watching(as_json=as_json) as progress:
        async with hands_for(settings, progress, read_only=True) as hands:
            numbers = [task] if task is not None else [one.number for one in await hands.desk.queue()]
            concurrency = settings.engine.concurrency
            plans = await in_parallel(numbers, lambda number: foresee(number, hands), concurrency)
    if as_json:
        print_json({"tasks": [plan.as_json() for plan in plans]})
    else:
        show_plans(plans)
    return 0
