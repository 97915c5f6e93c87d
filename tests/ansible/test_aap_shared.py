"""Jobs in containers of their own that share nothing but a database: limits, intents and proofs are those of all."""

from pathlib import Path

import pytest
from play_runs import ONE_TASK, STEP_BY_STEP, Player
from real_simulator import RealSimulator
from worlds import EXPIRED_SECRET, TASK

ACTION = "Work on the task from ticket to report"


def job(sim: RealSimulator, folder: Path, database: str | None) -> Player:
    """A job whose home and state directory no other job sees."""
    folder.mkdir()
    kept = {"SPENTKEY_STATE__DIRECTORY": str(folder / "state")}
    (folder / "database").write_text(database or "")
    (folder / "database").chmod(0o600)
    shared = {"SPENTKEY_ENGINE__DATABASE_URL": f'{{"file": "{folder / "database"}"}}'} if database else {}
    return Player(sim, folder, kept | shared)


@pytest.mark.parametrize("book", [STEP_BY_STEP, ONE_TASK])
def test_a_job_goes_on_where_another_container_ended(
    sim: RealSimulator, tmp_path: Path, database: str, book: str
) -> None:
    """The first one removed and could not close; the next one finds its intent and its proof, and closes."""
    sim.faults({"system": "ivanti", "route": "task-write", "kind": "503", "times": 50})
    first = job(sim, tmp_path / "first", database).play(book)
    assert (first.code, len(sim.removals()), sim.task(TASK)["status"]) == (2, 1, "Logged"), first.out
    sim.faults()
    second = job(sim, tmp_path / "second", database).play(book)
    assert (second.code, sim.task(TASK)["status"]) == (0, "Completed"), second.out
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert list(tmp_path.glob("*/state/evidence*")) == []


@pytest.mark.parametrize(("shared", "attribution"), [(True, "confirmed"), (False, None)])
def test_without_a_database_nothing_is_known_of_another_container(
    sim: RealSimulator, tmp_path: Path, database: str, *, shared: bool, attribution: str | None
) -> None:
    """Then what was removed there was gone already, whoever removed it: which is why the guide asks for one."""
    sim.faults({"system": "ivanti", "route": "task-write", "kind": "503", "times": 50})
    job(sim, tmp_path / "first", database if shared else None).play(ONE_TASK)
    sim.faults()
    told = job(sim, tmp_path / "second", database if shared else None).play(ONE_TASK).one(ACTION)
    assert (told.result["ticket"], told.result["attribution"]) == ("closed", attribution)
    assert told.result["outcome"] == ("removed" if shared else "already-gone")
