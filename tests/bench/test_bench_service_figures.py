"""The arithmetic of the service benchmark: rates, windows, memory over time, whose CPU time is whose, and what is counted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.service_figures import LEAST_STEADY, Memory, ServiceSample, Tally, fullest, steady
from bench.service_table import aims, render
from bench.watch import Look

SAMPLE = ServiceSample(
    tasks=1000,
    wall=100.0,
    cpu=(12.0, 8.0),
    cpu_start=(0.5, 0.5),
    database_cpu=10.0,
    simulator_cpu=20.0,
    machine_cpu=110.0,
    cores=2,
    memory=(Memory(90, 95, 100, 101), Memory(50, 50, 50, 50)),
    requests=18_000,
    throttled=0,
    writes_a_second=18.6,
    fullest=2900,
)
ENTRY = {
    "n": 1, "at": "2026-01-02T03:04:05Z", "system": "graph", "route": "removePassword", "object": "a",
    "status": 204, "applied": True,
}  # fmt: skip


def entries(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries of the journal, numbered."""
    return [ENTRY | {"n": number} | change for number, change in enumerate(changes, start=1)]


def test_the_steady_part_is_the_middle() -> None:
    """A burst at the beginning and a slow end do not show in the rate between them."""
    times = [0.0] * 90 + [at / 20 for at in range(820)] + [41.0 + at for at in range(90)]
    assert round(steady(times) or 0, 1) == 20.0


@given(st.integers(1, 200), st.integers(LEAST_STEADY, 3000))
def test_an_even_stream_has_its_rate(rate: int, count: int) -> None:
    """So many a second are so many a second."""
    assert steady([at / rate for at in range(count)]) == pytest.approx(rate)


@pytest.mark.parametrize("times", [[], [1.0] * (LEAST_STEADY - 1), [1.0] * LEAST_STEADY])
def test_there_is_no_steady_part_in_a_burst(times: list[float]) -> None:
    """Few writes, or all at one moment, are no rate."""
    assert steady(times) is None


@given(st.lists(st.floats(0, 1000)), st.floats(1, 300))
def test_the_fullest_window_holds_the_most(times: list[float], window: float) -> None:
    """No window of that length that begins with a write holds more."""
    assert fullest(times, window) == max((sum(0 <= one - at < window for one in times) for at in times), default=0)


def test_a_window_ends_before_its_length() -> None:
    """What comes exactly so many seconds later is in the next window."""
    assert (fullest([0.0, 150.0]), fullest([0.0, 149.9])) == (1, 2)


def test_memory_is_looked_at_by_time() -> None:
    """A quarter of the run is a quarter of its time, whenever the looks were."""
    looks = [Look(0, 0, 10), Look(10, 0, 40), Look(25, 0, 50), Look(60, 0, 70), Look(100, 0, 60)]
    assert Memory.of(looks) == Memory(quarter=50, half=70, end=60, peak=70)


def test_memory_of_nothing_is_refused() -> None:
    """A process that was never seen has no memory of 0."""
    with pytest.raises(IndexError):
        Memory.of([])


def test_cpu_is_of_the_product_alone() -> None:
    """Its processes together; database, simulator and strangers are counted apart."""
    assert (SAMPLE.cpu_each, SAMPLE.cpu_each_warm, SAMPLE.others_cores) == (0.020, 0.019, 0.6)


def test_the_journal_is_counted() -> None:
    """Removals, writes to tasks, refusals, and requests without the parts of batches."""
    tally = Tally()
    tally.take(
        entries(
            {"route": "batch", "status": 200, "applied": False},
            {"route": "batch:read-application", "status": 200, "applied": False},
            {"route": "batch:read-service-principal", "status": 404, "applied": False},
            {},
            {"status": 429, "applied": False},
            {"system": "ivanti", "route": "task-write", "object": "50001", "status": 200},
        )
    )
    counted = (tally.last, tally.requests, tally.throttled, len(tally.graph_writes), dict(tally.closes))
    assert (counted, dict(tally.statuses)) == (
        (6, 4, 1, 1, {"50001": 1}),
        {"graph removePassword 429": 1},
    )


def test_reads_with_keys_are_counted_wherever_they_stand() -> None:
    """Alone or in a batch; a plain read is none."""
    tally, keyed = Tally(), "/v1.0/applications/x?$select=id,keyCredentials"
    plain = {"path": "/v1.0/applications/x", "applied": False}
    tally.take(entries({"path": keyed}, {"path": keyed, "route": "batch:read-application"}, plain))
    assert len(tally.key_reads) == 2


@pytest.mark.parametrize("change", [{"applied": False}, {"applied": False, "status": 0}, {"route": "read-application"}])
def test_what_was_not_done_does_not_count(change: dict[str, Any]) -> None:
    """A removal that the simulator did not apply, or that is none, is no removal."""
    tally = Tally()
    tally.take(entries(change))
    assert tally.graph_writes == []


def test_the_aims_are_told_with_what_was_measured() -> None:
    """Rate, growth and memory, for each way to run."""
    few = replace(SAMPLE, tasks=100, cpu=(2.4,), cpu_start=(0.5,), writes_a_second=None)
    many = replace(SAMPLE, memory=(Memory(150_000_000, 160_000_000, 170_000_000, 171_000_000),))
    told = list(aims({(100, "1, no database"): [few], (5000, "1, no database"): [many, many]}))
    assert [line.rpartition(": ")[2] for line in told] == [
        "18.6 and 0, met",
        "0.83, met; without the start 1.00, met",
        "171 MB, 1.06 times as much at the end as at half, met",
    ]


@pytest.mark.parametrize(
    ("worse", "missed"),
    [
        ({"writes_a_second": 17.9}, 0),
        ({"throttled": 1}, 0),
        ({"cpu": (40.0,), "cpu_start": (0.5,)}, 1),
        ({"memory": (Memory(1, 2, 3, 4),)}, 2),
        ({"memory": (Memory(1, 201_000_000, 201_000_000, 201_000_000),)}, 2),
    ],
)
def test_an_aim_that_is_missed_says_so(worse: dict[str, Any], missed: int) -> None:
    """A slow rate, a single 429, CPU that grows, memory that grows, and too much of it."""
    few = replace(SAMPLE, tasks=100, cpu=(2.4,), cpu_start=(0.5,), writes_a_second=None)
    told = list(aims({(100, "1, no database"): [few], (5000, "1, no database"): [replace(SAMPLE, **worse)]}))
    assert told[missed].endswith("NOT met")


def test_a_short_run_holds_no_quota() -> None:
    """Fewer writes than the quota allows at once say nothing about a rate that is held."""
    told = list(aims({(1000, "4, PostgreSQL"): [SAMPLE]}))
    assert [line.partition(",")[0] for line in told] == ["4"]


def test_the_table_says_what_failed() -> None:
    """A run without figures is a line with its reason."""
    text = render({(1000, "2, PostgreSQL"): [SAMPLE]}, {(5000, "2, PostgreSQL"): "failed: too slow"})
    assert ("- 5000 tasks, 2, PostgreSQL: failed: too slow" in text, "20.0" in text) == (True, True)
