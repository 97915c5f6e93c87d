"""`spentkey plan [TASK]`: what would be done, and why or why not; nothing is written anywhere."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings, reference_of, whose_queue
from spentkey.cli.show import print_json
from spentkey.cli.watching import watching
from spentkey.dry_run import dry_run
from spentkey.worker.local import in_parallel


async def plan_tasks(task: str | None, config: Path, *, as_json: bool) -> int:
    """Plan one task or all open ones and show the plan; returns the exit code."""
    settings = load_settings(config, os.environ)
    named = [reference_of(settings, task)] if task is not None else None
    with watching(as_json=as_json) as progress:
        async with context_for(settings, progress, read_only=True) as context:
            refs = named if named is not None else [one.ref for one in await context.desk.queue()]
            concurrency = settings.engine.concurrency
            plans = await in_parallel(refs, lambda ref: dry_run(ref, context), concurrency)
    freed = sum(plan.fallback_would_free for plan in plans)
    if as_json:
        print_json({"tasks": [plan.as_json() for plan in plans], "summary": {"fallback_would_free": freed}})
    elif not plans:
        click.echo(f"no open tasks {whose_queue(settings)}")
    else:
        from spentkey.cli.plan_text import show_plan  # noqa: PLC0415

        show_plan(plans)
        if freed:
            click.echo(f'policy.certificate_fallback = "patch" would free {freed} of the tasks that are handed over')
    return 0
