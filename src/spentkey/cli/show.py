"""What a person or a program reads: lines while tasks are worked on, and a table or JSON at the end.

Tables are drawn by a package that takes as long to import as a request takes, so only who wants a table loads it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TextIO

import click

from spentkey.cli.options import OUTCOMES
from spentkey.cli.output import knows_unicode
from spentkey.core.outcome import Result
from spentkey.core.sanitize import plain
from spentkey.core.task import TaskRef
from spentkey.ports.read_only import LeftOut

STEP_WORDS = {
    "ticket": "task",
    "ask": "request",
    "see": "application",
    "judge": "guards",
    "plan": "plan",
    "remove": "remove",
    "verify": "verify",
    "report": "report",
}
"""The steps of the story, in words for people. Logs as JSON, metrics and traces keep the names of the story."""


class Lines:
    """The `Progress` port as one line for each step, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Print the step."""
        message, word = plain(detail, 200), STEP_WORDS.get(step, step)
        self._stream.write(f"{task}  {word:<12} {message}".rstrip() + "\n")
        self._stream.flush()

    def tell(self, message: str) -> None:
        """Print the message."""
        self._stream.write(plain(message, 200) + "\n")
        self._stream.flush()


def print_json(value: Any) -> None:
    """One JSON object on stdout; what a terminal without UTF-8 does not know is escaped."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=not knows_unicode(sys.stdout)))


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """How many tasks ended how."""
    outcomes = [one.outcome for one in results]
    tickets = [one.ticket.value for one in results]
    return {
        "tasks": len(results),
        "outcomes": {name: outcomes.count(name) for name in sorted(set(outcomes))},
        "tickets": {name: tickets.count(name) for name in sorted(set(tickets))},
    }


def totals(results: Sequence[Result]) -> str:
    """The counts of the outcomes in one sentence."""
    return in_totals(summary(results)["outcomes"])


def in_totals(counts: Mapping[str, int]) -> str:
    """How many tasks, and how many with each outcome."""
    number = sum(counts.values())
    listed = ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts.get(name))
    return f"{number} task{'' if number == 1 else 's'}" + (f": {listed}." if listed else ".")


def print_many(results: Sequence[Result], left_out: Sequence[LeftOut], *, as_json: bool) -> None:
    """The results of several tasks, and what could not be read: one object, or the closing table with the totals."""
    if as_json:
        tasks = [result.as_json() for result in results]
        print_json({"tasks": tasks, "summary": summary(results), "left_out": [asdict(one) for one in left_out]})
        return
    if results:
        print_results(results)
    click.echo(totals(results))


def print_results(results: Sequence[Result]) -> None:
    """The closing table on stdout."""
    from spentkey.cli.tables import show_results  # noqa: PLC0415

    show_results(results)
