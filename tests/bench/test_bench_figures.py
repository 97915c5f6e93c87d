"""The arithmetic of the bench: medians, spreads, ratios, and what is counted as whose time."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.campaign import warm_count
from bench.figures import Figure, Sample, ratios
from bench.meter import Measured, descendants

positive = st.floats(min_value=1e-6, max_value=1e6)


@given(st.lists(positive, min_size=1))
def test_a_figure_is_the_median_between_least_and_most(values: list[float]) -> None:
    """The middle is the median, and nothing lies outside the spread."""
    figure = Figure.of(values)
    assert (statistics.median(values), min(values), max(values)) == (figure.middle, figure.least, figure.most)


def test_a_figure_of_nothing_is_refused() -> None:
    """Without a measurement there is no figure, not a zero that looks like a fast one."""
    with pytest.raises(statistics.StatisticsError):
        Figure.of([])


def test_one_slow_run_does_not_move_the_median() -> None:
    """A run that was disturbed shows in the spread alone."""
    assert Figure.of([1.0, 1.1, 9.0]).text(1) == "1.1 (1.0..9.0)"


def test_values_that_look_alike_have_no_spread() -> None:
    """Where the digits shown are the same, the brackets are left out."""
    assert Figure.of([0.01001, 0.01002, 0.01003]).text(1, 1e-3) == "10.0"


def test_ratios_pair_the_runs() -> None:
    """The ratio is taken run by run, so a slow minute that hits both does not show."""
    assert ratios([2.0, 20.0, 4.0], [1.0, 10.0, 2.0]) == Figure(2.0, 2.0, 2.0)


def test_runs_that_only_one_of_both_has_do_not_count() -> None:
    """A way that failed in its second run is compared in the first alone."""
    assert ratios([3.0], [1.0, 100.0]) == Figure(3.0, 3.0, 3.0)


@pytest.mark.parametrize(("ours", "theirs"), [([], [1.0]), ([1.0], []), ([1.0], [0.0])])
def test_there_is_no_ratio_without_both(ours: list[float], theirs: list[float]) -> None:
    """Nothing measured, or nothing to divide by, gives no ratio."""
    assert ratios(ours, theirs) is None


def test_own_time_is_without_the_outside() -> None:
    """Latencies and the simulator's own work are taken off the wall time."""
    assert Sample(wall=2.0, cpu=0.5, peak=1, requests=18, server=0.25, waits=0.5).own == 1.25


def test_two_commands_add_up() -> None:
    """Times of commands in a row are added; of memory the higher peak counts."""
    assert Measured(1.0, 0.5, 70) + Measured(2.0, 0.25, 40) == Measured(3.0, 0.75, 70)


def test_the_whole_tree_is_found_and_nobody_else() -> None:
    """Children and their children belong to a process; its parent and strangers do not."""
    parents = {2: 1, 3: 2, 4: 2, 5: 4, 6: 1, 7: 6}
    assert sorted(descendants(2, parents)) == [3, 4, 5]


def test_a_process_without_children_has_no_tree() -> None:
    """Nobody is found for a process that nobody has as parent."""
    assert descendants(9, {2: 1}) == []


@pytest.mark.parametrize(("latency", "expected"), [(0.0, 200), (20.0, 21), (100.0, 5), (10_000.0, 5)])
def test_a_latency_makes_warm_runs_shorter(latency: float, expected: int) -> None:
    """Without latency all tasks are worked; with one as many as take about eight seconds, five at least."""
    assert warm_count(200, latency) == expected
