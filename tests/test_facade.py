"""The facade, for programs in the same process: what only reads keeps nothing."""

from pathlib import Path

import pytest
from real_simulator import FAST, RealSimulator
from stateless import without_state
from worlds import TASK

from spentkey.core.errors import Misconfigured
from spentkey.facade import Facade


@pytest.fixture
def facade(sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Facade:
    """In a pod, with a configuration that says nothing of the state."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return Facade.open(without_state(sim, tmp_path), dict(FAST))


def test_what_only_reads_needs_no_place_for_a_state(facade: Facade, tmp_path: Path) -> None:
    """In a job of Automation Platform a lookup has none, and makes none."""
    ref = facade.reference(TASK)
    view = facade.ticket(ref)
    assert view is not None
    assert facade.dry_run(ref).action.value == "remove"
    assert not (tmp_path / "state").exists()


def test_what_works_in_a_job_needs_one(facade: Facade, sim: RealSimulator, tmp_path: Path) -> None:
    """Limits and locks would end with it, so nothing is asked and nothing is made."""
    with pytest.raises(Misconfigured, match=r"^state\.directory: this is a pod"):
        facade.work_on(facade.reference(TASK))
    assert (sim.journal(), (tmp_path / "state").exists()) == ([], False)
