"""Exports, for the command and for a running service; what is in them is made by `storage/export`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from spentkey import __version__
from spentkey.bootstrap.checkpoints import checkpoints_of
from spentkey.bootstrap.inventories import inventory_for, population_for
from spentkey.bootstrap.storage import Storage
from spentkey.core.records import ExportedRecord
from spentkey.ports.evidence_tree import Filters
from spentkey.ports.runtime import Clock
from spentkey.settings.schema import Settings
from spentkey.storage.export.export import Contents, Tell, write_export
from spentkey.storage.export.signing import signer_by
from spentkey.storage.export.zip_file import zip_in_the_making

Exporting = Callable[[Filters, str, Path], Awaitable[None]]
"""Which removals, who asks, and the file to write, which is not there yet."""


@dataclass(frozen=True)
class MadeExport:
    """An export that is in its place: what it holds, its size in bytes, and its SHA-256."""

    contents: Contents
    size: int
    digest: str


async def export_to(
    file: Path, wanted: Filters, who: str, settings: Settings, storage: Storage, clock: Clock, tell: Tell
) -> MadeExport:
    """Write an export and put it on record, in this order: the file has its name only when both are done."""
    with zip_in_the_making(file) as made:
        signer = await signer_by(checkpoints_of(settings, storage, clock))
        async with inventory_for(settings, storage, read_only=True) as inventory:
            population = await population_for(inventory, wanted, clock.now())
        held = await write_export(storage.tree, wanted, signer, made, __version__, tell, population)
        size, digest = made.finish()
        record = ExportedRecord(who, held.filters, held.first, held.end, held.records, size, digest)
        await storage.evidence.append(record.what, record.facts())
        made.put_in_place()
    return MadeExport(held, size, digest)


def exporting(settings: Settings, storage: Storage, clock: Clock) -> Exporting:
    """The exports of a service."""

    async def export(wanted: Filters, who: str, file: Path) -> None:
        await export_to(file, wanted, who, settings, storage, clock, _untold)

    return export


def _untold(done: int, of: int) -> None:
    """Nobody waits for the progress of a request."""
    del done, of
