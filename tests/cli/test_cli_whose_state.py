"""Whose the state is, and where: every command refuses what is not its own, and does nothing."""

import os
from pathlib import Path

import pytest
from commands import Ended, against, spentkey
from evidence_store import snapshot
from real_simulator import RealSimulator
from stateless import without_state
from worlds import TASK

EVERY = [
    ("run", str(TASK)),
    ("plan",),
    ("work", "--once"),
    ("status",),
    ("pause", "--why", "x"),
    ("resume", "--why", "x"),
]
WORKING = [EVERY[0], EVERY[2], EVERY[4], EVERY[5]]


def refused(ended: Ended, *words: str) -> bool:
    """Whether it ended with 2 and one line that has all these words."""
    (line,) = ended.complaints()
    assert ended.code == 2
    return all(word in line for word in words)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another account")
@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_the_state_of_another_account_is_left_alone(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Both accounts are named; nothing is read, made or asked."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, 54321, 54321)
    ended = against(sim, tmp_path, *command, SPENTKEY_STATE__DIRECTORY=str(state))
    assert refused(ended, f"{state} belongs to the account 54321, and this is root", "run spentkey as 54321")
    assert list(state.iterdir()) == []
    assert sim.writes() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another account")
def test_check_says_whose_it_is(sim: RealSimulator, tmp_path: Path) -> None:
    """As a finding that fails, beside all the others."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, 54321, 54321)
    told = against(sim, tmp_path, "check", "--json", SPENTKEY_STATE__DIRECTORY=str(state)).json()["findings"]
    (finding,) = [one for one in told if one["what"] == f"directory {state}"]
    assert finding["state"] == "fail"
    assert "belongs to the account 54321" in finding["message"]


@pytest.mark.parametrize("name", ["spentkey.db", "locks"])
@pytest.mark.parametrize("command", EVERY[:3], ids=" ".join)
def test_nothing_is_opened_through_a_link(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    """What it leads to stays as it is."""
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    state.mkdir(mode=0o700)
    elsewhere.mkdir()
    (state / name).symlink_to(elsewhere if name == "locks" else elsewhere / "made")
    assert refused(against(sim, tmp_path, *command, SPENTKEY_STATE__DIRECTORY=str(state)), name, "is a link")
    assert list(elsewhere.iterdir()) == []
    assert sim.writes() == []


@pytest.mark.parametrize("command", WORKING, ids=" ".join)
def test_in_a_container_work_needs_a_place_that_stays(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Without state.directory limits and locks would count for one container alone, so nothing begins."""
    without_state(sim, tmp_path)
    ended = spentkey(*command, home=tmp_path, KUBERNETES_SERVICE_HOST="10.0.0.1")
    assert refused(ended, "this is a pod, and neither state.directory nor engine.database_url is set")
    assert not (tmp_path / "state").exists()
    assert sim.journal() == []


def test_in_a_container_a_plan_needs_none(sim: RealSimulator, tmp_path: Path) -> None:
    """It keeps nothing."""
    without_state(sim, tmp_path)
    assert spentkey("plan", str(TASK), "--json", home=tmp_path, KUBERNETES_SERVICE_HOST="10.0.0.1").code == 0


@pytest.mark.parametrize("command", [*EVERY, ("check",)], ids=" ".join)
def test_evidence_that_0_1_kept_elsewhere_is_named(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Both places; neither is touched."""
    former = tmp_path / "former" / "spentkey"
    assert against(sim, tmp_path, "run", str(TASK), SPENTKEY_STATE__DIRECTORY=str(former)).code == 0
    without_state(sim, tmp_path)
    before = snapshot(former)
    ended = spentkey(*command, home=tmp_path, XDG_STATE_HOME=str(former.parent))
    assert refused(ended, f"there is no evidence in {tmp_path}/state", f"there is some in {former}")
    assert (snapshot(former), (tmp_path / "state").exists()) == (before, False)


def test_a_configuration_that_others_may_write_ends_every_command(sim: RealSimulator, tmp_path: Path) -> None:
    """Before anybody is asked."""
    file = without_state(sim, tmp_path)
    file.chmod(0o666)
    for command in (*EVERY, ("check",)):
        assert refused(
            spentkey(*command, home=tmp_path), f"may be written by others; chmod go-w {tmp_path}/spentkey.toml"
        )
    assert sim.journal() == []
