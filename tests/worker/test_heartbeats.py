"""Heartbeats on the real log: one each interval by all processes together, and a checkpoint after each."""

import asyncio
import heapq
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_store import records_in
from support_core import NOW, ManualClock

from spentkey.core.errors import EvidenceBroken
from spentkey.ports.evidence import Question
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.worker.heartbeats import RETRY_S, Heartbeats

EVERY = timedelta(minutes=10)


class SharedTime(ManualClock):
    """One clock of several processes: when all of them sleep it moves to where the first one wakes, until it ends."""

    def __init__(self, stop: asyncio.Event, seconds: float, count: int = 1, start: datetime = NOW) -> None:
        super().__init__(start)
        self.stop, self._ends, self._count = stop, seconds, count
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        """Until it is time."""
        self.slept.append(seconds)
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.monotonic() + seconds, len(self.slept), waking))
        if len(self._asleep) == self._count:
            self._move_on()
        await waking

    def _move_on(self) -> None:
        at, _, waking = heapq.heappop(self._asleep)
        self._passed = min(at, self._ends)
        if at >= self._ends:
            self.stop.set()
        waking.set_result(None)


class Process:
    """One process with its heartbeats."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.evidence, self.clock = SqliteEvidence(folder, clock), clock
        self.signed: list[datetime] = []
        self.failures: list[str] = []
        self.beats = Heartbeats(self.evidence, clock, EVERY, self.sign, self.failures.append)

    async def sign(self) -> None:
        """Note when."""
        self.signed.append(self.clock.now())


async def run(folder: Path, minutes: float, count: int = 1) -> Sequence[Process]:
    """So many processes for so long, all on one clock that moves when one of them sleeps."""
    stop = asyncio.Event()
    clock = SharedTime(stop, minutes * 60, count)
    made = [Process(folder, clock) for _ in range(count)]
    await asyncio.gather(*(one.beats.beat(stop) for one in made))
    return made


def beats(folder: Path) -> list[datetime]:
    """When they were put on record."""
    return [datetime.fromisoformat(one["at"]) for one in records_in(folder) if one["what"] == "heartbeat"]


async def test_each_interval_one_is_put_on_record_and_signed(tmp_path: Path) -> None:
    """The first after a whole interval, so that a command that ends soon writes none."""
    (one,) = await run(tmp_path, 35)
    assert [(after - one.clock.now()) for after in beats(tmp_path)] == [
        timedelta(minutes=back) for back in (-25, -15, -5)
    ]
    assert one.signed == beats(tmp_path)
    assert [record["every_s"] for record in records_in(tmp_path)] == [600] * 3
    assert one.failures == []


async def test_a_process_that_ends_before_its_first_interval_writes_none(tmp_path: Path) -> None:
    """Nor does it sign."""
    (one,) = await run(tmp_path, 9.9)
    assert (beats(tmp_path), one.signed) == ([], [])


async def test_several_processes_make_as_many_as_one(tmp_path: Path) -> None:
    """Who puts it on record signs, and nobody else."""
    made = await run(tmp_path, 65, count=4)
    found = beats(tmp_path)
    assert len(found) == len(set(found)) == 6
    assert sorted(at for one in made for at in one.signed) == found
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {EVERY}


async def test_a_restart_goes_on_from_the_last_one(tmp_path: Path) -> None:
    """One that is overdue is made up for at once; one that is young is waited for."""
    await run(tmp_path, 12)
    stop = asyncio.Event()
    later = Process(tmp_path, SharedTime(stop, 9.0, start=NOW + timedelta(minutes=19, seconds=55)))
    await later.beats.beat(stop)
    assert len(beats(tmp_path)) == 2
    assert beats(tmp_path)[1] - beats(tmp_path)[0] == EVERY


@pytest.mark.parametrize("problem", [EvidenceBroken("no disk"), MemoryError()], ids=["evidence", "memory"])
async def test_one_that_cannot_be_put_on_record_is_tried_again_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    """The process goes on, and the next one that can be written is signed."""
    stop = asyncio.Event()
    one = Process(tmp_path, SharedTime(stop, 12.5 * 60))
    left = [problem, problem]
    whole = one.evidence.append_unless

    async def faulty(refuse: Question, what: str, facts: dict[str, Any]) -> object:
        if left:
            raise left.pop()
        return await whole(refuse, what, facts)

    monkeypatch.setattr(one.evidence, "append_unless", faulty)
    await one.beats.beat(stop)
    assert (len(one.failures), len(one.signed), len(beats(tmp_path))) == (2, 1, 1)
    assert one.clock.slept.count(RETRY_S) == 2


async def test_a_bug_is_told_and_the_next_one_is_made(tmp_path: Path) -> None:
    """What is wrong here must end neither the work nor the heartbeats; nothing of its text is told."""
    stop = asyncio.Event()
    one = Process(tmp_path, SharedTime(stop, 25 * 60))

    async def bug() -> None:
        raise ZeroDivisionError("secret")

    await Heartbeats(one.evidence, one.clock, EVERY, bug, one.failures.append).beat(stop)
    assert (one.failures, len(beats(tmp_path))) == (["no heartbeat: a bug in Spentkey, ZeroDivisionError"] * 2, 2)
