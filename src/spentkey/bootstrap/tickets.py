"""The desk alone, to read tickets back: what `evidence verify --desk` needs beside the evidence."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from spentkey.bootstrap.context import connected_for, outside_of, vault_of, with_vault
from spentkey.bootstrap.settings import needs_desk
from spentkey.ports.read_only import TellsLeftOut
from spentkey.ports.runtime import Clock, Progress
from spentkey.ports.service_desk import TicketReader
from spentkey.settings.schema import Settings


@asynccontextmanager
async def desk_to_read(
    settings: Settings, progress: Progress, clock: Clock, *, use_proxies: bool = True
) -> AsyncGenerator[TicketReader]:
    """The configured desk; nothing is written to it. Raises `Misconfigured` where none is configured.

    Pass it to `compare_with_desk` of `storage/desk_notes.py`, with the tree of the storage.
    """
    chosen, kind = needs_desk(settings)
    meter = TellsLeftOut(progress)
    async with connected_for(settings, clock, use_proxies=use_proxies, meter=meter) as connections:
        outside = outside_of(settings, connections)
        yield await kind.open(chosen.section, with_vault(outside, vault_of(settings, outside)))
