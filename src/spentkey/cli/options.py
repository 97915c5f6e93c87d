"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from spentkey.settings.sources import FILE_VARIABLE

OUTCOMES = ("removed", "already-gone", "refused", "failed", "cannot-tell", "not-ours")
"""The names of all outcomes, in the order in which they are counted."""
F = TypeVar("F", bound=Callable[..., Any])


def config_option(function: F) -> F:
    """`--config FILE`."""
    return click.option(
        "--config",
        "config",
        envvar=FILE_VARIABLE,
        type=click.Path(path_type=Path),
        default=Path("spentkey.toml"),
        show_default=True,
        help="The configuration file.",
    )(function)


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")(function)


FILTERS = (
    click.option("--until", metavar="TIME", help="A date or a time in ISO 8601, in UTC: what was before it."),
    click.option("--since", metavar="TIME", help="A date or a time in ISO 8601, in UTC: what was then or later."),
    click.option("--outcome", metavar="OUTCOME", help="Removals that ended so, for example removed."),
    click.option("--tenant", metavar="NAME", help="Removals in this tenant."),
    click.option("--app", metavar="APP", help="Removals from this application: its AppID or its name."),
    click.option("--task", metavar="TASK", help="The removal that this task asked for."),
)


def filter_options(function: F) -> F:
    """`--task --app --tenant --outcome --since --until`; `evidence_filters.py` reads them."""
    for option in FILTERS:
        function = option(function)
    return function
