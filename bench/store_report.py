"""The text of the store's benchmark: what was measured when, on what and how, with the tables and the aims."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.figures import Figure
from bench.store import FLUSHES, HELD_UP_RUNS, MANY, ONE, PAGE_BYTES, REST_S, StorePlan
from bench.store_figures import MOST_TRIES, NEAR, NEAR_CPU_S, NEAR_PEAK, Found
from bench.store_rows import OVER
from bench.store_table import TOGETHER, render

STORE = Path(__file__).with_name("STORE.md")
GIVEN = "## Measured otherwise"
"""Where the part begins that is written by hand and stays."""
BUSY_CORES = 0.3
"""From so many cores of other work on, the machine is called busy."""


def document(plan: StorePlan, found: Found, versions: Mapping[str, str], file_system: str, now: datetime) -> str:
    """What this bench writes of the text; a part that was written by hand comes after it."""
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"""# What the evidence costs

{now:%Y-%m-%d}, {machine.description()}; {file_system}. {told}.

Made by `make bench BENCH="--store --records {plan.records} --write"`. {busy(found)}

A flush is one page of {PAGE_BYTES} bytes appended to a file and `fdatasync`, {FLUSHES} times before and
{FLUSHES} times after the single appends. Appends are of the four kinds of a removal's
records (intent, answer, verified, result), {ONE} one after the other, and then {MANY} by {TOGETHER} tasks of one process at
once. Memory is `/dev/shm`, where a flush costs nothing. PostgreSQL has `fsync` and `synchronous_commit` on, and a socket.
Figures are medians, with the tenth and the ninetieth percentile in brackets.

A cold run is `spentkey run TASK`, a new process for a removal by the simulator on the same machine; reads of the
verification follow without a wait. Runs on an empty store, whose tables are made, and on one with {plan.records:,} records
take turns. The records lie evenly over the {OVER.days} days before; the files are in the page cache. CPU and memory are those of the
process, with the smallest and the largest in brackets; the CPU of PostgreSQL's processes is counted in hundredths of a second.

Another process appends all the while, with a rest of {REST_S * 1000:g} ms after each append, beside {HELD_UP_RUNS} cold runs one after the
other, and then for as long alone; the longest is the longest single append.

Appends and cold runs are measured until two measurements agree, {MOST_TRIES} times at most: medians of appends within {NEAR:.0%},
differences of cold runs within {NEAR_CPU_S} s and {NEAR_PEAK / 1e6:.0f} MB. Both stand in the row together.

{render(found)}"""


def busy(found: Found) -> str:
    """Whether the machine had other work meanwhile."""
    figure = Figure.of(found.others)
    cores = f"{figure.text(1)} cores"
    if figure.most < BUSY_CORES:
        return f"The machine was quiet: other work took {cores}."
    return (
        f"The machine was BUSY: before each part, other work took {cores}, so figures are higher than on a quiet one."
    )


def write(text: str, file: Path = STORE) -> None:
    """Write the results; what was written by hand stays at their end."""
    before = file.read_text("utf-8") if file.exists() else ""
    file.write_text(text + given_part(before), "utf-8")


def given_part(text: str) -> str:
    """The part that was written by hand, of results that are written anew; empty where there is none."""
    _, heading, part = text.partition(GIVEN)
    return f"\n{heading}{part}" if heading else ""


def as_json(plan: StorePlan, found: Found, versions: Mapping[str, str], now: datetime) -> str:
    """Every sample, in seconds and bytes."""

    def rows(of: Mapping[Any, Any]) -> list[dict[str, Any]]:
        return [{**asdict(key), **asdict(one)} for key, one in of.items()]

    return json.dumps(
        {
            "date": f"{now:%Y-%m-%d}",
            "machine": machine.description(),
            "plan": asdict(plan),
            "versions": dict(versions),
            "flush": found.flush,
            "others": found.others,
            "appends": rows(found.appends),
            "cold": rows(found.cold),
            "held_up": rows(found.held_up),
        },
        indent=2,
    )
