"""`spentkey work`: the open tasks of the queue team, several at a time; once, or until it is told to stop."""

import os
from pathlib import Path
from signal import SIGHUP, SIGTERM

import click

from spentkey.bootstrap.checkpoints import sign_what_was_added
from spentkey.bootstrap.service import Story, Trying, observed, prepare_process, service_for, worker_for
from spentkey.bootstrap.settings import load_settings, whose_queue
from spentkey.cli.attending import attending
from spentkey.cli.show import print_many
from spentkey.cli.so_far import SoFar
from spentkey.cli.stopping import told_to_stop
from spentkey.cli.tally import Tally
from spentkey.cli.watching import watching
from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Result, exit_code_of_all
from spentkey.core.task import TaskRef
from spentkey.ports.read_only import TellsLeftOut
from spentkey.steps.context import Context
from spentkey.system import SystemClock


async def work_once(config: Path, *, as_json: bool) -> int:
    """Work on every task that is open now and show the results; gives the exit code."""
    settings = load_settings(config, os.environ)
    prepare_process()
    with watching(as_json=as_json) as progress, told_to_stop((SIGTERM, SIGHUP)) as stop:  # Ctrl-C ends it at once
        so_far, unread = SoFar(progress), TellsLeftOut(progress)
        with so_far.shown_if_interrupted(lambda some: print_many(some, unread.told, as_json=as_json)):
            async with worker_for(settings, so_far, meter=unread) as worker:
                results = await worker.once(stop, _kept_in(so_far))
                await sign_what_was_added(settings, worker.storage, worker.clock)
    whole = all(one.what != "task" for one in unread.told)
    if results or as_json or not whole:
        print_many(results, unread.told, as_json=as_json)
    else:
        click.echo(f"no open tasks {whose_queue(settings)}")
    return exit_code_of_all(results, whole=whole)


def _kept_in(so_far: SoFar) -> Trying:
    async def trying(story: Story, ref: TaskRef, context: Context, attempt: str) -> Result:
        result = await story(ref, context, attempt)
        so_far.ended(result)
        return result

    return trying


async def work_on_and_on(config: Path, *, as_json: bool) -> int:
    """Work until a signal asks for a stop, and reach a safe point; returns the exit code, 0.

    At the end, for people, it says what it did.
    """
    settings, clock, tally = load_settings(config, os.environ), SystemClock(), Tally()
    prepare_process()
    attended = attending(settings.service, clock, os.environ, tally, live=True, as_json=as_json)
    try:
        with attended as observer, told_to_stop() as stop:
            async with service_for(
                settings,
                observer,
                observed(observer),
                clock=clock,
                meter=observer,
                notified=observer.notified,
                signed=observer,
            ) as service:
                await service.engine.serve(stop)
    except SpentkeyError:
        raise
    except BaseException:  # a second signal, or a bug
        tally.name_pending()
        raise
    finally:
        if not as_json:
            click.echo(tally.totals())
    return 0
