"""`spentkey work --once`: the open tasks of the queue team, several at a time."""

from pathlib import Path

import click

from spentkey.assemble import hands_for
from spentkey.cli.ending import until_done
from spentkey.cli.options import config_option, json_option, settings_from
from spentkey.cli.show import print_json, summary
from spentkey.cli.tables import show_results
from spentkey.cli.watching import watching
from spentkey.core.outcome import exit_code_of_all
from spentkey.engine.local import in_parallel
from spentkey.story import work_on


@click.command("work")
@click.option("--once", is_flag=True, required=True, help="Take every task that is open now, then stop.")
@config_option
@json_option
def command(once: bool, config: Path, as_json: bool) -> None:  # noqa: ARG001
    """Work on the open tasks of the queue team."""
    until_done(_work(config, as_json=as_json))


async def _work(config: Path, *, as_json: bool) -> int:
    settings = settings_from(config)
    with watching(as_json=as_json) as progress:
        async with hands_for(settings, progress) as hands:
            numbers = [task.number for task in await hands.desk.queue()]
            results = await in_parallel(numbers, lambda number: work_on(number, hands), settings.engine.concurrency)
    if as_json:
        print_json({"tasks": [result.as_json() for result in results], "summary": summary(results)})
    else:
        show_results(results)
    return exit_code_of_all(results)
