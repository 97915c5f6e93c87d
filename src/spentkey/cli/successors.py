"""What `spentkey successors` shows of a scan: what ends soon, and whether something is ready to take over."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import click
from rich.text import Text

from spentkey.cli.scan_table import show_incomplete
from spentkey.cli.show import print_json
from spentkey.cli.tables import show_table
from spentkey.core.sanitize import plain
from spentkey.core.scan_result import ScanResult
from spentkey.scan.successors import WORDS, EndingSoon, SuccessorState, ending_soon, successors_json
from spentkey.scan.summary import owner_of

STYLES = {
    SuccessorState.NO_SUCCESSOR: "red",
    SuccessorState.NOT_USED: "yellow",
    SuccessorState.BOTH_USED: "yellow",
    SuccessorState.MOVED: "green",
}


def show_successors(result: ScanResult, within: timedelta, *, as_json: bool) -> int:
    """Show it; the exit code is 0, or 4 where the scan is not whole."""
    found = ending_soon(result, within)
    if as_json:
        print_json(successors_json(result, found, within))
    else:
        show_incomplete(result)
        _show(found, within, at_least="" if result.complete else "at least ")
    return 0 if result.complete else 4


def _show(found: Sequence[EndingSoon], within: timedelta, *, at_least: str) -> None:
    click.echo(f"{at_least}{len(found)} credentials end within {within.days} days.")
    counts = Counter(one.readiness for one in found)
    for one in SuccessorState:
        if counts[one]:
            click.echo(f"  {counts[one]:>7}  {WORDS[one]}")
    if found:
        click.echo()
        show_table(
            ("days left", "tenant", "application", "credential", "successor", "owner", "state"),
            [_row(one) for one in found],
        )


def _row(one: EndingSoon) -> Sequence[Text]:
    classified = one.scanned.classified
    target, credential, following = classified.holder.target, classified.credential, classified.successor
    return (
        Text(str(one.days_left)),
        Text(plain(classified.tenant)),
        Text(plain(target.name or target.app_id, 40)),
        Text(f"{credential.kind.value} {credential.key_id[:8]}"),
        Text("none" if following is None else f"{following.key_id[:8]} {following.end:%Y-%m-%d}"),
        Text(plain(owner_of(one.scanned), 60)),
        Text(WORDS[one.readiness], style=STYLES.get(one.readiness, "")),
    )
