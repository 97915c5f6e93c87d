"""Real workers on two real PostgreSQL servers: the primary dies under load, the standby is promoted, and every task ends, once."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet import Fleet
from fleet_world import fleet_world
from real_postgres import RealPostgres
from real_simulator import RealSimulator

STREAMING = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
RECORDS = "SELECT count(*) FROM spentkey_evidence"
WITHIN_S = 10.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    """A simulator of this room's own."""
    running = RealSimulator.start(tmp_path_factory.mktemp("failover"), fleet_world())
    yield running
    running.stop()


@pytest.fixture
def pair() -> Iterator[tuple[RealPostgres, RealPostgres]]:
    """A primary whose commits wait for its standby."""
    primary = RealPostgres()
    standby = primary.standby()
    primary.set("synchronous_standby_names", "standby")
    while primary.rows(primary.url("postgres"), STREAMING) != [(1,)]:
        pass
    yield primary, standby
    primary.control("start")
    for server in (primary, standby):
        server.stop()


def test_work_goes_on_after_a_promotion_and_everything_is_done_once(
    stage: RealSimulator, pair: tuple[RealPostgres, RealPostgres], tmp_path: Path
) -> None:
    """Three workers are in the middle of it; the first record at the new primary is there within ten seconds."""
    primary, standby = pair
    fleet = Fleet.set(stage, primary, tmp_path / "home", fleet_world())
    name = fleet.database.split("@/")[1].split("?", maxsplit=1)[0]
    fleet.database = f"postgresql://postgres@/{name}?host={primary.folder},{standby.folder}"
    fleet.prepare()
    try:
        fleet.start(3)
        fleet.until(lambda: primary.rows(primary.url(name), RECORDS)[0][0] >= 10 or None)
        primary.control("stop", "-m", "immediate")
        unfinished, fleet.postgres = fleet.unfinished(), standby
        standby.control("promote")
        before, began = standby.rows(standby.url(name), RECORDS)[0][0], time.monotonic()
        fleet.until(lambda: standby.rows(standby.url(name), RECORDS)[0][0] > before or None)
        took = time.monotonic() - began
        fleet.until_done()
        assert fleet.end() == [0, 0, 0]
        assert fleet.wrong() == []
    finally:
        fleet.destroy()
    assert (len(unfinished) > 0, took < WITHIN_S) == (True, True)
