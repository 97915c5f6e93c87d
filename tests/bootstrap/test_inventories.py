"""The inventory beside the evidence: the last scan in `status`, and the books of an export."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from evidence_store import evidence_in
from scanned import scan, scanned
from support_core import NOW, ManualClock
from support_settings import load

from spentkey.bootstrap.inventories import inventory_for, population_for
from spentkey.bootstrap.notices import scans_wanting
from spentkey.bootstrap.status import Overview
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.status import _scan  # pyright: ignore[reportPrivateUsage]  # the words of one row
from spentkey.core.inventory import ScanMark
from spentkey.ports.evidence_tree import Filters
from spentkey.scan.remember import SeenBeside, remember
from spentkey.settings.schema import Settings

DAY = timedelta(days=1)
MARK = ScanMark("s", NOW, True, 7, ("production",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a state directory of its own."""
    tmp_path.chmod(0o700)
    return load(tmp_path, {"state": {"directory": "state"}})


async def test_the_books_of_a_store_are_those_of_its_scans(settings: Settings) -> None:
    """Of all, of a period, and of some records none."""
    assert settings.state.directory is not None
    evidence_in(settings.state.directory)
    async with storage_for(settings, ManualClock()) as storage, inventory_for(settings, storage) as inventory:
        assert await population_for(inventory, Filters(), NOW) is None
        await remember(scan(scanned(40)), SeenBeside(controls={"secrets": 1}), inventory, storage.evidence, 400 * DAY)
        stated = json.loads(await population_for(inventory, Filters(), NOW + DAY) or "null")
        assert (stated["tenants"][0]["lapsed_at_end"], stated["controls"][0]["count"]) == (1, 1)
        assert await population_for(inventory, Filters(until=NOW - DAY), NOW) is None
        assert await population_for(inventory, Filters(task="40021"), NOW + DAY) is None
    async with (
        storage_for(settings, ManualClock(), read_only=True) as storage,
        inventory_for(settings, storage, read_only=True) as reader,
    ):
        last = await reader.last_scan()
    assert last is not None
    assert (last.scan, last.lapsed) == ("scan-1", 1)


async def test_a_scan_that_is_wanting_is_noticed(settings: Settings) -> None:
    """One that is not whole at once, and that none was whole after twice the interval."""
    clock = ManualClock()
    async with storage_for(settings, clock) as storage, inventory_for(settings, storage) as inventory:
        source, never = scans_wanting(inventory, clock, DAY), scans_wanting(inventory, clock, None)
        assert await source() == []
        await clock.sleep(2 * 86400 + 1)
        assert [one.event.value for one in await source()] == ["scan-overdue"]
        assert await never() == []
        await inventory.mark(ScanMark("s", clock.now(), False, 7, ()))
        assert [one.event.value for one in await never()] == ["scan-incomplete"]


def test_status_shows_the_last_scan() -> None:
    """A count only of one that was whole."""
    assert Overview(last_scan=MARK).as_json()["last_scan"] == {
        "scan": "s",
        "at": NOW.isoformat(),
        "complete": True,
        "lapsed": 7,
        "tenants": ["production"],
    }
    partial = ScanMark("s", NOW, False, 7, ())
    assert partial.as_json()["lapsed"] is None
    assert ("7" in _scan(partial).removeprefix(NOW.isoformat(timespec="seconds")), "INCOMPLETE" in _scan(partial)) == (
        False,
        True,
    )
    assert (_scan(None), "7 lapsed" in _scan(MARK)) == ("none yet", True)
