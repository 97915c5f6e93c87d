"""`make bench`: measures, and prints one table for each latency and kind. Progress goes to stderr."""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn

from bench import machine, service_report, store, store_report
from bench.campaign import Campaign, Plan, Report
from bench.installs import RECIPES, NotInstalledError, scratch
from bench.meter import CommandFailedError
from bench.service import SETUPS, Conditions, Setup
from bench.service_report import ServicePlan, service_part
from bench.store import StorePlan
from bench.table import render
from spentkey.settings.surroundings import kind_of

RESULTS = Path(__file__).with_name("RESULTS.md")
QUICK_RUNS, QUICK_TASKS = 2, 50
RECORDS, QUICK_RECORDS = 1_000_000, 20_000
NOTES = """Peak memory is the largest sum of resident memory of all processes of a removal, pages that they share counted for each;
of a warm process its own peak. Installed is with byte code. Ratios compare measurements of the same run. Figures are
medians, with the smallest and the largest in brackets; those of warm processes are for one removal, after a first one
that is not measured. Verification: Spentkey and the bare script make five reads without waiting between them; the
peers make none. A latency is a wait before every HTTP answer of the simulator; the database has none. The simulator
runs beside what is measured, on the same cores."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    made.add_argument(
        "--runs", type=_count, metavar="N", help=f"how often each is measured: 5, or {QUICK_RUNS} if quick"
    )
    made.add_argument(
        "--latency", type=_latencies, metavar="MS,…", help="milliseconds for every answer: 0,20,100, or 0 if quick"
    )
    made.add_argument(
        "--tasks", type=_count, metavar="N", help=f"removals in a warm process: 200, or {QUICK_TASKS} if quick"
    )
    made.add_argument(
        "--growth", type=_counts, metavar="N,…", help="tasks for the growth: 10,100,1000, or 10,100 if quick"
    )
    made.add_argument("--peers", type=_peers, metavar="NAME,…", help=f"{', '.join(RECIPES)}, or none; quick: none")
    made.add_argument("--quick", action="store_true", help="fewer runs, and no peer that is large to install")
    alone = made.add_mutually_exclusive_group()
    alone.add_argument("--service", action="store_true", help="measure the service under load, and nothing else")
    alone.add_argument("--store", action="store_true", help="measure appends and cold starts, and nothing else")
    made.add_argument(
        "--records",
        type=_count,
        metavar="N",
        help=f"with --store: records of the full stores, {RECORDS}, or {QUICK_RECORDS} if quick",
    )
    made.add_argument(
        "--counts",
        type=_counts,
        metavar="N,…",
        help="with --service: tasks that wait, 100,1000,5000, or 20,100 if quick",
    )
    made.add_argument(
        "--setups",
        type=_setups,
        metavar="NAME,…",
        help="with --service: of bare,local,1,2,4 (processes with PostgreSQL)",
    )
    made.add_argument(
        "--certificates", type=_percent, default=0, metavar="N", help="with --service: of 100 tasks so many; 0"
    )
    made.add_argument(
        "--concurrency", type=_count, default=64, metavar="N", help="with --service: places of all processes; 64"
    )
    made.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    made.add_argument(
        "--write", action="store_true", help=f"also write bench/{RESULTS.name}, or bench/{store_report.STORE.name}"
    )
    return made


def plan_of(given: argparse.Namespace) -> Plan:
    """The plan that the options ask for."""
    quick: bool = given.quick
    return Plan(
        latencies=given.latency or ((0.0,) if quick else (0.0, 20.0, 100.0)),
        runs=given.runs or (QUICK_RUNS if quick else 5),
        tasks=given.tasks or (QUICK_TASKS if quick else 200),
        growth=given.growth or ((10, 100) if quick else (10, 100, 1000)),
        peers=(() if quick else tuple(RECIPES)) if given.peers is None else given.peers,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; 1 when Spentkey itself cannot be installed or measured."""
    given = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stopped)
    now = datetime.now(UTC)  # noqa: TID251  # worlds and results carry the present time
    scratch().mkdir(parents=True, exist_ok=True)
    if given.service:
        return _service(given, now)
    if given.store:
        return _store(given, now)
    with TemporaryDirectory(dir=scratch(), prefix="run-") as folder:
        try:
            report = Campaign(plan_of(given), Path(folder), now, _say).run()
        except (NotInstalledError, CommandFailedError) as problem:
            _say(f"nothing can be compared: {problem}")
            return 1
    text = document(report, now)
    if given.write:
        RESULTS.write_text(text + service_part(RESULTS.read_text("utf-8")), "utf-8")
    print(json.dumps(as_json(report, now), indent=2) if given.json else text)
    return int(any(row.reason for row in report.rows if row.way.environment == "spentkey"))


def service_plan_of(given: argparse.Namespace) -> ServicePlan:
    """The plan of the service benchmark that the options ask for."""
    quick: bool = given.quick
    return ServicePlan(
        counts=given.counts or ((20, 100) if quick else (100, 1000, 5000)),
        setups=given.setups or (SETUPS[:3] if quick else SETUPS),
        runs=given.runs or (1 if quick else 2),
        conditions=Conditions((given.latency or (100.0,))[0], given.certificates, given.concurrency),
    )


def _service(given: argparse.Namespace, now: datetime) -> int:
    """Measure the service; 1 when a run failed."""
    with TemporaryDirectory(dir=scratch(), prefix="run-") as folder:
        report = service_report.measured(service_plan_of(given), Path(folder), now, _say)
    part = service_report.document(report, now)
    if given.write:
        RESULTS.write_text(service_report.replaced(RESULTS.read_text("utf-8"), part), "utf-8")
    print(service_report.as_json(report, now) if given.json else part)
    return int(bool(report.failed))


def store_plan_of(given: argparse.Namespace) -> StorePlan:
    """The plan of the store's benchmark that the options ask for."""
    quick: bool = given.quick
    return StorePlan(
        records=given.records or (QUICK_RECORDS if quick else RECORDS),
        runs=given.runs or (QUICK_RUNS if quick else store.RUNS),
    )


def _store(given: argparse.Namespace, now: datetime) -> int:
    """Measure the stores; 1 when they cannot be measured."""
    plan = store_plan_of(given)
    with TemporaryDirectory(dir=scratch(), prefix="run-") as folder:
        file_system = kind_of(Path(folder))
        try:
            found, versions = store.measured(plan, Path(folder), now, _say)
        except (CommandFailedError, ModuleNotFoundError, OSError, SubprocessError) as problem:
            _say(f"nothing can be told: {problem}")
            return 1
    text = store_report.document(plan, found, versions, file_system, now)
    if given.write:
        store_report.write(text)
    print(store_report.as_json(plan, found, versions, now) if given.json else text)
    return 0


def document(report: Report, now: datetime) -> str:
    """The whole text: what was measured when and on what, and the tables."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    head = f"# What a removal costs\n\n{now:%Y-%m-%d}, {machine.description()}. runs: {report.plan.runs}. {versions}.\n"
    return f"{head}\nMade by `make bench`. {NOTES}\n\n{render(report)}"


def as_json(report: Report, now: datetime) -> dict[str, Any]:
    """Every sample, in seconds and bytes."""

    def sample(values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name != "routes"}

    return {
        "date": f"{now:%Y-%m-%d}",
        "machine": machine.description(),
        "plan": asdict(report.plan),
        "versions": report.versions,
        "rows": [
            {
                "latency_ms": row.latency,
                "kind": row.kind,
                "way": row.way.name,
                "count": row.count,
                "installed": row.size,
                "reason": row.reason,
                "samples": [sample(asdict(one)) for one in row.samples],
            }
            for row in report.rows
        ],
        "growth": {str(count): [sample(asdict(one)) for one in taken] for count, taken in report.growth.items()},
    }


def _stopped(number: int, frame: FrameType | None) -> NoReturn:
    """End like any other exit, so that the simulator is stopped and its folder removed."""
    del frame
    sys.exit(128 + number)


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(_count(part) for part in text.split(","))


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return int(text)


def _setups(text: str) -> tuple[Setup, ...]:
    try:
        return service_report.setups_named(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def _latencies(text: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = (-1.0,)
    if not all(0 <= one <= 10_000 for one in found):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of milliseconds")
    return found


def _peers(text: str) -> tuple[str, ...]:
    names = () if text == "none" else tuple(text.split(","))
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(RECIPES)}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
