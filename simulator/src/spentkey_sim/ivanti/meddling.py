"""Other people at work: a task that is edited, closed or moved while a request passes."""

from datetime import datetime
from typing import Any

from spentkey_sim.faults import Fault
from spentkey_sim.ivanti import state
from spentkey_sim.model import Task, World

SOMEBODY = "an.other"
_NAMES = {
    "Subject": "subject",
    "Details": "details",
    "Status": "status",
    "Owner": "owner",
    "OwnerTeam": "owner_team",
    "ActualEffort": "minutes",
}
KINDS = ("edit-task", "close-task", "move-task")


def meddle(world: World, fault: Fault | None, when: str, obj: str, now: datetime) -> None:
    """Change the task that the fault names (or the request is about), if the fault is of that sort and due now."""
    # LEDGER: I-31, between a read and a write anything may happen
    if fault is None or fault.kind not in KINDS or fault.when != when:
        return
    task = _task_of(world, str(fault.params.get("task", obj)))
    if task is None:
        return
    if fault.kind == "edit-task":
        _edit_parameters(world, task, fault.params.get("parameters", {}))
    after = state.merged(world, task, _changes(world, task, fault), SOMEBODY, now)
    state.store(world, task, after)


def _task_of(world: World, name: str) -> Task | None:
    """The task of that number, or the first one that hangs on the request of that RecId."""
    request = state.request_by_id(world, name)
    by_parent = (task for task in world.ivanti.tasks if request is not None and task.parent == request.number)
    return state.task_by_number(world, name) or next(by_parent, None)


def _changes(world: World, task: Task, fault: Fault) -> dict[str, Any]:
    given: dict[str, Any] = fault.params.get("fields", {})
    changes = {_NAMES.get(name, name): value for name, value in given.items()}
    changes = {name: value for name, value in changes.items() if name in {*_NAMES.values(), *world.ivanti.task_fields}}
    match fault.kind:
        case "close-task":
            return {"status": world.ivanti.final_statuses[0], "owner": SOMEBODY, **changes}
        case "move-task":
            others = [team for team in world.ivanti.teams if team != task.owner_team]
            return {"owner_team": fault.params.get("team", others[-1] if others else task.owner_team), **changes}
        case _:
            return changes


def _edit_parameters(world: World, task: Task, edits: dict[str, Any]) -> None:
    for request in world.ivanti.requests:
        if request.number == task.parent:
            request.parameters = [(name, edits.get(name, value)) for name, value in request.parameters]
