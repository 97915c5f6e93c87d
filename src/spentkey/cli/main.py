"""`spentkey`: the group of commands, and what happens when one of them meets a bug."""

import sys
import traceback

import click

from spentkey.cli import garbage
from spentkey.cli.commands import (
    check,
    database,
    demo,
    evidence,
    init,
    pause,
    plan,
    resume,
    run,
    scan,
    serve,
    status,
    successors,
    work,
)
from spentkey.cli.ending import complain, left
from spentkey.cli.output import never_failing

HELP = """Remove expired credentials from Entra ID app registrations, prove it, and close the task that asked for it.

\b
Exit codes:
  0    done: the task is closed
  1    a bug
  2    the task is not ours or unknown, or an option or the configuration
       is wrong
  3    handed over to people, with the reason in a note
  4    left open for another try
  130  interrupted (Ctrl-C); the next run goes on from there

Documents: docs/README.md in the repository; first steps: docs/tutorial/first-day.md.
"""


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from spentkey.cli.version import version_line  # noqa: PLC0415

        click.echo(version_line())
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, help=HELP)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version, and the commit where it is known, and exit.",
)
def cli() -> None:
    """The commands."""


COMMANDS = (check, database, demo, evidence, init, pause, plan, resume, run, scan, serve, status, successors, work)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Entry point: a bug ends with its traceback, which holds no local values, and exit code 1."""
    garbage.begin_without()
    never_failing()
    try:
        cli()
    except SystemExit as end:
        sys.exit(left(end))
    except Exception:  # noqa: BLE001  # the outermost frame: nothing else can report it
        traceback.print_exc()
        sys.exit(complain("this is a bug in Spentkey; the next run reads what is true and goes on from there", 1))
