"""`spentkey resume`: lift stops and pauses, with who and why on record; what nobody has seen is not lifted.

Where a database has lost records, that is put on record first, and work goes on.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json
from spentkey.cli.who_and_why import who_and_why
from spentkey.core.errors import Misconfigured
from spentkey.core.gap import Lost, RecordsLost
from spentkey.core.outcome import Refused
from spentkey.core.sanitize import plain
from spentkey.core.stops import Stop, ids_of, worst_first
from spentkey.ports.evidence import LossyEvidence
from spentkey.steps.stops import Lifted, lift, standing_stops
from spentkey.system import SystemClock

ALL, NONE = "all", "none"


async def lift_stops(config: Path, who: str, why: str, named: Sequence[str], *, as_json: bool) -> int:
    """Record who lifts which stops and why; gives the exit code, 0 also when nothing was stopped."""
    settings = load_settings(config, os.environ)
    name, message = who_and_why(who, why, "lifts the stop", "what was found")
    async with storage_for(settings, SystemClock()) as storage:
        lost = await storage.losses.lost() if storage.losses is not None else None
        if storage.losses is not None and lost is not None:
            return await _go_on_without(storage.losses, lost, name, message, named, as_json=as_json)
        seen = await standing_stops(storage.evidence)
        _all_known(named, seen)
        chosen = named or None
        if seen and not named and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            chosen = _asked(seen)
        ended = await lift(storage.evidence, name, message, seen, chosen)
        standing = await standing_stops(storage.evidence)
    if isinstance(ended, Refused):
        if as_json:
            print_json(shown(Lifted(None, (), tuple(standing))))
        return complain(f"nothing was lifted: {ended.reason}", 4)
    if as_json:
        print_json(shown(ended))
    else:
        _tell(ended)
    return 0


async def _go_on_without(
    evidence: LossyEvidence, lost: Lost, who: str, why: str, named: Sequence[str], *, as_json: bool
) -> int:
    """Put a loss on record. Stops are left: behind it stand others than before, and nobody has seen those yet."""
    reason = RecordsLost(lost).reason
    if named:
        raise Misconfigured(f"--stop: no stop can be lifted yet, without --stop this is looked at first: {reason}")
    if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        click.echo(str(reason))
        if not click.confirm("Put that on record and go on?", default=False, err=True):
            click.echo("nothing is put on record")
            return 0
    await evidence.accept(lost, who, why)
    left = tuple(await standing_stops(evidence))
    if as_json:
        print_json({**shown(Lifted(None, (), left)), "gap": {"first": lost.first, "last": lost.last}})
        return 0
    click.echo(f"that records {lost.first} to {lost.last} are lost is on record; work goes on")
    for one in worst_first(left):
        click.echo(f"still stopped: {one.reason}")
    return 0


def shown(ended: Lifted) -> dict[str, object]:
    """The object of `resume --json`."""
    return {
        "stopped": ended.stopped,
        "resumed": bool(ended.lifted),
        "lifted": list(ended.lifted),
        "left": [one.as_json() for one in ended.left],
    }


def _all_known(named: Sequence[str], seen: Sequence[Stop]) -> None:
    unknown = [plain(one) for one in named if one not in ids_of(seen)]
    if unknown:
        standing = ", ".join(ids_of(seen)) or NONE
        raise Misconfigured(f"--stop: no stop has the id {', '.join(unknown)}; those that stand: {standing}")


def _asked(seen: Sequence[Stop]) -> tuple[str, ...]:
    """Show every stop and ask which ones are to be lifted; empty for none."""
    for one in worst_first(seen):
        click.echo(f"{one.id}  {one.scope}: {one.reason}")
    known = ids_of(seen)
    while True:
        answer = str(click.prompt(f"Lift which? Ids, or {ALL}", default=NONE, err=True)).split()
        if answer == [NONE]:
            return ()
        if answer == [ALL]:
            return known
        if answer and all(one in known for one in answer):
            return tuple(answer)
        click.echo(f"  one or more of {', '.join(known)}, with spaces between; or {ALL}; or {NONE}", err=True)


def _tell(ended: Lifted) -> None:
    count = len(ended.lifted)
    if count:
        click.echo("the stop is lifted" if count == 1 else f"{count} stops are lifted")
    elif not ended.left:
        click.echo("nothing is stopped")
    else:
        click.echo("nothing is lifted")
    for one in worst_first(ended.left):
        click.echo(f"still stopped: {one.reason}")
