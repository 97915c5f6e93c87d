"""A scan as people read it on a terminal: whether it is whole, the summary, and a table of what has lapsed."""

from collections.abc import Sequence

import click
from rich.text import Text

from spentkey.cli.tables import show_table
from spentkey.core.classified import CredentialClass
from spentkey.core.sanitize import plain
from spentkey.core.scan_result import ScannedCredential, ScanResult
from spentkey.scan.summary import (
    CountRow,
    by_age,
    by_class,
    by_tenant,
    first_removals,
    in_brief,
    incomplete,
    lists_read,
    owner_of,
)

WIDE = 125
"""From this width on, in characters, every fact has a column of its own."""
CLASS_COLOURS = {
    CredentialClass.REMOVABLE: "green",
    CredentialClass.NEEDS_SIGNER: "green",
    CredentialClass.NO_SIGNER: "yellow",
    CredentialClass.DOUBTFUL: "red",
    CredentialClass.EXPIRING: "yellow",
    CredentialClass.LIVE: "dim",
}


def show_scan(result: ScanResult, *, every: bool = False) -> None:
    """Print all of it; what has lapsed, or with `every` all that the scan holds."""
    show_incomplete(result)
    for sentence in (*in_brief(result), *lists_read(result)):
        click.echo(sentence)
    for heading, counts in (
        ("by class", by_class(result)),
        ("by age", by_age(result)),
        ("by tenant", by_tenant(result)),
    ):
        _show_counts(heading, counts)
    first = first_removals(result)
    if first:
        click.echo("\nwhat would be removed first:")
    for sentence in first:
        click.echo(f"  {sentence}")
    shown = result.credentials if every else result.lapsed
    if shown:
        click.echo()
        headings = ("class", "days", "tenant", "application", "credential", "owner", "why")
        show_table(headings, [_row(one, result) for one in shown], WIDE)
    show_incomplete(result)


def show_incomplete(result: ScanResult) -> None:
    """Print, where the scan is not whole, that it is not; above everything else, and at the end, where people look."""
    for nth, sentence in enumerate(incomplete(result)):
        click.secho(sentence, fg="red", bold=nth == 0)


def _show_counts(heading: str, counts: Sequence[CountRow]) -> None:
    if not counts:
        return
    click.echo(f"\n{heading}:")
    for one in counts:
        click.echo(f"  {one.count:>7}  {plain(one.what)}")


def _row(one: ScannedCredential, result: ScanResult) -> Sequence[Text]:
    classified, days = one.classified, one.classified.days_expired(result.at)
    target, credential = classified.holder.target, classified.credential
    return (
        Text(classified.klass.value, style=CLASS_COLOURS.get(classified.klass, "")),
        Text("" if days is None else str(days)),
        Text(plain(classified.tenant)),
        Text(plain(target.name or target.app_id, 40)),
        Text(f"{credential.kind.value} {credential.key_id[:8]}"),
        Text(plain(owner_of(one), 60)),
        Text(plain(classified.reason, 400)),
    )
