"""Any story with folders in place of Ivanti and Passwordstate: runs, people at the files, faults, crashes; then calm.

Every operation of the desk counts as a request: other people may act before and after it, the process may die there, a
death may leave half a line, and the folder may be away for it. A case is made by a random generator and nothing else.
"""

import asyncio
import hashlib
import json
import random
import tomllib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from any_scenario import Broken
from any_story import ANSWERS, CALM_ROUNDS, DEEP, HOUR, ROUTES
from any_world import AnyWorld, any_world
from files_truth import US, log_lines, task_of, wrong_in
from in_memory import Died, Event, InMemory
from invariants import BY_OTHERS, Ledger, asked_by, broken, changed, ends_unsound, unfinished
from stores import records_of
from support_settings import toml
from worlds import CANARIES

from spentkey.core.notes import AddedNote, NewNote
from spentkey.core.outcome import Result
from spentkey.core.task import Applied, Change, Request, Task, TaskRef
from spentkey.ports.service_desk import Note, ServiceDesk
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.steps.stops import standing_stops
from spentkey.story import work_on
from spentkey_sim.entra import state as entra
from spentkey_sim.files_out import write_secrets
from spentkey_sim.model import Credentials

T = TypeVar("T")
Table = dict[str, Any]
APPROVER = "the owner"
NAMES = {"appdisplayname", "appid", "secretid", "secrettype", "onderwijs"}


@dataclass
class Folder:
    """The requests as people wrote them, and what stands in their logs."""

    path: Path
    written: dict[int, bytes] = field(default_factory=dict[int, bytes])
    """The content of each request, as the last person left it."""
    lines: dict[int, list[bytes]] = field(default_factory=dict[int, list[bytes]])
    """The whole lines of each log at the last look."""

    def log(self, number: int) -> Path:
        return self.path / f"{number}.log"

    def request(self, number: int) -> Path:
        return self.path / f"{number}.toml"

    def put(self, number: int, content: bytes) -> None:
        """A person writes the file, as an editor does: beside it, and then in its place."""
        new = self.path / "new"
        new.write_bytes(content)
        new.chmod(0o640)
        new.rename(self.request(number))
        self.written[number] = content

    def say(self, number: int, **facts: Any) -> None:
        """A person appends a line, as the guide says; what a crash left torn goes."""
        whole = self.log(number).read_bytes().rpartition(b"\n") if self.log(number).exists() else (b"", b"", b"")
        before = whole[0] + whole[1]
        text = json.dumps({"at": "x", "by": "an.other", "version": before.count(b"\n") + 1, **facts})
        self.log(number).write_bytes(before + text.encode() + b"\n")

    def status(self, number: int) -> tuple[str, str]:
        """The last status, and by whom."""
        found = [one for one in log_lines(self.log(number)) if one["what"] == "status"]
        return (found[-1]["status"], found[-1]["by"]) if found else ("open", "")

    def seen(self, number: int) -> str | None:
        """The fingerprint of the first sight."""
        return next((one["request_sha256"] for one in log_lines(self.log(number)) if one["what"] == "seen"), None)

    def table(self, number: int) -> tuple[Table, bool] | None:
        """What is asked for, and whether it is approved; None where that cannot be read."""
        try:
            values = tomllib.loads(self.written[number].decode())
            table: Table = values["request"]
        except (ValueError, KeyError):
            return None
        line = any(
            one.get("request_sha256") == sha256(table)
            for one in log_lines(self.log(number))
            if one["what"] == "approved"
        )
        return table, line or bool(values.get("approved_by"))

    def stuck(self, number: int) -> bool:
        """Whether it waits for people: not readable, empty, not approved, or another one than was seen first."""
        found = self.table(number)
        if found is None or not NAMES & {name.casefold() for name in found[0]}:
            return True
        return not found[1] or self.seen(number) not in (None, sha256(found[0]))

    def wrong(self) -> list[str]:
        """What only the folder shows: requests are as people wrote them, logs only grow, by whole lines of ours."""
        wrong: list[str] = []
        for number, content in self.written.items():
            if self.request(number).read_bytes() != content:
                wrong.append(f"7: the request {number} was changed")
            whole = self.log(number).read_bytes().split(b"\n")[:-1] if self.log(number).exists() else []
            before = self.lines.get(number, [])
            if whole[: len(before)] != before:
                wrong.append(f"7: {number}.log lost a line")
            self.lines[number] = whole
        return wrong


def sha256(table: Table) -> str:
    """The fingerprint of a request."""
    text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(table: Table, *, approved: bool) -> bytes:
    """The file of a request."""
    head = f"approved_by = {json.dumps(APPROVER)}\n" if approved else ""
    return f"{head}[request]\n{''.join(f'{json.dumps(name)} = {toml(value)}' + chr(10) for name, value in table.items())}".encode()


@dataclass
class FilesScenario:
    """One case under way."""

    sim: InMemory
    rng: random.Random
    made: AnyWorld
    settings: Settings
    folder: Folder
    ledger: Ledger
    told: list[str] = field(default_factory=list[str])
    results: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    counts: Counter[str] = field(default_factory=Counter[str])
    removed_by_others: int = 0
    away: set[int] = field(default_factory=set[int])
    """The operations from now on for which the folder is away."""

    @property
    def numbers(self) -> list[int]:
        return sorted(self.folder.written)

    def truth(self) -> dict[str, Any]:
        """What is really there, with the logs as tasks."""
        return truth_of(self.sim, self.folder)

    def check(self, step: str) -> None:
        """Hold every invariant against what is really there."""
        self.told.append(step)
        records = [{**one, "task": int(one.get("task") or 0)} for one in records_of(self.sim.store)]
        wrong = broken(self.ledger, self.truth(), self.sim.store, self.results, records) + self.folder.wrong()
        for number in set(self.numbers) - self.ledger.ours:
            if any(one["by"] == US for one in log_lines(self.folder.log(number))):
                wrong.append(f"2: nobody approved {number}, and its log was written")
        logs = "".join(one.read_text("utf-8", "replace") for one in self.folder.path.glob("*.log"))
        wrong += ["4: a log holds a secret" for one in self.ledger.canaries if one in logs]
        if wrong:
            raise Broken("\n".join([*self.told, *map(str, self.results[-8:]), *wrong]))


def truth_of(sim: InMemory, folder: Folder) -> dict[str, Any]:
    """The simulator's truth with the logs in the place of Ivanti's tasks."""
    tasks = {str(number): task_of(log_lines(folder.log(number))) for number in folder.written}
    return {**sim.truth(), "ivanti": {"tasks": tasks}}


class WatchedDesk:
    """The desk, each of whose operations is a moment at which others act, the process dies, or the folder is away."""

    def __init__(self, desk: ServiceDesk, scenario: FilesScenario) -> None:
        self._desk, self._scenario = desk, scenario

    async def _watched(self, work: Callable[[], Awaitable[T]], ref: TaskRef | None = None) -> T:
        sim, folder = self._scenario.sim, self._scenario.folder
        try:
            await sim.arrive()
        except Died:
            await _die()
        log = folder.log(int(ref)) if ref is not None else None
        before = _size(log)
        try:
            return await self._where_it_is(work)
        finally:
            after, crashes = _size(log), sim.crashes
            sim.leave()
            if sim.crashes > crashes:
                if log is not None and before < after == _size(log):
                    with log.open("r+b") as stream:
                        stream.truncate(self._scenario.rng.randint(before, after))
                await _die()

    async def _where_it_is(self, work: Callable[[], Awaitable[T]]) -> T:
        scenario = self._scenario
        scenario.away = {one - 1 for one in scenario.away if one > 0}
        path = scenario.folder.path
        if 0 not in scenario.away:
            return await work()
        elsewhere = path.rename(path.with_name("elsewhere"))
        scenario.counts["folder away"] += 1
        try:
            return await work()
        finally:
            elsewhere.rename(path)

    async def find(self, ref: TaskRef) -> Task | None:
        return await self._watched(lambda: self._desk.find(ref))

    async def queue(self) -> list[Task]:
        return await self._watched(self._desk.queue)

    async def request(self, task: Task) -> Request:
        return await self._watched(lambda: self._desk.request(task))

    async def begin(self, task: Task) -> None:
        await self._watched(lambda: self._desk.begin(task), task.ref)

    async def notes(self, task: Task) -> Sequence[Note]:
        return await self._watched(lambda: self._desk.notes(task))

    async def has_note(self, task: Task, marker: str) -> bool:
        return await self._watched(lambda: self._desk.has_note(task, marker))

    async def add_note(self, task: Task, note: NewNote) -> AddedNote:
        return await self._watched(lambda: self._desk.add_note(task, note), task.ref)

    def closing(self, task: Task, resolution: str, begun: Mapping[str, Any] | None) -> Change:
        return self._desk.closing(task, resolution, begun)

    def handing_over(self, task: Task, begun: Mapping[str, Any] | None) -> Change:
        return self._desk.handing_over(task, begun)

    async def apply(self, task: Task, change: Change) -> Applied:
        return await self._watched(lambda: self._desk.apply(task, change), task.ref)

    def took(self, task: Task, begun: Mapping[str, Any]) -> Applied | None:
        return self._desk.took(task, begun)

    async def time(self) -> datetime | None:
        return await self._desk.time()


def _size(log: Path | None) -> int:
    return log.stat().st_size if log is not None and log.exists() else 0


async def _die() -> None:
    """Let the death of this process reach it."""
    await asyncio.sleep(0)  # noqa: TID251
    await asyncio.sleep(0)  # noqa: TID251


async def any_files_story(sim: InMemory, rng: random.Random) -> FilesScenario:
    """Make a world, let any number of things happen in it, and bring it to rest."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # noqa: TID251
    made = any_world(rng, now)
    sim.reset(made.world, rng.getrandbits(32), now)
    folder = Folder(sim.folder / "requests")
    secrets = sim.folder / "vault"
    for one in (folder.path, secrets):
        one.mkdir(mode=0o700, exist_ok=True)
        for file in one.iterdir():
            file.unlink()
    write_secrets(secrets, sim.holder.world)
    more: dict[str, Any] = {"protected": made.protected, "canaries": tuple(CANARIES.values()), "window": made.window}
    ledger = Ledger.of(made.world, {}, **more)
    requests = {one["number"]: one["parameters"] for one in made.world["ivanti"]["requests"]}
    for task in made.world["ivanti"]["tasks"]:
        table = {str(name): str(value) for name, value in reversed(requests[task["parent"]]) if value is not None}
        ledger.asked[task["number"]] = {one} if (one := asked_by(table.items())) is not None else set()
        folder.put(task["number"], text_of(table, approved=task["number"] in ledger.ours))
    ledger.start = truth_of(sim, folder)
    scenario = FilesScenario(sim, rng, made, _settings(sim, made), folder, ledger)
    for _ in range(rng.randint(1, 5)):
        _disturb(scenario)
        await _run(scenario)
    await _calm_down(scenario)
    scenario.counts["crashes"] += sim.crashes
    scenario.counts["faults"] += sum(entry.fault is not None for entry in sim.journal.entries)
    scenario.counts["requests"] += len(sim.journal.entries)
    return scenario


def _settings(sim: InMemory, made: AnyWorld) -> Settings:
    from spentkey.bootstrap.settings import load_settings

    values = tomllib.loads((sim.folder / "spentkey.toml").read_text("utf-8"))
    del values["ivanti"], values["passwordstate"]
    values |= {"files": {"directory": "requests"}, "secrets": {"directory": "vault"}}
    config = sim.folder / "files.toml"
    config.write_text("".join(f"{name} = {toml(value)}\n" for name, value in values.items()), "utf-8")
    config.chmod(0o600)
    variables = {**sim.store.environment, **made.environment}
    return load_settings(config, {k: v for k, v in variables.items() if not k.startswith("SPENTKEY_IVANTI")})


def _disturb(scenario: FilesScenario) -> None:
    """Set the weather for the next run, and let other people be at work before it and in it."""
    rng, sim = scenario.rng, scenario.sim
    sim.faults.clear()
    sim.faults.calm = rng.random() < 0.7
    sim.faults.seed = rng.getrandbits(32)
    rules = [_fault(rng) for _ in range(rng.choice([0, 0, 1, 1, 2]))]
    sim.faults.add_all(rules)
    scenario.told += [f"fault {rule}" for rule in rules]
    for _ in range(rng.choice([0, 0, 1, 2])):
        _other_people(scenario)
    if rng.random() < 0.4:
        sim.events.append(Event(rng.randint(1, 40), rng.random() < 0.5, lambda: _other_people(scenario)))
    if rng.random() < 0.45:
        event = Event(rng.randint(1, 50), rng.random() < 0.4)
        sim.events.append(event)
        scenario.told.append(f"crash at moment {event.nth}, {event.before=}")
    scenario.away = {rng.randint(1, 30)} if rng.random() < 0.2 else set()
    if rng.random() < 0.15:
        sim.clock.step(HOUR)


def _fault(rng: random.Random) -> dict[str, Any]:
    system = rng.choice(["graph", "graph", "login"])
    kind = rng.choice([*ANSWERS, *DEEP.get(system, ()) * 2])
    rule: dict[str, Any] = {"system": system, "route": rng.choice(ROUTES[system]), "kind": kind}
    rule |= {"when": rng.choice(["before", "after"])}
    if rng.random() < 0.7:
        rule["times"] = rng.randint(1, 8)
    if rng.random() < 0.4:
        rule["nth"] = rng.randint(1, 6)
    params = {"stale": {"reads": rng.randint(1, 6)}, "hang": {"seconds": 0}, "429": {"retry_after": 3}}
    return rule | ({"params": params[kind]} if kind in params else {})


def _other_people(scenario: FilesScenario) -> None:
    """Somebody ends, edits, approves or gives back a request, or removes a credential, now."""
    if not scenario.folder.path.exists():
        return
    deed = scenario.rng.choice([_end, _edit, _approve, _give_back, _give_back, _reopen, _break, _remove, _remove])
    deed(scenario)


def _end(scenario: FilesScenario) -> None:
    number, status = scenario.rng.choice(scenario.numbers), scenario.rng.choice(["closed", "handed-off"])
    scenario.ledger.meddled.add(number)
    scenario.folder.say(number, what="status", status=status)
    scenario.told.append(f"somebody: {number} is {status}")


def _edit(scenario: FilesScenario) -> None:
    """What is asked after the first sight is never removed, so only before it the ledger takes it for asked."""
    rng, number = scenario.rng, scenario.rng.choice(scenario.numbers)
    found = scenario.folder.table(number)
    if found is None:
        return
    keys = [*scenario.made.all_keys, ""]
    edits = rng.choice([{"Remarks": "x"}, {"SecretID": rng.choice(keys)}, {"SecretType": "Secret"}, {"SecretID": 1}])
    table = {**found[0], **edits}
    if scenario.folder.seen(number) is None and (asked := asked_by(table.items())) is not None:
        scenario.ledger.asked[number].add(asked)
    scenario.ledger.meddled.add(number)
    scenario.folder.put(number, text_of(table, approved=found[1]))
    scenario.told.append(f"somebody edits {number}: {edits}")


def _approve(scenario: FilesScenario) -> None:
    """In the file or by a line; or what was approved is not any more."""
    number = scenario.rng.choice(scenario.numbers)
    found = scenario.folder.table(number)
    if found is None:
        return
    table, approved = found
    if approved:
        scenario.ledger.meddled.add(number)
    else:
        scenario.ledger.ours.add(number)
    if not approved and scenario.rng.random() < 0.5:
        scenario.folder.say(number, what="approved", request_sha256=sha256(table))
    else:
        scenario.folder.put(number, text_of(table, approved=not approved))
    scenario.told.append(f"somebody {'takes back' if approved else 'gives'} the approval of {number}")


def _give_back(scenario: FilesScenario) -> None:
    """By a line `open`, whoever had handed it off, and also what we had closed before that."""
    handed = [one for one in scenario.numbers if scenario.folder.status(one)[0] == "handed-off"]
    if handed:
        number = scenario.rng.choice(handed)
        scenario.ledger.meddled.add(number)
        scenario.ledger.returned[number] += 1
        scenario.ledger.reopened[number] += 1
        scenario.folder.say(number, what="status", status="open")
        scenario.told.append(f"somebody gives {number} back")


def _reopen(scenario: FilesScenario) -> None:
    """What we closed is opened again."""
    closed = [one for one in scenario.numbers if scenario.folder.status(one) == ("closed", US)]
    if closed:
        number = scenario.rng.choice(closed)
        scenario.ledger.reopened[number] += 1
        scenario.folder.say(number, what="status", status="open")
        scenario.told.append(f"somebody opens {number} again")


def _break(scenario: FilesScenario) -> None:
    """A file that is no TOML any more."""
    number = scenario.rng.choice(scenario.numbers)
    scenario.ledger.meddled.add(number)
    scenario.folder.put(number, scenario.folder.written[number][: scenario.rng.randint(0, 40)])
    scenario.told.append(f"somebody breaks {number}")


def _remove(scenario: FilesScenario) -> None:
    """A credential, in the portal."""
    tenant = scenario.rng.choice([one for one in scenario.sim.holder.world.tenants if one.applications])
    app = scenario.rng.choice(tenant.applications)
    held = [
        *(("secret", one.key_id) for one in app.passwords),
        *(("certificate", one.key_id) for one in app.certificates),
    ]
    if held:
        kind, key = scenario.rng.choice(held)
        scenario.removed_by_others += 1
        old, now = Credentials(app.passwords, app.certificates), scenario.sim.clock.now()
        remaining, who = entra.without(app, kind, key), f"{BY_OTHERS}-{scenario.removed_by_others}"
        entra.write(app, remaining, now)
        entra.record_removals(tenant, app, old, remaining, "portal", now, who)
        scenario.told.append(f"somebody removes {kind} {key}")


async def _run(scenario: FilesScenario) -> None:
    """One run, or two processes at the same time; any requests, some of them twice, in any order."""
    rng, every = scenario.rng, scenario.numbers
    numbers = [rng.choice(every) for _ in range(rng.randint(1, len(every) + 2))] if rng.random() < 0.5 else every
    async with AsyncExitStack() as stack:
        contexts = [
            await stack.enter_async_context(scenario.sim.context(scenario.settings))
            for _ in range(rng.choice([1, 1, 1, 2]))
        ]
        watched = [replace(one, desk=WatchedDesk(one.desk, scenario)) for one in contexts]
        if rng.random() < 0.6:
            await _work(scenario, [(number, rng.choice(watched)) for number in numbers])
        else:
            for number in numbers:
                await _work(scenario, [(number, watched[0])])
    scenario.sim.events.clear()
    scenario.away = set()


async def _work(scenario: FilesScenario, works: list[tuple[int, Context]]) -> None:
    made: list[Awaitable[Any]] = [work_on(TaskRef(str(number)), context) for number, context in works]
    ended: list[Result | None] = await scenario.sim.all_of(made)
    for (number, _), result in zip(works, ended, strict=True):
        scenario.counts[f"{result.outcome} {result.ticket}" if result else "died"] += 1
        scenario.results += [dict(result.as_json())] if result else []
        how = f"{result.outcome} {result.ticket} {result.reason}" if result else "died"
        scenario.told.append(f"  {number}: {how}")
    scenario.check(f"worked on {[number for number, _ in works]}")


def _waiting(scenario: FilesScenario) -> list[int]:
    """What is still for us to do."""
    return [one for one in unfinished(scenario.ledger, scenario.truth()) if not scenario.folder.stuck(one)]


async def _calm_down(scenario: FilesScenario) -> None:
    """No faults, nobody else: after a few runs nothing is open, and one more run changes nothing."""
    sim = scenario.sim
    sim.faults.clear()
    sim.faults.calm = True
    entra.memory(sim.holder.world).stale.clear()
    waiting = _waiting(scenario)
    for _ in range(CALM_ROUNDS):
        if not waiting:
            break
        sim.clock.step(HOUR)
        await _calm_run(scenario, waiting)
        waiting = _waiting(scenario)
    if waiting:
        raise Broken("\n".join([*scenario.told, f"6: {waiting} never end"]))
    before, files = scenario.truth(), _contents(scenario.folder)
    await _calm_run(scenario, scenario.numbers)
    wrong = changed(before, scenario.truth()) + ends_unsound(sim.store)
    if _contents(scenario.folder) != files:
        wrong.append("6: a rerun changed a file")
    ended = [one for one in scenario.numbers if scenario.folder.status(one)[1] == US]
    wrong += [one for number in ended for one in wrong_in(scenario.folder.log(number))]
    if wrong:
        raise Broken("\n".join([*scenario.told, *wrong]))


def _contents(folder: Folder) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.path.iterdir()}


async def _calm_run(scenario: FilesScenario, numbers: list[int]) -> None:
    async with scenario.sim.context(scenario.settings) as context:
        if await standing_stops(context.evidence):
            await context.evidence.append("resumed", {"who": "somebody", "why": "looked into"})
            scenario.counts["stops"] += 1
        await _work(scenario, [(number, context) for number in numbers])
