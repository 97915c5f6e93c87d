"""Checkpoints of real services: heartbeats by one of several, a last one at the end, and a restored backup that is told."""

import signal
from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from evidence_store import lines_in, put_lines, records_in
from real_simulator import RealSimulator
from serve_process import serving
from worlds import world

from spentkey.core.checkpoint import read_checkpoint

HIDDEN_TASK: dict[str, Any] = {"owner_team": "Servicedesk"}
EACH_SECOND = {"SPENTKEY_EVIDENCE__CHECKPOINT_EVERY": "1s"}


def heartbeats(sim: RealSimulator) -> list[datetime]:
    """When they were put on record."""
    return [datetime.fromisoformat(one["at"]) for one in records_in(sim.state) if one["what"] == "heartbeat"]


def test_services_that_share_a_store_make_one_heartbeat_at_a_time(sim: RealSimulator, tmp_path: Path) -> None:
    """Each is signed, and what came last too; all with one key."""
    sim.reset(world(task=HIDDEN_TASK))
    with ExitStack() as stack:
        services = [stack.enter_context(serving(sim, tmp_path, **EACH_SECOND)) for _ in range(2)]
        lines = [services[0].until("checkpoint") for _ in range(2)]
        assert [one.end(signal.SIGTERM) for one in services] == [0, 0]
    found = heartbeats(sim)
    assert len(found) >= 2
    assert min((later - earlier).total_seconds() for earlier, later in pairwise(found)) >= 1
    assert [line["level"] for line in lines] == ["info"] * 2
    told = [line for one in services for line in one.log if line["event"] in ("checkpoint", "no checkpoint")]
    assert {line.get("key") for line in told} == {lines[0]["key"]}
    assert read_checkpoint((sim.state / "signing.key.last").read_text()).head.size == len(lines_in(sim.state))


def test_a_restored_backup_is_told_once_and_the_service_works_on(sim: RealSimulator, tmp_path: Path) -> None:
    """One warning for many heartbeats; its exit code is that of every orderly end."""
    sim.reset(world(task=HIDDEN_TASK))
    with serving(sim, tmp_path, **EACH_SECOND) as service:
        for _ in range(2):
            service.until("checkpoint")
        assert service.end(signal.SIGTERM) == 0
    put_lines(sim.state, lines_in(sim.state)[:1])
    with serving(sim, tmp_path, **EACH_SECOND) as service:
        line = service.until("no checkpoint")
        while len(heartbeats(sim)) < 4:
            service.ask("GET", "/healthz", {})
        assert service.end(signal.SIGTERM) == 0
    assert (line["level"], "does not continue the last signed checkpoint" in line["said"]) == ("warning", True)
    assert (
        len([one for one in service.log if one["event"] == "no checkpoint"]) <= 2
    )  # shorter at first, then other ones
