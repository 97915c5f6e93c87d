"""The commands with their options. What they do is imported when they are called, so that help and errors are quick."""

import getpass
import sys
from pathlib import Path

import click

from spentkey.cli.ending import complain, until_done
from spentkey.cli.options import config_option, json_option

SHORT = {
    "serve": "work on the queue until stopped, with webhook, API and metrics",
    "resume": "lift a stop, with who and why on record",
    "run": "work on one task, from ticket to report",
    "plan": "say what would be done to each open task, and why or why not; write nothing",
    "check": "reach every configured system and say what is missing and how to grant it; write nothing",
    "work": "work on the open tasks of the queue team",
    "demo": "start the simulator and remove the spent credentials of its two tenants",
}
TASK_NUMBER = click.IntRange(min=1, max=2**53)


@click.command(short_help=SHORT["run"])
@click.argument("task", type=TASK_NUMBER)
@config_option
@json_option
def run(task: int, config: Path, as_json: bool) -> None:
    """Work on the TASK with that AssignmentID: remove, prove, close; or hand over with the reason."""
    from spentkey.cli.run import run_task  # noqa: PLC0415

    until_done(run_task(task, config, as_json=as_json))


@click.command(short_help=SHORT["plan"])
@click.argument("task", type=TASK_NUMBER, required=False)
@config_option
@json_option
def plan(task: int | None, config: Path, as_json: bool) -> None:
    """Say what would be done to TASK, or to each open task of the queue team, and why or why not."""
    from spentkey.cli.plan import plan_tasks  # noqa: PLC0415

    until_done(plan_tasks(task, config, as_json=as_json))


@click.command(short_help=SHORT["work"])
@click.option("--once", is_flag=True, help="Take every task that is open now, then stop.")
@config_option
@json_option
def work(once: bool, config: Path, as_json: bool) -> None:
    """Work on the open tasks of the queue team, now and as they come, until SIGTERM or Ctrl-C.

    The first signal brings the work under way to a safe point, the second ends it at once; either way the next start
    goes on from there. Without --once, --json prints nothing.
    """
    from spentkey.cli.work import work_on_and_on, work_once  # noqa: PLC0415

    until_done(work_once(config, as_json=as_json) if once else work_on_and_on(config, as_json=as_json))


@click.command(short_help=SHORT["serve"])
@config_option
@click.option("--json", "as_json", is_flag=True, help="Log as JSON, whatever the configuration says.")
def serve(config: Path, as_json: bool) -> None:
    """Work on the open tasks of the queue team until stopped, and answer the webhook, the API, health and metrics.

    SIGTERM or Ctrl-C stops it: no more requests are taken, work under way comes to a safe point, and the exit code is
    0. A second one ends it at once; nothing is lost, since open tasks are found again.
    """
    try:
        from spentkey.cli.serve import serve_until_stopped  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        sys.exit(complain(f"{missing.name} is not installed: pip install 'spentkey[service]'", 2))
    until_done(serve_until_stopped(config, as_json=as_json))


@click.command(short_help=SHORT["demo"])
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Which seeded world.")
@click.option(
    "--config",
    type=click.Path(),
    help="Taken as for every command, and not looked at: the demonstration makes its own.",
)
@json_option
def demo(seed: int, config: str | None, as_json: bool) -> None:  # noqa: ARG001
    """Start the simulator and work on every open task of its two tenants; nothing leaves this machine.

    The configuration of your own installation is not looked at. The exit code is 0 when the table is what the
    simulator's world expects and what is true in it.
    """
    from spentkey.cli.demo import demonstrate  # noqa: PLC0415

    until_done(demonstrate(seed, as_json=as_json))


@click.command(short_help=SHORT["check"])
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Reach every configured system and say what is missing and how to grant it. Writes nothing.

    The exit code is 0, or 2 when anything fails; warnings do not count.
    """
    from spentkey.cli.check import check_up  # noqa: PLC0415

    until_done(check_up(config, as_json=as_json))


def _user() -> str:
    """The user of this process; empty where the machine has no name for it, and then it must be said."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@click.command(short_help=SHORT["resume"])
@click.option("--why", required=True, help="What was found; it stands in the evidence.")
@click.option("--who", default=_user, help="Who lifts the stop.  [default: the user of this process]")
@config_option
@json_option
def resume(why: str, who: str, config: Path, as_json: bool) -> None:
    """Lift the stop that a lost survivor or a pause caused (guard G8), with who and why on record."""
    from spentkey.cli.resume import lift_stop  # noqa: PLC0415

    until_done(lift_stop(config, who, why, as_json=as_json))
