"""Whether a table agrees with the simulator: with what its world expects, and with what is true there now."""

from collections.abc import Mapping, Sequence
from typing import Any

from spentkey.core.outcome import Result

Truth = Mapping[str, Any]
AS_FILE = "task-"


def disagreements(results: Sequence[Result], truth: Truth) -> list[str]:
    """One line for each task whose result is not what the world expects, or not what is true."""
    found: list[str] = []
    for result in results:
        expected: Mapping[str, Any] = truth["expect"][number_of(result.task)]
        shown = {"outcome": result.outcome, "ticket": result.ticket.value, "guard": result.guard}
        found += [
            f"task {result.task}: {name} is {value}, the world expects {expected[name]}"
            for name, value in shown.items()
            if expected.get(name) != value
        ]
        found += [f"task {result.task}: {problem}" for problem in _untrue(result, truth)]
    return found


def number_of(task: str) -> str:
    """The number of a task in the simulator's world; in the folder of requests it is `task-NUMBER`."""
    return task.removeprefix(AS_FILE)


def _untrue(result: Result, truth: Truth) -> list[str]:
    removals = {(r["app_id"], r["key_id"]) for tenant in truth["tenants"].values() for r in tenant["removals"]}
    removed = (result.app_id, result.key_id) in removals
    problems: list[str] = []
    if removed != (result.outcome == "removed"):
        problems.append(
            f"the table says {result.outcome}, but in truth the credential was {'' if removed else 'not '}removed"
        )
    if result.task.startswith(AS_FILE):
        status = truth["requests"].get(result.task, "open")
        closed = status == "closed"
    else:
        status = truth["ivanti"]["tasks"][result.task]["status"]
        closed = status == "Completed"
    if closed != (result.ticket.value == "closed"):
        problems.append(f"the table says {result.ticket.value}, but in truth the task is {status}")
    return problems
