"""The matrix: every outside call meets every kind of fault, before and after its effect, alone and in pairs.

A world asks for a secret, for a certificate, for a credential that is gone, or for something that is for people. The
calls are those that a calm run of that world really makes, so that none is forgotten.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from any_story import HOUR, trace
from in_memory import InMemory
from invariants import Ledger, broken, changed, unfinished
from worlds import ABSENT, CANARIES, REF, TASK, certificate_parameters, parameters, sales, world

from spentkey.story import work_on

Rule = dict[str, Any]
Call = tuple[str, str]
LIVE = [one for one in sales()["passwords"] if one["end"].startswith("+")]
PATCH = "patch"
"""The world whose certificate goes by PATCH; after the verdict of its reads the audit log tells what else it dropped."""
WORLDS: dict[str, dict[str, Any]] = {
    "secret": world(),
    "certificate": world(certificate_parameters()),
    "already gone": world(parameters(SecretID=ABSENT), application={"passwords": LIVE}),
    "hand-over": world(parameters(SecretType="Key")),
    "hand-over after judging": world(parameters(SecretID=LIVE[0]["key_id"])),
    "no signer": world(certificate_parameters(), documents=[]),
    PATCH: world(certificate_parameters(), entries=[], documents=[]),
}
WORLDS[PATCH]["tenants"][0]["clients"][0]["roles"] = [
    "Application.ReadWrite.All",
    "AuditLog.Read.All",
    "Directory.Read.All",
]
REFUSED = ("429", "409", "503", "401", "403", "500", "502", "504")
ANYWHERE = ("reset", "hang", "truncate", "html", "empty", "garbage")
DEEP = {
    "ivanti": ("noop", "stale", "edit-task", "close-task", "move-task"),
    "graph": ("noop", "stale", "expire-token"),
    "sql": ("18456", "208", "rows", "down", "reset", "truncate"),
}
REPEATS: tuple[dict[str, int], ...] = ({"nth": 1}, {"nth": 2}, {"times": 3}, {})
"""The first such request, the second, the first three, all of them."""


@dataclass(frozen=True)
class Combination:
    """One case: a world, and one fault or two."""

    world: str
    rules: tuple[Rule, ...]

    def __str__(self) -> str:
        return f"{self.world}: {', '.join(map(str, self.rules))}"


async def calls_of(sim: InMemory, name: str) -> list[Call]:
    """Every outside call of a calm run."""
    sim.reset(WORLDS[name], 1)
    await _runs(sim, name)
    return sorted({(entry[0], entry[1]) for entry in trace(sim)})


def kinds_of(call: Call) -> tuple[str, ...]:
    """Every fault that a call can meet."""
    return DEEP["sql"] if call[0] == "sql" else (*REFUSED, *ANYWHERE, *DEEP.get(call[0], ()))


def rule_of(call: Call, kind: str, when: str, repeat: dict[str, int]) -> Rule:
    """The fault rule of one cell."""
    rule: Rule = {"system": call[0], "route": call[1], "kind": kind, "when": when, **repeat}
    if kind in ("edit-task", "close-task", "move-task"):
        rule["params"] = {"task": str(TASK), "parameters": {"SecretID": ABSENT} if kind == "edit-task" else {}}
    params = {"429": {"retry_after": 2}, "503": {"retry_after": "date:2"}, "hang": {"seconds": 0}, "rows": {"n": 2}}
    return rule | ({"params": params[kind]} if kind in params else {})


def singles(name: str, calls: list[Call]) -> Iterator[Combination]:
    """Every call, every kind, before and after, once and again."""
    for call, when, repeat in itertools.product(calls, ("before", "after"), REPEATS):
        for kind in kinds_of(call):
            if not _hides_for_ever(call, kind, repeat):
                yield Combination(name, (rule_of(call, kind, when, repeat),))


def pairs(name: str, calls: list[Call], seed: int, count: int) -> Iterator[Combination]:
    """Pairs of faults, drawn by a seed."""
    rng = random.Random(f"{seed} {name}")  # noqa: S311
    every = [one.rules[0] for one in singles(name, calls)]
    for _ in range(count):
        yield Combination(name, (rng.choice(every), rng.choice(every)))


def _hides_for_ever(call: Call, kind: str, repeat: dict[str, int]) -> bool:
    """A service desk that never shows what was written cannot be told from one that does not take it.

    The design lets such a write be sent again, so those cells would only show that.
    """
    shows_writes = call[0] == "ivanti" and (call[1].startswith("note-") or call[1] == "task-read")
    return shows_writes and kind in ("stale", "empty") and "nth" not in repeat


async def hold(sim: InMemory, scenario: Combination) -> list[str]:
    """What does not hold in one case: at once, after it was brought to rest, and after one more run."""
    made = WORLDS[scenario.world]
    sim.reset(made, 1)
    ledger = Ledger.of(made, sim.truth(), canaries=tuple(CANARIES.values()))
    if any(rule["kind"] in ("edit-task", "close-task", "move-task") for rule in scenario.rules):
        ledger.meddled.add(TASK)
        ledger.asked[TASK] = {(app, key, kind) for app, _, kind in ledger.asked.get(TASK, ()) for key in _keys(ledger)}
    sim.faults.add_all([dict(rule) for rule in scenario.rules])
    results = await _runs(sim, scenario.world)
    wrong = broken(ledger, sim.truth(), sim.store, results)
    sim.faults.clear()
    for _ in range(8):
        if unfinished(ledger, sim.truth()):
            sim.clock.step(HOUR)
            results.append(await _run(sim, scenario.world))
    wrong += broken(ledger, sim.truth(), sim.store, results)
    wrong += [f"6: task {number} never ends" for number in unfinished(ledger, sim.truth())]
    before = sim.truth()
    await _run(sim, scenario.world)
    return list(dict.fromkeys(wrong + changed(before, sim.truth())))


def _keys(ledger: Ledger) -> set[str]:
    return {ABSENT, *(asked[1] for asked in ledger.asked.get(TASK, ()))}


async def _runs(sim: InMemory, name: str) -> list[dict[str, Any]]:
    """One run; of a PATCH a second one an hour later, which asks for its event."""
    results = [await _run(sim, name)]
    if name == PATCH:
        sim.clock.step(HOUR)
        results.append(await _run(sim, name))
    return results


async def _run(sim: InMemory, name: str) -> dict[str, Any]:
    more = {"SPENTKEY_POLICY__CERTIFICATE_FALLBACK": "patch"} if name == PATCH else {}
    settings = sim.settings(SPENTKEY_POLICY__VERIFY_READS="3", SPENTKEY_POLICY__VERIFY_TIMEOUT_S="60", **more)
    async with sim.context(settings) as context:
        return dict((await sim.all_of([work_on(REF, context)]))[0].as_json())
