"""`spentkey evidence verify`: an export, or the store itself; every fault is named."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from spentkey.cli.ending import complain
from spentkey.cli.evidence_filters import moment_by
from spentkey.cli.output import NOT_READ
from spentkey.cli.show import print_json
from spentkey.cli.watching import watching
from spentkey.core.checkpoint import MOST_CHARACTERS, Checkpoint, VerifierKey, read_checkpoint
from spentkey.core.errors import Misconfigured, Outage
from spentkey.core.sanitize import plain
from spentkey.ports.runtime import Progress
from spentkey.storage.export.judged import judge_export
from spentkey.storage.export.verify import UnreadableExport

MUST_LOOK = 3
LONGEST = 400
"""Longest message of a fault that is shown, in characters: parts of it come from whoever made the file."""


async def verify_evidence(
    config: Path,
    file: Path | None,
    key: str | None,
    checkpoints: Sequence[Path],
    since: str | None,
    *,
    desk: bool,
    as_json: bool,
) -> int:
    """Verify it and show what was found; gives the exit code."""
    known, begins = _key(key), moment_by("--since", since)
    if (desk and file is not None) or (begins is not None and not desk):
        raise Misconfigured("--desk, --since: tickets are compared with the evidence itself: --desk without FILE.zip")
    try:
        earlier = {str(one): _checkpoint(one) for one in checkpoints}
        with watching(as_json=as_json) as progress:
            if file is not None:
                report = judge_export(file, known, earlier, _tells(progress))
            else:
                report = await _of_the_store(config, known, earlier, begins, progress, desk=desk)
    except UnreadableExport as problem:
        return complain(plain(str(problem), LONGEST), NOT_READ)
    if as_json:
        print_json(report)
    else:
        for text in in_lines(report, what="file" if file is not None else "log", compared=bool(earlier)):
            click.echo(text)
    return 0 if report["holds"] else MUST_LOOK


def in_lines(report: Mapping[str, Any], *, what: str, compared: bool) -> Iterator[str]:
    """The findings for people; `compared` says that an earlier checkpoint was given."""
    if report["key"] == "unsigned":
        yield f"no checkpoint is signed: whoever made this {what} may have made all of it"
    elif report["key"] == "not-given" and not compared:
        yield f"the key was not given: whoever made this {what} may have made the key too (--key, --checkpoint)"
    for one in report["faults"]:
        number = "" if one["seq"] is None else f", record {one['seq']}"
        yield f"{one['kind']:<13} {plain(one['where'])}{number}: {plain(one['message'], LONGEST)}"
    yield from (f"not checked   {plain(one, LONGEST)}" for one in report["not_checked"])
    count = len(report["faults"])
    end = "everything holds" if report["holds"] else f"{count} fault{'' if count == 1 else 's'}, people must look"
    yield f"{report['records']} records of a log of {report['size']}, root {report['root']}: {end}"


async def _of_the_store(
    config: Path,
    key: VerifierKey | None,
    earlier: Mapping[str, Checkpoint],
    since: datetime | None,
    progress: Progress,
    *,
    desk: bool,
) -> dict[str, Any]:
    from spentkey.bootstrap.verifying import Listeners, judge_own_store  # noqa: PLC0415  # an export needs no configuration

    def told_of(what: str) -> Callable[[int, int], None]:
        return lambda done, of: progress.tell(f"{done} of {of} {what}")

    listeners = Listeners(told_of("records verified"), told_of("tickets compared"))
    return await judge_own_store(config, os.environ, key, earlier, since, listeners, desk=desk)


def _tells(progress: Progress) -> Callable[[int], None]:
    return lambda count: progress.tell(f"{count} records verified")


def _key(text: str | None) -> VerifierKey | None:
    try:
        return VerifierKey.parse(text) if text is not None else None
    except ValueError as problem:
        raise Misconfigured(f"--key: {problem}") from None


def _checkpoint(file: Path) -> Checkpoint:
    """An earlier checkpoint; raises `Outage`, which ends with 4, where the file cannot be read as one."""
    try:
        with file.open("rb") as stream:
            return read_checkpoint(stream.read(MOST_CHARACTERS).decode())
    except OSError as problem:
        raise Outage(f"--checkpoint: {file} cannot be read ({problem.strerror})") from None
    except ValueError as problem:
        raise Outage(f"--checkpoint: {file} is no checkpoint: {problem}") from None
