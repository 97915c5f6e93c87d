"""The options by which removals on record are chosen, and what they mean."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from spentkey.core.errors import Misconfigured
from spentkey.core.period import moment, refuse_backwards
from spentkey.ports.evidence_tree import Filters

F = TypeVar("F", bound=Callable[..., Any])
OUTCOMES = ("removed", "already-gone", "refused", "failed", "cannot-tell")
PERIOD = "A date or a time in ISO 8601, in UTC"


def filter_options(function: F) -> F:
    """`--task --app --tenant --outcome --since --until`."""
    for option in (
        click.option("--until", metavar="TIME", help=f"{PERIOD}: what was before it."),
        click.option("--since", metavar="TIME", help=f"{PERIOD}: what was then or later."),
        click.option("--outcome", type=click.Choice(OUTCOMES), help="Removals that ended so."),
        click.option("--tenant", metavar="NAME", help="Removals in this tenant."),
        click.option("--app", metavar="APP", help="Removals from this application: its AppID or its name."),
        click.option("--task", metavar="TASK", help="The removal that this task asked for."),
    ):
        function = option(function)
    return function


def filters_by(
    *, task: str | None, app: str | None, tenant: str | None, outcome: str | None, since: str | None, until: str | None
) -> Filters:
    """What the options ask for; raises `Misconfigured` for a time that is none, or a period that ends before it begins."""
    first, end = _moment("--since", since), _moment("--until", until)
    try:
        refuse_backwards(first, end)
    except ValueError as problem:
        raise Misconfigured(f"--since, --until: {problem}") from None
    return Filters(task, app, tenant, outcome, first, end)


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return moment(text)
    except ValueError as problem:
        raise Misconfigured(f"{option}: {problem}") from None
