"""What is remembered of each credential that has lapsed or soon will, from scan to scan.

An entry is one spell: from the scan that first showed it to the one that did not. A credential that is extended and lapses
later, or comes back, begins another spell, so that the books of any period add up.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from spentkey.core.classified import CredentialClass
from spentkey.core.credential import TargetKind
from spentkey.core.listed import Owner
from spentkey.core.scan_result import ScannedCredential

Key = tuple[str, str]
"""Object id and key id: one credential of a tenant."""


class Departure(StrEnum):
    """Why a credential is not among the lapsed any more."""

    REMOVED = "removed"
    """By us: a removal of it is on record."""
    BY_OTHERS = "by-others"
    """By somebody else: the directory's audit log shows the event."""
    NOT_KNOWN = "not-known"
    """It is gone, and nothing says by whom."""
    DELETED = "deleted"
    """Its application or service principal is not listed any more."""
    EXTENDED = "extended"
    """It is there, and has not lapsed: its end was moved, or the grace was."""


@dataclass(frozen=True)
class Left:
    """How a credential left the lapsed, and when it was removed, where that is on record."""

    departure: Departure
    removed_at: datetime | None = None


@dataclass(frozen=True)
class InventoryEntry:
    """One spell of one credential. Owners stand here and nowhere else: never in the chain, and not in an export."""

    tenant: str
    object_id: str
    key_id: str
    spell: int
    """Counts the spells of one credential from 1."""
    holder: str
    app_id: str
    app_name: str
    kind: str
    name: str | None
    end: datetime | None
    klass: CredentialClass
    reason: str
    team: str | None
    owners: tuple[Owner, ...] | None
    first_seen: datetime
    last_seen: datetime
    lapsed_at: datetime | None = None
    """The scan that first showed it as lapsed; None while it is only expiring."""
    left_at: datetime | None = None
    """The scan that showed it no more; None while it is there."""
    left_as: Departure | None = None
    removed_at: datetime | None = None
    task: str | None = None

    @property
    def key(self) -> Key:
        """Which credential of its tenant it is."""
        return self.object_id, self.key_id

    def lapsed_on(self, at: datetime) -> bool:
        """Whether it counted as lapsed then, as far as scans had shown."""
        return self.lapsed_at is not None and self.lapsed_at <= at and (self.left_at is None or self.left_at > at)


Update = Callable[[Sequence[InventoryEntry]], Sequence[InventoryEntry]]
"""The entries of a tenant that are there, and the latest spell of each that has left, to what is to be written."""


@dataclass(frozen=True)
class ScanMark:
    """What is remembered of a scan itself: counts, and no names."""

    scan: str
    at: datetime
    complete: bool
    lapsed: int
    tenants: tuple[str, ...]
    """Those that were read whole."""
    controls: Mapping[str, int] = field(default_factory=dict[str, int])
    """What `core.controls` counted."""

    def as_json(self) -> dict[str, str | bool | int | list[str] | None]:
        """As `status --json` shows it; what a scan that was not whole counted is no count."""
        return {
            "scan": self.scan,
            "at": self.at.isoformat(),
            "complete": self.complete,
            "lapsed": self.lapsed if self.complete else None,
            "tenants": list(self.tenants),
        }


def missing(entries: Iterable[InventoryEntry], scanned: Iterable[ScannedCredential]) -> list[InventoryEntry]:
    """The entries that are there by the inventory, and that a whole scan of their tenant does not show."""
    shown = {_key_of(one) for one in scanned}
    return [one for one in entries if one.left_at is None and one.key not in shown]


def departures(
    absent: Iterable[InventoryEntry],
    deleted_objects: Collection[str],
    removed: Mapping[Key, datetime | None],
    by_others: Collection[Key],
) -> dict[Key, Left]:
    """How each of these left: by us before all else, since a removal of ours that is followed by a deletion is both.

    What is not listed any more was deleted only where the directory lists it among what was deleted.
    """

    def left(one: InventoryEntry) -> Left:
        if one.key in removed:
            return Left(Departure.REMOVED, removed[one.key])
        if one.object_id in deleted_objects:
            return Left(Departure.DELETED)
        return Left(Departure.BY_OTHERS if one.key in by_others else Departure.NOT_KNOWN)

    return {one.key: left(one) for one in absent}


def brought_up_to(
    tenant: str,
    at: datetime,
    scanned: Sequence[ScannedCredential],
    left: Mapping[Key, Left],
    read: Collection[str] = frozenset(TargetKind),
) -> Update:
    """The update by a scan that read this tenant whole; nobody calls it for one that did not.

    `scanned` holds live ones too where the inventory knows them. `read` are the kinds of objects that were listed: of the
    others nothing is known. An older scan than the last one changes nothing.
    """

    def update(entries: Sequence[InventoryEntry]) -> list[InventoryEntry]:
        latest: dict[Key, InventoryEntry] = {}
        for one in entries:
            if one.key not in latest or latest[one.key].spell < one.spell:
                latest[one.key] = one
        if any(one.last_seen > at or (one.left_at is not None and one.left_at > at) for one in latest.values()):
            return []
        named = {_key_of(one): one for one in scanned if one.classified.is_named}
        written = [
            spell for key, one in named.items() if (spell := _seen(tenant, at, one, latest.get(key))) is not None
        ]
        gone = [one for key, one in latest.items() if one.left_at is None and key not in named and one.holder in read]
        return written + [_gone(one, at, left.get(one.key, Left(Departure.NOT_KNOWN))) for one in gone]

    return update


def _seen(tenant: str, at: datetime, one: ScannedCredential, known: InventoryEntry | None) -> InventoryEntry | None:
    """The spell as this scan shows it; None for a live one that is none."""
    there = known is not None and known.left_at is None
    if one.classified.klass is CredentialClass.LIVE:
        return _gone(known, at, Left(Departure.EXTENDED)) if known is not None and there else None
    if known is not None and there and known.lapsed_at is not None and not one.classified.lapsed:
        return _gone(known, at, Left(Departure.EXTENDED))
    spell = known.spell if known is not None and there else known.spell + 1 if known is not None else 1
    began = known if there else None
    return _entry(tenant, at, one, spell, began)


def _entry(
    tenant: str, at: datetime, one: ScannedCredential, spell: int, began: InventoryEntry | None
) -> InventoryEntry:
    classified = one.classified
    target, credential = classified.holder.target, classified.credential
    lapsed_at = began.lapsed_at if began is not None else None
    return InventoryEntry(
        tenant=tenant,
        object_id=target.object_id,
        key_id=credential.key_id,
        spell=spell,
        holder=target.kind.value,
        app_id=target.app_id,
        app_name=target.name,
        kind=credential.kind.value,
        name=next(iter(credential.names()), None),
        end=credential.end,
        klass=classified.klass,
        reason=str(classified.reason),
        team=classified.team,
        owners=one.owners if one.owners is not None or began is None else began.owners,
        first_seen=began.first_seen if began is not None else at,
        last_seen=at,
        lapsed_at=lapsed_at or (at if classified.lapsed else None),
        task=one.task or (began.task if began is not None else None),
    )


def _gone(one: InventoryEntry, at: datetime, left: Left) -> InventoryEntry:
    return replace(one, left_at=at, left_as=left.departure, removed_at=left.removed_at)


def _key_of(one: ScannedCredential) -> Key:
    return one.classified.holder.target.object_id, one.classified.credential.key_id


def digest_of(keys: Iterable[Key]) -> str:
    """The SHA-256 over credentials, whatever their order: it ties the inventory to the counts in the chain."""
    texts = sorted(f"{object_id} {key_id}\n" for object_id, key_id in keys)
    return sha256("".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
