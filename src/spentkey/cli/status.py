"""`spentkey status`: the queue, stops and pauses, the last checkpoint, and how long our own credentials live; reads only."""

import os
from pathlib import Path

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.status import OfTenant, Overview, overview_of
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json
from spentkey.core.checkpoint import in_base64
from spentkey.core.checkpoint_end import LastCheckpoint
from spentkey.core.credential import OwnKind
from spentkey.core.inventory import ScanMark
from spentkey.core.stops import worst_first
from spentkey.system import SystemClock


async def show_status(config: Path, *, as_json: bool) -> int:
    """Read everything and show it; 4 if something could not be read."""
    overview = await overview_of(load_settings(config, os.environ), SystemClock())
    if as_json:
        print_json(overview.as_json())
    else:
        for what, message in _rows(overview):
            click.echo(f"{what:<12} {message}")
    for problem in overview.problems:
        complain(problem, 4)
    return 4 if overview.problems else 0


def _rows(overview: Overview) -> list[tuple[str, str]]:
    """One line for each fact."""
    queue = "not known" if overview.queue is None else f"{overview.queue} open"
    rows = [("queue", queue)]
    if overview.stops is None:
        rows.append(("stops", "not known"))
    elif not overview.stops:
        rows.append(("stops", "none"))
    rows += [(f"stop {one.id}", one.reason) for one in worst_first(overview.stops or ())]
    rows.append(("checkpoint", _checkpoint(overview.checkpoint)))
    rows.append(("last scan", _scan(overview.last_scan)))
    return rows + [(one.tenant, _own(one)) for one in overview.credentials]


def _checkpoint(last: LastCheckpoint | None) -> str:
    if last is None:
        return "none yet"
    if last.key is None:
        return f"not signed: {last.head.size} records, root {in_base64(last.head.root)}"
    when = last.at.isoformat(timespec="seconds") if last.at is not None else "at a time that is not known"
    return f"{when}, over {last.head.size} records, key {last.key}"


def _scan(last: ScanMark | None) -> str:
    if last is None:
        return "none yet"
    when = last.at.isoformat(timespec="seconds")
    return f"{when}, {last.lapsed} lapsed in {', '.join(last.tenants)}" if last.complete else f"{when}, INCOMPLETE"


def _own(one: OfTenant) -> str:
    kind = one.own.kind
    if not kind.ends:
        return f"signs in with a {kind.value.replace('-', ' ')}, which does not end"
    what = "client secret" if kind is OwnKind.SECRET else kind.value
    return f"no live {what} is shown" if one.days is None else f"{one.days} days left until the {what} ends"
