"""`spentkey evidence export`: a period, or some removals, as one file that whoever has it verifies without Spentkey."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from spentkey.bootstrap.exports import export_to
from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.ending import complain
from spentkey.cli.evidence_filters import filters_by
from spentkey.cli.show import print_json
from spentkey.cli.watching import watching
from spentkey.core.errors import Misconfigured
from spentkey.core.sanitize import plain
from spentkey.ports.runtime import Progress
from spentkey.storage.export.export import Contents, Tell
from spentkey.system import SystemClock

NOT_SIGNED = "it is not signed: set evidence.signing_key, so that nobody can make another one unseen"


async def export_evidence(config: Path, file: Path, given: Mapping[str, str | None], who: str, *, as_json: bool) -> int:
    """Write the export, put it on record, then put it in its place; gives the exit code."""
    settings, wanted, name = load_settings(config, os.environ), filters_by(given), plain(who).strip()
    if not name:
        raise Misconfigured("--who: say who exports, so that it stands in the evidence")
    with watching(as_json=as_json) as progress:
        async with storage_for(settings, SystemClock(), progress=progress) as storage:
            made = await export_to(file, wanted, name, settings, storage, SystemClock(), _tells(progress))
    _show(file, made.contents, made.size, made.digest, as_json=as_json)
    return 0


def _tells(progress: Progress) -> Tell:
    return lambda done, of: progress.tell(f"{done} of {of} records exported")


def _show(file: Path, contents: Contents, size: int, digest: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": str(file),
                "filters": contents.filters,
                "filtered": contents.filtered,
                "from": contents.first,
                "to": contents.end,
                "records": contents.records,
                "removals": contents.removals,
                "proofs": contents.proofs,
                "signed": contents.signed,
                "size": size,
                "sha256": digest,
            }
        )
        return
    counts = f"{contents.records} records, {contents.removals} removals, {contents.proofs} proofs"
    click.echo(f"{file}: {counts}, {size} bytes")
    click.echo(f"SHA-256 {digest}, which is on record now")
    if contents.filtered:
        click.echo("it is filtered, and states no completeness; an export by --since and --until alone does")
    if not contents.signed:
        complain(NOT_SIGNED, 0)
