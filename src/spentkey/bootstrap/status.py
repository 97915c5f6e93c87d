"""The state of things at a glance: each part is read by itself, and what cannot be read is named."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.bootstrap.checkpoints import last_checkpoint
from spentkey.bootstrap.context import connected_for, outside_of, vault_of, with_vault
from spentkey.bootstrap.directories import directories_of
from spentkey.bootstrap.inventories import inventory_for
from spentkey.bootstrap.registry import desk_kind
from spentkey.bootstrap.storage import storage_for
from spentkey.core.checkpoint_end import LastCheckpoint
from spentkey.core.credential import OwnCredential
from spentkey.core.errors import Misconfigured, SpentkeyError
from spentkey.core.inventory import ScanMark
from spentkey.core.records import RecordKind
from spentkey.core.rules import DeskRules, TenantRules
from spentkey.core.stops import Stop
from spentkey.http.rate_limit import LocalRates
from spentkey.ports.directory import Directories
from spentkey.ports.runtime import Clock
from spentkey.settings.rules import rules_of
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.steps.stops import standing_stops
from spentkey.worker.routing import Router

T = TypeVar("T")


@dataclass(frozen=True)
class OfTenant:
    """What the automation signs in to a tenant with, and what time it is."""

    tenant: str
    own: OwnCredential
    now: datetime

    @property
    def days(self) -> int | None:
        """Whole days until it ends; None where it does not end, or no live one is shown."""
        return (self.own.ends - self.now).days if self.own.ends is not None else None

    def as_json(self) -> dict[str, str | int | None]:
        """As `status --json` shows it."""
        ends = self.own.ends
        return {
            "tenant": self.tenant,
            "kind": self.own.kind.value,
            "ends": ends.isoformat() if ends is not None else None,
            "days": self.days,
        }


@dataclass
class Overview:
    """What could be read, and what could not, in words."""

    queue: int | None = None
    stops: Sequence[Stop] | None = None
    checkpoint: LastCheckpoint | None = None
    last_scan: ScanMark | None = None
    credentials: list[OfTenant] = field(default_factory=list[OfTenant])
    problems: list[str] = field(default_factory=list[str])

    def as_json(self) -> Mapping[str, object]:
        """The object of `status --json`."""
        stops = self.stops
        return {
            "queue": self.queue,
            "stops": None if stops is None else [one.as_json() for one in stops],
            "paused": None if stops is None else any(one.kind == RecordKind.PAUSED for one in stops),
            "last_scan": None if self.last_scan is None else self.last_scan.as_json(),
            "last_checkpoint": None if self.checkpoint is None else self.checkpoint.as_json(),
            "credentials": [one.as_json() for one in self.credentials],
        }

    async def read(self, what: str, read: Callable[[], Awaitable[T]]) -> T | None:
        """What was read; None, and a problem more, where it cannot be."""
        try:
            return await read()
        except Misconfigured:
            raise
        except SpentkeyError as problem:
            self.problems.append(f"{what}: {problem}")
            return None


async def overview_of(settings: Settings, clock: Clock, *, use_proxies: bool = True) -> Overview:
    """Read the evidence, the queue and the ends of our own credentials; nothing is written."""
    overview = Overview()
    overview.stops = await overview.read("evidence", lambda: _stops(settings, clock))
    overview.checkpoint = await overview.read("checkpoint", lambda: last_checkpoint(settings, clock))
    overview.last_scan = await overview.read("last scan", lambda: _last_scan(settings, clock))
    async with connected_for(settings, clock, use_proxies=use_proxies) as connections:
        outside = outside_of(settings, connections)
        vault = vault_of(settings, outside)
        desk = desk_kind(settings.desk.name) if settings.desk is not None else None
        chosen = settings.desk
        if desk is not None and chosen is not None:
            rules = rules_of(settings, desk.rules(chosen.section))

            async def queue() -> int:
                opened = await desk.open(chosen.section, with_vault(outside, vault))
                return len(await Router(opened, rules.request, rules.tenants).queue())

            overview.queue = await overview.read("queue", queue)
        directories = directories_of(settings, connections, vault, PfxInChild(), LocalRates(clock), LocalRates(clock))
        await _credentials(overview, directories, rules_of(settings, DeskRules()).tenants, clock)
    return overview


async def _stops(settings: Settings, clock: Clock) -> Sequence[Stop]:
    async with storage_for(settings, clock, read_only=True) as storage:
        return await standing_stops(storage.evidence)


async def _last_scan(settings: Settings, clock: Clock) -> ScanMark | None:
    async with (
        storage_for(settings, clock, read_only=True) as storage,
        inventory_for(settings, storage, read_only=True) as inventory,
    ):
        return await inventory.last_scan()


async def own_credentials(context: Context, clock: Clock) -> Sequence[OfTenant]:
    """Those that could be read now."""
    overview = Overview()
    await _credentials(overview, context.directories, context.rules.tenants, clock)
    return overview.credentials


async def _credentials(
    overview: Overview, directories: Directories, tenants: Sequence[TenantRules], clock: Clock
) -> None:
    async def end_in(tenant: TenantRules) -> OfTenant:
        own = await (await directories.open(tenant)).own_credential()
        return OfTenant(tenant.name, own, clock.now())

    read = (overview.read(f"tenant {one.name}", lambda one=one: end_in(one)) for one in tenants)
    overview.credentials += [one for one in await asyncio.gather(*read) if one is not None]
