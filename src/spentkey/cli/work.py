"""`spentkey work --once`: the open tasks of the queue team, several at a time."""

import os
from pathlib import Path

from spentkey.assemble import hands_for
from spentkey.cli.show import print_json, summary
from spentkey.cli.tables import show_results
from spentkey.cli.watching import watching
from spentkey.core.outcome import exit_code_of_all
from spentkey.engine.local import in_parallel
from spentkey.settings import load_settings
from spentkey.story import work_on


async def work_once(config: Path, *, as_json: bool) -> int:
    """Work on every task that is open now and show the results; gives the exit code."""
    settings = load_settings(config, os.environ)
    with watching(as_json=as_json) as progress:
        async with hands_for(settings, progress) as hands:
            numbers = [task.number for task in await hands.desk.queue()]
            results = await in_parallel(numbers, lambda number: work_on(number, hands), settings.engine.concurrency)
    if as_json:
        print_json({"tasks": [result.as_json() for result in results], "summary": summary(results)})
    else:
        show_results(results)
    return exit_code_of_all(results)
