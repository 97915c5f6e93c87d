"""`spentkey resume`: lift the stop that a lost survivor or a pause caused, with who and why on record."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.show import print_json
from spentkey.core.errors import Misconfigured
from spentkey.core.records import ResumedRecord
from spentkey.core.sanitize import plain
from spentkey.system import SystemClock

LONGEST = 2000
"""Longest reason that is kept, in characters."""


async def lift_stop(config: Path, who: str, why: str, *, as_json: bool) -> int:
    """Record who lifts the stop and why; gives the exit code, 0 also when nothing was stopped."""
    settings = load_settings(config, os.environ)
    name, message = plain(who).strip(), plain(why, LONGEST).strip()
    if not message:
        raise Misconfigured("--why: say in a few words what was found, so that it stands in the evidence")
    if not name:
        raise Misconfigured("--who: say who lifts the stop, so that it stands in the evidence")
    async with storage_for(settings, SystemClock()) as storage:
        stopped = await storage.evidence.ask(lambda blast_radius: blast_radius.refuse_any())
        if stopped is not None:
            record = ResumedRecord(name, message)
            await storage.evidence.append(record.what, record.facts())
    if as_json:
        print_json({"stopped": stopped.reason if stopped else None, "resumed": stopped is not None})
    else:
        click.echo("the stop is lifted" if stopped else "nothing is stopped")
    return 0
