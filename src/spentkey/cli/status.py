"""`spentkey status`: the queue, stops and pauses, and how long our own credentials live; reads only."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.status import Overview, overview_of
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json
from spentkey.core.stops import worst_first
from spentkey.system import SystemClock


async def show_status(config: Path, *, as_json: bool) -> int:
    """Read everything and show it; 4 if something could not be read."""
    overview = await overview_of(load_settings(config, os.environ), SystemClock())
    if as_json:
        print_json(overview.as_json())
    else:
        for what, message in _rows(overview):
            click.echo(f"{what:<12} {message}")
    for problem in overview.problems:
        complain(problem, 4)
    return 4 if overview.problems else 0


def _rows(overview: Overview) -> list[tuple[str, str]]:
    """One line for each fact."""
    queue = "not known" if overview.queue is None else f"{overview.queue} open"
    rows = [("queue", queue)]
    if overview.stops is None:
        rows.append(("stops", "not known"))
    elif not overview.stops:
        rows.append(("stops", "none"))
    rows += [(f"stop {one.id}", one.reason) for one in worst_first(overview.stops or ())]
    for one in overview.credentials:
        days = one.as_json()["days"]
        message = "no live client secret is shown" if days is None else f"{days} days left until a client secret ends"
        rows.append((one.tenant, message))
    return rows
