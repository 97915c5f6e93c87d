"""`spentkey pause`: no new removal begins, in any process, with who and why on record: what the API's pause does."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.show import print_json
from spentkey.cli.who_and_why import who_and_why
from spentkey.steps.stops import pause
from spentkey.system import SystemClock


async def pause_all(config: Path, who: str, why: str, *, as_json: bool) -> int:
    """Record who pauses and why; gives the exit code, 0 also when they have paused already."""
    settings = load_settings(config, os.environ)
    name, message = who_and_why(who, why, "pauses", "why everything is paused")
    async with storage_for(settings, SystemClock()) as storage:
        made = await pause(storage.evidence, name, message)
    if as_json:
        print_json({"stopped": made.stopped, "paused": made.paused})
    else:
        click.echo("everything is paused" if made.paused else f"{name} has paused everything already")
        click.echo(made.stopped)
    return 0
