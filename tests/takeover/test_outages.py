"""Real workers on a real PostgreSQL while a system is away: tasks stay open, nothing is written, and it ends by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_rules import fault
from fleet import Fleet
from fleet_world import fleet_world
from real_postgres import RealPostgres
from real_simulator import RealSimulator

AWAY: dict[str, list[dict[str, Any]]] = {
    "Ivanti": [fault("ivanti", "*", "503")],
    "Ivanti behind a page": [fault("ivanti", "*", "html")],
    "the vault": [fault("passwordstate", "*", "reset")],
    "its database": [fault("sql", "*", "down")],
    "sign-in": [fault("login", "*", "503")],
    "Graph": [fault("graph", "*", "503")],
}
SHORT = ("the vault",)
LONG = pytest.mark.long
SEEN = 6
"""So many requests must have met the outage before it ends."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    """A simulator of this room's own."""
    running = RealSimulator.start(tmp_path_factory.mktemp("away"), fleet_world())
    yield running
    running.stop()


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG if name not in SHORT else ()) for name in AWAY])
def test_an_outage_is_waited_out_and_everything_is_done_once(
    stage: RealSimulator, postgres: RealPostgres, tmp_path: Path, name: str
) -> None:
    """While it lasts only what needs nothing of that system is finished; afterwards every task ends, once."""
    fleet = Fleet.set(stage, postgres, tmp_path / "home", fleet_world(simple=1))
    stage.faults(*AWAY[name])
    system = AWAY[name][0]["system"]
    try:
        fleet.start(2)
        fleet.until(lambda: met(stage, system) >= SEEN or None)
        wrong_meanwhile = removals_of_that_kind(stage, name)
        stage.faults()
        fleet.until_done()
        assert fleet.end() == [0, 0]
    finally:
        fleet.destroy()
    assert wrong_meanwhile == []
    assert fleet.wrong() == []


def met(stage: RealSimulator, system: str) -> int:
    """How many requests met the outage so far."""
    return sum(entry["system"] == system and entry["fault"] is not None for entry in stage.journal())


def removals_of_that_kind(stage: RealSimulator, name: str) -> list[str]:
    """What was removed meanwhile though the system is needed for it: a secret needs no look into the vault's database."""
    kinds = {"certificate"} if name == "its database" else {"secret", "certificate"}
    return [one["key_id"] for one in stage.removals() if one["kind"] in kinds]
