"""Any story in any world: runs, several at once, other people, faults, crashes; then calm, until nothing is open.

A case is made by a random generator and nothing else, so its seed replays it, request by request.
"""

import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from any_people import adding_unseen, meddling, other_people
from any_scenario import MEDDLING, Broken, Scenario
from any_world import any_world
from in_memory import Event, InMemory
from invariants import Ledger, changed, ends_unsound, lost_unseen, removed_by_us, unfinished
from stores import records_of
from support_core import NOW
from worlds import CANARIES

from spentkey.core.evidence import seal
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.steps.context import Context
from spentkey.steps.stops import lift, pause, standing_stops
from spentkey.story import work_on
from spentkey_sim.entra import state as entra
from spentkey_sim.ivanti import state as ivanti
from spentkey_sim.storm import Storm

Rule = dict[str, Any]
CALM_ROUNDS = 40
"""Of an hour each: more than a freeze lasts, and what waits for it after."""
HOUR = 3700.0
WRONG_CLOCKS = (-7200.0, -400.0, -200.0, 200.0, 400.0, 3600.0)
"""Seconds by which the clock of a process may be off; more than 300 and nothing is removed."""
ROUTES = {
    "ivanti": ("task-query", "params-query", "note-create", "note-read", "note-query", "task-write", "task-read"),
    "passwordstate": ("search", "document", "*"),
    "login": ("token",),
    "graph": (
        "batch",
        "batch:read-application",
        "read-application",
        "removePassword",
        "removeKey",
        "patch",
        "list-directory-audits",
        "*",
    ),
    "sql": ("login", "query"),
}
ANSWERS = (
    "reset",
    "truncate",
    "html",
    "empty",
    "garbage",
    "hang",
    "429",
    "409",
    "503",
    "500",
    "502",
    "504",
    "401",
    "403",
)
DEEP = {
    "ivanti": ("noop", "stale", "edit-task", "close-task", "move-task"),
    "graph": ("noop", "stale", "stale", "expire-token"),
    "sql": ("18456", "208", "down"),
}


async def any_story(sim: InMemory, rng: random.Random) -> Scenario:
    """Make a world, let any number of things happen in it, and bring it to rest."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # noqa: TID251
    made = any_world(rng, now)
    sim.reset(made.world, rng.getrandbits(32), now)
    more: dict[str, Any] = {"protected": made.protected, "canaries": tuple(CANARIES.values()), "window": made.window}
    ledger = Ledger.of(made.world, sim.truth(), **more)
    scenario = Scenario(sim, rng, made, sim.settings(**made.environment), ledger)
    for _ in range(rng.randint(1, 5)):
        _disturb(scenario)
        await _run(scenario)
    await _calm_down(scenario)
    ours = removed_by_us(sim.truth())
    scenario.counts["removed by PATCH"] += sum(one["route"] == "patch" for one in ours)
    scenario.counts["lost with a PATCH"] += sum(one["key_id"] in ledger.added for one in ours)
    scenario.counts["crashes"] += sim.crashes
    scenario.counts["faults"] += sum(entry.fault is not None for entry in sim.journal.entries)
    scenario.counts["requests"] += len(sim.journal.entries)
    return scenario


def trace(sim: InMemory) -> list[tuple[Any, ...]]:
    """Every request of a case, in order, with what came of it."""
    return [(one.system, one.route, one.object, one.status, one.applied, one.fault) for one in sim.journal.entries]


def _disturb(scenario: Scenario) -> None:
    """Set the weather for the next run, and let other people be at work before it and in it."""
    rng, sim = scenario.rng, scenario.sim
    sim.faults.clear()
    sim.faults.calm = rng.random() < 0.7
    sim.faults.seed = rng.getrandbits(32)
    sim.faults.storm = Storm(rng.choice([0.03, 0.08, 0.15]), hang_s=0) if rng.random() < 0.25 else None
    scenario.counts["storms"] += sim.faults.storm is not None
    rules = [_fault(scenario) for _ in range(rng.choice([0, 0, 1, 1, 2, 4]))] + _at_the_patch(scenario)
    sim.faults.add_all(rules)
    scenario.told += [f"fault {rule}" for rule in rules] + [_weather(sim)]
    for _ in range(rng.choice([0, 0, 1, 2])):
        other_people(scenario)
    if rng.random() < 0.3:
        event = Event(rng.randint(1, 30), rng.random() < 0.5, lambda: other_people(scenario))
        sim.events.append(event)
        scenario.told.append(f"somebody acts at request {event.nth}, {event.before=}")
    if rng.random() < 0.35:
        event = Event(rng.randint(1, 40), rng.random() < 0.5)
        sim.events.append(event)
        scenario.told.append(f"crash at request {event.nth}, {event.before=}")
    if rng.random() < 0.15:
        sim.clock.step(HOUR)


def _weather(sim: InMemory) -> str:
    if sim.faults.storm is not None:
        return f"storm {sim.faults.storm.rate} {sim.faults.seed}"
    return "calm" if sim.faults.calm else f"chaos {sim.faults.seed}"


def _fault(scenario: Scenario) -> Rule:
    rng = scenario.rng
    system = rng.choice(["ivanti", "ivanti", "graph", "graph", "login", "passwordstate", "sql"])
    route = rng.choice(ROUTES[system])
    kind = rng.choice([*ANSWERS, *DEEP.get(system, ()) * 2]) if system != "sql" else rng.choice([*DEEP["sql"], "reset"])
    rule: Rule = {"system": system, "route": route, "kind": kind, "when": rng.choice(["before", "after"])}
    bounded = system == "ivanti" and kind in ("stale", "empty", "noop")
    if bounded or rng.random() < 0.7:
        rule["times"] = rng.randint(1, 2) if bounded else rng.randint(1, 8)
    if rng.random() < 0.4:
        rule["nth"] = rng.randint(1, 6)
    if kind == "stale":
        rule["params"] = {"reads": rng.randint(1, 2 if system == "ivanti" else 6)}
        rule["params"] |= rng.choice([{}, {}, {"pattern": "alternate"}])
        if bounded and rule["params"]["reads"] == 2:
            rule["times"] = 1  # three old reads in a row are more than `verify_reads` = 2 and the look before the write
    elif kind == "hang":
        rule["params"] = {"seconds": 0}
    elif kind in ("429", "503"):
        rule["params"] = {"retry_after": rng.choice([1, 3, "date:2", 86400])}
    elif kind in MEDDLING:
        rule |= {"times": 1, "params": meddling(scenario, kind)}
    return rule


def _at_the_patch(scenario: Scenario) -> list[Rule]:
    """Somebody changes the certificates just before a list of ours replaces them, or its event is lost."""
    rng = scenario.rng
    if scenario.settings.policy.certificate_fallback != "patch" or rng.random() < 0.5:
        return []
    kind = rng.choice(["add-certificate", "add-certificate", "drop-certificate", "unlogged"])
    rule: Rule = {"system": "graph", "route": "patch", "kind": kind, "when": "before", "times": 1}
    if kind == "add-certificate":
        return [rule | {"params": adding_unseen(scenario)}]
    return [rule | ({"params": {"key_id": rng.choice(keys)}} if (keys := scenario.made.all_keys) else {})]


async def _run(scenario: Scenario) -> None:
    """A run with what must not be removed in it: nothing while a pause stands, or while our clock is far off."""
    rng, sim = scenario.rng, scenario.sim
    apart = rng.choice(WRONG_CLOCKS) if rng.random() < 0.12 else 0.0
    scenario.counts["wrong clocks"] += apart != 0
    await _pause_or_lift(scenario)
    scenario.told.append(f"{apart=} {scenario.paused=}")
    before = removed_by_us(sim.truth())
    await _processes(scenario, apart)
    if (scenario.paused or abs(apart) > 300) and removed_by_us(sim.truth()) != before:
        raise Broken("\n".join([*scenario.told, "1: a credential was removed in a pause, or by a wrong clock"]))
    sim.events.clear()
    if rng.random() < 0.1 and (written := records_of(sim.store)):
        following = seal(written[-1]["hash"], len(written), NOW, "step-result", {"said": "n" * rng.randint(0, 30_000)})
        sim.store.lose(following.record_line, random.Random(rng.getrandbits(32)))  # noqa: S311


async def _pause_or_lift(scenario: Scenario) -> None:
    rng = scenario.rng
    if rng.random() >= (0.5 if scenario.paused else 0.06):
        return
    async with scenario.sim.context(scenario.settings) as context:
        if scenario.paused:
            await lift(context.evidence, "an.other", "looked into", await standing_stops(context.evidence))
        else:
            await pause(context.evidence, "an.other", "looking into it")
    scenario.counts["pauses"] += not scenario.paused
    scenario.paused = not scenario.paused


async def _processes(scenario: Scenario, apart: float) -> None:
    """One process, or two at the same time; any tasks, some of them twice, in any order."""
    rng = scenario.rng
    every = [task.number for task in scenario.sim.holder.world.ivanti.tasks]
    numbers = [rng.choice(every) for _ in range(rng.randint(1, len(every) + 2))] if rng.random() < 0.5 else every
    async with AsyncExitStack() as stack:
        processes = rng.choice([1, 1, 1, 1, 2])
        context = [
            await stack.enter_async_context(scenario.sim.context(scenario.settings, apart)) for _ in range(processes)
        ]
        if rng.random() < 0.6:
            await _work(scenario, [(number, rng.choice(context)) for number in numbers])
        else:
            for number in numbers:
                await _work(scenario, [(number, context[0])])


async def _work(scenario: Scenario, works: list[tuple[int, Context]]) -> None:
    crashes = scenario.sim.crashes
    ended: list[Result | None] = await scenario.sim.all_of(
        [work_on(TaskRef(str(number)), context) for number, context in works]
    )
    for (number, _), result in zip(works, ended, strict=True):
        scenario.counts[f"{result.outcome} {result.ticket}" if result else "died"] += 1
        scenario.results += [dict(result.as_json())] if result else []
        scenario.told.append(
            f"  {number}: {result.outcome} {result.ticket} {result.reason}" if result else f"  {number}: died"
        )
    scenario.check(
        f"worked on {[number for number, _ in works]}" + (", and died" if scenario.sim.crashes > crashes else "")
    )


async def _calm_down(scenario: Scenario) -> None:
    """No faults, nobody else: after a few runs nothing is open, and one more run changes nothing."""
    sim = scenario.sim
    sim.faults.clear()
    sim.faults.calm, sim.faults.storm = True, None
    for memory in (entra.memory, ivanti.memory):  # reads that a storm made stale show the present again
        memory(sim.holder.world).stale.clear()
    waiting = unfinished(scenario.ledger, sim.truth())
    for _ in range(CALM_ROUNDS):
        if not waiting:
            break
        sim.clock.step(HOUR)
        await _calm_run(scenario, waiting)
        waiting = unfinished(scenario.ledger, sim.truth())
    if waiting:
        raise Broken("\n".join([*scenario.told, f"6: {waiting} never end"]))
    before, every = sim.truth(), [task.number for task in sim.holder.world.ivanti.tasks]
    await _calm_run(scenario, every)
    wrong = [*changed(before, sim.truth()), *ends_unsound(sim.store), *lost_unseen(scenario.ledger, before, sim.store)]
    if wrong:
        raise Broken("\n".join([*scenario.told, *wrong]))


async def _calm_run(scenario: Scenario, numbers: list[int]) -> None:
    async with scenario.sim.context(scenario.settings) as context:
        if await standing_stops(context.evidence):
            await context.evidence.append("resumed", {"who": "somebody", "why": "looked into"})
            scenario.counts["stops"] += 1
        await _work(scenario, [(number, context) for number in numbers])
