"""Rates on one machine: all processes that share a state directory share them, whatever the clock does."""

import asyncio
import fcntl
import os
from datetime import timedelta
from pathlib import Path

import pytest
from support_core import NOW, ManualClock

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.http.rate_limit import RateLimiter
from spentkey.storage.files.rates import PATIENCE_S, FileRates

HOUR = timedelta(hours=1)


def limiter(rates: FileRates, clock: ManualClock, name: str = "keys") -> RateLimiter:
    """Ten units in a hundred seconds, two at once."""
    return RateLimiter(name, 10, 100.0, 2, rates, clock)


async def waits(rates: FileRates, clock: ManualClock, count: int) -> list[float]:
    """How long each of so many units was waited for."""
    before = len(clock.slept)
    for _ in range(count):
        await limiter(rates, clock).take()
    return [round(one) for one in clock.slept[before:]]


async def test_two_processes_get_together_what_one_would_get(tmp_path: Path) -> None:
    """Each has read nothing of the other but the file."""
    clocks = ManualClock(), ManualClock()
    both = [limiter(FileRates(tmp_path, clock), clock) for clock in clocks]
    for number in range(6):
        await both[number % 2].take()
    assert sum(len(clock.slept) for clock in clocks) == 4
    assert max(clock.monotonic() for clock in clocks) >= 30


async def test_those_who_ask_at_the_same_time_get_different_times(tmp_path: Path) -> None:
    """In one process and in several."""
    clock = ManualClock()
    rates = [FileRates(tmp_path, clock) for _ in range(2)]
    await asyncio.gather(*(limiter(rates[number % 2], clock).take() for number in range(8)))
    assert sum(one >= 5 for one in clock.slept) == 6


async def test_another_name_is_another_file(tmp_path: Path) -> None:
    """One tenant does not slow down the other; the files are for their owner alone."""
    clock = ManualClock()
    rates = FileRates(tmp_path, clock)
    for name in ("one", "../../two", "x" * 500):
        await limiter(rates, clock, name).take()
    files = list((tmp_path / "rates").iterdir())
    assert (len(files), clock.slept) == (3, [])
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}


async def test_a_clock_that_was_an_hour_ahead_holds_nothing_up(tmp_path: Path) -> None:
    """What lay ahead then lies as far ahead now."""
    ahead, now = ManualClock(NOW + HOUR), ManualClock(NOW)
    await waits(FileRates(tmp_path, ahead), ahead, 4)
    assert await waits(FileRates(tmp_path, now), now, 2) == [20, 10]


async def test_a_clock_that_was_behind_allows_one_burst_more(tmp_path: Path) -> None:
    """An hour has passed, as far as can be told."""
    behind, now = ManualClock(NOW - HOUR), ManualClock(NOW)
    await waits(FileRates(tmp_path, behind), behind, 4)
    assert await waits(FileRates(tmp_path, now), now, 3) == [10]


@pytest.mark.parametrize("content", [b"", b"5", b"x y\n", b"5 5", b"9" * 100, b"\xff\n"])
async def test_a_file_that_is_half_written_is_none(tmp_path: Path, content: bytes) -> None:
    """It is written anew."""
    clock = ManualClock()
    rates = FileRates(tmp_path, clock)
    await limiter(rates, clock).take()
    (file,) = (tmp_path / "rates").iterdir()
    file.write_bytes(content)
    assert await waits(rates, clock, 3) == [10]


async def test_who_only_reads_makes_nothing(tmp_path: Path) -> None:
    """It has a rate of its own until there is a shared one."""
    clock = ManualClock()
    reader = FileRates(tmp_path, clock, read_only=True)
    assert await waits(reader, clock, 3) == [10]
    assert not (tmp_path / "rates").exists()
    await waits(FileRates(tmp_path, clock), clock, 4)
    assert await waits(reader, clock, 1) == [10]


async def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """As for the locks."""
    (tmp_path / "rates").write_text("in the way")
    clock = ManualClock()
    with pytest.raises(EvidenceBroken, match="rates cannot be written"):
        await limiter(FileRates(tmp_path, clock), clock).take()


async def test_a_process_that_stands_still_is_not_waited_for_without_end(tmp_path: Path) -> None:
    """The task is left open, and nothing of what others wrote is lost."""
    clock = ManualClock()
    rates = FileRates(tmp_path, clock)
    await limiter(rates, clock).take()
    (path,) = (tmp_path / "rates").iterdir()
    held = os.open(path, os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(Outage, match="another process holds the rate keys"):
        await limiter(rates, clock).take()
    os.close(held)
    assert clock.monotonic() >= PATIENCE_S
    await limiter(rates, clock).take()
