"""What a scan needs, and what follows from it: directories without a desk, the inventory, the record, requests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.bootstrap.context import connected_for, outside_of, vault_of, with_vault
from spentkey.bootstrap.directories import directories_of
from spentkey.bootstrap.inventories import inventory_for
from spentkey.bootstrap.registry import desk_kind
from spentkey.bootstrap.settings import needs_desk
from spentkey.bootstrap.storage import Storage, storage_for
from spentkey.core.classified import CredentialClass, ScanRules
from spentkey.core.errors import Misconfigured
from spentkey.core.opening import Opened, OpenedState, OpenRules, ToOpen
from spentkey.core.rules import DeskRules, Rules, TenantRules
from spentkey.core.scan_result import ScannedCredential, ScanResult
from spentkey.ports.runtime import Clock, Progress
from spentkey.ports.service_desk import ServiceDesk
from spentkey.scan.open import open_requests
from spentkey.scan.open_one import OpenContext
from spentkey.scan.remember import remember
from spentkey.scan.run import Scan, ScanOptions
from spentkey.settings.rules import rules_of
from spentkey.settings.schema import ScanSettings, Settings
from spentkey.system import SystemIds


@dataclass(frozen=True)
class ScanWanted:
    """What somebody asks of a scan; `within` and `limit` in the place of the settings, where they are given."""

    tenants: tuple[str, ...] = ()
    within: timedelta | None = None
    every: bool = False
    opens: bool = False
    limit: int | None = None


@dataclass(frozen=True)
class ScanMade:
    """The result, and what became of each request that was to be opened, by tenant and key id."""

    result: ScanResult
    opened: Sequence[Opened] = ()

    @property
    def wanting(self) -> bool:
        """Whether a request could not be opened for another reason than a limit."""
        return any(one.state in (OpenedState.STOPPED, OpenedState.UNCLEAR) for one in self.opened)


def chosen_tenants(settings: Settings, names: Collection[str]) -> list[TenantRules]:
    """The tenants of these names, or all; raises `Misconfigured` for a name that no tenant has."""
    tenants = rules_of(settings, DeskRules()).tenants
    known = {one.name for one in tenants}
    unknown = sorted(set(names) - known)
    if unknown:
        raise Misconfigured(f"--tenant {unknown[0]}: no such tenant; the configuration has {', '.join(sorted(known))}")
    return [one for one in tenants if not names or one.name in names]


async def scan_all(settings: Settings, wanted: ScanWanted, clock: Clock, progress: Progress) -> ScanMade:
    """Scan, put it on record, and open requests if that is asked for and everything was read whole."""
    tenants = chosen_tenants(settings, wanted.tenants)
    if wanted.opens:
        needs_desk(settings)
    async with (
        storage_for(settings, clock, progress=progress) as storage,
        inventory_for(settings, storage) as inventory,
        connected_for(settings, clock, use_proxies=True) as connections,
    ):
        outside = outside_of(settings, connections)
        vault = vault_of(settings, outside)
        directories = directories_of(settings, connections, vault, PfxInChild(), storage.rates, storage.scarce)
        scan = Scan(directories, clock, _rules(settings), _options(settings.scan, wanted), progress.tell)
        scanned = await scan.of(SystemIds().new(), tenants, await inventory.entries())
        made = ScanMade(scanned.result)
        if wanted.opens and made.result.complete:
            chosen, kind = needs_desk(settings)
            desk = await kind.open(chosen.section, with_vault(outside, vault))
            made = await _opened(settings, desk, storage, clock, made.result, wanted)
        await remember(
            made.result, scanned.beside, inventory, storage.evidence, timedelta(days=settings.scan.keep_days)
        )
    return made


def _rules(settings: Settings) -> Rules:
    """With what the configured desk calls things; a scan needs none."""
    kind = desk_kind(settings.desk.name) if settings.desk is not None else None
    rules = DeskRules() if settings.desk is None or kind is None else kind.rules(settings.desk.section)
    return rules_of(settings, rules)


def _options(scan: ScanSettings, wanted: ScanWanted) -> ScanOptions:
    within = timedelta(days=scan.within_days) if wanted.within is None else wanted.within
    rules = ScanRules(within=within, team_from=scan.team_from, teams=dict(scan.teams))
    return ScanOptions(rules, use=scan.use, principals=scan.principals, every=wanted.every)


async def _opened(
    settings: Settings, desk: ServiceDesk, storage: Storage, clock: Clock, result: ScanResult, wanted: ScanWanted
) -> ScanMade:
    """The result with what became of each request."""
    scan, rules = settings.scan, _rules(settings)
    context = OpenContext(
        desk,
        storage.evidence,
        storage.locks,
        clock,
        rules.desk,
        rules.request,
        rules.tenants,
        rules.limits,
        run=result.scan,
    )
    most = scan.max_per_run if wanted.limit is None else min(wanted.limit, scan.max_per_run)
    limits = OpenRules(most, scan.max_per_day, timedelta(days=scan.reopen_after_days))
    asked = [found for one in result.credentials if (found := to_open(one, result.at, scan)) is not None]
    opened = await open_requests(context, asked, limits, asked_by_command=True, named=wanted.tenants)
    shown = tuple(_with_opened(one, opened.get(_key_of(one))) for one in result.credentials)
    return ScanMade(replace(result, credentials=shown), [*opened.values()])


def to_open(one: ScannedCredential, seen: datetime, scan: ScanSettings) -> ToOpen | None:
    """What a request for it would say; None where none may be opened for it."""
    classified, credential = one.classified, one.classified.credential
    may = classified.klass.to_open or (scan.open_no_signer and classified.klass is CredentialClass.NO_SIGNER)
    if not may or not classified.is_named or credential.end is None:
        return None
    target = classified.holder.target
    return ToOpen(
        classified.tenant,
        target.app_id,
        target.name,
        credential.key_id,
        credential.kind,
        credential.end,
        seen=seen,
        team=classified.team,
    )


def _key_of(one: ScannedCredential) -> tuple[str, str]:
    return one.classified.tenant, one.classified.credential.key_id


def _with_opened(one: ScannedCredential, opened: Opened | None) -> ScannedCredential:
    if opened is None:
        return one
    task = str(opened.task) if opened.task is not None else None
    return replace(one, task=task, opened=opened.state)
