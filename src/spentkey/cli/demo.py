"""`spentkey demo`: the simulator with two tenants, every open task worked on, and each result compared with it."""

import json
import os
import tempfile
from pathlib import Path

import click
from rich.console import Console

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import reference_of
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json, summary, totals
from spentkey.cli.tables import show_results
from spentkey.cli.watching import watching
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.demo.expectations import Truth, disagreements
from spentkey.demo.simulator import Simulator, loopback_settings, simulator
from spentkey.settings.schema import Settings
from spentkey.story import work_on
from spentkey.worker.local import in_parallel


async def demonstrate(seed: int, *, desk: str, as_json: bool) -> int:
    """Start the simulator, work on all its tasks, and compare each result with it; gives the exit code."""
    click.echo(f"starting the simulator (seed {seed})", err=True)
    with tempfile.TemporaryDirectory(prefix="spentkey-demo-") as folder:
        async with simulator(Path(folder), seed, os.environ, desk) as running:
            results, truth = await _work_all(running, as_json=as_json)
    wrong = disagreements(results, truth)
    if as_json:
        print_json({"tasks": [result.as_json() for result in results], "summary": summary(results)})
    else:
        _print(results, truth, seed)
    return complain("\n".join(wrong), 1) if wrong else 0


async def _work_all(running: Simulator, *, as_json: bool) -> tuple[list[Result], Truth]:
    settings = loopback_settings(running.config)
    with watching(as_json=as_json) as progress:
        async with context_for(settings, progress, use_proxies=False) as context:
            refs = await _every_task(settings, running)
            results = await in_parallel(refs, lambda ref: work_on(ref, context), len(refs))
    return results, {**await running.truth(), "requests": _statuses(running.config.parent / "requests")}


def _statuses(requests: Path) -> dict[str, str]:
    """Of each request the last status that its log says; none where the desk is no folder."""
    found: dict[str, str] = {}
    for log in requests.glob("*.log"):
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        found[log.stem] = next((one["status"] for one in reversed(lines) if one["what"] == "status"), "open")
    return found


async def _every_task(settings: Settings, running: Simulator) -> list[TaskRef]:
    """The tasks of the world, also those that are not ours; of a folder the files that are there."""
    requests = running.config.parent / "requests"
    if requests.is_dir():
        return [TaskRef(file.stem) for file in sorted(requests.glob("*.toml"))]
    return [reference_of(settings, number) for number in sorted((await running.truth())["expect"], key=int)]


def _print(results: list[Result], truth: Truth, seed: int) -> None:
    console = Console(highlight=False)
    show_results(results)
    expected = sum(not disagreements([one], truth) for one in results)
    console.print(
        f"\n{totals(results)}\n{expected} of {len(results)} as expected (seed {seed}).\n"
        "Refused and failed tasks belong to the demonstration: Spentkey must not or cannot do what they ask, "
        "so it hands them over to people with the reason."
    )
