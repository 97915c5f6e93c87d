"""Opening requests under deaths and lost replies, short form; `campaign_open.py` plays any number of cases."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from opening_cases import OpeningCase, Told, played
from opening_processes import KillCase, Loaded
from trap_desk import MemoryLocks, TrapDesk

CASES = 150


def all_of(told: list[Told]) -> list[str]:
    """Every fault."""
    return [fault for one in told for fault in one.faults]


def test_whatever_dies_and_is_lost_each_credential_is_asked_for_once() -> None:
    """No request twice, none lost, and the answers of every one read back."""
    told = [played(seed) for seed in range(CASES)]
    assert all_of(told) == []
    assert min(sum(one.deaths for one in told), sum(one.lost_replies for one in told)) > CASES // 2
    assert sum(one.read_back for one in told) >= CASES


def test_the_same_seed_plays_the_same_case() -> None:
    """So that a fault can be looked at."""
    assert played(7) == played(7)


def test_without_the_lock_the_campaign_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that do not wait for one another ask twice."""

    @asynccontextmanager
    async def nobody_waits(self: MemoryLocks, name: str) -> AsyncGenerator[None]:
        del self, name
        yield

    monkeypatch.setattr(MemoryLocks, "opening", nobody_waits)
    assert any("asked for twice" in fault for fault in all_of([played(seed) for seed in range(60)]))


def test_a_desk_that_hides_open_requests_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not look sends a second one."""

    async def nothing(self: TrapDesk, key_id: str, also: object = ()) -> list[object]:
        del self, key_id, also
        return []

    monkeypatch.setattr(TrapDesk, "requests_for", nothing)
    assert all_of([played(seed) for seed in range(10)]) != []


def test_a_request_that_nobody_made_is_missed() -> None:
    """The judge sees a credential without any."""
    case = OpeningCase(1)
    case._judge()  # pyright: ignore[reportPrivateUsage]
    assert [fault[:4] for fault in case.told.faults] == ["lost"] * len(case.these)


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    """A process that has loaded the program and forks."""
    made = Loaded()
    yield made
    made.stop()


@pytest.mark.parametrize("seed", range(4))
def test_a_real_process_that_is_killed_leaves_one_file(loaded: Loaded, tmp_path: Path, seed: int) -> None:
    """With SQLite, locks on files and a folder of requests; two processes at once, ended by SIGKILL."""
    told = KillCase(seed, tmp_path, loaded).play()
    assert told.faults == []
    assert told.read_back == told.sent > 0
