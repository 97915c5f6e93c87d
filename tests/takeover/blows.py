"""What befalls a fleet of workers, one case for each seed; and whether everything held."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from fleet import BOUND_S, TAKE_OVER_S, Fleet, Worker, lock_stands_still
from fleet_world import fleet_world
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from waiting import lasts, until

ROUTES = ("removePassword", "removeKey", "note-create", "task-write")

ATTEMPTS = 10_000
"""How often it is tried to stop a worker at just that moment: at least as long as there is work."""


@dataclass(frozen=True)
class Blow:
    """One case: what happens, at which request of which route, or after how many seconds."""

    what: str
    route: str
    nth: int
    when: str
    after_s: float

    def __str__(self) -> str:
        where = (
            f"{self.when} {self.route} {self.nth}"
            if self.what in ("kill", "cut off")
            else f"after {self.after_s:.2f} s"
        )
        return f"{self.what} {where}"


def case_of(rng: random.Random) -> Blow:
    """Draw a case."""
    route = rng.choice(ROUTES)
    nth = 1 if route == "removeKey" else rng.randint(1, 8)
    blow = Blow(rng.choice(list(BLOWS)), route, nth, rng.choice(["before", "after"]), rng.uniform(0.2, 2.5))
    return replace(blow, after_s=blow.after_s / 10) if blow.what == "freeze with the lock" else blow


def play(blow: Blow, sim: RealSimulator, postgres: RealPostgres, home: Path, workers: int = 3) -> list[str]:
    """Play one case; gives what did not hold."""
    fleet = Fleet.set(sim, postgres, home, fleet_world())
    try:
        if blow.what in ("kill", "cut off"):
            fleet.hang(blow.route, blow.nth, blow.when)
        fleet.start(workers)
        late = BLOWS[blow.what](fleet, blow)
        fleet.until_done()
        codes = fleet.end()
        return late + [f"a worker ended with {code}" for code in codes if code] + fleet.wrong()
    except AssertionError as problem:
        return [str(problem)]
    finally:
        fleet.destroy()


def _kill(fleet: Fleet, blow: Blow) -> list[str]:
    """SIGKILL while a write hangs; another worker takes over."""
    victim, task = fleet.holder_of_hanging()
    began = time.monotonic()
    fleet.kill(victim)
    return _in_time(fleet.taken_over_after(victim, task, began))


def _cut_off(fleet: Fleet, blow: Blow) -> list[str]:
    """SIGSTOP while a write hangs, for longer than the lease; then SIGCONT, and it must not write any more."""
    victim, task = fleet.holder_of_hanging()
    began = time.monotonic()
    victim.signal(signal.SIGSTOP)
    took = fleet.taken_over_after(victim, task, began)
    victim.signal(signal.SIGCONT)
    return _in_time(took)


def _in_time(took: float) -> list[str]:
    return [] if took <= BOUND_S else [f"taken over after {took:.1f} s, and {BOUND_S:.1f} s are stated"]


def _freeze(fleet: Fleet, blow: Blow) -> list[str]:
    """SIGSTOP at any moment for longer than the lease, then SIGCONT."""
    _wait(fleet, blow)
    victim = fleet.workers[0]
    victim.signal(signal.SIGSTOP)
    lasts(TAKE_OVER_S + 2)
    victim.signal(signal.SIGCONT)
    return []


def _freeze_with_the_lock(fleet: Fleet, blow: Blow) -> list[str]:
    """SIGSTOP in the middle of an append, while it holds the lock of all evidence: the others go on all the same."""
    _wait(fleet, blow)
    with fleet.postgres.connect(fleet.database) as connection:
        for attempt in range(ATTEMPTS):
            victim = fleet.workers[attempt % len(fleet.workers)]
            victim.signal(signal.SIGSTOP)
            if all(lock_stands_still(connection) for _ in range(60)):
                return _lock_comes_free(connection, victim)
            victim.signal(signal.SIGCONT)
    return ["no worker was ever stopped while it held the lock"]


def _lock_comes_free(connection: psycopg.Connection[Any], victim: Worker) -> list[str]:
    try:
        until(lambda: not lock_stands_still(connection), TAKE_OVER_S + 2)
    except AssertionError:
        return ["the lock of the evidence is kept by a worker that stands still"]
    finally:
        victim.signal(signal.SIGCONT)
    return []


def _restart(fleet: Fleet, blow: Blow) -> list[str]:
    """PostgreSQL is restarted in the middle, gracefully or not."""
    _wait(fleet, blow)
    fleet.postgres.control("restart", "-m", "immediate" if blow.when == "before" else "fast")
    return []


def _down(fleet: Fleet, blow: Blow) -> list[str]:
    """PostgreSQL is away for longer than a lease."""
    _wait(fleet, blow)
    fleet.postgres.control("stop", "-m", "immediate" if blow.when == "before" else "fast")
    lasts(TAKE_OVER_S + 2)
    fleet.postgres.control("start")
    return []


def _freeze_the_database(fleet: Fleet, blow: Blow) -> list[str]:
    """PostgreSQL stands still for longer than a lease, with every connection open."""
    _wait(fleet, blow)
    with fleet.postgres.frozen():
        lasts(TAKE_OVER_S + 2)
    return []


def _rolling(fleet: Fleet, blow: Blow) -> list[str]:
    """One worker after the other is stopped as an upgrade does, and a new one started."""
    _wait(fleet, blow)
    wrong: list[str] = []
    for worker in list(fleet.workers):
        worker.signal(signal.SIGTERM)
        code = worker.process.wait(30)
        wrong += [f"a worker that was stopped ended with {code}"] if code else []
        fleet.workers.remove(worker)
        fleet.gone.append(worker)
        fleet.start()
        fleet.until_registered()
    return wrong


def _wait(fleet: Fleet, blow: Blow) -> None:
    """Until work is under way, and a while longer."""
    fleet.until(lambda: next((one for one in fleet.sim.journal() if one["write"]), None))
    lasts(blow.after_s)


BLOWS: dict[str, Callable[[Fleet, Blow], list[str]]] = {
    "kill": _kill,
    "cut off": _cut_off,
    "freeze": _freeze,
    "freeze with the lock": _freeze_with_the_lock,
    "restart of PostgreSQL": _restart,
    "PostgreSQL away": _down,
    "PostgreSQL stands still": _freeze_the_database,
    "rolling restart": _rolling,
}
