"""The time stamp authority that the settings name, its check, and time stamps in the background of a service."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

from spentkey.adapters.timestamp.authority import TimeStampAuthority
from spentkey.adapters.timestamp.check import TimestampCheck
from spentkey.adapters.timestamp.stamping import Stamping
from spentkey.adapters.timestamp.tokens import SYSTEM
from spentkey.bootstrap.context import connected_for
from spentkey.http.sessions import Connections
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.runtime import Checker, Clock, Meter
from spentkey.settings.schema import Settings


def authority_of(settings: Settings, connections: Connections) -> TimeStampAuthority | None:
    """The authority; None where none is set. Nothing is asked yet."""
    evidence = settings.evidence
    if evidence.timestamp_url is None or evidence.timestamp_ca is None:
        return None
    return TimeStampAuthority(connections.http(SYSTEM, evidence.timestamp_url), evidence.timestamp_ca)


def check_of_timestamps(settings: Settings, connections: Connections) -> Iterator[Checker]:
    """One check, where an authority is set."""
    authority = authority_of(settings, connections)
    if authority is not None:
        yield TimestampCheck(authority)


@asynccontextmanager
async def stamping(
    settings: Settings,
    tree: EvidenceTree,
    clock: Clock,
    tell: Callable[[str], None],
    *,
    meter: Meter,
    use_proxies: bool = True,
) -> AsyncGenerator[None]:
    """Ask for time stamps while the block lasts, over connections of their own; whatever happens, the block goes on."""
    async with connected_for(settings, clock, use_proxies=use_proxies, meter=meter) as connections:
        authority = authority_of(settings, connections)
        if authority is None:
            yield
            return
        every_s = settings.evidence.checkpoint_every.total_seconds()
        task = asyncio.create_task(Stamping(tree, authority, clock, every_s, tell).on_and_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
