"""One scan: every list of every tenant, each credential with its class, and what is looked up of those that have lapsed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from spentkey.core.classified import Classified, CredentialClass, ScanRules
from spentkey.core.controls import ControlCounts
from spentkey.core.credential import Target, TargetKind
from spentkey.core.errors import SpentkeyError
from spentkey.core.inventory import InventoryEntry
from spentkey.core.listed import CredentialUse, ListedObject, Owner
from spentkey.core.reason import Reason
from spentkey.core.rules import Rules, TenantRules
from spentkey.core.scan_reasons import LIST_CHANGED
from spentkey.core.scan_result import ListCount, ScannedCredential, ScanResult, TenantScan
from spentkey.ports.directory import Directory
from spentkey.ports.directory_lists import DirectoryLists
from spentkey.ports.runtime import Clock
from spentkey.scan.classify import classify, with_use
from spentkey.scan.list import NAMES, ListRead, read_list
from spentkey.scan.remember import SeenBeside, first_seen_by

T = TypeVar("T")
NOT_LISTED = ListCount(0, None, 0)
NOT_RECORDED = CredentialUse("not-recorded")
"""A missing row: Microsoft's report does not show it, which never means that it is not used."""


class ListedDirectories(Protocol):
    """Signs in to tenants, and reads their whole lists."""

    async def open(self, tenant: TenantRules) -> Directory:
        """The directory of that tenant."""
        ...

    async def lists(self, tenant: TenantRules) -> DirectoryLists:
        """Its whole lists, by the same sign-in."""
        ...


@dataclass(frozen=True)
class ScanOptions:
    """What is asked of one scan."""

    scan: ScanRules
    use: bool = True
    principals: bool = True
    every: bool = False
    """Whether live credentials are shown too."""


@dataclass(frozen=True)
class Scanned:
    """The result, what was seen beside it, and each tenant by itself."""

    result: ScanResult
    beside: SeenBeside
    tenants: Sequence["TenantEnd"]


@dataclass
class _Tenant:
    """What one tenant's lists have shown so far."""

    rules: TenantRules
    judged_by: Rules
    options: ScanOptions
    now: datetime
    known: Mapping[str, Sequence[str]]
    """The key ids that the inventory knows, by object."""
    found: dict[str, list[Classified]] = field(default_factory=dict[str, list[Classified]])
    live: dict[str, list[Classified]] = field(default_factory=dict[str, list[Classified]])
    """The live ones that the inventory knows, by object."""
    deleted: Collection[str] = ()
    """The applications that the directory lists among what was deleted, where the inventory knows something."""
    changed: int = 0
    """Objects that were listed twice with other credentials."""
    principals: set[int] = field(default_factory=set[int])
    """The app ids that have a service principal."""
    controls: ControlCounts = field(default_factory=ControlCounts)

    def take(self, one: ListedObject, before: bool) -> None:
        """Judge every credential of an object; a second sight takes the place of the first."""
        target = one.target
        if target.kind is TargetKind.SERVICE_PRINCIPAL:
            self.principals.add(UUID(target.app_id).int)
        if not before:
            self.controls.add(target)
        object_id, keys = target.object_id, self.known.get(target.object_id)
        if keys is None and not before and not self.options.every and self._is_live(target):
            return
        shown = self._classify(one, with_live=self.options.every or keys is not None)
        if keys is not None:
            self.live[object_id] = [
                each for each in shown if each.klass is CredentialClass.LIVE and each.credential.key_id in keys
            ]
        wanted = [each for each in shown if self.options.every or each.klass is not CredentialClass.LIVE]
        if before:
            self.changed += _ends(wanted) != _ends(self.found.pop(object_id, []))
        if wanted:
            self.found[object_id] = wanted

    def _is_live(self, target: Target) -> bool:
        """Whether every credential plainly ends later than anything that is shown: nearly all of a tenant."""
        horizon = self.now + self.options.scan.within
        return not target.unreadable and all(
            one.end is not None and one.end > horizon and (one.start is None or one.start < one.end)
            for one in target.credentials
        )

    def _classify(self, one: ListedObject, *, with_live: bool) -> list[Classified]:
        return classify(self.rules, one, self.judged_by, self.options.scan, self.now, with_live=with_live)

    def judge_without_principal(self) -> None:
        """Applications that have no service principal are judged with that: nobody can sign in as they do."""
        for object_id, shown in list(self.found.items()):
            holder = shown[0].holder
            target = holder.target
            if target.kind is TargetKind.APPLICATION and UUID(target.app_id).int not in self.principals:
                scan = self.options.scan
                anew = classify(self.rules, holder, self.judged_by, scan, self.now, principal=None, with_live=True)
                keys = {one.credential.key_id for one in shown}
                self.found[object_id] = [one for one in anew if one.credential.key_id in keys]


@dataclass(frozen=True)
class TenantEnd:
    """What the scan of one tenant came to, and how many requests its lists took beyond the first."""

    scan: TenantScan
    found: Sequence[ScannedCredential] = ()
    retried: int = 0
    seen: _Tenant | None = None


@dataclass(frozen=True)
class Scan:
    """Scans tenants; reads only."""

    directories: ListedDirectories
    clock: Clock
    rules: Rules
    options: ScanOptions
    tell: Callable[[str], None]

    async def of(self, name: str, tenants: Sequence[TenantRules], entries: Sequence[InventoryEntry]) -> Scanned:
        """Scan these tenants at the same time; `entries` is what the inventory knows. One that fails stops no other."""
        now = self.clock.now()
        ended = await asyncio.gather(*(self._tenant(one, now, entries) for one in tenants))
        first_seen = first_seen_by(entries, now)
        credentials = [_with_first_sight(one, first_seen) for each in ended for one in each.found]
        result = ScanResult(name, now, tuple(each.scan for each in ended), tuple(credentials))
        return Scanned(result, _beside([each.seen for each in ended if each.scan.complete]), list(ended))

    async def _tenant(self, tenant: TenantRules, now: datetime, entries: Sequence[InventoryEntry]) -> "TenantEnd":
        try:
            directory = await self.directories.open(tenant)
            lists = await self.directories.lists(tenant)
            reads_log = await lists.reads_audit_log()
        except SpentkeyError as problem:
            return TenantEnd(TenantScan(tenant.name, False, NOT_LISTED, NOT_LISTED, (str(problem.reason),)))
        rules = replace(self.rules, own_apps=self.rules.own_apps | {directory.client_id.lower()})
        options = replace(self.options, scan=replace(self.options.scan, reads_audit_log=reads_log))
        known: dict[str, list[str]] = {}
        for one in entries:
            if one.tenant == tenant.name:
                known.setdefault(one.object_id, []).append(one.key_id)
        under_way = _Tenant(tenant, rules, options, now, known)
        applications, principals = await self._lists(lists, under_way)
        reads = [one for one in (applications, principals) if one is not None]
        complete = all(one.complete for one in reads)
        if principals is not None and principals.complete:
            under_way.judge_without_principal()
        found = await self._looked_up(lists, under_way)
        if known:
            under_way.deleted = await _deleted(lists)
        problems = tuple(text for one in reads for text in one.told())
        if under_way.changed:
            problems += (str(LIST_CHANGED(objects=under_way.changed)),)
        counted = NOT_LISTED if principals is None else principals.as_count()
        scan = TenantScan(tenant.name, complete, applications.as_count(), counted, problems)
        return TenantEnd(scan, found, sum(one.retried for one in reads), under_way)

    async def _lists(self, lists: DirectoryLists, tenant: _Tenant) -> tuple[ListRead, ListRead | None]:
        """Both lists at the same time."""
        told: dict[TargetKind, str] = {}

        def tell(read: ListRead) -> None:
            told[read.kind] = f"{read.listed} {NAMES[read.kind]}, page {read.pages}" + (
                f" ({read.retried} asked for anew)" if read.retried else ""
            )
            self.tell(f"{tenant.rules.name}: {', '.join(told[kind] for kind in sorted(told))}")

        kinds = [TargetKind.APPLICATION, *([TargetKind.SERVICE_PRINCIPAL] if self.options.principals else [])]
        reads = await asyncio.gather(*(read_list(lists, kind, tenant.take, tell) for kind in kinds))
        return reads[0], reads[1] if len(reads) > 1 else None

    async def _looked_up(self, lists: DirectoryLists, tenant: _Tenant) -> list[ScannedCredential]:
        """Owners, federated credentials and use, of the objects that hold something which is shown."""
        if not tenant.found:
            return []
        ids = {
            kind: [object_id for object_id, shown in tenant.found.items() if shown[0].holder.target.kind is kind]
            for kind in TargetKind
        }
        self.tell(f"{tenant.rules.name}: owners of {len(tenant.found)} objects")
        owners: dict[str, tuple[Owner, ...] | None] = {}
        for kind, some in ids.items():
            if some:
                owners |= await _or_nothing(lists.owners(kind, some))
        applications = ids[TargetKind.APPLICATION]
        federated = await _or_nothing(lists.federated(applications)) if applications else {}
        use = await self._use(lists)
        return [
            ScannedCredential(
                _with_use(one, use),
                tenant.now,
                owners.get(object_id),
                federated.get(object_id),
                _use_of(one, use),
            )
            for object_id, shown in tenant.found.items()
            for one in shown
        ]

    async def _use(self, lists: DirectoryLists) -> Mapping[str, CredentialUse] | Reason | None:
        if not self.options.use:
            return None
        try:
            return await lists.credential_use()
        except SpentkeyError as problem:
            return problem.reason


async def _or_nothing(asking: Awaitable[Mapping[str, T]]) -> dict[str, T]:
    """What was answered; nothing where it cannot be read, and then nothing is known of any object."""
    try:
        return dict(await asking)
    except SpentkeyError:
        return {}


def _with_use(one: Classified, use: Mapping[str, CredentialUse] | Reason | None) -> Classified:
    """The same, with what the report shows of its successor; one that it does not show is not recorded."""
    if one.successor is None or use is None or isinstance(use, Reason):
        return one
    key_id = one.successor.key_id
    return with_use(one, {key_id: use.get(key_id, NOT_RECORDED)})


def _use_of(one: Classified, use: Mapping[str, CredentialUse] | Reason | None) -> CredentialUse | None:
    if use is None:
        return None
    if isinstance(use, Reason):
        return CredentialUse("not-available", None, use)
    return use.get(one.credential.key_id, NOT_RECORDED)


def _with_first_sight(one: ScannedCredential, first_seen: Callable[[str, str], datetime]) -> ScannedCredential:
    classified = one.classified
    return replace(one, first_seen=first_seen(classified.holder.target.object_id, classified.credential.key_id))


def _beside(whole: Sequence[_Tenant | None]) -> SeenBeside:
    """What the tenants that were read whole have shown beside what is in the result."""
    seen = [one for one in whole if one is not None]
    live = [ScannedCredential(one, tenant.now) for tenant in seen for shown in tenant.live.values() for one in shown]
    controls: Counter[str] = Counter()
    for tenant in seen:
        controls.update(tenant.controls.as_json())
    return SeenBeside(live, {name for tenant in seen for name in tenant.deleted}, frozenset(), dict(controls))


def _ends(shown: Sequence[Classified]) -> set[tuple[str, datetime | None]]:
    return {(one.credential.key_id, one.credential.end) for one in shown}


async def _deleted(lists: DirectoryLists) -> Collection[str]:
    """What the directory lists as deleted; nothing where that cannot be read, and then nobody knows."""
    try:
        return await lists.deleted_applications() or ()
    except SpentkeyError:
        return ()
