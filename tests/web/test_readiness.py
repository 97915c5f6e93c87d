"""`/readyz` names what is missing, and asks outside systems no more than it must."""

from pathlib import Path
from typing import Any

import pytest
from evidence_store import lines_in, put_lines
from fault_rules import fault
from real_simulator import RealSimulator
from web_support import Served, served
from worlds import TASK, certificate_parameters, world

AWAY: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "Ivanti answers 503": ([fault("ivanti", "task-query", "503")], ["ivanti"]),
    "Ivanti hangs": ([fault("ivanti", "task-query", "hang", params={"seconds": 60})], ["ivanti"]),
    "Ivanti refuses the key": ([fault("ivanti", "task-query", "401")], ["ivanti"]),
    "Ivanti shows a page": ([fault("ivanti", "task-query", "html")], ["ivanti"]),
    "the vault is down": (
        [fault("passwordstate", "search", "reset")],
        ["passwordstate", "tenant-production", "tenant-onderwijs"],
    ),
    "the vault refuses the key": (
        [fault("passwordstate", "search", "401")],
        ["passwordstate", "tenant-production", "tenant-onderwijs"],
    ),
    "one tenant's sign-in is down": (
        [fault("login", "token", "503", object="11111111-1111-4111-8111-222222222222")],
        ["tenant-onderwijs"],
    ),
    "one tenant's sign-in is refused": (
        [fault("login", "token", "401", object="11111111-1111-4111-8111-111111111111")],
        ["tenant-production"],
    ),
}
PATIENCE_S = 2.0
"""How long a check may take here; the product gives it 5 seconds."""


async def missing(one: Served) -> list[str]:
    """What is missing, and that the status says so too."""
    answer = await one.get("/readyz", {})
    assert (answer.status, answer.json["ready"]) == ((503, False) if answer.json["missing"] else (200, True))
    assert list(answer.json) == ["ready", "missing"]
    return answer.json["missing"]


@pytest.mark.parametrize("scenario", AWAY)
async def test_a_system_that_is_taken_away_is_named(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """And once it is back, within half a minute, nothing is missing."""
    rules, names = AWAY[scenario]
    sim.faults(*rules)
    async with served(sim, tmp_path) as one:
        one.service.readiness.patience_s = PATIENCE_S
        assert await missing(one) == names
        sim.faults()
        one.clock.slept += 301  # a refused sign-in rests for 300 s
        assert await missing(one) == []


async def test_all_is_there_when_all_is_there(sim: RealSimulator, tmp_path: Path) -> None:
    """And nothing was written for it, neither outside nor into the evidence."""
    async with served(sim, tmp_path) as one:
        assert await missing(one) == []
        status = (await one.get("/api/v1/status")).json["systems"]
    assert set(status.values()) == {True}
    assert (sim.writes(), sim.evidence()) == ([], [])


async def test_checks_come_at_most_every_thirty_seconds(sim: RealSimulator, tmp_path: Path) -> None:
    """Whoever asks in between hears what is known."""
    async with served(sim, tmp_path) as one:
        for _ in range(5):
            await missing(one)
        asked = len(sim.journal())
        one.clock.slept += 29
        await missing(one)
        assert len(sim.journal()) == asked
        one.clock.slept += 2
        await missing(one)
        assert len(sim.journal()) > asked


async def test_a_real_call_that_fails_is_seen_at_once(sim: RealSimulator, tmp_path: Path) -> None:
    """No need to wait for the next check."""
    async with served(sim, tmp_path) as one:
        assert await missing(one) == []
        sim.faults(fault("ivanti", "task-query", "500"))
        await one.work(TASK)
        assert await missing(one) == ["ivanti"]


async def test_a_database_that_refuses_the_log_in_is_missing(sim: RealSimulator, tmp_path: Path) -> None:
    """A connection alone does not show it, so it stays known until a real log-in works."""
    sim.reset(world(certificate_parameters()))
    sim.faults(fault("sql", "login", "18456"))
    async with served(sim, tmp_path) as one:
        assert await missing(one) == []
        await one.work(TASK)
        one.clock.slept += 31
        assert await missing(one) == ["passwordstate-database"]
        sim.faults()
        await one.work(TASK)
        assert await missing(one) == []


async def test_a_database_that_is_not_there_is_missing(sim: RealSimulator, tmp_path: Path) -> None:
    """Nobody listens on that port."""
    async with served(sim, tmp_path, SPENTKEY_PASSWORDSTATE__DATABASE__PORT="1") as one:
        assert await missing(one) == ["passwordstate-database"]


async def test_evidence_and_engine_are_looked_at(sim: RealSimulator, tmp_path: Path) -> None:
    """A chain that was changed, and an engine whose database is away."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        put_lines(sim.state, [*lines_in(sim.state), "{}"])
        one.engine.away = True
        assert await missing(one) == ["evidence", "engine"]
        assert "spentkey_queue_tasks{" not in (await one.get("/metrics")).text
