"""Fault rules for the simulator, and what holds whatever goes wrong: one removal, one note, one close, one chain."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evidence_store import lines_in
from real_simulator import RealSimulator
from worlds import TASK

from spentkey.core.evidence import GENESIS, follows


def fault(system: str, route: str, kind: str, when: str = "before", **more: Any) -> dict[str, Any]:
    """A rule for every request of that route, unless `more` narrows it."""
    return {"system": system, "route": route, "kind": kind, "when": when, **more}


def chain_is_whole(directory: Path) -> bool:
    """Whether every line of the evidence continues the one before; a missing file is an empty chain."""
    return is_chain(lines_in(directory))


def is_chain(lines: Iterable[str]) -> bool:
    """Whether each of these lines continues the one before."""
    previous = GENESIS
    for number, line in enumerate(lines):
        sealed = follows(line, previous, number)
        if sealed is None:
            return False
        previous = sealed.hash
    return True


def assert_nothing_unmeant(sim: RealSimulator, key_id: str) -> None:
    """At most the one key is gone, with at most one note and one close or hand-over, and the evidence holds."""
    removed = [one["key_id"] for one in sim.removals()]
    assert removed in ([], [key_id])
    task = sim.task(TASK)
    subjects = [note["subject"] for note in task["notes"]]
    assert len(subjects) <= 1, subjects
    assert len(task["writes"]) <= 1, json.dumps(task["writes"])
    assert task["minutes"] in (0, 1)
    assert chain_is_whole(sim.config.parent / "state")
