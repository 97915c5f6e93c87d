"""What a person or a program reads: lines while tasks are worked on, and a table or JSON at the end.

Tables are drawn by a package that takes as long to import as a request takes, so only who wants a table loads it.
"""

import json
from collections.abc import Sequence
from typing import Any, TextIO

import click

from spentkey.core.outcome import Result
from spentkey.core.sanitize import plain


class Lines:
    """The `Progress` port as one line for each step, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def step(self, task: int, step: str, detail: str = "") -> None:
        """Print the step."""
        message = plain(detail, 200)
        self._stream.write(f"{task}  {step:<10} {message}".rstrip() + "\n")
        self._stream.flush()


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """How many tasks ended how."""
    outcomes = [one.outcome for one in results]
    tickets = [one.ticket.value for one in results]
    return {
        "tasks": len(results),
        "outcomes": {name: outcomes.count(name) for name in sorted(set(outcomes))},
        "tickets": {name: tickets.count(name) for name in sorted(set(tickets))},
    }


def print_results(results: Sequence[Result]) -> None:
    """The closing table on stdout."""
    from spentkey.cli.tables import show_results  # noqa: PLC0415

    show_results(results)
