"""The storm: every kind of fault, before and after the effect, on every route of every system that can have it.

Unlike chaos it does not promise that a client which tries again gets through. Each fault is decided by a hash of the
seed, of the request's own name and of its number, so that the same seed brings the same storm back, and the order of
parallel requests changes nothing.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

from spentkey_sim.fault import BETWEEN, BROKEN, STATUSES, Fault

T = TypeVar("T")
Names = tuple[str, str, str]
"""System, route and object of a request."""

RATE = 0.15
"""The part of all requests that a storm befalls, unless another one is asked for."""

BATCHED = "batch:"
"""What the name of a request inside a batch begins with."""
_MEDDLING = ("edit-task", "close-task", "move-task")
_OBJECTS = ("read-application", "read-service-principal", "list-applications", "list-service-principals")
_REMOVALS = ("removePassword", "sp-removePassword", "removeKey", "sp-removeKey", "patch")
_BESIDE = (
    *("count-applications", "count-service-principals", "application-owners", "service-principal-owners"),
    *("application-federated", "list-deleted-applications"),
)
_IN_BATCHES = (*_OBJECTS, *_REMOVALS, "list-directory-audits", *_BESIDE)
_REPORTS = ("list-credential-use", "list-principal-use")
ROUTES: dict[str, tuple[str, ...]] = {
    "login": ("token", "openid-configuration", "instance-discovery"),
    "graph": ("batch", *_IN_BATCHES, *_REPORTS, *(f"{BATCHED}{name}" for name in _IN_BATCHES)),
    "ivanti": (
        *("task-query", "task-read", "task-write", "note-query", "note-read", "note-create"),
        *("params-query", "request-read", "team-query", "employee-query"),
    ),
    "passwordstate": ("version", "search", "list", "entry", "document"),
    "sql": ("login", "query"),
}
"""Every route of every system, by the names that faults and journal know."""

WRITES = frozenset({*_REMOVALS, "task-write", "note-create"})
"""The routes that change something."""
_VERSIONED = frozenset({*_OBJECTS, *_REMOVALS, "task-query", "task-read", "task-write"}) | {
    *("note-query", "note-read", "note-create")
}
"""The routes about objects of which an older state is kept."""
_ABOUT_TASKS = frozenset({"task-query", "task-read", "task-write", "note-query", "note-read", "note-create"}) | {
    *("params-query", "request-read")
}
_SQL = {
    "login": ("18456", "reset", "down", "hang"),
    "query": ("208", "409", "rows", "reset", "down", "hang", "truncate"),
}
_BEFORE = frozenset({"noop", "task-twice", "rows", "18456", "208"})
"""Kinds for which only one moment makes sense: what was asked for is not done, or is answered otherwise."""
_AFTER = frozenset({"truncate"})
"""An answer must be there to be cut."""


def kinds_of(system: str, route: str) -> tuple[str, ...]:
    """Every kind of fault that this route can have."""
    if system == "sql":
        return _SQL[route]
    name = route.removeprefix(BATCHED)
    batched = name != route
    deep: list[str] = []
    if name in WRITES:
        deep.append("noop")
    if name in _VERSIONED:
        deep.append("stale")
    if system == "graph":
        deep += ["expire-token", "twins"] if route != "batch" else ["expire-token"]
    if system == "ivanti" and name in _ABOUT_TASKS:
        deep += _MEDDLING
    if name == "task-query":
        deep.append("task-twice")
    return (*STATUSES, *(() if batched else BROKEN), *deep)


def whens_of(system: str, route: str, kind: str) -> tuple[str, ...]:
    """When that kind may come there: before the effect, after it, or both."""
    written = route.removeprefix(BATCHED) in WRITES
    if kind in _BEFORE or (system == "sql" and kind == "409"):
        return ("before",)
    if kind in _AFTER or (kind == "stale" and written):
        return ("after",)
    return ("before", "after")


def cells() -> Iterator[tuple[str, str, str, str]]:
    """Every system, route, kind and moment that there is."""
    for system, routes in ROUTES.items():
        for route in routes:
            for kind in kinds_of(system, route):
                yield from product((system,), (route,), (kind,), whens_of(system, route, kind))


def _table() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    found: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    for system, route, kind, when in cells():
        found[system, route] = (*found.get((system, route), ()), (kind, when))
    return found


_CELLS = _table()


PAGE_KINDS = (
    *("page-same", "page-twice", "page-shuffled", "page-empty", "page-changed", "page-more", "cut", "404", "410"),
    *BETWEEN,
)
"""What befalls pages in a storm: nothing that only a count can tell, unless it is asked for."""
_LISTS = frozenset({("graph", "list-applications"), ("graph", "list-service-principals")})
_PAGE_PARAMS: dict[str, tuple[dict[str, Any], ...]] = {
    "page-twice": ({}, {"objects": 3}),
    "page-short": ({}, {"objects": 5}),
    "page-changed": (
        {"changes": {"value": None}},
        {"changes": {"value": {}}},
        {"without": ["value"]},
        {"changes": {"@odata.nextLink": 5}},
        {"changes": {"@odata.nextLink": ""}},
        {"changes": {"@odata.nextLink": "https://graph.example.org/v1.0/applications?$skiptoken=x"}},
        {"changes": {"error": {"code": "UnknownError", "message": ""}}, "without": ["value", "@odata.nextLink"]},
    ),
    "page-more": ({"objects": [None]}, {"objects": [5, "text", []]}, {"objects": [{}]}, {"objects": [{"id": None}]}),
    "404": ({}, {"html": True}),
}


@dataclass(frozen=True)
class Storm:
    """How hard it blows: which part of the requests is befallen, and how many seconds an answer may hang at most."""

    rate: float = RATE
    hang_s: float = 2.0
    pages: float = 0.0
    """Which part of the pages of lists of objects goes wrong, in ways that other requests do not."""
    page_kinds: tuple[str, ...] = PAGE_KINDS

    def decide(self, seed: int, names: Names, nth: int) -> Fault | None:
        """The fault of the nth request of that name, or None."""
        choices = _CELLS.get(names[:2], ())
        dice = _Dice(seed, names, nth)
        if names[:2] in _LISTS and dice.part("page") < self.pages:
            kind = dice.one_of("page kind", self.page_kinds)
            return Fault(kind, "before", dice.one_of("page params", _PAGE_PARAMS.get(kind, ({},))))
        if not choices or dice.part("whether") >= self.rate:
            return None
        kind, when = dice.one_of("which", choices)
        return Fault(kind, when, self._params(kind, dice))

    def _params(self, kind: str, dice: "_Dice") -> dict[str, Any]:
        match kind:
            case "429" | "503":
                after = dice.one_of("retry_after", (None, 1, 2, "1.5", "date:2"))
                return {} if after is None else {"retry_after": after}
            case "500" | "502" | "504":
                return dice.one_of("page", ({}, {"html": True}))
            case "hang":
                return {"seconds": round(self.hang_s * dice.part("seconds"), 3)}
            case "stale":
                return dice.one_of("long", _STALE[dice.names[0]]) | dice.one_of(
                    "pattern", ({}, {"pattern": "alternate"})
                )
            case "rows":
                return {"n": dice.one_of("rows", (0, 2))}
            case "edit-task":
                return {"fields": dice.one_of("fields", _EDITS), "parameters": dice.one_of("parameters", _RENAMES)}
            case _:
                return {}


_STALE: dict[str, tuple[dict[str, Any], ...]] = {
    "graph": (*({"reads": n} for n in (1, 2, 3, 4)), {"seconds": 8}, {"seconds": 20}),
    "ivanti": ({"reads": 1}, {"reads": 2}, {"seconds": 1}),
}
"""How long reads are old. A desk that hid a write for long could not be told from one that did not take it."""
_EDITS: tuple[dict[str, Any], ...] = ({}, {"ActualEffort": 30}, {"Details": "changed"}, {"Owner": "an.other"})
_RENAMES: tuple[dict[str, Any], ...] = ({}, {}, {"AppDisplayName": "Another application"})


@dataclass(frozen=True)
class _Dice:
    """What is random about one request, and yet always the same."""

    seed: int
    names: Names
    nth: int

    def part(self, what: str) -> float:
        """A number from 0 up to 1."""
        digest = hashlib.sha256("\x1f".join((str(self.seed), what, *self.names, str(self.nth))).encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64

    def one_of(self, what: str, choices: Sequence[T]) -> T:
        """One of these."""
        return choices[int(self.part(what) * len(choices))]
