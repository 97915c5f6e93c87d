"""The service benchmark on real parts, small: its counts are the simulator's truth, and a run that is not all done is none."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import parser, service_plan_of
from bench.service import SETUPS, Conditions, FailedError, Setup, check, run
from bench.service_figures import Tally
from bench.service_report import replaced, service_part
from bench.world import mixed

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SMALL = Conditions(latency_ms=1, certificates=34, concurrency=4, interval_s=0.05, most_s=240)
BRIEF = [
    pytest.param(one, id=one.name, marks=() if one == SETUPS[1] else pytest.mark.long)
    for one in (SETUPS[0], SETUPS[1], SETUPS[3])
]


@pytest.mark.timeout(300)  # real processes and a real disk: on a busy machine they take their time
@pytest.mark.parametrize("setup", BRIEF)
def test_a_small_run_counts_what_is_true(setup: Setup, tmp_path: Path) -> None:
    """Six tasks, two of them for certificates: each once removed and once closed by the simulator's truth, or it fails."""
    sample = run(setup, 6, SMALL, tmp_path / "run", datetime.now(UTC))  # noqa: TID251  # certificates must be valid now
    assert (sample.tasks, sample.throttled, sample.fullest, sample.writes_a_second) == (6, 0, 6, None)
    assert (len(sample.cpu), sample.requests >= 6 * 15) == (max(1, setup.processes), True)
    assert ([sum(sample.cpu) > 0, sample.database_cpu > 0], sample.simulator_cpu > 0) == ([True, setup.database], True)
    assert all(one.peak >= one.end > 0 for one in sample.memory)


def test_a_run_that_takes_too_long_is_no_measurement(tmp_path: Path) -> None:
    """It ends with how far it came, and nothing of it is left running."""
    slow = replace(SMALL, interval_s=30.0, most_s=1.0)
    with pytest.raises(FailedError, match=r"0 of 3 tasks after"):
        run(SETUPS[1], 3, slow, tmp_path / "run", datetime.now(UTC))  # noqa: TID251


def truth(**changes: Any) -> dict[str, Any]:
    """What the simulator says when two tasks were done as they should."""
    each = mixed(2, 0)
    task: dict[str, Any] = {"status": "Completed", "notes": ["one"], "writes": ["one"], **changes}
    removals = [{"key_id": one.guid("expired")} for one in each]
    tasks = {str(one.task): task for one in each}
    return {"tenants": {"production": {"removals": removals}}, "ivanti": {"tasks": tasks}}


def counted() -> Tally:
    """What the bench counted meanwhile."""
    tally = Tally(graph_writes=[1.0, 2.0])
    tally.closes.update(str(one.task) for one in mixed(2, 0))
    return tally


def test_what_is_as_it_should_be_passes() -> None:
    """The same two removals and closes on both sides."""
    assert check(truth(), mixed(2, 0), counted()) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "Logged"}, "task 50000: status"),
        ({"notes": ["one", "two"]}, "task 50000: status"),
        ({"writes": list[str]()}, "task 50000: status"),
    ],
)
def test_a_task_that_was_not_closed_once_is_noticed(changes: dict[str, Any], message: str) -> None:
    """Open, noted twice, or never written to."""
    with pytest.raises(FailedError, match=message):
        check(truth(**changes), mixed(2, 0), counted())


def test_a_count_that_is_not_true_is_noticed() -> None:
    """A removal that the bench missed, one that it counted twice, and a close that it did not see."""
    missed, closed = counted(), counted()
    missed.graph_writes.append(3.0)
    closed.closes.clear()
    for tally, message in ((missed, "3 removals counted, 2 in"), (closed, "task 50000")):
        with pytest.raises(FailedError, match=message):
            check(truth(), mixed(2, 0), tally)


def test_another_credential_removed_is_noticed() -> None:
    """As many as were asked for, and not the ones that were."""
    other = truth()
    other["tenants"]["production"]["removals"][0] = {"key_id": "another"}
    with pytest.raises(FailedError, match="2 removals in the simulator, 2 were asked for"):
        check(other, mixed(2, 0), counted())


@pytest.mark.parametrize(("certificates", "expected"), [(0, 0), (34, 34), (50, 50), (100, 100)])
def test_so_many_in_a_hundred_are_certificates(certificates: int, expected: int) -> None:
    """Exactly, and spread over the whole."""
    assert sum(one.kind == "certificate" for one in mixed(100, certificates)) == expected


def test_the_options_make_the_plan() -> None:
    """Counts, setups and conditions come from the command line."""
    words = ["--service", "--counts", "7", "--setups", "local,4", "--certificates", "10", "--latency", "20"]
    plan = service_plan_of(parser().parse_args(words))
    assert (plan.counts, [one.name for one in plan.setups], plan.conditions) == (
        (7,),
        ["1, no database", "4, PostgreSQL"],
        Conditions(20, 10, 64),
    )


@pytest.mark.parametrize("words", [["--setups", "3"], ["--certificates", "101"], ["--counts", "0"]])
def test_an_option_that_makes_no_sense_is_refused(words: list[str]) -> None:
    """A setup that is not there, more than all, and no tasks at all."""
    with pytest.raises(SystemExit):
        parser().parse_args(["--service", *words])


def test_each_part_of_the_results_outlives_the_other() -> None:
    """Whichever is measured anew, the other stays as it was."""
    text = "# Costs\n\nold\n\n## The service\n\nold too\n"
    assert replaced(text, "## The service\n\nnew\n") == "# Costs\n\nold\n\n## The service\n\nnew\n"
    both = f"{text}\n## The service, certificates alone\n\nolder\n"
    alone = "## The service, certificates alone\n\nnew\n"
    assert replaced(both, "## The service\n\nnew\n") == both.replace("old too", "new")
    assert replaced(both, alone) == both.replace("older", "new")
    assert replaced(text, alone) == f"{text}\n{alone}"
    assert service_part(both) == both.removeprefix("# Costs\n\nold\n")
    assert ("# Costs\n\nnew\n" + service_part(text), service_part("# Costs\n")) == (
        "# Costs\n\nnew\n\n## The service\n\nold too\n",
        "",
    )
