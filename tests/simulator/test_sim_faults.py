"""Which request fails is decided by rules, or by a hash of the seed and of the request's own name and number."""

from itertools import pairwise
from typing import Any

import pytest

from spentkey_sim.faults import Fault, FaultError, Faults


def calm(*rules: dict[str, Any]) -> Faults:
    """Faults with these rules and no chaos."""
    made = Faults(seed=1, calm=True)
    made.add_all(list(rules))
    return made


def kinds(faults: Faults, times: int, name: tuple[str, str, str] = ("graph", "removePassword", "app")) -> list[str]:
    """The fault of each of so many requests."""
    decided = [faults.decide(*name) for _ in range(times)]
    return [fault.kind if fault else "" for fault in decided]


def test_a_rule_without_numbers_meets_every_request() -> None:
    """Null means every."""
    assert kinds(calm({"kind": "503"}), 3) == ["503"] * 3


def test_nth_counts_the_requests_that_match_the_rule() -> None:
    """The second removal of this object, whatever else was asked in between."""
    faults = calm({"kind": "reset", "object": "app", "nth": 2})
    faults.decide("graph", "removePassword", "other")
    assert kinds(faults, 3) == ["", "reset", ""]


def test_times_bounds_how_often_a_rule_fires() -> None:
    """After that it is silent."""
    assert kinds(calm({"kind": "429", "times": 2}), 4) == ["429", "429", "", ""]


def test_the_first_rule_that_is_due_wins() -> None:
    """Rules are read in the order in which they were added."""
    assert kinds(calm({"kind": "429", "nth": 1}, {"kind": "503"}), 2) == ["429", "503"]


@pytest.mark.parametrize(
    "other", [("login", "removePassword", "app"), ("graph", "removeKey", "app"), ("graph", "removePassword", "b")]
)
def test_a_rule_for_one_name_leaves_the_others_alone(other: tuple[str, str, str]) -> None:
    """System, route and object must all match."""
    faults = calm({"kind": "503", "system": "graph", "route": "removePassword", "object": "app"})
    assert kinds(faults, 1, other) == [""]


def test_parameters_travel_with_the_fault() -> None:
    """So that the wire knows how to act it out."""
    faults = calm({"kind": "hang", "when": "after", "params": {"seconds": 3}})
    assert faults.decide("ivanti", "task-read", "1") == Fault("hang", "after", {"seconds": 3})


def test_one_bad_rule_keeps_the_good_ones_out() -> None:
    """A list of rules is added whole or not at all."""
    faults = calm()
    with pytest.raises(FaultError):
        faults.add_all([{"kind": "503"}, {"kind": "earthquake"}])
    assert kinds(faults, 1) == [""]


def test_chaos_is_the_same_for_the_same_seed() -> None:
    """A run can be replayed."""
    first, again, other = (kinds(Faults(seed, calm=False), 200) for seed in (5, 5, 6))
    assert first == again != other
    assert any(first)


def test_chaos_does_not_depend_on_other_requests() -> None:
    """Parallel requests do not disturb one another."""
    alone, mixed = Faults(5, calm=False), Faults(5, calm=False)
    expected = kinds(alone, 100)
    decided = list[str]()
    for n in range(100):
        kinds(mixed, n % 3, ("graph", "removeKey", "another"))
        decided += kinds(mixed, 1)
    assert decided == expected


@pytest.mark.parametrize("system", ["login", "graph", "ivanti", "passwordstate"])
def test_chaos_never_strikes_one_name_twice_in_a_row(system: str) -> None:
    """A client that tries again always gets through."""
    for seed in range(20):
        struck = [bool(kind) for kind in kinds(Faults(seed, calm=False), 300, (system, "route", "object"))]
        assert not any(one and following for one, following in pairwise(struck))


def test_chaos_knows_only_what_a_client_can_ride_out() -> None:
    """No lost certificates, no hanging, no edited tasks without being asked for."""
    seen = {kind for seed in range(50) for kind in kinds(Faults(seed, calm=False), 200)}
    assert seen - {""} == {"429", "503", "409", "reset", "stale"}


def test_reads_never_collide() -> None:
    """Concurrency is a matter of writes."""
    read = ("graph", "read-application", "app")
    assert "409" not in {kind for seed in range(50) for kind in kinds(Faults(seed, calm=False), 200, read)}


def test_calm_has_no_chaos_and_neither_has_the_database() -> None:
    """Calm is calm."""
    assert not any(kinds(calm(), 500))
    assert not any(kinds(Faults(1, calm=False), 500, ("sql", "query", "1301")))


def test_clearing_starts_the_count_anew() -> None:
    """The chaos of a run is the chaos of the next one after a reset."""
    faults = Faults(5, calm=False)
    before = kinds(faults, 50)
    faults.clear()
    assert kinds(faults, 50) == before
