"""The store's benchmark: its arithmetic, its tables and aims, its options, and small runs of its parts on real stores."""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.__main__ import parser, store_plan_of
from bench.appending import FIRST, Appends, evidence_at, main
from bench.figures import Figure
from bench.loopback import clean_environment
from bench.meter import CommandFailedError
from bench.store import POSTGRES, ROOT, SQLITE, StorePlan, Target, appended, beside, flushes
from bench.store_figures import Agreed, Appended, Cold, ColdRuns, Found, HeldUp, StoreKey, agreeing, tenths
from bench.store_report import GIVEN, as_json, busy, document, given_part, write
from bench.store_rows import FIRST_TASK, OVER, facts_of, fill_sqlite, generated
from bench.store_table import DISK, MEMORY, aims, append_verdict, held_up_verdict, render
from bench.world import TENANT
from spentkey.core.evidence import GENESIS
from spentkey.core.rules import Limits
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EMPTY, FULL = StoreKey(SQLITE, DISK, 0), StoreKey(SQLITE, DISK, 1_000_000)
positive = st.floats(min_value=1e-6, max_value=1e6)


def appends(one: float = 0.001, groups: float = 0.002, flush: float | None = 0.00025) -> Appended:
    """Appends that all took as long."""
    return Appended((one,) * 3, (groups,) * 20, (groups,) * 3, () if flush is None else (flush,) * 3)


def runs(cpu: float = 0.5, peak: float = 75e6, server: Sequence[float] = ()) -> ColdRuns:
    """Three runs that all took as much."""
    return ColdRuns((0.6,) * 3, (cpu,) * 3, (peak,) * 3, tuple(server))


def found(
    appended: Appended | None = None, cold: Cold | None = None, held_up: HeldUp | None = None, agreed: bool = True
) -> Found:
    """What one store gave."""
    return Found(
        {
            EMPTY: Agreed(appended or appends(), 2, agreed),
            StoreKey(SQLITE, MEMORY, 0): Agreed(appends(flush=None), 2, agreed),
        },
        {FULL: Agreed(cold or Cold(runs(), runs(0.55, 76e6)), 2, agreed)},
        {FULL: held_up or HeldUp((0.001, 0.004), (0.001, 0.03))},
        [0.0, 0.1],
    )


def aim(what: str, of: Found) -> str:
    """The one aim with these words."""
    (told,) = [one for one in aims(of) if what in one]
    return told


@given(st.lists(positive, min_size=1))
def test_tenths_lie_around_the_median(values: list[float]) -> None:
    """Between the smallest and the largest value, whatever the values are."""
    figure = tenths(values)
    assert figure.middle == statistics.median(values)
    assert min(values) <= figure.least * (1 + 1e-9)
    assert figure.most * (1 - 1e-9) <= max(values)
    assert figure.least <= figure.middle * (1 + 1e-9)


def test_the_outermost_tenths_do_not_show() -> None:
    """One flush in a hundred that took long stands outside the brackets."""
    assert tenths([1.0] * 99 + [50.0]) == Figure(1.0, 1.0, 1.0)
    assert tenths(list(range(101))) == Figure(50, 10, 90)


def test_tenths_of_nothing_are_refused() -> None:
    """Without a measurement there is no figure; one measurement is its own spread."""
    with pytest.raises(statistics.StatisticsError):
        tenths([])
    assert tenths([2.0]) == Figure(2.0, 2.0, 2.0)


def joined(one: list[float], other: list[float]) -> list[float]:
    """Both, one after the other."""
    return [*one, *other]


def near(one: list[float], other: list[float]) -> bool:
    """Whether both begin alike."""
    return abs(one[0] - other[0]) < 1


@pytest.mark.parametrize(
    ("values", "value", "tries", "agreed"),
    [
        ([1.0, 1.5], [1.0, 1.5], 2, True),
        ([9.0, 1.0, 1.5], [1.0, 1.5], 3, True),
        ([1.0, 9.0, 1.5], [1.0, 1.5], 3, True),
        ([1.0, 3.0, 5.0], [1.0, 3.0, 5.0], 3, False),
    ],
)
def test_it_is_measured_until_two_agree(values: list[float], value: list[float], tries: int, agreed: bool) -> None:
    """Any two of them; the others are left out, and where no two agree all of them are told, and that."""
    coming = iter(values)
    assert agreeing(lambda: [next(coming)], near, joined, 3) == Agreed(value, tries, agreed)
    assert list(coming) == []


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (appends(0.0011), True),
        (appends(0.0012), False),
        (appends(groups=0.0022), True),
        (appends(groups=0.0025), False),
    ],
)
def test_appends_agree_within_a_tenth(other: Appended, alike: bool) -> None:
    """In both ways, one at a time and many at once; whatever a flush took meanwhile."""
    assert (appends().near(other), other.near(appends())) == (alike, alike)


@pytest.mark.parametrize(
    ("full", "alike"),
    [(runs(0.56, 77e6), True), (runs(0.58, 77e6), False), (runs(0.55, 79e6), False), (runs(0.49, 75e6), False)],
)
def test_cold_runs_agree_by_their_differences(full: ColdRuns, alike: bool) -> None:
    """Within 0.02 s and 2 MB, although a busy machine made all of them slower."""
    assert Cold(runs(), runs(0.55, 76e6)).near(Cold(runs(), full)) is alike


def test_what_agrees_is_put_together() -> None:
    """Every sample of both measurements."""
    both = Cold(runs(), runs(server=(0.01,))) + Cold(runs(), runs(server=(0.02,)))
    assert (len(both.empty.cpu), both.full.server) == (6, (0.01, 0.02))
    assert [len(one) for one in ((appends() + appends()).one, (appends() + appends()).flush)] == [6, 6]


@pytest.mark.parametrize(
    ("full", "more_cpu", "more_memory"),
    [
        (runs(0.55, 90e6), "+0.050 s, met", "+15.0 MB, met"),
        (runs(0.65, 96e6), "+0.150 s, NOT met", "+21.0 MB, NOT met"),
        (runs(0.49, 74e6), "-0.010 s, met", "-1.0 MB, met"),
    ],
)
def test_a_cold_run_is_held_against_the_empty_store(full: ColdRuns, more_cpu: str, more_memory: str) -> None:
    """CPU and memory above those on no records, told as they are."""
    of = found(cold=Cold(runs(), full))
    assert (aim("s CPU more", of).endswith(more_cpu), aim("MB more", of).endswith(more_memory)) == (True, True)


@pytest.mark.parametrize(
    ("longest", "alone", "verdict"),
    [
        (0.05, 0.004, "met; without a run 4 ms"),
        (0.057, 0.004, "NOT met; without a run 4 ms"),
        (0.19, 0.067, "NOT met; without a run 67 ms, too long as well"),
    ],
)
def test_who_is_held_up_is_told_beside_what_happens_without_a_run(longest: float, alone: float, verdict: str) -> None:
    """A machine that is itself as slow is named, and does not turn a miss into a hit."""
    assert held_up_verdict(longest, alone) == verdict
    assert verdict in aim("holds nobody up", found(held_up=HeldUp((0.001, alone), (0.001, longest))))


@pytest.mark.parametrize(
    ("append", "flush", "verdict"),
    [
        (0.0015, 0.00025, "met"),
        (0.0015, 0.0004, "met"),
        (0.0013, 0.0001, "met, but a flush takes less here"),
        (0.0016, 0.00025, "NOT met"),
        (0.0016, 0.0001, "NOT met"),
        (0.0068, 0.0016, "not met, but a flush takes longer here"),
    ],
)
def test_an_append_is_held_against_the_disk_of_the_aim(append: float, flush: float, verdict: str) -> None:
    """A disk that is quicker or slower than that of the aim is told with the figure."""
    assert append_verdict(append, flush) == verdict
    assert aim("one append", found(appends(append, flush=flush))).endswith(verdict)


@pytest.mark.parametrize(("groups", "verdict"), [(0.002, ", met"), (0.010, ", met"), (0.011, "NOT met")])
def test_tasks_that_come_together_share_a_flush(groups: float, verdict: str) -> None:
    """Twenty appends at once take as long as ten at most, one after the other."""
    assert aim("share a flush", found(appends(groups=groups))).endswith(verdict)


def test_where_no_disk_is_there_is_no_aim() -> None:
    """A memory file system is measured for comparison."""
    assert [one for one in aims(found()) if "memory" in one] == []


def test_the_tables_show_every_store() -> None:
    """Appends on disk and memory, runs on no and on many records, and who waited."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in render(found()).splitlines()]
    for row in (
        ["SQLite", "disk", "0", "0.25", "1.00", "2.00", "0.100"],
        ["SQLite", "memory", "0", "", "1.00", "2.00", "0.100"],
        ["SQLite", "0", "0.500", "", "75.0", "0.600"],
        ["SQLite", "1,000,000", "0.550", "", "76.0", "0.600"],
    ):
        assert row in rows
    assert any(row[:2] == ["SQLite", "1,000,000"] and row[3] == "4" and row[-1] == "30" for row in rows)


def test_what_did_not_agree_is_told() -> None:
    """With how often it was measured, and not at all where everything agreed."""
    heading = "### What did not agree"
    assert (heading in render(found()), heading in render(found(agreed=False))) == (False, True)
    assert "- SQLite, disk, 0 records: appends, none of 2 measurements" in render(found(agreed=False))
    assert "- SQLite, disk, 1,000,000 records: cold runs, none of 2 measurements" in render(found(agreed=False))


@pytest.mark.parametrize(("others", "word"), [([0.0, 0.2], "quiet"), ([0.0, 1.9], "BUSY")])
def test_a_busy_machine_is_told(others: list[float], word: str) -> None:
    """One busy moment is enough."""
    of = found()
    of.others = others
    assert word in busy(of)


def test_the_text_says_what_was_measured() -> None:
    """When, on what, with which versions, and the call that makes it."""
    text = document(StorePlan(20_000), found(), {SQLITE: "3.40.1", POSTGRES: "18.6"}, "ext4", NOW)
    assert "2026-01-02" in text
    assert "ext4. SQLite 3.40.1, PostgreSQL 18.6." in text
    assert 'BENCH="--store --records 20000 --write"' in text
    assert "20,000 records" in text


def test_what_was_written_by_hand_stays(tmp_path: Path) -> None:
    """Measured a second time, or a first time where no file is."""
    file = tmp_path / "STORE.md"
    write("# Costs\n\nold\n", file)
    assert file.read_text("utf-8") == "# Costs\n\nold\n"
    file.write_text(f"# Costs\n\nold\n\n{GIVEN}\n\nby hand\n")
    for _ in range(2):
        write("# Costs\n\nnew\n", file)
        assert file.read_text("utf-8") == f"# Costs\n\nnew\n\n{GIVEN}\n\nby hand\n"
    assert given_part("# Costs\n") == ""


def test_json_has_every_sample() -> None:
    """By store, in seconds and bytes."""
    told = json.loads(as_json(StorePlan(7), found(), {SQLITE: "3.40.1"}, NOW))
    assert (told["plan"], told["cold"][0]["records"]) == ({"records": 7, "runs": 5}, 1_000_000)
    assert told["appends"][0]["value"]["one"] == [0.001] * 3


@pytest.mark.parametrize(
    ("words", "plan"),
    [
        ([], StorePlan(1_000_000, 5)),
        (["--quick"], StorePlan(20_000, 2)),
        (["--records", "7", "--runs", "3"], StorePlan(7, 3)),
    ],
)
def test_the_options_make_the_store_plan(words: list[str], plan: StorePlan) -> None:
    """Records and runs from the command line, else the defaults, less if quick."""
    assert store_plan_of(parser().parse_args(["--store", *words])) == plan


@pytest.mark.parametrize(
    "words", [["--records", "0"], ["--records", "-1"], ["--records", "many"], ["--records", "1,2"], ["--service"]]
)
def test_an_option_of_the_store_that_makes_no_sense_is_refused(words: list[str]) -> None:
    """No records, what is no number, and two benchmarks at once."""
    with pytest.raises(SystemExit):
        parser().parse_args(["--store", *words])


def test_without_a_server_nothing_is_told(tmp_path: Path) -> None:
    """Where PostgreSQL of the tests is not found: one line, exit code 1, and no folder stays."""
    command = [sys.executable, "-m", "bench", "--store", "--records", "4"]
    environment = clean_environment(tmp_path, BENCH_SCRATCH=str(tmp_path / "scratch"))
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "bench: nothing can be told: No module named 'real_postgres'\n"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_generated_records_are_one_chain_over_two_years() -> None:
    """Sealed one after the other, the last one a minute ago; about no task of the simulator."""
    made = list(generated(8, NOW))
    assert [one.record["prev"] for one in made] == [GENESIS, *(one.hash for one in made[:-1])]
    assert datetime.fromisoformat(made[-1].record["at"]) == NOW - timedelta(minutes=1)
    assert datetime.fromisoformat(made[0].record["at"]) < NOW - OVER + OVER / 4
    assert {one.record["task"] for one in made} == {FIRST_TASK, FIRST_TASK + 1}
    assert TENANT not in made[0].record_line


@pytest.mark.parametrize("count", [0, 40])
async def test_a_filled_store_is_a_store(count: int, tmp_path: Path) -> None:
    """Its chain holds, and its limits can be asked; none at all is a store with tables."""
    fill_sqlite(tmp_path / "state", count, NOW)
    log = SqliteEvidence(tmp_path / "state", SystemClock())
    assert await log.verify() == count
    assert len((await log.history(FIRST_TASK)).records) == min(count, 4)
    limits, now = Limits(9, 9, 9, 9), SystemClock().now()
    assert await log.ask(lambda blast_radius: blast_radius.refuse_intent("new", "a", now, limits)) is None


async def test_appends_are_on_record(tmp_path: Path) -> None:
    """As many as were asked for and one before, each with its time, and the groups with theirs."""
    taken = await main(str(tmp_path / "state"), 6, 3, 0.0)
    assert [len(taken["waits"]), len(taken["groups"])] == [6, 2]
    assert all(group > 0 for group in taken["groups"])
    async with evidence_at(str(tmp_path / "state")) as log:
        assert await log.verify() == 7
        assert (await log.history(facts_of(FIRST)[1]["task"])).known
        appends = Appends(log)
        await appends.one()
        assert len(appends.waits) == 1


def test_a_process_of_its_own_appends(tmp_path: Path) -> None:
    """Few, on a real store: every sample comes back, with the flushes of the disk."""
    taken = appended(Target(EMPTY, str(tmp_path / "state")), tmp_path, 5, 40)
    assert [len(one) for one in (taken.one, taken.each, taken.groups)] == [5, 40, 2]
    assert (len(taken.flush) > 0, list(tmp_path.glob("flushed"))) == (True, [])


def test_a_process_appends_all_the_while(tmp_path: Path) -> None:
    """Until it is told to end; then it gives what each append took."""
    with beside(str(tmp_path / "state"), tmp_path) as waits:
        assert flushes(tmp_path / "flushed", 3)
    assert all(one > 0 for one in waits)
    assert waits


def test_a_store_that_cannot_be_used_is_no_measurement(tmp_path: Path) -> None:
    """The process ends with a complaint, and no figures come of it."""
    (tmp_path / "file").write_text("")
    where = str(tmp_path / "file" / "state")
    with pytest.raises(CommandFailedError, match="cannot be used"):
        appended(Target(EMPTY, where), tmp_path, 1, 20)
    with pytest.raises(CommandFailedError, match="cannot be used"), beside(where, tmp_path):
        pytest.fail("it was not told that nobody appends")


@pytest.mark.parametrize("store", [SQLITE, POSTGRES])
def test_a_target_is_what_the_product_is_told(store: str, tmp_path: Path) -> None:
    """A state directory or the URL of a database, and then a state directory of its own."""
    told = Target(StoreKey(store, DISK, 0), "where").settings(tmp_path)
    if store == SQLITE:
        assert told == {"SPENTKEY_STATE__DIRECTORY": "where"}
    else:
        assert told == {"SPENTKEY_ENGINE__DATABASE_URL": "where", "SPENTKEY_STATE__DIRECTORY": str(tmp_path / "state")}
