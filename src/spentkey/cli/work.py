"""`spentkey work`: the open tasks of the queue team, several at a time; once, or until it is told to stop."""

import os
from dataclasses import asdict
from pathlib import Path
from signal import SIGHUP, SIGTERM

from spentkey.bootstrap.service import observed, prepare_process, service_for, worker_for
from spentkey.bootstrap.settings import load_settings
from spentkey.cli.attending import attending
from spentkey.cli.show import print_json, print_results, summary
from spentkey.cli.stopping import told_to_stop
from spentkey.cli.watching import watching
from spentkey.core.outcome import exit_code_of_all
from spentkey.ports.read_only import TellsLeftOut
from spentkey.system import SystemClock


async def work_once(config: Path, *, as_json: bool) -> int:
    """Work on every task that is open now and show the results; gives the exit code."""
    settings = load_settings(config, os.environ)
    prepare_process()
    with watching(as_json=as_json) as progress, told_to_stop((SIGTERM, SIGHUP)) as stop:  # Ctrl-C ends it at once
        unread = TellsLeftOut(progress)
        async with worker_for(settings, progress, meter=unread) as worker:
            results = await worker.once(stop)
    left_out = [asdict(one) for one in unread.told]
    if as_json:
        tasks = [result.as_json() for result in results]
        print_json({"tasks": tasks, "summary": summary(results), "left_out": left_out})
    else:
        print_results(results)
    return exit_code_of_all(results, whole=all(one.what != "task" for one in unread.told))


async def work_on_and_on(config: Path, *, as_json: bool) -> int:
    """Work until a signal asks for a stop, and reach a safe point; returns the exit code, 0."""
    settings, clock = load_settings(config, os.environ), SystemClock()
    prepare_process()
    with attending(settings.service, clock, os.environ, live=True, as_json=as_json) as observer, told_to_stop() as stop:
        async with service_for(settings, observer, observed(observer), clock=clock, meter=observer) as service:
            await service.engine.serve(stop)
    return 0
