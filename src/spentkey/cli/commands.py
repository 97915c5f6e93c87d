"""The commands with their options. What they do is imported when they are called, so that help and errors are quick."""

import getpass
import sys
from pathlib import Path
from typing import Any

import click

from spentkey.cli.ending import complain, until_done
from spentkey.cli.options import config_option, filter_options, json_option
from spentkey.demo import DESKS

SHORT = {
    "serve": "work on open tasks until stopped, with webhook, API and metrics",
    "resume": "start removals again after a stop or a pause",
    "pause": "let no new removal begin until resume",
    "status": "show the queue, stops, and how long our own credentials live",
    "init": "write a first configuration; asks for what it needs",
    "run": "work on tasks by name: remove, prove, close, or hand over",
    "plan": "show what would be done to each open task, and why; writes nothing",
    "check": "test every configured system and say what is missing; writes nothing",
    "work": "work on all open tasks, once or until stopped",
    "scan": "show what has expired in every tenant; --open asks the service desk for each, once",
    "successors": "show what ends soon, and whether something is ready to take over; reads only",
    "database": "set up the PostgreSQL that several machines share",
    "database init": "make its tables, their owner, and the role of the workers",
    "evidence": "show, sign, export and verify the evidence",
    "evidence export": "write a period, or some removals, to one file that anybody can verify",
    "evidence verify": "verify an export, or the evidence itself, and name every fault",
    "evidence checkpoint": "sign the records as they are now, and print the signed note",
    "evidence list": "show what was done, newest first; reads only",
    "evidence show": "show one removal step by step; reads only",
    "demo": "show it all against a simulator; needs no configuration",
}


@click.command(short_help=SHORT["run"])
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True)
@config_option
@json_option
def run(tasks: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Work on one task, or on several in that order. TASK is its reference at the service desk, for example 40021.

    The credential is removed, the removal is proven by reading, and the task is closed; or the task is handed over
    to people with the reason. A second run of a closed task shows the recorded result and does nothing. Ctrl-C ends it
    at once and says what ended and what was under way; the next run goes on from there.
    """
    from spentkey.cli.run import run_tasks  # noqa: PLC0415

    until_done(run_tasks(tasks, config, as_json=as_json), acts=True)


@click.command(short_help=SHORT["plan"])
@click.argument("task", required=False)
@config_option
@json_option
def plan(task: str | None, config: Path, as_json: bool) -> None:
    """Show what would be done to TASK, or to each open task of the queue team, and why or why not.

    It reads what a run reads and writes nothing, in any system.
    """
    from spentkey.cli.plan import plan_tasks  # noqa: PLC0415

    until_done(plan_tasks(task, config, as_json=as_json))


@click.command(short_help=SHORT["work"])
@click.option("--once", is_flag=True, help="Take every task that is open now, then stop.")
@config_option
@json_option
def work(once: bool, config: Path, as_json: bool) -> None:
    """Work on the open tasks of the queue team, now and as new ones come, until SIGTERM or Ctrl-C.

    The first signal lets each task reach a safe point and then ends; the second ends at once. In both cases the next
    start goes on from there. Without --once, --json prints nothing. With --once, Ctrl-C ends at once and
    says what ended and what was under way.
    """
    from spentkey.cli.work import work_on_and_on, work_once  # noqa: PLC0415

    until_done(work_once(config, as_json=as_json) if once else work_on_and_on(config, as_json=as_json), acts=True)


@click.command(short_help=SHORT["serve"])
@config_option
@click.option("--json", "as_json", is_flag=True, help="Log as JSON, whatever the configuration says.")
def serve(config: Path, as_json: bool) -> None:
    """Work on the open tasks of the queue team until stopped, and serve the webhook, the API, health and metrics.

    SIGTERM or Ctrl-C stops it: it takes no more requests, lets each task reach a safe point, and ends with exit code
    0. A second signal ends it at once. Nothing is lost: the next start finds the open tasks again.
    """
    try:
        from spentkey.cli.serve import serve_until_stopped  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        sys.exit(complain(f"{missing.name} is not installed: run scripts/setup service in the repository", 2))
    until_done(serve_until_stopped(config, as_json=as_json), acts=True)


@click.command(short_help=SHORT["demo"])
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Which set of example tasks.")
@click.option(
    "--config",
    type=click.Path(),
    help="Accepted and ignored: the demonstration makes its own configuration.",
)
@click.option(
    "--desk",
    type=click.Choice(DESKS),
    default=DESKS[0],
    show_default=True,
    help="The service desk of the demonstration; files is a folder, and needs no other system.",
)
@json_option
def demo(seed: int, config: str | None, desk: str, as_json: bool) -> None:  # noqa: ARG001
    """Start a simulator of all systems and work on every open task of its two tenants.

    Nothing leaves this machine, and the configuration of your own installation is not read. The exit code is 0 when
    every task ends as expected, else 1.
    """
    from spentkey.cli.demo import demonstrate  # noqa: PLC0415

    until_done(demonstrate(seed, desk=desk, as_json=as_json), acts=True)


@click.command(short_help=SHORT["init"])
@click.option("--desk", metavar="NAME", help="The service desk; files is a folder.  [default: files]")
@click.option("--vault", metavar="NAME", help="The vault; secrets is a folder.  [default: none]")
@click.option("--tenant-id", metavar="UUID", help="The tenant of Entra ID.")
@click.option("--domain", metavar="TEXT", help="Its domain, such as example.onmicrosoft.com.")
@click.option("--client-id", metavar="UUID", help="The app registration that removes credentials.")
@click.option("--client-secret-file", type=click.Path(path_type=Path), help="The file that holds its client secret.")
@click.option("--directory", type=click.Path(path_type=Path), help="The folder of requests.  [default: requests]")
@click.option("--secrets", type=click.Path(path_type=Path), help="The folder of secrets.  [default: secrets]")
@click.option("--state", type=click.Path(path_type=Path), help="The state directory.  [default: state]")
@click.option("--non-interactive", is_flag=True, help="Ask for nothing; what is missing is named.")
@config_option
@json_option
def init(config: Path, non_interactive: bool, as_json: bool, **given: Any) -> None:
    """Write a first configuration that `spentkey check` accepts. A file that is there is left as it is.

    It asks for what the options do not say. With the desk files and no vault, one app registration is all that is
    needed. Paths count from the folder of the configuration. What it makes is for this account alone.
    """
    from spentkey.cli.init import Given, write_first  # noqa: PLC0415

    async def written() -> int:  # errors and the exit code as for every command
        return write_first(config, Given(**given, ask=not non_interactive), as_json=as_json)

    until_done(written(), acts=True)


@click.command(short_help=SHORT["check"])
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Test every configured system and say what is missing and how to grant it. Writes nothing.

    The exit code is 0, or 2 if a line says "fail". Warnings do not count.
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
@click.option("--why", required=True, help="What you found. It is recorded in the evidence.")
@click.option("--who", default=_user, help="Your name.  [default: the user of this process]")
@click.option("--stop", "stops", metavar="ID", multiple=True, help="Lift this stop, and leave others; may be repeated.")
@config_option
@json_option
def resume(why: str, who: str, stops: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Start removals again after a stop or a pause (guard G8).

    Spentkey stops removals by itself when another credential is missing after a removal; operators can pause all of
    them. Look into the cause first. On a terminal it lists what is stopped and asks; elsewhere it lifts everything
    that stands when it starts, or what --stop names. If something else is stopped meanwhile, nothing is lifted and
    the exit code is 4. Your name and your reason are recorded in the evidence.

    Where the database has lost records, because a standby that was behind took over or a backup was restored, that is
    put on record, and work goes on; stops are left as they are, because nobody can have seen them since.
    """
    from spentkey.cli.resume import lift_stops  # noqa: PLC0415

    until_done(lift_stops(config, who, why, stops, as_json=as_json), acts=True)


@click.command(short_help=SHORT["pause"])
@click.option("--why", required=True, help="Why. It is recorded in the evidence, and shown where a task is held up.")
@click.option("--who", default=_user, help="Your name.  [default: the user of this process]")
@config_option
@json_option
def pause(why: str, who: str, config: Path, as_json: bool) -> None:
    """Let no new removal begin, in any process that shares the evidence, until `spentkey resume` (guard G8).

    Tasks stay open. A removal that was sent already is still verified and reported. Your name and your reason are
    recorded in the evidence.
    """
    from spentkey.cli.pause import pause_all  # noqa: PLC0415

    until_done(pause_all(config, who, why, as_json=as_json), acts=True)


@click.command(short_help=SHORT["status"])
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """Show how many tasks are open, what is stopped or paused, the last checkpoint, and how long our own credentials live.

    It reads only. The exit code is 0, or 4 if something could not be read.
    """
    from spentkey.cli.status import show_status  # noqa: PLC0415

    until_done(show_status(config, as_json=as_json))


@click.group(short_help=SHORT["database"], context_settings={"help_option_names": ["-h", "--help"]})
def database() -> None:
    """Set up the PostgreSQL that several machines share."""


@database.command("init", short_help=SHORT["database init"])
@config_option
@json_option
def database_init(config: Path, as_json: bool) -> None:
    """Make or upgrade the tables in PostgreSQL, the role that owns them, and the role of the workers.

    It connects by engine.owner_url, which no other command reads, as the owner of the tables or as a superuser. The
    role of engine.database_url is made if it is missing; afterwards it may read evidence and add to it, and neither
    change nor delete it. A superuser also takes over the tables of version 0.1, whose one role owns all. Stop the
    workers before an upgrade if the CHANGELOG says so. A second time changes nothing.
    """
    from spentkey.cli.database import init_tables  # noqa: PLC0415

    until_done(init_tables(config, as_json=as_json))


@click.command(short_help=SHORT["scan"])
@click.option("--tenant", "tenants", metavar="NAME", multiple=True, help="Only this tenant; may be repeated.")
@click.option("--within", metavar="DAYS", type=click.IntRange(0, 3650), help="Show too what ends within so many days.")
@click.option("--all", "every", is_flag=True, help="Show every credential, live ones too.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "html"]), default="table", show_default=True)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="With --format csv or html: a new file.")
@click.option("--open", "opens", is_flag=True, help="Open a request at the service desk for each that has none.")
@click.option("--limit", metavar="N", type=click.IntRange(0), help="With --open: at most so many in this run.")
@config_option
@json_option
def scan(config: Path, as_json: bool, **given: Any) -> None:
    """Read every application and service principal of each tenant, and show what has expired.

    Each credential has one class, given by the guards that judge its removal, and a reason in words. What could not be
    read whole is said first, and such a scan opens nothing and counts for no statement. It needs neither service desk
    nor vault, unless a tenant signs in by an entry. With --open, requests are opened within the limits of [scan]; with
    --tenant beside it, that is put on record as leave for this tenant. The exit code is 0 if everything was read, 4 if
    not, or if a request could not be opened for another reason than a limit.
    """
    from spentkey.cli.scan import scan_tenants  # noqa: PLC0415

    until_done(scan_tenants(config, as_json=as_json, **given), acts=given["opens"])


@click.command(short_help=SHORT["successors"])
@click.option(
    "--within", metavar="DAYS", type=click.IntRange(1, 3650), default=30, show_default=True, help="How soon it ends."
)
@config_option
@json_option
def successors(config: Path, as_json: bool, within: int) -> None:
    """Show what ends within so many days, and whether something is ready to take over.

    For each: there is no successor, it is not used, both are used, or the successor is used and the old one is silent.
    What the directory's report of sign-ins does not show is not said to be unused. The exit code is 0, or 4 if not
    everything could be read.
    """
    from spentkey.cli.scan import show_what_ends  # noqa: PLC0415

    until_done(show_what_ends(config, within, as_json=as_json))


@click.group(short_help=SHORT["evidence"], context_settings={"help_option_names": ["-h", "--help"]})
def evidence() -> None:
    """Show, sign, export and verify the evidence."""


@evidence.command("export", short_help=SHORT["evidence export"])
@click.argument("file", metavar="FILE.zip", type=click.Path(path_type=Path))
@filter_options
@click.option("--who", default=_user, help="Your name.  [default: the user of this process]")
@config_option
@json_option
def evidence_export(file: Path, who: str, config: Path, as_json: bool, **given: Any) -> None:
    """Write the records of a period to FILE.zip, with what proves that none is missing and none was changed.

    A period is chosen by --since and --until, without them it is all there is. With --task, --app, --tenant or
    --outcome the file holds those removals alone, and states no completeness. Whoever has the file verifies it without
    Spentkey: its README.txt says how. A file that is there is not overwritten. The export is recorded in the evidence.
    """
    from spentkey.cli.evidence_export import export_evidence  # noqa: PLC0415

    until_done(export_evidence(config, file, given, who, as_json=as_json), acts=True)


@evidence.command("verify", short_help=SHORT["evidence verify"])
@click.argument("file", metavar="[FILE.zip]", required=False, type=click.Path(path_type=Path))
@click.option("--key", metavar="KEY", help="The public key that you know, NAME+ID+BASE64.")
@click.option(
    "--checkpoint",
    "checkpoints",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A checkpoint that you have from before; may be repeated.",
)
@click.option("--desk", is_flag=True, help="Read the notes on tickets back, and compare what they say of the evidence.")
@click.option("--since", metavar="TIME", help="With --desk: only tickets of removals that ended then or later.")
@config_option
@json_option
def evidence_verify(file: Path | None, config: Path, as_json: bool, **given: Any) -> None:
    """Verify an export, or without FILE.zip the evidence itself; nothing is written.

    An export needs no configuration and no network. Every fault is named: changed, inserted, missing or moved records,
    an end that was cut off, a bad signature or proof, another key, a log that split, a manifest that lies. Without --key
    or --checkpoint it is said first that whoever made the file may have made its key too. The exit code is 0 if
    everything holds, 3 if something does not, or 4 if something could not be read.
    """
    from spentkey.cli.evidence_verify import verify_evidence  # noqa: PLC0415

    until_done(verify_evidence(config, file, as_json=as_json, **given))


@evidence.command("checkpoint", short_help=SHORT["evidence checkpoint"])
@click.option(
    "--restored", is_flag=True, help="The records do not continue the last checkpoint: a backup was restored."
)
@click.option("--new-key", is_flag=True, help="Let a new key sign from here on; the old one signs the change.")
@click.option("--lost", is_flag=True, help="With --new-key: the old key is lost, and cannot sign the change.")
@click.option("--why", help="What happened. It is recorded in the evidence.")
@click.option("--who", default=_user, help="Your name.  [default: the user of this process]")
@config_option
@json_option
def evidence_checkpoint(config: Path, as_json: bool, **given: Any) -> None:
    """Sign the records as they are now, and print the signed note. Without new records the newest one is printed.

    Checkpoints are made by themselves: at the end of run and work --once, and each evidence.checkpoint_every by work
    and serve. Records that do not continue the last checkpoint are not signed until somebody says why, with
    --restored; that is recorded in the evidence, and so is a change of the key. The exit code is 0, 3 if nothing was
    signed and people must look, or 4 if something could not be read or written.
    """
    from spentkey.cli.evidence_checkpoint import CheckpointOptions, make_checkpoint  # noqa: PLC0415

    until_done(make_checkpoint(config, CheckpointOptions(**given), as_json=as_json), acts=True)


@evidence.command("list", short_help=SHORT["evidence list"])
@filter_options
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many at most.")
@click.option("--before", metavar="SEQ", type=click.IntRange(0, 2**53), help="Only before that record: the next page.")
@config_option
@json_option
def evidence_list(limit: int, before: int | None, config: Path, as_json: bool, **given: Any) -> None:
    """Show how tries at tasks ended, newest first, from the evidence. Writes nothing.

    Without --since and --until it is everything on record. Filters narrow it together. A table has the id by which
    `spentkey evidence show` shows a removal step by step.
    """
    from spentkey.cli.evidence_list import list_results  # noqa: PLC0415

    until_done(list_results(config, given, limit, before, as_json=as_json))


@evidence.command("show", short_help=SHORT["evidence show"])
@click.argument("name", metavar="ID")
@config_option
@json_option
def evidence_show(name: str, config: Path, as_json: bool) -> None:
    """Show one removal step by step: asked, judged, sent, answered, read, written. Writes nothing.

    ID is the evidence id of a result, as `run`, `evidence list` and the ticket show it, or a task, of which the last
    removal is shown. Beside each step stands whether the newest checkpoint proves its record. The exit code is 0, 2 if
    nothing is known by that name, or 3 if a record is not the one that was signed.
    """
    from spentkey.cli.evidence_show import show_removal  # noqa: PLC0415

    until_done(show_removal(config, name, as_json=as_json))
