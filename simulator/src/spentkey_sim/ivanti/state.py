"""What Ivanti holds and remembers: finding records, changing them, and the truth about tasks."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spentkey_sim.clock import wire_time
from spentkey_sim.model import Note, ServiceRequest, Task, TaskWrite, World
from spentkey_sim.staleness import Staleness


@dataclass
class IvantiMemory:
    """What the Ivanti side keeps for one world: each task before its latest write, the latest note of each record."""

    before: dict[str, Task] = field(default_factory=dict[str, Task])
    latest_note: dict[str, str] = field(default_factory=dict[str, str])
    stale: dict[str, Staleness] = field(default_factory=dict[str, Staleness])
    notes_made: int = 0
    began: datetime | None = None
    pending: list[tuple[datetime, Callable[[], None]]] = field(
        default_factory=list[tuple[datetime, Callable[[], None]]]
    )
    """What workflows will have done, and when."""
    tasks_made: int = 0
    highest_task: int = 0
    highest_request: int = 0


def memory(world: World) -> IvantiMemory:
    """The Ivanti side's memory of this world."""
    return world.memory.setdefault("ivanti", IvantiMemory())


def beginning(world: World, now: datetime) -> datetime:
    """When this world was first looked at: the age of records that the world does not date itself counts from there."""
    stored = memory(world)
    stored.began = stored.began or now
    return stored.began


def task_by_id(world: World, rec_id: str) -> Task | None:
    """The task with that RecId."""
    return world.hints.find("task", world.ivanti.tasks, lambda task: task.rec_id, rec_id.upper())


def task_by_number(world: World, number: str) -> Task | None:
    """The task with that AssignmentID."""
    return world.hints.find("number", world.ivanti.tasks, lambda task: str(task.number), number)


def request_by_id(world: World, rec_id: str) -> ServiceRequest | None:
    """The service request with that RecId."""
    return world.hints.find("request", world.ivanti.requests, lambda each: each.rec_id, rec_id.upper())


def parent_of(world: World, task: Task) -> ServiceRequest | None:
    """The service request that a task hangs on."""
    if task.parent is None:
        return None
    return world.hints.find("parent", world.ivanti.requests, lambda each: str(each.number), str(task.parent))


def note_by_id(world: World, rec_id: str) -> Note | None:
    """The note with that RecId."""
    return world.hints.find("note", world.ivanti.notes, lambda note: note.rec_id, rec_id.upper())


def employees(world: World) -> list[str]:
    """Everybody with a login: the account of the key, and whoever owns a task."""
    names = [world.ivanti.login_id, *(task.owner for task in world.ivanti.tasks if task.owner)]
    return list({name.casefold(): name for name in reversed(names)}.values())


def begin_staleness(world: World, obj: str, params: dict[str, Any], now: datetime) -> None:
    """From now on so many reads of this object, or its reads for so many seconds, show what was there before."""
    # LEDGER: I-30, a read may come from before the latest write
    memory(world).stale[obj] = Staleness.of(params, now)


def is_stale(world: World, obj: str, now: datetime) -> bool:
    """Whether this read of the object is a stale one; asking counts as a read."""
    stale = memory(world).stale.get(obj)
    return stale is not None and stale.is_old(now)


def shown_task(world: World, task: Task, *, stale: bool) -> Task:
    """The task as a read shows it."""
    return memory(world).before.get(task.rec_id, task) if stale else task


def shown_notes(world: World, *, stale: bool) -> list[Note]:
    """The notes as a read shows them; a stale one misses the latest note of each record."""
    hidden = set(memory(world).latest_note.values()) if stale else set[str]()
    return [note for note in world.ivanti.notes if note.rec_id not in hidden]


def merged(world: World, task: Task, changes: dict[str, Any], by: str, now: datetime) -> Task:
    """The task as it would be after these changes; the task itself stays as it is."""
    # LEDGER: I-22, a write stamps the record, and a final status closes it for good
    after = copy(task)
    after.fields, after.writes = dict(task.fields), list(task.writes)
    for name, value in changes.items():
        if name in world.ivanti.task_fields:
            after.fields[name] = value
        else:
            setattr(after, name, value)
    after.read_only = task.read_only or after.status in world.ivanti.final_statuses
    after.modified, after.modified_by = now, by
    return after


def store(world: World, task: Task, after: Task) -> None:
    """Put the changed task in the place of the old one, which is kept for stale reads."""
    memory(world).before[task.rec_id] = copy(task)
    location = world.hints.location("task", world.ivanti.tasks, lambda one: one.rec_id, task.rec_id)
    if location is None:
        raise ValueError(f"task {task.number} is not in the world")
    world.ivanti.tasks[location] = after


def record_write(task: Task, fields: dict[str, Any], now: datetime) -> None:
    """Write down what the interface was told to change."""
    task.writes.append(TaskWrite(wire_time(now), fields))


def store_note(world: World, note: Note) -> None:
    """Add a note."""
    world.ivanti.notes.append(note)
    memory(world).latest_note[note.parent] = note.rec_id


def truth(world: World) -> dict[str, Any]:
    """Every task by its number, with its notes and with what was written to it."""
    notes: dict[str, list[Note]] = {}
    for note in world.ivanti.notes:
        notes.setdefault(note.parent, []).append(note)
    return {"tasks": {str(task.number): _task_truth(task, notes.get(task.rec_id, [])) for task in world.ivanti.tasks}}


def _task_truth(task: Task, notes: list[Note]) -> dict[str, Any]:
    return {
        "status": task.status,
        "owner": task.owner,
        "owner_team": task.owner_team,
        "read_only": task.read_only,
        "minutes": task.minutes,
        "fields": dict(task.fields),
        "notes": [_note_truth(note) for note in notes],
        "writes": [{"at": write.at, "fields": write.fields} for write in task.writes],
    }


def _note_truth(note: Note) -> dict[str, Any]:
    return {
        "subject": note.subject,
        "body": note.body,
        "category": note.category,
        "parent_category": note.parent_category,
        "created_by": note.created_by,
    }
