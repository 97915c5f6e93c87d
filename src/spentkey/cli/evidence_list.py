"""`spentkey evidence list`: how tries ended, newest first; reads only."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.evidence import Facts
from spentkey.core.outcome_record import recorded_result
from spentkey.core.period import moment, refuse_backwards
from spentkey.ports.evidence_tree import Filters
from spentkey.system import SystemClock


@dataclass(frozen=True)
class Asked:
    """The options as they were given."""

    task: str | None = None
    app: str | None = None
    tenant: str | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    limit: int = 50
    before: int | None = None

    def filters(self) -> Filters:
        """What is asked for; raises `Misconfigured` that names the option which cannot be read."""
        since, until = _moment("--since", self.since), _moment("--until", self.until)
        try:
            refuse_backwards(since, until)
        except ValueError as problem:
            raise Misconfigured(str(problem)) from None
        return Filters(self.task, self.app, self.tenant, self.outcome, since, until)


def _moment(option: str, text: str | None) -> datetime | None:
    try:
        return moment(text) if text is not None else None
    except ValueError as problem:
        raise Misconfigured(f"{option}: {problem}") from None


async def list_results(config: Path, asked: Asked, *, as_json: bool) -> int:
    """Read one page and show it; 3 where the evidence does not hold."""
    wanted = asked.filters()
    try:
        async with storage_for(load_settings(config, os.environ), SystemClock(), read_only=True) as storage:
            found = await storage.tree.results(wanted, asked.limit + 1, asked.before)
    except EvidenceBroken as problem:
        return complain(str(problem), 3)
    page, more = found[: asked.limit], len(found) > asked.limit
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
