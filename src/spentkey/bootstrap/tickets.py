"""The desk alone, to read tickets back: what `evidence verify --desk` needs beside the evidence."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from spentkey.bootstrap.context import connected_for, outside_of, vault_of, with_vault
from spentkey.bootstrap.settings import needs_desk
from spentkey.core.task import TaskRef
from spentkey.core.ticket_notes import TicketFault
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.read_only import TellsLeftOut
from spentkey.ports.runtime import Clock, Progress
from spentkey.ports.service_desk import TicketReader
from spentkey.settings.schema import Settings
from spentkey.storage.desk_notes import Told, compare_with_desk, untold


@asynccontextmanager
async def desk_to_read(
    settings: Settings, progress: Progress, clock: Clock, *, use_proxies: bool = True
) -> AsyncGenerator[TicketReader]:
    """The configured desk; nothing is written to it. Raises `Misconfigured` where none is configured."""
    chosen, kind = needs_desk(settings)
    meter = TellsLeftOut(progress)
    async with connected_for(settings, clock, use_proxies=use_proxies, meter=meter) as connections:
        outside = outside_of(settings, connections)
        yield await kind.open(chosen.section, with_vault(outside, vault_of(settings, outside)))


def reading_tickets(
    settings: Settings,
    progress: Progress,
    clock: Clock,
    since: datetime | None = None,
    *,
    more: Sequence[TaskRef] = (),
    told: Told = untold,
    use_proxies: bool = True,
) -> Callable[[EvidenceTree, Callable[..., None]], AsyncIterator[str]]:
    """What compares the tickets with a tree: it notes each fault by `fault(kind, message, seq, where)`, and gives in words
    what could not be compared. Raises as `compare_with_desk` does.
    """

    async def compared(tree: EvidenceTree, fault: Callable[..., None]) -> AsyncIterator[str]:
        async with desk_to_read(settings, progress, clock, use_proxies=use_proxies) as desk:
            async for one in compare_with_desk(tree, desk, since, more=more, told=told):
                if isinstance(one, TicketFault):
                    fault("ticket", one.message, one.seq, one.where)
                else:
                    yield f"{one.where}: {one.message}"

    return compared
