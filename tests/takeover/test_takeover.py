"""Real workers on a real PostgreSQL, and what befalls them; `make campaign-takeover` draws many more cases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blows import Blow, play
from fleet import Fleet
from fleet_world import FIRST, fleet_world
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from worlds import CANARIES


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    """A simulator of this room's own, whose log-ins stay valid however long a case takes."""
    running = RealSimulator.start(tmp_path_factory.mktemp("fleet"), fleet_world())
    yield running
    running.stop()


CASES = {
    "killed while it removes": Blow("kill", "removePassword", 2, "after", 0),
    "cut off while it writes a note": Blow("cut off", "note-create", 2, "after", 0),
    "stopped while it holds the lock": Blow("freeze with the lock", "", 1, "before", 0.0),
    "PostgreSQL restarts at once": Blow("restart of PostgreSQL", "", 1, "before", 0.5),
    "PostgreSQL stands still": Blow("PostgreSQL stands still", "", 1, "before", 0.3),
    "rolling restart": Blow("rolling restart", "", 1, "before", 0.2),
}
SHORT = ("killed while it removes",)
LONG = pytest.mark.long


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG if name not in SHORT else ()) for name in CASES])
def test_whatever_befalls_three_workers_every_task_ends_once(
    stage: RealSimulator, postgres: RealPostgres, tmp_path: Path, name: str
) -> None:
    """No second removal, note or close, no task lost, no secret kept, and take-over within the stated time."""
    assert play(CASES[name], stage, postgres, tmp_path / "home") == []


def test_a_task_that_never_ends_and_a_secret_in_a_table_would_be_told(
    stage: RealSimulator, postgres: RealPostgres, tmp_path: Path
) -> None:
    """The judge looks at every table, and at every task."""
    fleet = Fleet.set(stage, postgres, tmp_path / "home", fleet_world())
    fleet.prepare()
    postgres.rows(fleet.database, "CREATE TABLE leak (what text)")
    postgres.rows(fleet.database, "INSERT INTO leak VALUES (%s)", CANARIES["vault key"])
    waiting = [f"2: task {number} never ended" for number in fleet.unfinished()]
    assert waiting
    assert [*waiting, "4: the database holds a secret"] == fleet.wrong()


def test_one_worker_with_a_database_works_and_keeps_no_secret(
    stage: RealSimulator, postgres: RealPostgres, tmp_path: Path
) -> None:
    """Every row of every table, every file it wrote, and all it said hold no canary and nothing shaped like a token."""
    fleet = Fleet.set(stage, postgres, tmp_path / "home", fleet_world(simple=1))
    fleet.start()
    fleet.until_done()
    codes, kept = fleet.end(), postgres.everything(fleet.database)
    left = sorted(file.name for file in fleet.home.rglob("*") if file.is_file())
    assert (codes, fleet.wrong(), left) == ([0], [], ["worker-0.log"])
    assert f'"task":{FIRST}'.replace('"', '""') in kept
    assert postgres.rows(fleet.database, "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'todo'") == [(0,)]
