"""Takes the paths of the OData interface apart, and names each request for faults and journal."""

import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from spentkey_sim.ivanti import state
from spentkey_sim.ivanti.offerings import rest_target
from spentkey_sim.model import World

TASKS, REQUESTS, PARAMETERS = "task__assignments", "servicereqs", "servicereqparams"
NOTES, TEAMS, EMPLOYEES = "journal__notess", "standarduserteams", "employees"
QUESTIONS = "servicereqtemplateparams"
SETS = (TASKS, REQUESTS, PARAMETERS, NOTES, TEAMS, EMPLOYEES, QUESTIONS)
PARAMETERS_OF_REQUEST = "servicereqcontainsservicereqparam"
MEMBERS_OF_TEAM = "standarduserteamcontainsemployee"
NOTES_OF_TASK = ("taskcontainsjournal", "taskcontainsjournalnotes")
_PATH = re.compile(
    r"/api/odata/businessobject/(?P<set>\w+)(?:\('(?P<key>[^']*)'\)(?:/(?P<relation>\w+))?|(?P<bare>\(\)))?/?", re.I
)
_PARENT = re.compile(r"ParentLink_RecID\s+eq\s+'(\w+)'", re.I)
_NUMBER = re.compile(r"AssignmentID\s+eq\s+'?(\d+)", re.I)
_ROUTES = {
    REQUESTS: "request-read",
    PARAMETERS: "params-query",
    TEAMS: "team-query",
    EMPLOYEES: "employee-query",
    QUESTIONS: "offering-params",
}


@dataclass(frozen=True)
class Target:
    """What a path addresses; `key` and `relation` are None where it has none."""

    set: str
    key: str | None
    relation: str | None


def in_interface(world: World, path: str) -> bool:
    """Whether the path belongs to the application at all."""
    return path.startswith(f"{world.ivanti.base}/api/")


def target_of(world: World, path: str) -> Target | None:
    """The target of a path, or None when it is none of the interface's."""
    # LEDGER: I-03, names in a path have no case, and the set of notes ends in two letters s
    if not in_interface(world, path):
        return None
    found = _PATH.fullmatch(path.removeprefix(world.ivanti.base))
    if found is None or found["set"].lower() not in SETS:
        return None
    relation = found["relation"]
    return Target(found["set"].lower(), "" if found["bare"] else found["key"], relation.lower() if relation else None)


def route_of(world: World, request: web.Request, body: bytes) -> tuple[str, str, bool]:
    """The route, the object and whether it is a write: a task's number where a task is meant, else a RecId."""
    write = request.method not in ("GET", "HEAD")
    target = target_of(world, request.path)
    rest = rest_target(world, request.path)
    if rest is not None:
        return rest.route, "", rest.is_new
    if target is None:
        return "other", "", write
    wish = request.query.get("$filter", "")
    if target.set == TASKS:
        return _task_route(world, target, wish, write=write)
    if target.set == NOTES:
        return _note_route(world, target, wish, body, write=write)
    if target.set == REQUESTS and target.relation:
        return "params-query", target.key or "", write
    parent = _PARENT.search(wish)
    return ("other" if write else _ROUTES[target.set]), target.key or (parent[1].upper() if parent else ""), write


def _task_route(world: World, target: Target, wish: str, *, write: bool) -> tuple[str, str, bool]:
    if target.key is None:
        number = _NUMBER.search(wish)
        return ("other" if write else "task-query"), number[1] if number else "", write
    if target.relation is not None:
        return "note-query", _task_name(world, target.key), write
    return ("task-write" if write else "task-read"), _task_name(world, target.key), write


def _note_route(world: World, target: Target, wish: str, body: bytes, *, write: bool) -> tuple[str, str, bool]:
    if write:
        return ("other" if target.key else "note-create"), _task_name(world, _posted_parent(body)), write
    if target.key is not None:
        note = state.note_by_id(world, target.key)
        return "note-read", _task_name(world, note.parent if note else target.key), write
    parent = _PARENT.search(wish)
    return "note-query", _task_name(world, parent[1]) if parent else "", write


def _task_name(world: World, rec_id: str) -> str:
    task = state.task_by_id(world, rec_id)
    return str(task.number) if task else rec_id.upper()


def _posted_parent(body: bytes) -> str:
    try:
        sent: Any = json.loads(body)
    except ValueError:
        return ""
    return str(sent.get("ParentLink_RecID", "")) if isinstance(sent, dict) else ""  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
