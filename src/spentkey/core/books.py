"""The books of a period: what had lapsed at its start and at its end, and every difference, by key id.

lapsed at the start + newly lapsed - removed by us - gone by others - gone, not known by whom
  - applications deleted - extended = lapsed at the end
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from spentkey.core.controls import controls_told
from spentkey.core.inventory import Departure, InventoryEntry, Key, ScanMark, digest_of

FORMAT = 1


@dataclass(frozen=True)
class Books:
    """One tenant, from one whole scan of it to another."""

    tenant: str
    start: ScanMark
    end: ScanMark
    spells: tuple[InventoryEntry, ...]
    """Every spell that counted as lapsed at any time between the two."""

    @property
    def at_start(self) -> list[InventoryEntry]:
        """What had lapsed at the start."""
        return [one for one in self.spells if one.lapsed_on(self.start.at)]

    @property
    def at_end(self) -> list[InventoryEntry]:
        """What had lapsed at the end."""
        return [one for one in self.spells if one.lapsed_on(self.end.at)]

    @property
    def newly(self) -> list[InventoryEntry]:
        """What lapsed after the start."""
        return [one for one in self.spells if one.lapsed_at is not None and self._within(one.lapsed_at)]

    def left(self, departure: Departure) -> list[InventoryEntry]:
        """What left in that way after the start."""
        gone = (one for one in self.spells if one.left_at is not None and self._within(one.left_at))
        return [one for one in gone if one.left_as is departure]

    def _within(self, at: datetime) -> bool:
        return self.start.at < at <= self.end.at

    def as_json(self) -> dict[str, Any]:
        """As `population.json` has it."""
        newly, counts = self.newly, {one.value: len(self.left(one)) for one in Departure}
        return {
            "tenant": self.tenant,
            "from": {"scan": self.start.scan, "at": self.start.at.isoformat()},
            "to": {"scan": self.end.scan, "at": self.end.at.isoformat()},
            "lapsed_at_start": len(self.at_start),
            "newly_lapsed": len(newly),
            **{name.replace("-", "_"): count for name, count in counts.items()},
            "lapsed_at_end": len(self.at_end),
            "credentials": [_movement(one) for one in self.spells],
        }


def _movement(one: InventoryEntry) -> dict[str, Any]:
    """One spell by ids alone: names and owners are in no export."""
    return {
        "object_id": one.object_id,
        "app_id": one.app_id,
        "key_id": one.key_id,
        "kind": one.kind,
        "spell": one.spell,
        "class": one.klass.value,
        "ended": None if one.end is None else one.end.isoformat(),
        "lapsed_at": None if one.lapsed_at is None else one.lapsed_at.isoformat(),
        "left_at": None if one.left_at is None else one.left_at.isoformat(),
        "left_as": None if one.left_as is None else one.left_as.value,
        "removed_at": None if one.removed_at is None else one.removed_at.isoformat(),
        "task": one.task,
    }


def books_of(
    tenant: str, marks: Sequence[ScanMark], spells: Sequence[InventoryEntry], since: datetime | None
) -> Books | None:
    """The books of a tenant, from its last whole scan up to `since` (else its first after it) to its last one.

    `marks` are the whole scans up to the end of the period, the oldest first; None where there is none of that tenant.
    """
    own = [one for one in marks if tenant in one.tenants]
    if not own:
        return None
    before = [one for one in own if since is not None and one.at <= since]
    start, end = before[-1] if before else own[0], own[-1]
    found = [one for one in spells if one.tenant == tenant and _touches(one, start.at, end.at)]
    return Books(tenant, start, end, tuple(found))


def _touches(one: InventoryEntry, start: datetime, end: datetime) -> bool:
    """Whether it had lapsed at the start, or lapsed later and up to the end."""
    return one.lapsed_on(start) or (one.lapsed_at is not None and start < one.lapsed_at <= end)


def population(
    marks: Sequence[ScanMark], spells: Sequence[InventoryEntry], since: datetime | None, until: datetime | None
) -> dict[str, Any] | None:
    """`population.json`; None where no scan was ever whole."""
    tenants = sorted({tenant for one in marks for tenant in one.tenants})
    books = [found for tenant in tenants if (found := books_of(tenant, marks, spells, since)) is not None]
    if not books:
        return None
    return {
        "format": FORMAT,
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
        "tenants": [one.as_json() for one in books],
        "not_known": _not_known(books, since),
        "controls": controls_told(marks[-1].controls) if marks[-1].controls else [],
    }


def _not_known(books: Sequence[Books], since: datetime | None) -> list[str]:
    """What the books cannot say, in words."""
    told: list[str] = []
    for one in books:
        if since is not None and one.start.at > since:
            told.append(
                f"{one.tenant}: no whole scan was made up to the start of the period; the books begin with the first one"
            )
        if one.start.scan == one.end.scan:
            told.append(f"{one.tenant}: only one whole scan is known, so nothing is compared")
        gone = len(one.left(Departure.NOT_KNOWN))
        if gone:
            told.append(f"{one.tenant}: {gone} credentials are gone, and nothing shows who removed them")
    told.append("what lapsed and was gone again between two scans is in no scan, and so not in these books")
    return told


def books_faults(stated: Mapping[str, Any], scanned: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What does not add up in a `population.json`, by itself and against the `scanned` records by scan id.

    Raises KeyError, TypeError or ValueError where it is not one.
    """
    if stated["format"] != FORMAT:
        raise ValueError(f"its format is {stated['format']!r}, and this program knows {FORMAT}")
    faults: list[str] = []
    for one in stated["tenants"]:
        faults += [f"{one['tenant']}: {fault}" for fault in _tenant_faults(one, scanned)]
    return faults


def _tenant_faults(books: Mapping[str, Any], scanned: Mapping[str, Mapping[str, Any]]) -> list[str]:
    left = {one: int(books[one.value.replace("-", "_")]) for one in Departure}
    start, newly, end = (int(books[name]) for name in ("lapsed_at_start", "newly_lapsed", "lapsed_at_end"))
    faults: list[str] = []
    if start + newly - sum(left.values()) != end:
        faults.append(f"{start} + {newly} - {sum(left.values())} is not {end}")
    begin, until = (datetime.fromisoformat(books[name]["at"]) for name in ("from", "to"))
    spells = [_Spell.read(one) for one in books["credentials"]]
    counted = {
        "lapsed at the start": (start, sum(one.lapsed_on(begin) for one in spells)),
        "newly lapsed": (newly, sum(begin < one.lapsed_at <= until for one in spells)),
        "lapsed at the end": (end, sum(one.lapsed_on(until) for one in spells)),
        **{
            departure.value: (count, sum(one.left_as is departure and one.left_in(begin, until) for one in spells))
            for departure, count in left.items()
        },
    }
    faults += [
        f"{what}: {count} are stated, {found} are named" for what, (count, found) in counted.items() if count != found
    ]
    if len({(*one.key, one.spell) for one in spells}) != len(spells):
        faults.append("a credential is named twice")
    for name, at in (("from", begin), ("to", until)):
        record = scanned.get(str(books[name]["scan"]))
        if record is not None:
            faults += _against_the_record(
                str(books["tenant"]), record, [one.key for one in spells if one.lapsed_on(at)]
            )
    return faults


def _against_the_record(tenant: str, record: Mapping[str, Any], lapsed: Sequence[Key]) -> list[str]:
    """What the record of a scan says of the tenant, against what the books name."""
    found = [one for one in cast("Sequence[Mapping[str, Any]]", record["tenants"]) if one["tenant"] == tenant]
    if not found or not found[0]["complete"]:
        return [f"the scan {record['scan']} did not read it whole"]
    if found[0]["lapsed"] != len(lapsed) or found[0]["lapsed_sha256"] != digest_of(lapsed):
        return [f"the scan {record['scan']} is on record with other lapsed credentials"]
    return []


@dataclass(frozen=True)
class _Spell:
    """A credential as `population.json` names it."""

    key: Key
    spell: int
    lapsed_at: datetime
    left_at: datetime | None
    left_as: Departure | None

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> "_Spell":
        left_at, left_as = stated["left_at"], stated["left_as"]
        return cls(
            (str(stated["object_id"]), str(stated["key_id"])),
            int(stated["spell"]),
            datetime.fromisoformat(stated["lapsed_at"]),
            None if left_at is None else datetime.fromisoformat(left_at),
            None if left_as is None else Departure(left_as),
        )

    def lapsed_on(self, at: datetime) -> bool:
        return self.lapsed_at <= at and (self.left_at is None or self.left_at > at)

    def left_in(self, begin: datetime, until: datetime) -> bool:
        return self.left_at is not None and begin < self.left_at <= until
