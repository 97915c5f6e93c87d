"""What Ivanti refuses: log-ins, changes to tasks, notes.

The role behind the key may change a task's status, owner, team, effort and the tenant's own text fields, and add notes;
everything else is beyond its rights. Real roles vary; this one is as narrow as the job allows.
"""

import hmac
import re
from typing import Any

from spentkey_sim.ivanti import behaviour, records, state
from spentkey_sim.ivanti.errors import bad_request, unresolved
from spentkey_sim.model import Task, World

ROLE = "SpentkeyAutomation"
_ATTRIBUTES = {"Status": "status", "Owner": "owner", "OwnerTeam": "owner_team", "ActualEffort": "minutes"}
_COMPANIONS = {"Status_Valid": "Status", "Owner_Valid": "Owner", "OwnerTeam_Valid": "OwnerTeam"}
_NOTE_TEXTS = ("Subject", "NotesBody", "Category", "Source", "ParentLink_RecID", "ParentLink_Category")
_REC_ID = re.compile(r"[0-9A-Fa-f]{32}")


def key_is_right(world: World, header: str) -> bool:
    """Whether an Authorization header carries the key, in the one form that Ivanti reads."""
    # LEDGER: I-01, an equals sign and no Bearer
    return hmac.compare_digest(header.encode(), f"rest_api_key={world.ivanti.api_key}".encode())


def key_of_record(key: str) -> str:
    """The RecId between the parentheses of a path."""
    # LEDGER: I-06, there is no 404 for a record
    if not key:
        raise bad_request("Key value cannot be empty")
    if not _REC_ID.fullmatch(key):
        raise bad_request("Invalid key")
    return key.upper()


def body_object(body: Any) -> dict[str, Any]:
    """The body of a write, which must be a filled object."""
    # LEDGER: I-23, what a body must be
    if not isinstance(body, dict) or not body:
        raise bad_request("Message body cannot be empty")
    return {str(name): value for name, value in body.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def no_right(verb: str, what: str) -> Exception:
    """The role may not do that."""
    # LEDGER: I-26, rights are refused with 400
    return bad_request(f"Role {ROLE} does not have rights to {verb} {what}.")


def task_changes(world: World, task: Task, body: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The changes that a write asks for, by the names of the model; refused as a whole if any part is wrong."""
    changes: dict[str, Any] = {}
    for name, value in body.items():
        if name not in row:
            raise bad_request(f"Field '{name}' is not defined in the business object 'Task#Assignment'")
        if name in _COMPANIONS:
            continue
        if name not in _ATTRIBUTES and name not in world.ivanti.task_fields:
            raise no_right("update following fields", name)
        changes[_ATTRIBUTES.get(name, name)] = _value(world, name, value)
    _check_companions(world, body)
    _check_completion(world, task, changes)
    behaviour.check_write(world, task, body, changes)
    return changes


def note_fields(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a new note, checked."""
    # LEDGER: I-27, what a note must and may have
    for name, value in body.items():
        if name == "PublishToWeb" and isinstance(value, bool):
            continue
        if name not in _NOTE_TEXTS:
            raise bad_request(f"Field '{name}' is not defined in the business object 'Journal#Notes'")
        if not isinstance(value, str):
            raise bad_request("Invalid Request Payload")
    parent = str(body.get("ParentLink_RecID", ""))
    task = state.task_by_id(world, parent)
    if task is None and state.request_by_id(world, parent) is None:
        raise bad_request("Required field Journal.ParentLink value must be provided.")
    # LEDGER: I-28, a closed record takes no notes
    if task is not None and task.read_only and world.ivanti.notes_on_closed == "refused":
        raise bad_request("The note cannot be added because the object is in final state.")
    return body


def _value(world: World, name: str, value: Any) -> Any:
    match name:
        case "ActualEffort":
            return _effort(value)
        case "Status":
            return _listed(value, world.ivanti.statuses)
        case "OwnerTeam":
            return _listed(value, world.ivanti.teams)
        case "Owner":
            return "" if value in (None, "") else _employee(world, value)
        case _ if value is None or isinstance(value, str):
            return value
        case _:
            raise bad_request("Invalid Request Payload")


def _effort(value: Any) -> float:
    # LEDGER: I-17, minutes are a number, or a decimal in a text
    try:
        minutes = float(value)
    except (TypeError, ValueError):
        raise bad_request("Invalid Request Payload") from None
    if isinstance(value, bool) or not 0 <= minutes < 1e9:
        raise bad_request("Invalid Request Payload")
    return minutes


def _listed(value: Any, known: list[str]) -> str:
    # LEDGER: I-24, a value that is not on the list
    if value not in known:
        raise unresolved()
    return str(value)


def _employee(world: World, value: Any) -> str:
    if isinstance(value, str) and value.casefold() == world.ivanti.login_id.casefold():
        return world.ivanti.login_id  # the first of all employees
    known = {name.casefold(): name for name in state.employees(world)}
    found = known.get(value.casefold()) if isinstance(value, str) else None
    if found is None:
        raise unresolved()
    return found


def _check_companions(world: World, body: dict[str, Any]) -> None:
    """A `_Valid` companion may be sent, if it points at the same list row as the value beside it."""
    kinds = {"Status": "status", "OwnerTeam": "team", "Owner": "employee"}
    for companion, name in _COMPANIONS.items():
        if companion in body:
            value = str(body.get(name) or "")
            value = value.casefold() if name == "Owner" else value
            if body[companion] not in ("", None) and body[companion] != records.valid_id(world, kinds[name], value):
                raise unresolved()


def _check_completion(world: World, task: Task, changes: dict[str, Any]) -> None:
    # LEDGER: I-25, required fields are asked for when the status changes
    closing = changes.get("status") in world.ivanti.final_statuses
    owner = changes.get("owner", task.owner)
    if closing and world.ivanti.owner_required_to_close and not owner:
        raise bad_request("Required field Task.Owner value must be provided.")
