"""`spentkey evidence checkpoint`: signs the records as they are now, and prints the signed note; changes the key."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from spentkey.bootstrap.checkpoints import checkpoints_of
from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json
from spentkey.cli.who_and_why import who_and_why
from spentkey.core.checkpoint import checkpoint_text, in_base64
from spentkey.core.checkpoint_end import CheckpointEnd, NothingToSign, NotSigned, SignedHead, UnsignedHead
from spentkey.core.errors import Misconfigured
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.key_change import change_key
from spentkey.system import SystemClock

MUST_LOOK = 3
"""The exit code where people must look."""


@dataclass(frozen=True)
class CheckpointOptions:
    """The options of the command."""

    restored: bool
    new_key: bool
    lost: bool
    who: str
    why: str | None

    @property
    def changes(self) -> bool:
        """Whether something is to be put on record."""
        return self.restored or self.new_key


async def make_checkpoint(config: Path, wanted: CheckpointOptions, *, as_json: bool) -> int:
    """Make it, and print it; gives the exit code."""
    settings = load_settings(config, os.environ)
    _refuse(wanted)
    clock = SystemClock()
    async with storage_for(settings, clock) as storage:
        checkpoints = checkpoints_of(settings, storage, clock)
        end = await _made(checkpoints, wanted)
        origin = None if isinstance(end, NothingToSign) else checkpoints.origin or await checkpoints.tree.origin()
    if as_json:
        print_json(_as_json(origin, end))
    return _shown(origin, end, printed=as_json)


def _refuse(wanted: CheckpointOptions) -> None:
    """Raise `Misconfigured` where the options do not go together."""
    if wanted.restored and wanted.new_key:
        raise Misconfigured("--restored, --new-key: one after the other; first --restored")
    if wanted.lost and not wanted.new_key:
        raise Misconfigured("--lost: goes with --new-key")
    if wanted.why is not None and not wanted.changes:
        raise Misconfigured("--why: goes with --restored or --new-key; a checkpoint by itself needs no reason")


async def _made(checkpoints: Checkpoints, wanted: CheckpointOptions) -> CheckpointEnd:
    if not wanted.changes:
        return await checkpoints.make()
    found = "why the key is changed" if wanted.new_key else "what was restored, and from when"
    who, why = who_and_why(wanted.who, wanted.why or "", "says so", found)
    if wanted.new_key:
        return await change_key(checkpoints, who, why, lost=wanted.lost)
    return await checkpoints.restored(who, why)


def _shown(origin: str | None, end: CheckpointEnd, *, printed: bool) -> int:
    if isinstance(end, NotSigned):
        return complain(end.shown(), MUST_LOOK)
    if not printed and isinstance(end, SignedHead):
        click.echo(end.note, nl=False)
    elif not printed and isinstance(end, UnsignedHead):
        click.echo(checkpoint_text(origin or "", end.head), nl=False)
    if not isinstance(end, SignedHead):
        complain(end.shown(), 0)
    return 0


def _as_json(origin: str | None, end: CheckpointEnd) -> dict[str, object]:
    head = end.head if isinstance(end, SignedHead | UnsignedHead) else None
    signed = end if isinstance(end, SignedHead) else None
    refused = end if isinstance(end, NotSigned) else None
    return {
        "origin": origin,
        "size": head.size if head is not None else None,
        "root": in_base64(head.root) if head is not None else None,
        "signed": signed is not None,
        "new": signed is not None and signed.is_new,
        "key": str(signed.key) if signed is not None else None,
        "note": signed.note if signed is not None else None,
        "reason": refused.reason if refused is not None else None,
        "fix": refused.fix if refused is not None else None,
    }
