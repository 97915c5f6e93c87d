"""`spentkey`: the group of commands, and what happens when one of them meets a bug."""

import sys
import traceback

import click

from spentkey import __version__
from spentkey.cli import garbage
from spentkey.cli.commands import check, demo, plan, resume, run, serve, work
from spentkey.cli.ending import complain


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spentkey")
def cli() -> None:
    """Remove spent credentials from Entra ID app registrations, prove it, and close the task that asked for it.

    Exit codes: 0 done; 2 not ours, unknown, or a wrong option or configuration; 3 handed over to people;
    4 left open for another try; 1 a bug.
    """


for command in (check, demo, plan, resume, run, serve, work):
    cli.add_command(command)


def main() -> None:
    """Entry point: a bug ends with its traceback, which holds no local values, and exit code 1."""
    garbage.begin_without()
    try:
        cli()
    except Exception:  # noqa: BLE001  # the outermost frame: nothing else can report it
        traceback.print_exc()
        sys.exit(complain("this is a bug in Spentkey; the task stays as it is", 1))
