"""Which request fails, and how: rules that a test sets, and seeded chaos or a storm, which can be replayed.

Chaos is decided from a hash of the seed and of the request's own name and number, never from a shared random
stream, so parallel requests do not disturb one another and `--seed N` brings the same faults back.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, cast

from spentkey_sim.fault import KINDS, Fault
from spentkey_sim.storm import Storm
from spentkey_sim.waits import Key, Waits

__all__ = ["KINDS", "Fault", "FaultError", "Faults", "Storm"]

_RULE_KEYS = frozenset({"system", "route", "object", "nth", "times", "kind", "when", "params"})
_CHAOS_RATE = 0.08


class FaultError(ValueError):
    """A rule that cannot be understood; the text is for the person who wrote it."""


@dataclass
class _Rule:
    system: str
    route: str
    object: str
    nth: int | None
    times: int | None
    fault: Fault
    seen: int = 0
    fired: int = 0

    def fires(self, names: tuple[str, str, str]) -> bool:
        """Count one request and say whether the fault is due; `nth` counts the requests that match this rule."""
        wanted = (self.system, self.route, self.object)
        if any(want not in ("*", got) for want, got in zip(wanted, names, strict=True)):
            return False
        self.seen += 1
        due = self.nth in (None, self.seen) and (self.times is None or self.fired < self.times)
        self.fired += due
        return due


class Faults:
    """Decides the fault of each request. Rules come first, in the order in which they were added.

    Where no rule is due the storm decides if there is one, else chaos unless it is calm.
    """

    def __init__(self, seed: int, calm: bool, storm: Storm | None = None) -> None:
        self.seed = seed
        self.calm = calm
        self.storm = storm
        self._rules: list[_Rule] = []
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._waits = Waits()
        self._lock = Lock()

    def add(self, rule: dict[str, Any]) -> None:
        """Add one rule; raises FaultError when it cannot be understood."""
        self._rules.append(_parse(rule))

    def add_all(self, rules: list[dict[str, Any]]) -> None:
        """Add several rules, or none of them when one cannot be understood."""
        self._rules.extend([_parse(rule) for rule in rules])

    def clear(self) -> None:
        """Drop all rules and all waits, and start counting anew; chaos or storm, if on, stays on."""
        with self._lock:
            self._rules.clear()
            self._counts.clear()
            self._waits.clear()

    def decide(self, system: str, route: str, obj: str) -> Fault | None:
        """The fault of this request, or None. Every call counts as one request."""
        names = (system, route, obj)
        with self._lock:
            self._counts[names] += 1
            due = [rule for rule in self._rules if rule.fires(names)]
            if due:
                return due[0].fault
            if self.storm is not None:
                return self.storm.decide(self.seed, names, self._counts[names])
            return None if self.calm else _chaos(self.seed, names, self._counts[names])

    def waiting(self) -> frozenset[Key]:
        """Every wait that was imposed: a caller, and the system, route and object that it asked for."""
        with self._lock:
            return self._waits.keys()

    def decide_for(
        self, caller: str, names: tuple[str, str, str], now: datetime, *, known: frozenset[Key] | None = None
    ) -> Fault | None:
        """The fault of this request of that caller, who is refused for asking again before a wait is over.

        A request that comes too early does not count as one, so that what it was to meet is still to come. `known`
        are the waits of which the caller can have known when it asked; left out, all of them.
        """
        key = (caller, *names)
        with self._lock:
            early = self._waits.too_early(key, now) if known is None or key in known else None
        if early is not None:
            return Fault("429", "before", early)
        fault = self.decide(*names)
        if fault is not None and fault.kind == "429" and caller:
            with self._lock:
                self._waits.impose(key, fault.params, now)
        return fault


def _chaos(seed: int, names: tuple[str, str, str], nth: int) -> Fault | None:
    """At most every second request of one name fails, so a client that tries again always gets through."""
    roll = _roll(seed, names, nth)
    if roll >= _CHAOS_RATE or _roll(seed, names, nth - 1) < _CHAOS_RATE:
        return None
    route = names[1].removeprefix("batch:").removeprefix("sp-")
    choices = _CHAOS.get(names[0], ()) + (_CHAOS_OF_WRITES if names[0] == "graph" and route in _GRAPH_WRITES else ())
    return choices[int(roll / _CHAOS_RATE * len(choices))] if choices else None


def _roll(seed: int, names: tuple[str, str, str], nth: int) -> float:
    digest = hashlib.sha256("\x1f".join((str(seed), *names, str(nth))).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 if nth > 0 else 1.0


_BUSY = Fault("503", "before", {"retry_after": 1})
_THROTTLED = Fault("429", "before", {"retry_after": 1})
_THROTTLED_BY_DATE = Fault("429", "before", {"retry_after": "date:1"})
_LOST = Fault("reset", "before")
_REPLY_LOST = Fault("reset", "after")
_STALE = Fault("stale", "before", {"reads": 1})
_CONCURRENT = Fault("409", "before")
_CHAOS: dict[str, tuple[Fault, ...]] = {
    "login": (_THROTTLED, _BUSY, _LOST, _REPLY_LOST),
    "graph": (_THROTTLED, _THROTTLED_BY_DATE, _BUSY, _LOST, _REPLY_LOST, _STALE, _STALE),
    "ivanti": (_THROTTLED, _BUSY, _LOST, _REPLY_LOST, _STALE),
    "passwordstate": (_THROTTLED, _BUSY, _LOST, _REPLY_LOST),
}
"""What a correct client rides out, system by system; the database has no such faults of its own."""
_GRAPH_WRITES = frozenset({"removePassword", "removeKey", "patch"})
_CHAOS_OF_WRITES = (_CONCURRENT, _REPLY_LOST)


def _parse(rule: dict[str, Any]) -> _Rule:
    unknown = sorted(set(rule) - _RULE_KEYS)
    if unknown:
        raise FaultError(f"a fault rule has no key {unknown[0]!r}; it has {', '.join(sorted(_RULE_KEYS))}")
    kind, when = str(rule.get("kind", "")), rule.get("when", "before")
    if kind not in KINDS:
        raise FaultError(f"no fault of kind {kind!r}; there are {', '.join(sorted(KINDS))}")
    if when not in ("before", "after"):
        raise FaultError(f"when is {when!r}; it is before or after")
    return _Rule(
        system=_name(rule, "system"),
        route=_name(rule, "route"),
        object=_name(rule, "object"),
        nth=_count(rule, "nth"),
        times=_count(rule, "times"),
        fault=Fault(kind, when, _params(rule)),
    )


def _name(rule: dict[str, Any], key: str) -> str:
    value = rule.get(key, "*")
    if not isinstance(value, str):
        raise FaultError(f"{key} is {value!r}; it is a text, * for any")
    return value


def _count(rule: dict[str, Any], key: str) -> int | None:
    value = rule.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise FaultError(f"{key} is {value!r}; it is a whole number from 1, or null")
    return value


def _params(rule: dict[str, Any]) -> dict[str, Any]:
    value: Any = rule.get("params") or {}
    if not isinstance(value, dict):
        raise FaultError(f"params is {value!r}; it is an object")
    return dict(cast("dict[str, Any]", value))
