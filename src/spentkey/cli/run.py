"""`spentkey run TASK`: one task, from ticket to report."""

import os
from pathlib import Path

from spentkey.bootstrap.context import context_for
from spentkey.cli.show import print_json, print_results
from spentkey.cli.watching import watching
from spentkey.settings.load import load_settings
from spentkey.story import work_on


async def run_task(task: int, config: Path, *, as_json: bool) -> int:
    """Work on one task and show its result; gives the exit code."""
    settings = load_settings(config, os.environ)
    with watching(as_json=as_json) as progress:
        async with context_for(settings, progress) as context:
            result = await work_on(task, context)
    if as_json:
        print_json(result.as_json())
    else:
        print_results([result])
    return result.exit_code
