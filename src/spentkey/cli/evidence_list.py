"""`spentkey evidence list`: how tries ended, newest first; reads only."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.ending import complain
from spentkey.cli.evidence_filters import filters_by
from spentkey.cli.show import print_json
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import Facts
from spentkey.core.outcome_record import recorded_result
from spentkey.system import SystemClock


async def list_results(
    config: Path, given: Mapping[str, str | None], limit: int, before: int | None, *, as_json: bool
) -> int:
    """Read one page and show it; 3 where the evidence does not hold."""
    wanted = filters_by(given)
    try:
        async with storage_for(load_settings(config, os.environ), SystemClock(), read_only=True) as storage:
            found = await storage.tree.results(wanted, limit + 1, before)
    except EvidenceBroken as problem:
        return complain(str(problem), 3)
    page, more = found[:limit], len(found) > limit
    following = int(page[-1]["seq"]) if more else None
    if as_json:
        print_json({"results": [listed_result(one) for one in page], "next": following})
    else:
        _print(page, following)
    return 0


def listed_result(record: Facts) -> dict[str, Any]:
    """One entry of `results`."""
    return {
        "at": record["at"],
        "seq": record["seq"],
        "app_name": record.get("app_name"),
        "result": recorded_result(record),
    }


def _print(page: Sequence[Facts], following: int | None) -> None:
    from spentkey.cli.evidence_tables import show_listed  # noqa: PLC0415  # drawing takes long to import

    if not page:
        click.echo("nothing is on record that fits")
        return
    show_listed(page)
    if following is not None:
        click.echo(f"there is more: --before {following}")
