"""What `spentkey check` looks at: one checker for each system that the settings name."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from spentkey.adapters.entra.check import TenantCheck
from spentkey.adapters.entra.directories import EntraDirectories
from spentkey.adapters.entra.rehearsal import application_to_rehearse_on
from spentkey.adapters.kinds import Outside
from spentkey.adapters.pfx_child.check import PfxCheck
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.bootstrap.checkpoints import checkpoints_of
from spentkey.bootstrap.context import connected_for, outside_of, vault_of, with_vault
from spentkey.bootstrap.directories import directories_of
from spentkey.bootstrap.receiver import RECEIVER, ReceiverCheck
from spentkey.bootstrap.registry import desk_kind, desk_names, vault_kind
from spentkey.bootstrap.storage import storage_for, with_database
from spentkey.bootstrap.timestamps import check_of_timestamps
from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.core.outcome import TicketState
from spentkey.core.rules import DeskRules
from spentkey.core.sanitize import plain
from spentkey.core.stops import worst_first
from spentkey.core.windows import ALWAYS, Schedule
from spentkey.http.rate_limit import LocalRates
from spentkey.http.sessions import Connections
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.runtime import Checker, Clock
from spentkey.settings.rules import rules_of, state_directory
from spentkey.settings.schema import Settings
from spentkey.steps.stops import standing_stops
from spentkey.storage.checkpoint_check import CheckpointCheck
from spentkey.storage.sqlite.check import StateCheck
from spentkey.storage.sqlite.container import Surroundings
from spentkey.system import SystemClock

REHEARSAL, STOPS = "rehearsal", "stops"
REHEARSE = "before the first removal, let a hand-made task ask for a secret whose SecretID is a fresh UUID"
RESULTS, MOST_PAGES = 500, 20
"""How many results are read at once, and how often at most."""


@asynccontextmanager
async def checkers_for(settings: Settings, *, use_proxies: bool = True) -> AsyncGenerator[list[Checker]]:
    """One checker for each system, in the order in which a task meets them."""
    async with connected_for(settings, SystemClock(), use_proxies=use_proxies) as connections:
        outside = outside_of(settings, connections)
        vault = vault_of(settings, outside, to_work=False)
        rates = LocalRates(connections.clock)  # a check-up selects no keys
        directories = directories_of(settings, connections, vault, PfxInChild(), rates, rates)
        yield [
            *([Remarks(settings.remarks)] if settings.remarks else []),
            _check_of_storage(settings, connections.clock),
            *_checks_of_adapters(settings, with_vault(outside, vault)),
            *([PfxCheck()] if settings.vault is not None else []),
            *_checks_of_tenants(settings, directories),
            *check_of_timestamps(settings, connections),
            *([Rehearsal(settings, directories)] if settings.desk is not None else []),
            StopsCheck(settings, connections.clock),
            *_check_of_receiver(settings, connections),
            CheckpointsCheck(settings, connections.clock),
            EnoughFor(settings),
            *_check_of_schedule(settings, connections.clock),
        ]


@dataclass(frozen=True)
class Remarks:
    """What was let pass when the configuration was read."""

    remarks: Sequence[str]

    async def findings(self) -> AsyncIterator[Finding]:
        """One each."""
        for one in self.remarks:
            what, _, fix = one.partition("; ")
            yield Finding("configuration", "a secret", FindingState.WARN, what, fix)


@dataclass(frozen=True)
class Rehearsal:
    """Whether the whole way to a closed task was ever gone; the first time it should remove nothing."""

    settings: Settings
    directories: EntraDirectories

    async def findings(self) -> AsyncIterator[Finding]:
        """Read the records of results; nothing is made where there are none."""
        try:
            async with storage_for(self.settings, self.directories.clock, read_only=True) as storage:
                closed = await _a_close_is_on_record(storage.evidence)
        except SpentkeyError:
            return  # the line of the evidence says why
        if closed:
            yield Finding(REHEARSAL, "a close", FindingState.OK, "is on record")
            return
        yield Finding(REHEARSAL, "a close", FindingState.WARN, "none is on record yet", await self._proposal())

    async def _proposal(self) -> str:
        for tenant in rules_of(self.settings, DeskRules()).tenants:
            try:
                directory = await self.directories.open(tenant)
            except SpentkeyError:
                continue
            found = await application_to_rehearse_on(directory, self.directories.clock.now())
            if found is not None:
                where = f"on {plain(found.name)} ({found.app_id}) in {tenant.name}, which has no expired secret"
                return f"{REHEARSE}, {where}: it ends as already-gone, and proves every write"
        return (
            f"{REHEARSE}, on an application without an expired secret: it ends as already-gone, and proves every write"
        )


async def _a_close_is_on_record(evidence: EvidenceLog) -> bool:
    before: int | None = None
    for _ in range(MOST_PAGES):
        results = await evidence.recent(RESULTS, before)
        if any(one.get("ticket") == TicketState.CLOSED for one in results):
            return True
        if len(results) < RESULTS:
            return False
        before = int(results[-1]["seq"])
    return False


@dataclass(frozen=True)
class StopsCheck:
    """What stands in the way of removals now: stops and pauses."""

    settings: Settings
    clock: Clock

    async def findings(self) -> AsyncIterator[Finding]:
        """One warning for each, with its reason; nothing is made where there are none."""
        try:
            async with storage_for(self.settings, self.clock, read_only=True) as storage:
                stops = await standing_stops(storage.evidence)
        except SpentkeyError:
            return  # the line of the state or of the database says why
        if not stops:
            yield Finding(STOPS, "none", FindingState.OK, "removals may begin")
        for one in worst_first(stops):
            fix = f"look into the cause, then spentkey resume --stop {one.id} --why …"
            yield Finding(STOPS, f"{one.kind} {one.id}", FindingState.WARN, str(one.reason), fix)


@dataclass(frozen=True)
class CheckpointsCheck:
    """Who signs the evidence, and whether it continues what was signed."""

    settings: Settings
    clock: Clock

    async def findings(self) -> AsyncIterator[Finding]:
        """Nothing is made where there is none."""
        try:
            async with storage_for(self.settings, self.clock, read_only=True) as storage:
                async for finding in CheckpointCheck(checkpoints_of(self.settings, storage, self.clock)).findings():
                    yield finding
        except SpentkeyError:
            return  # the line of the state or of the database says why


@dataclass(frozen=True)
class EnoughFor:
    """For which commands the configuration is enough."""

    settings: Settings

    async def findings(self) -> AsyncIterator[Finding]:
        """By what is there; nothing is asked."""
        if self.settings.desk is None:
            tables = " or ".join(f"[{name}]" for name in desk_names())
            message = "pause, resume and status alone: plan, run, work and serve need a service desk"
            yield Finding("configuration", "is enough for", FindingState.WARN, message, f"add {tables}")
            return
        message = "plan, run, work, serve, pause, resume, status"
        if self.settings.vault is None:
            message += "; without a vault a certificate is handed over, for nothing can sign its removal"
        yield Finding("configuration", "is enough for", FindingState.OK, message)


@dataclass(frozen=True)
class ScheduleCheck:
    """Whether a removal may begin now, by the windows and freezes of the configuration, and when that changes."""

    schedule: Schedule
    clock: Clock

    async def findings(self) -> AsyncIterator[Finding]:
        """By our clock; neither is a fault."""
        now = self.clock.now()
        if self.schedule.is_open(now):
            closes = self.schedule.closes(now)
            message = f"open now, until {self.schedule.shown(closes)}" if closes else "open now"
        else:
            message = f"closed now: no removal begins before {self.schedule.shown(self.schedule.opens(now))}"
        yield Finding("configuration", "windows for removals", FindingState.OK, message)


def _check_of_receiver(settings: Settings, connections: Connections) -> Iterator[Checker]:
    if settings.notify is not None:
        yield ReceiverCheck(connections.http(RECEIVER, settings.notify.url))


def _check_of_schedule(settings: Settings, clock: Clock) -> Iterator[Checker]:
    schedule = rules_of(settings, DeskRules()).schedule
    if schedule != ALWAYS:
        yield ScheduleCheck(schedule, clock)


def _checks_of_adapters(settings: Settings, outside: Outside) -> Iterator[Checker]:
    """The vault's, then the desk's; of what is not configured nothing is looked at."""
    for chosen, kind_of in ((settings.vault, vault_kind), (settings.desk, desk_kind)):
        kind = kind_of(chosen.name) if chosen is not None else None
        if chosen is not None and kind is not None:
            yield kind.check(chosen.section, outside)


def _checks_of_tenants(settings: Settings, directories: EntraDirectories) -> Iterator[Checker]:
    rules = rules_of(settings, DeskRules())
    for tenant in rules.tenants:
        yield TenantCheck(directories, tenant, rules.patch_allowed)


def _check_of_storage(settings: Settings, clock: Clock) -> Checker:
    if settings.engine.database_url is not None:
        return with_database().check_of(settings.engine.database_url, clock, settings.state.directory)
    chosen = settings.state.directory is not None
    return StateCheck(state_directory(settings, os.environ), clock, Surroundings(os.environ, chosen))
