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
