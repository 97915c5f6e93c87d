"""`spentkey database init`: the tables in PostgreSQL, the role that owns them, and the role of the workers."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import with_database
from spentkey.cli.show import print_json


async def init_tables(config: Path, *, as_json: bool) -> int:
    """Make what is missing; gives the exit code, 0 also where all was there."""
    roles = await with_database().init_database(load_settings(config, os.environ, as_owner=True))
    if as_json:
        print_json({"owner": roles.owner, "worker": roles.worker})
        return 0
    click.echo(f"the tables are there, and belong to the role {roles.owner}")
    click.echo(
        f"the role {roles.worker} of the workers may read evidence and add to it, and neither change nor delete it"
    )
    return 0
