"""The rooms at the top of the product: few, on few floors, and no arrow that runs back up."""

from collections.abc import Mapping
from functools import cache

from house_code import ROOT, cycle, graph

PRODUCT = "spentkey."


def room(module: str) -> str:
    """The package or module at the top that a module belongs to."""
    return module.split(".")[1]


def rooms() -> set[str]:
    """Everything at the top of the product, but its face and its marks."""
    tops = (path for path in (ROOT / "src" / "spentkey").iterdir() if path.is_dir() or path.suffix == ".py")
    return {path.stem for path in tops if path.name[0] not in "_."}


def arrows() -> dict[str, set[str]]:
    """Which room imports which other room."""
    found: dict[str, set[str]] = {name: set() for name in rooms()}
    for module, imported in graph().items():
        if module.startswith(PRODUCT):
            inner = {room(one) for one in imported if one.startswith(PRODUCT)}
            found[room(module)] |= inner - {room(module)}
    return found


def floors(above: Mapping[str, set[str]]) -> dict[str, int]:
    """The floor of each room: one that imports no other stands on the ground, the others above all that they import."""

    @cache
    def floor(name: str) -> int:
        return 1 + max((floor(other) for other in above[name]), default=0)

    return {name: floor(name) for name in above}


def test_there_are_at_most_twenty_rooms() -> None:
    """The listing of the top folder fits on a screen, and tells the job."""
    assert 10 < len(rooms()) <= 20


def test_the_rooms_stand_on_at_most_eight_floors() -> None:
    """Nobody has to climb further to see what a command is made of."""
    found = floors(arrows())
    assert max(found.values()) <= 8
    assert (found["core"], found["cli"] > found["bootstrap"] > found["steps"] > found["ports"] > 1) == (1, True)


def test_the_arrows_between_rooms_run_one_way() -> None:
    """Also where single modules would not form a circle, no two rooms import one another."""
    assert cycle(arrows()) == []


def test_a_room_that_reaches_back_up_would_be_found() -> None:
    """Two rooms that import one another are a circle."""
    assert cycle({"core": {"cli"}, "cli": {"core"}}) == ["cli", "core", "cli"]


def test_floors_are_counted_by_the_longest_way_down() -> None:
    """A short cut to the ground makes a room no lower."""
    assert floors({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": 3, "b": 2, "c": 1}
