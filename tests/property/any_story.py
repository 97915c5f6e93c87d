"""Any story in any world: runs, several at once, other people, faults, crashes; then calm, until nothing is open.

A case is made by a random generator and nothing else, so its seed replays it, request by request.
"""

import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from any_world import AnyWorld, any_world
from in_memory import Event, InMemory
from invariants import (
    BY_OTHERS,
    DONE,
    ESCALATION,
    LOGIN,
    QUEUE,
    Ledger,
    asked_by,
    broken,
    changed,
    ends_unsound,
    unfinished,
)
from stores import records_of
from support_core import NOW
from worlds import CANARIES

from spentkey.core.evidence import seal
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.steps.stops import standing_stops
from spentkey.story import work_on
from spentkey_sim.entra import state as entra
from spentkey_sim.faults import Fault
from spentkey_sim.ivanti import state as ivanti
from spentkey_sim.ivanti.meddling import meddle
from spentkey_sim.model import Credentials, Task
from spentkey_sim.storm import Storm

Rule = dict[str, Any]
CALM_ROUNDS = 16
HOUR = 3700.0
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
MEDDLING = ("edit-task", "close-task", "move-task")
DEEP = {
    "ivanti": ("noop", "stale", "edit-task", "close-task", "move-task"),
    "graph": ("noop", "stale", "stale", "expire-token"),
    "sql": ("18456", "208", "down"),
}


class Broken(AssertionError):
    """An invariant does not hold; the text tells the story so far."""


@dataclass
class Scenario:
    """One case under way."""

    sim: InMemory
    rng: random.Random
    made: AnyWorld
    settings: Settings
    ledger: Ledger
    told: list[str] = field(default_factory=list[str])
    results: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    counts: Counter[str] = field(default_factory=Counter[str])
    removed_by_others: int = 0

    def check(self, step: str) -> None:
        """Hold every invariant against what is really there."""
        self.ledger.meddled |= _meddled_in(self.sim)
        self.told.append(step)
        wrong = broken(self.ledger, self.sim.truth(), self.sim.store, self.results)
        if wrong:
            raise Broken("\n".join([*self.told, *self.results_told(), *wrong]))

    def results_told(self) -> list[str]:
        """How the last runs ended, as the product said."""
        return [str({name: value for name, value in one.items() if value}) for one in self.results[-8:]]


async def any_story(sim: InMemory, rng: random.Random) -> Scenario:
    """Make a world, let any number of things happen in it, and bring it to rest."""
    made = any_world(rng)
    sim.reset(made.world, rng.getrandbits(32))
    ledger = Ledger.of(made.world, sim.truth(), protected=made.protected, canaries=tuple(CANARIES.values()))
    scenario = Scenario(sim, rng, made, sim.settings(**made.environment), ledger)
    for _ in range(rng.randint(1, 5)):
        _disturb(scenario)
        await _run(scenario)
    await _calm_down(scenario)
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
    rules = [_fault(scenario) for _ in range(rng.choice([0, 0, 1, 1, 2, 4]))]
    sim.faults.add_all(rules)
    scenario.told += [f"fault {rule}" for rule in rules] + [_weather(sim)]
    for _ in range(rng.choice([0, 0, 1, 2])):
        _other_people(scenario)
    if rng.random() < 0.3:
        event = Event(rng.randint(1, 30), rng.random() < 0.5, lambda: _other_people(scenario))
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


def _meddled_in(sim: InMemory) -> set[int]:
    """The tasks that other people changed in a storm, as the journal has it: by their number, or by their request."""
    tasks, requests = sim.holder.world.ivanti.tasks, sim.holder.world.ivanti.requests
    numbers = {one.rec_id: one.number for one in requests}
    touched = {one.object for one in sim.journal.entries if (one.fault or "").split(" ")[0] in MEDDLING}
    parents = {numbers[one] for one in touched if one in numbers}
    return {task.number for task in tasks if str(task.number) in touched or task.parent in parents}


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
        rule |= {"times": 1, "params": _meddling(scenario, kind)}
    return rule


def _meddling(scenario: Scenario, kind: str) -> dict[str, Any]:
    """What somebody does to a task, entered in the ledger beforehand; gives the parameters of the fault."""
    rng, world = scenario.rng, scenario.sim.holder.world
    task = rng.choice(world.ivanti.tasks)
    scenario.ledger.meddled.add(task.number)
    params: dict[str, Any] = {"task": str(task.number)}
    if kind == "move-task":
        params["team"] = rng.choice(["Servicedesk", ESCALATION])
    elif kind == "edit-task":
        params["fields"] = rng.choice([{}, {"ActualEffort": 30}, {"Details": "x"}, {"Owner": "an.other"}])
        edits = rng.choice([{}, {"SecretID": rng.choice([*scenario.made.all_keys, ""])}, {"SecretType": "Secret"}])
        params["parameters"] = edits
        _note_edits(scenario, task, edits)
    return params


def _note_edits(scenario: Scenario, edited: Task, edits: dict[str, str]) -> None:
    """Several edits may come in any order, so every mixture of old and new counts as asked."""
    for task in scenario.sim.holder.world.ivanti.tasks:
        if task.parent == edited.parent:
            asked = scenario.ledger.asked.setdefault(task.number, set())
            for request in scenario.sim.holder.world.ivanti.requests:
                if request.number == task.parent:
                    message = dict(request.parameters)
                    before = {one[1] for one in asked} | {str(message.get("SecretID") or "")}
                    keys = {edits["SecretID"]} if "SecretID" in edits else before
                    mixed = [
                        {**message, "SecretID": key, "SecretType": kind} for key in keys for kind in ("Secret", "Cert")
                    ]
                    asked |= {one for each in mixed if (one := asked_by(each.items())) is not None}


def _other_people(scenario: Scenario) -> None:
    """Somebody closes, moves, edits or gives back a task, or removes a credential, now."""
    what = scenario.rng.choice(["close-task", "move-task", "edit-task", "give back", "remove", "remove", "reopen"])
    if what == "remove":
        _remove_one(scenario)
    elif what == "give back":
        _give_back(scenario)
    elif what == "reopen":
        _reopen(scenario)
    else:
        params = _meddling(scenario, what)
        now = scenario.sim.clock.now()
        meddle(scenario.sim.holder.world, Fault(what, "before", params), "before", params["task"], now)
        scenario.told.append(f"somebody: {what} {params}")


def _give_back(scenario: Scenario) -> None:
    world = scenario.sim.holder.world
    handed = [
        task for task in world.ivanti.tasks if task.owner_team == ESCALATION and task.number in scenario.ledger.ours
    ]
    if handed:
        task = scenario.rng.choice(handed)
        scenario.ledger.meddled.add(task.number)
        scenario.ledger.returned[task.number] += 1
        changes = {"owner_team": QUEUE, "owner": "", "status": "Logged"}
        ivanti.store(world, task, ivanti.merged(world, task, changes, "an.other", scenario.sim.clock.now()))
        scenario.told.append(f"somebody gives {task.number} back")


def _reopen(scenario: Scenario) -> None:
    """A workflow of the desk opens again what we closed, as it does when a requester answers; minutes stay."""
    world, ledger = scenario.sim.holder.world, scenario.ledger
    closed = [task for task in world.ivanti.tasks if (task.status, task.owner, task.owner_team) == (DONE, LOGIN, QUEUE)]
    closed = [task for task in closed if task.number in ledger.ours - ledger.meddled]
    if closed:
        task = scenario.rng.choice(closed)
        ledger.reopened[task.number] += 1
        changes = {"owner": "", "status": "Logged"}
        after = ivanti.merged(world, task, changes, "a workflow", scenario.sim.clock.now())
        after.read_only = False
        ivanti.store(world, task, after)
        scenario.told.append(f"a workflow opens {task.number} again")


def _remove_one(scenario: Scenario) -> None:
    sim = scenario.sim
    tenant = scenario.rng.choice([one for one in sim.holder.world.tenants if one.applications])
    app = scenario.rng.choice(tenant.applications)
    held = [
        *(("secret", one.key_id) for one in app.passwords),
        *(("certificate", one.key_id) for one in app.certificates),
    ]
    if held:
        kind, key = scenario.rng.choice(held)
        scenario.removed_by_others += 1
        old, now = Credentials(app.passwords, app.certificates), sim.clock.now()
        keep, who = entra.without(app, kind, key), f"{BY_OTHERS}-{scenario.removed_by_others}"
        entra.write(app, keep, now)
        entra.record_removals(tenant, app, old, keep, "portal", now, who)
        scenario.told.append(f"somebody removes {kind} {key}")


async def _run(scenario: Scenario) -> None:
    """One run, or two processes at the same time; any tasks, some of them twice, in any order."""
    rng = scenario.rng
    every = [task.number for task in scenario.sim.holder.world.ivanti.tasks]
    numbers = [rng.choice(every) for _ in range(rng.randint(1, len(every) + 2))] if rng.random() < 0.5 else every
    async with AsyncExitStack() as stack:
        processes = rng.choice([1, 1, 1, 1, 2])
        context = [await stack.enter_async_context(scenario.sim.context(scenario.settings)) for _ in range(processes)]
        if rng.random() < 0.6:
            await _work(scenario, [(number, rng.choice(context)) for number in numbers])
        else:
            for number in numbers:
                await _work(scenario, [(number, context[0])])
    scenario.sim.events.clear()
    if rng.random() < 0.1 and (written := records_of(scenario.sim.store)):
        following = seal(written[-1]["hash"], len(written), NOW, "step-result", {"said": "n" * rng.randint(0, 30_000)})
        scenario.sim.store.lose(following.record_line, random.Random(rng.getrandbits(32)))  # noqa: S311


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
    wrong = changed(before, sim.truth()) + ends_unsound(sim.store)
    if wrong:
        raise Broken("\n".join([*scenario.told, *wrong]))


async def _calm_run(scenario: Scenario, numbers: list[int]) -> None:
    async with scenario.sim.context(scenario.settings) as context:
        if await standing_stops(context.evidence):
            await context.evidence.append("resumed", {"who": "somebody", "why": "looked into"})
            scenario.counts["stops"] += 1
        await _work(scenario, [(number, context) for number in numbers])
