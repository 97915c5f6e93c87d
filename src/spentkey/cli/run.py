"""`spentkey run TASK`: one task, from ticket to report."""

from pathlib import Path

import click

from spentkey.assemble import hands_for
from spentkey.cli.ending import until_done
from spentkey.cli.options import config_option, json_option, settings_from
from spentkey.cli.show import print_json
from spentkey.cli.tables import show_results
from spentkey.cli.watching import watching
from spentkey.story import work_on


@click.command("run")
@click.argument("task", type=click.IntRange(min=1, max=2**53))
@config_option
@json_option
def command(task: int, config: Path, as_json: bool) -> None:
    """Work on the TASK with that AssignmentID: remove, prove, close; or hand over with the reason."""
    until_done(_run(task, config, as_json=as_json))


async def _run(task: int, config: Path, *, as_json: bool) -> int:
    settings = settings_from(config)
    with watching(as_json=as_json) as progress:
        async with hands_for(settings, progress) as hands:
            result = await work_on(task, hands)
    if as_json:
        print_json(result.as_json())
    else:
        show_results([result])
    return result.exit_code
