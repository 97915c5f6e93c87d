"""The inventory from scan to scan, and the books that are made of it: every difference by key id, whatever happens."""

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from memory_inventory import MemoryInventory
from scanned import BROKEN, WHOLE, classified, scan, scanned
from support_core import NOW, application, certificate, secret

from spentkey.core.books import books_faults, books_of, population
from spentkey.core.classified import CredentialClass
from spentkey.core.controls import ControlCounts, controls_told
from spentkey.core.credential import TargetKind, UnreadableCredential
from spentkey.core.inventory import Departure, Key, Left, ScanMark, brought_up_to, departures, digest_of, missing
from spentkey.core.scan_record import scan_mark, scanned_record
from spentkey.core.scan_result import ScannedCredential, ScanResult

DAY = timedelta(days=1)
LAPSED, EXPIRING, LIVE = CredentialClass.REMOVABLE, CredentialClass.EXPIRING, CredentialClass.LIVE


@dataclass
class Tenant:
    """A tenant as it lives from day to day, with what a scan needs to know, and the truth about its books."""

    rng: random.Random
    credentials: dict[Key, CredentialClass] = field(default_factory=dict[Key, CredentialClass])
    gone: dict[Key, Departure] = field(default_factory=dict[Key, Departure])
    inventory: MemoryInventory = field(default_factory=MemoryInventory)
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def live_a_day(self) -> None:
        """Some are made, some lapse, some go in one way or another, some come back."""
        rng = self.rng
        for _ in range(rng.randint(0, 3)):
            self.credentials[f"o{rng.randrange(12)}", f"k{rng.randrange(40)}"] = rng.choice([LIVE, EXPIRING, LAPSED])
        for key in list(self.credentials):
            drawn = rng.random()
            if drawn < 0.15:
                self.credentials[key] = LAPSED
            elif drawn < 0.2:
                self.credentials[key] = rng.choice([LIVE, EXPIRING])
            elif drawn < 0.3:
                self._goes([key], rng.choice([Departure.REMOVED, Departure.BY_OTHERS, Departure.NOT_KNOWN]))
        if rng.random() < 0.1:
            doomed = f"o{rng.randrange(12)}"
            self._goes([key for key in self.credentials if key[0] == doomed], Departure.DELETED)

    def _goes(self, keys: list[Key], how: Departure) -> None:
        for key in keys:
            del self.credentials[key]
            self.gone[key] = how

    def result(self, day: int, *, whole: bool = True) -> ScanResult:
        """What a scan of that day shows."""
        found: list[ScannedCredential] = []
        for (object_id, key_id), klass in self.credentials.items():
            made = secret(key_id=key_id)
            target = replace(application(made), object_id=object_id)
            found.append(ScannedCredential(classified(made, klass, target), NOW + day * DAY))
        tenant = replace(WHOLE, complete=whole)
        return ScanResult(f"scan {day}", NOW + day * DAY, (tenant,), tuple(found))

    async def scanned(self, day: int) -> ScanResult:
        """Scan, put it on record and bring the inventory up to it, as the product does."""
        result = self.result(day)
        record = scanned_record(result).facts()
        self.records[result.scan] = json.loads(json.dumps(record))
        absent = missing(await self.inventory.entries("production"), result.credentials)
        removed: dict[Key, datetime | None] = {
            key: None for key, how in self.gone.items() if how is Departure.REMOVED and key not in self.credentials
        }
        by_others = {key for key, how in self.gone.items() if how is Departure.BY_OTHERS}
        doomed = {key[0] for key, how in self.gone.items() if how is Departure.DELETED and key not in self.credentials}
        left = departures(absent, doomed, removed, by_others)
        await self.inventory.update("production", brought_up_to("production", result.at, result.credentials, left))
        await self.inventory.mark(scan_mark(result, {}))
        return result


def lapsed_keys(result: ScanResult) -> set[Key]:
    """What a scan calls lapsed."""
    return {(one.classified.holder.target.object_id, one.classified.credential.key_id) for one in result.lapsed}


@pytest.mark.parametrize("seed", range(25))
def test_the_books_of_any_period_add_up(seed: int) -> None:
    """Whatever happens in a tenant, from any whole scan to any later one; and at both ends they name what the scans showed."""
    rng = random.Random(seed)  # noqa: S311
    tenant = Tenant(rng)

    async def life() -> None:
        results: dict[datetime, ScanResult] = {}
        for day in range(30):
            tenant.live_a_day()
            if rng.random() < 0.8:
                result = await tenant.scanned(day)
                results[result.at] = result
        for _ in range(10):
            since, until = sorted(rng.sample(range(31), 2))
            begin, end = NOW + since * DAY, NOW + until * DAY
            marks, spells = await tenant.inventory.scans(NOW, end), await tenant.inventory.between(NOW, end)
            books = books_of("production", marks, spells, begin)
            if books is None:
                continue
            assert {one.key for one in books.at_start} == lapsed_keys(results[books.start.at])
            assert {one.key for one in books.at_end} == lapsed_keys(results[books.end.at])
            gone = sum(len(books.left(one)) for one in Departure)
            assert len(books.at_start) + len(books.newly) - gone == len(books.at_end)
            stated = population(marks, spells, begin, end)
            assert stated is not None
            assert books_faults(json.loads(json.dumps(stated)), tenant.records) == []

    asyncio.run(life())


def one_day(*before: ScannedCredential) -> tuple[MemoryInventory, ScanResult]:
    """An inventory after a first scan that showed these."""
    inventory, result = MemoryInventory(), scan(*before)
    asyncio.run(inventory.update("production", brought_up_to("production", NOW, result.credentials, {})))
    asyncio.run(inventory.mark(scan_mark(result, {})))
    return inventory, result


def next_day(inventory: MemoryInventory, left: dict[Key, Left], *shown: ScannedCredential) -> dict[str, Any]:
    """The books after one more scan, which showed these."""
    result = replace(scan(*shown), scan="scan-2", at=NOW + DAY)
    asyncio.run(inventory.update("production", brought_up_to("production", result.at, shown, left)))
    asyncio.run(inventory.mark(scan_mark(result, {"secrets": 3})))
    stated = population(asyncio.run(inventory.scans(NOW, NOW + DAY)), list(inventory.spells.values()), NOW, None)
    assert stated is not None
    return stated


@pytest.mark.parametrize("departure", list(Departure))
def test_each_way_to_leave_has_a_figure_of_its_own(departure: Departure) -> None:
    """And the credential is named with it."""
    gone, stays = scanned(40), scanned(50)
    inventory, _ = one_day(gone, stays)
    key = (gone.classified.holder.target.object_id, gone.classified.credential.key_id)
    stated = next_day(inventory, {key: Left(departure, NOW)}, stays)["tenants"][0]
    assert {one.value: stated[one.value.replace("-", "_")] for one in Departure} == {
        one.value: int(one is departure) for one in Departure
    }
    assert (stated["lapsed_at_start"], stated["newly_lapsed"], stated["lapsed_at_end"]) == (2, 0, 1)
    assert [(one["key_id"], one["left_as"]) for one in stated["credentials"] if one["left_at"]] == [
        (key[1], departure.value)
    ]


def test_a_credential_that_is_extended_and_lapses_later_begins_another_spell() -> None:
    """It counts once as extended and once as newly lapsed."""
    lapsed = scanned(40)
    inventory, _ = one_day(lapsed)
    extended = replace(lapsed, classified=replace(lapsed.classified, klass=LIVE))
    assert next_day(inventory, {}, extended)["tenants"][0]["extended"] == 1
    asyncio.run(inventory.update("production", brought_up_to("production", NOW + 2 * DAY, [lapsed], {})))
    assert sorted(one.spell for one in inventory.spells.values()) == [1, 2]


def test_what_is_gone_without_a_trace_is_said_to_be_not_known() -> None:
    """In words too."""
    inventory, _ = one_day(scanned(40))
    stated = next_day(inventory, {})
    assert stated["tenants"][0]["not_known"] == 1
    assert any("1 credentials are gone, and nothing shows who" in text for text in stated["not_known"])


def test_a_removal_of_ours_comes_before_a_deletion() -> None:
    """Whoever deletes the application after us removed nothing of it."""
    inventory, _ = one_day(scanned(40), scanned(41), scanned(42), scanned(43))
    entries = asyncio.run(inventory.entries())
    found = departures(entries, {entries[0].object_id}, {entries[0].key: NOW}, set())
    assert [found[one.key].departure for one in entries] == [Departure.REMOVED, *[Departure.DELETED] * 3]
    found = departures(entries, {"another"}, {}, {entries[1].key})
    assert [found[one.key].departure for one in entries][:2] == [Departure.NOT_KNOWN, Departure.BY_OTHERS]


def test_an_older_scan_changes_nothing() -> None:
    """Its process was slow, and another one has scanned since."""
    inventory, _ = one_day(scanned(40))
    before = dict(inventory.spells)
    asyncio.run(inventory.update("production", brought_up_to("production", NOW - DAY, [], {})))
    assert inventory.spells == before


def test_the_same_scan_twice_is_as_good_as_once() -> None:
    """A crash between the inventory and the record is made up for by doing both again."""
    inventory, result = one_day(scanned(40), scanned(50, EXPIRING))
    before = dict(inventory.spells)
    asyncio.run(inventory.update("production", brought_up_to("production", NOW, result.credentials, {})))
    assert inventory.spells == before


def test_first_seen_stays_and_owners_that_could_not_be_read_are_those_of_before() -> None:
    """The rest is as the last scan shows it."""
    inventory, _ = one_day(scanned(40))
    next_day(inventory, {}, scanned(40, CredentialClass.PROTECTED, owners=None))
    (entry,) = inventory.spells.values()
    assert (entry.first_seen, entry.last_seen, entry.owners, entry.klass) == (
        NOW,
        NOW + DAY,
        (),
        CredentialClass.PROTECTED,
    )


def test_an_entry_without_a_key_id_is_in_no_inventory() -> None:
    """It could not be told from another one."""
    odd = UnreadableCredential("unreadable", secret().kind, None, NOW - DAY, "{}", where="passwordCredentials[0]")
    one = ScannedCredential(classified(odd, CredentialClass.DOUBTFUL), NOW)
    inventory, result = one_day(one)
    assert inventory.spells == {}
    (tenant,) = scanned_record(result).facts()["tenants"]
    assert (tenant["lapsed"], tenant["by_class"]) == (0, {"doubtful": 1})


def test_a_tenant_that_was_not_read_whole_is_counted_nowhere() -> None:
    """Its record has what was listed, and null for the rest; no books are made of it."""
    result = scan(scanned(40), tenants=(BROKEN,))
    facts = scanned_record(result).facts()
    assert facts["complete"] is False
    assert facts["tenants"][0] | {"listed": 0, "pages": 0} == {
        "tenant": "onderwijs",
        "complete": False,
        "listed": 0,
        "pages": 0,
        "lapsed": None,
        "by_class": None,
        "expiring": None,
        "lapsed_sha256": None,
    }
    assert scan_mark(result, {}).tenants == ()
    assert population([scan_mark(result, {})], [], None, None) is None


def test_no_name_is_on_record_or_in_the_books() -> None:
    """Of an application, a team or an owner."""
    inventory, result = one_day(scanned(40))
    texts = json.dumps([scanned_record(result).facts(), next_day(inventory, {}, scanned(40))])
    assert "Sales" not in texts


SPELL = {"object_id": "o", "app_id": "a", "key_id": "k", "spell": 1, "lapsed_at": NOW.isoformat(), "left_at": None}
SOUND: dict[str, Any] = {
    "format": 1,
    "tenants": [
        {
            "tenant": "production",
            "from": {"scan": "a", "at": NOW.isoformat()},
            "to": {"scan": "b", "at": (NOW + DAY).isoformat()},
            "lapsed_at_start": 1,
            "newly_lapsed": 0,
            **{one.value.replace("-", "_"): 0 for one in Departure},
            "lapsed_at_end": 1,
            "credentials": [{**SPELL, "left_as": None}],
        }
    ],
}
RECORD = {
    "scan": "b",
    "tenants": [{"tenant": "production", "complete": True, "lapsed": 1, "lapsed_sha256": digest_of([("o", "k")])}],
}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"lapsed_at_start": 2}, ["2 + 0 - 0 is not 1", "lapsed at the start: 2 are stated, 1 are named"]),
        ({"removed": 1, "newly_lapsed": 1}, ["newly lapsed: 1 are stated, 0 are named", "removed: 1 are stated, 0 are named"]),
        ({"credentials": []}, ["lapsed at the start: 1 are stated, 0 are named", "lapsed at the end: 1 are stated, 0 are named", "the scan b is on record with other lapsed credentials"]),
        ({"credentials": [{**SPELL, "key_id": "x", "left_as": None}]}, ["the scan b is on record with other lapsed credentials"]),
        ({"tenant": "onderwijs"}, ["the scan b did not read it whole"]),
    ],
)  # fmt: skip
def test_books_that_do_not_add_up_are_named(changes: dict[str, Any], found: list[str]) -> None:
    """By themselves, by what they name, and by the record of the scan."""
    books = {**SOUND["tenants"][0], **changes}
    assert books_faults(SOUND, {"b": RECORD}) == []
    faults = books_faults({**SOUND, "tenants": [books]}, {"b": RECORD})
    assert [fault.partition(": ")[2] for fault in faults] == found


@pytest.mark.parametrize("changes", [{"format": 2}, {"tenants": [{"tenant": "x"}]}, {"tenants": 7}])
def test_what_is_no_population_is_refused(changes: dict[str, Any]) -> None:
    """By what reading it raises."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        books_faults({**SOUND, **changes}, {})


def test_the_controls_of_the_benchmark_are_counted_on_applications() -> None:
    """What the directory does not show is null; a service principal counts for none of them."""
    counts, held = ControlCounts(), [
        secret(start=NOW - 200 * DAY, end=NOW),
        secret(key_id="s", start=NOW - 100 * DAY, end=NOW),
        certificate(start=NOW - 400 * DAY, end=NOW),
        certificate(key_id="c", start=None),
    ]  # fmt: skip
    counts.add(application(*held))
    counts.add(replace(application(*held), kind=TargetKind.SERVICE_PRINCIPAL))
    assert counts.as_json() == {
        "secrets": 2,
        "long_secrets": 1,
        "certificates": 2,
        "long_certificates": 1,
        "without_span": 1,
    }
    assert [one["count"] for one in controls_told(counts.as_json())] == [2, 1, None, 1]
    assert "of 1 credentials the span is not known" in controls_told(counts.as_json())[1]["counted"]


def test_a_period_that_begins_before_the_first_scan_says_so() -> None:
    """And one with a single scan compares nothing."""
    mark = ScanMark("a", NOW, True, 0, ("production",))
    stated = population([mark], [], NOW - DAY, None)
    assert stated is not None
    assert len(stated["not_known"]) == 3
