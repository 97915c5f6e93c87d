"""`spentkey`: the commands, loaded only when they are called."""

import importlib
import sys
import traceback
from typing import cast

import click

from spentkey import __version__
from spentkey.cli.ending import complain

COMMANDS = {
    "demo": "start the simulator and remove the spent credentials of its two tenants",
    "plan": "say what would be done to each open task, and why or why not; write nothing",
    "run": "work on one task, from ticket to report",
    "work": "work on the open tasks of the queue team",
}


class Commands(click.Group):
    """A group whose commands live in files of their own, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's file."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", importlib.import_module(f"spentkey.cli.{cmd_name}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spentkey")
def cli() -> None:
    """Remove spent credentials from Entra ID app registrations, prove it, and close the task that asked for it.

    Exit codes: 0 done; 2 not ours, unknown, or a wrong option or configuration; 3 handed over to people;
    4 left open for another try; 1 a bug.
    """


def main() -> None:
    """Entry point: a bug ends with its traceback, which holds no local values, and exit code 1."""
    try:
        cli()
    except Exception:  # noqa: BLE001  # the outermost frame: nothing else can report it
        traceback.print_exc()
        sys.exit(complain("this is a bug in Spentkey; the task stays as it is", 1))
