"""One case under way: its world, what was told of it, and the invariants that it is held against after every step."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from any_world import AnyWorld
from in_memory import InMemory
from invariants import Ledger, broken

from spentkey.settings.schema import Settings

MEDDLING = ("edit-task", "close-task", "move-task")


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
    paused: bool = False
    """By a person, until somebody lifts it."""

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


def _meddled_in(sim: InMemory) -> set[int]:
    """The tasks that other people changed in a storm, as the journal has it: by their number, or by their request."""
    tasks, requests = sim.holder.world.ivanti.tasks, sim.holder.world.ivanti.requests
    numbers = {one.rec_id: one.number for one in requests}
    touched = {one.object for one in sim.journal.entries if (one.fault or "").split(" ")[0] in MEDDLING}
    parents = {numbers[one] for one in touched if one in numbers}
    return {task.number for task in tasks if str(task.number) in touched or task.parent in parents}
