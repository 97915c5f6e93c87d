"""The storm: every kind of fault befalls every route that can have it, whatever the order, and always the same."""

from collections import Counter
from itertools import pairwise, product
from typing import Any

import pytest

from spentkey_sim.fault import BROKEN, BY_RULE, DEEP, KINDS, SQL, STATUSES
from spentkey_sim.faults import Fault, Faults
from spentkey_sim.storm import PAGE_KINDS, ROUTES, WRITES, Storm, cells, kinds_of, whens_of

Names = tuple[str, str, str]
NAMES = [(system, route) for system, routes in ROUTES.items() for route in routes]


def told(faults: Faults, names: Names, times: int) -> list[Fault | None]:
    """The faults of so many requests of one name."""
    return [faults.decide(*names) for _ in range(times)]


def storm(seed: int, rate: float = 0.15) -> Faults:
    """A storm, in calm weather otherwise."""
    return Faults(seed, calm=True, storm=Storm(rate))


def test_over_many_seeds_every_cell_occurs() -> None:
    """Every system, route, kind and moment of the table, and no other."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for seed, (system, route) in product(range(160), NAMES):
        for fault in told(storm(seed), (system, route, "40021"), 40):
            if fault is not None:
                seen[system, route, fault.kind, fault.when] += 1
    assert set(seen) == set(cells())
    assert min(seen.values()) >= 3


def test_every_kind_of_fault_has_a_place() -> None:
    """No kind is forgotten."""
    assert {kind for system, route in NAMES for kind in kinds_of(system, route)} == KINDS - BY_RULE


@pytest.mark.parametrize(("system", "route"), [name for name in NAMES if name[0] != "sql"])
def test_what_any_server_can_show_befalls_every_route(system: str, route: str) -> None:
    """Statuses everywhere, broken answers wherever a whole answer belongs to the request, before and after."""
    kinds = kinds_of(system, route)
    assert set(STATUSES) <= set(kinds)
    assert (set(BROKEN) <= set(kinds)) is not route.startswith("batch:")
    assert {whens_of(system, route, kind) for kind in STATUSES} == {("before", "after")}


@pytest.mark.parametrize(
    ("cell", "there"),
    [
        (("graph", "removePassword", "noop", "before"), True),
        (("graph", "batch:removeKey", "stale", "after"), True),
        (("graph", "read-application", "stale", "before"), True),
        (("ivanti", "task-query", "task-twice", "before"), True),
        (("ivanti", "params-query", "edit-task", "after"), True),
        (("sql", "query", "rows", "before"), True),
        (("sql", "login", "18456", "before"), True),
        (("graph", "read-application", "noop", "before"), False),
        (("graph", "list-directory-audits", "stale", "before"), False),
        (("ivanti", "team-query", "close-task", "before"), False),
        (("login", "token", "stale", "before"), False),
        (("passwordstate", "search", "noop", "before"), False),
        (("graph", "removePassword", "truncate", "before"), False),
        (("sql", "query", "18456", "before"), False),
    ],
)
def test_what_only_some_systems_know_stays_there(cell: tuple[str, str, str, str], there: bool) -> None:
    """What cannot be is not in the table."""
    assert (cell in set(cells())) is there


def test_pages_go_wrong_by_seed() -> None:
    """In every way that is asked for, the same each time, and beside the usual storm."""
    faults = [Faults(5, calm=True, storm=Storm(0.1, pages=0.5)) for _ in range(2)]
    names = ("graph", "list-applications", "")
    first, second = (told(each, names, 400) for each in faults)
    assert first == second
    assert set(PAGE_KINDS) <= {fault.kind for fault in first if fault is not None}
    assert {fault.kind for fault in first if fault is not None} & set(BROKEN)


def test_what_only_a_count_can_tell_comes_when_it_is_asked_for() -> None:
    """A link that passes over a page looks like any other."""
    silent = {"page-lost", "page-ends", "page-short", "page-swapped"}
    assert silent.isdisjoint(PAGE_KINDS)
    faults = Faults(5, calm=True, storm=Storm(0, pages=1, page_kinds=("page-lost",)))
    assert told(faults, ("graph", "list-service-principals", ""), 3) == [Fault("page-lost", "before")] * 3


@pytest.mark.parametrize("route", ["read-application", "application-owners", "batch"])
def test_what_has_no_pages_is_left_alone(route: str) -> None:
    """Only the two lists of objects have such faults."""
    faults = Faults(5, calm=True, storm=Storm(0, pages=1))
    assert told(faults, ("graph", route, ""), 50) == [None] * 50


def test_only_writes_can_be_left_undone() -> None:
    """A read has no effect that could be missing."""
    undone = {route.removeprefix("batch:") for _, route, kind, _ in cells() if kind == "noop"}
    assert undone == WRITES
    assert not {kind for system, route in NAMES if system == "passwordstate" for kind in kinds_of(system, route)} & {
        *DEEP,
        *SQL,
    }


def test_the_same_seed_replays_and_another_does_not() -> None:
    """Fault by fault, with its parameters."""
    names = ("graph", "removePassword", "app")
    first, again, other = (told(storm(seed), names, 300) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_the_order_of_parallel_requests_changes_nothing() -> None:
    """What a request meets depends on its own name and number alone."""
    alone, mixed = storm(5), storm(5)
    decided: list[Fault | None] = []
    for n in range(100):
        told(mixed, ("graph", "removeKey", "another"), n % 3)
        told(mixed, ("ivanti", "task-read", "1"), n % 2)
        decided += told(mixed, ("graph", "removePassword", "app"), 1)
    assert decided == told(alone, ("graph", "removePassword", "app"), 100)


@pytest.mark.parametrize("rate", [0.02, 0.15, 1.0])
def test_the_rate_is_a_parameter(rate: float) -> None:
    """So many of all requests are befallen, within what chance allows."""
    befallen = sum(
        one is not None for seed in range(20) for one in told(storm(seed, rate), ("ivanti", "task-read", "1"), 500)
    )
    assert befallen == pytest.approx(10_000 * rate, rel=0.2)


def test_a_storm_may_strike_twice_in_a_row() -> None:
    """It promises nothing, unlike chaos."""
    faults = told(storm(1, 0.5), ("login", "token", "a"), 50)
    assert any(one and following for one, following in pairwise(faults))


def test_rules_go_before_the_storm() -> None:
    """A test may still say exactly what is to happen."""
    faults = storm(1, 1.0)
    faults.add({"kind": "409", "system": "graph", "times": 1})
    assert faults.decide("graph", "read-application", "a") == Fault("409", "before", {})


def test_unknown_routes_are_spared() -> None:
    """What is not in the table cannot be befallen."""
    assert told(storm(1, 1.0), ("graph", "other", ""), 20) == [None] * 20


@pytest.mark.parametrize("kind", ["hang", "stale", "rows", "429", "502"])
def test_parameters_are_those_that_the_systems_understand(kind: str) -> None:
    """Short hangs, stale reads in both patterns, no row or two, waits in every notation, pages of a gateway."""
    system = "sql" if kind == "rows" else "graph"
    route = "query" if kind == "rows" else "read-application"
    seen = [
        one.params
        for seed in range(300)
        for one in told(storm(seed), (system, route, "a"), 60)
        if one is not None and one.kind == kind
    ]
    assert [one for one in seen if not _fits(kind, one)] == []
    assert len({str(one) for one in seen}) > 1


def test_ivanti_hides_a_write_for_a_short_while_only() -> None:
    """Two reads or a second; the directory may do so for longer."""
    longest: dict[str, int] = {}
    for seed, (system, route) in product(range(200), (("graph", "removePassword"), ("ivanti", "task-write"))):
        for one in told(storm(seed), (system, route, "1"), 60):
            if one is not None and one.kind == "stale":
                longest[system] = max(longest.get(system, 0), one.params.get("reads", 0), one.params.get("seconds", 0))
    assert longest == {"graph": 20, "ivanti": 2}


def _fits(kind: str, params: dict[str, Any]) -> bool:
    match kind:
        case "hang":
            return 0 <= params["seconds"] < 2
        case "stale":
            return ("reads" in params) is not ("seconds" in params) and params.get("pattern") in (None, "alternate")
        case "rows":
            return params["n"] in (0, 2)
        case "429":
            return params.get("retry_after") in (None, 1, 2, "1.5", "date:2")
        case _:
            return params in ({}, {"html": True})
