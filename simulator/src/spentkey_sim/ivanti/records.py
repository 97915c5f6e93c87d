"""Records as Ivanti writes them: many fields, most of them of no interest, some of them traps.

Field names are those of public integrations and recorded replies (rapid7/insightconnect-plugins, Dainis-2018/ivanti-kanban-app).
"""

import hashlib
from datetime import datetime, timedelta, timezone
from typing import Any

from spentkey_sim.ivanti import behaviour
from spentkey_sim.ivanti.behaviour import owner_shown, spelt
from spentkey_sim.model import Ivanti, Note, ServiceRequest, Task, World

Row = dict[str, Any]
TENANT_ZONE = timezone(timedelta(hours=1))
NOTE_CATEGORY = "Memo"
SERVICE_REQUEST = "ServiceReq"


def local_time(moment: datetime) -> str:
    """A moment with the tenant's own offset."""
    # LEDGER: I-16, times carry the tenant's offset and not Z
    return moment.astimezone(TENANT_ZONE).replace(microsecond=0).isoformat()


def made_id(world: World, *names: object) -> str:
    """A RecId for something that the world gives no id of its own."""
    text = "\x1f".join(map(str, (world.seed, "ivanti", *names)))
    return hashlib.sha256(text.encode()).hexdigest()[:32].upper()


def valid_id(world: World, kind: str, value: str) -> str | None:
    """The RecId of the list row that a validated field points at: its `_Valid` companion."""
    return made_id(world, kind, value) if value else None


def minutes(ivanti: Ivanti, value: float) -> Any:
    """ActualEffort, as a number or as a decimal in a text."""
    # LEDGER: I-17, decimals may come as texts
    if ivanti.minutes_as == "string":
        return f"{value:.4f}"
    return int(value) if float(value).is_integer() else value


def task_row(world: World, task: Task, parent: ServiceRequest | None) -> Row:
    """A Task#Assignment."""
    # LEDGER: I-18, the fields of a task
    row = {
        "RecId": task.rec_id,
        "AssignmentID": task.number,
        "Subject": task.subject,
        "Details": task.details,
        "DisplayText": f"Task {task.number}",
        "TaskType": "Assignment",
        "Priority": "3",
        "Service": None,
        "Service_Valid": None,
        **_state_fields(world, task),
        **_parent_fields(world, task, parent),
        **_stamps("WorkflowEngine", task.created, task.modified_by, task.modified),
        "AssignedDateTime": local_time(task.created),
        "ResolvedDateTime": local_time(task.modified) if task.read_only else None,
        "PlannedStartDate": None,
        "PlannedEndDate": None,
        "Price": "0.0000",
        "IsUnRead": True,
        **{name: task.fields.get(name) for name in world.ivanti.task_fields},
    }
    return spelt(world, row)


def _state_fields(world: World, task: Task) -> Row:
    return {
        "Status": task.status,
        "Status_Valid": valid_id(world, "status", task.status),
        "Owner": owner_shown(world, task.owner) or None,
        "Owner_Valid": valid_id(world, "employee", task.owner.casefold()),
        "OwnerType": "Employee" if task.owner else None,
        "OwnerEmail": f"{task.owner}@example.org" if task.owner else None,
        "OwnerTeam": task.owner_team,
        "OwnerTeam_Valid": valid_id(world, "team", task.owner_team),
        "OwnerTeamEmail": None,
        "ActualEffort": minutes(world.ivanti, task.minutes),
        "ReadOnly": task.read_only,
        "IsInFinalState": False,  # LEDGER: I-19, false on every record, closed ones too
    }


def _parent_fields(world: World, task: Task, parent: ServiceRequest | None) -> Row:
    rec_id = parent.rec_id if parent else valid_id(world, "request", str(task.parent or ""))
    return {
        "ParentLink": None,
        "ParentLink_RecID": rec_id,
        "ParentLink_Category": task.parent_category if rec_id else None,
        "ParentObjectDisplayID": str(task.parent) if task.parent is not None else None,
    }


def _stamps(created_by: str, created: datetime, modified_by: str, modified: datetime) -> Row:
    return {
        "CreatedBy": created_by,
        "CreatedDateTime": local_time(created),
        "LastModBy": modified_by,
        "LastModDateTime": local_time(modified),
        "IsNewRecord": False,
    }


def request_row(world: World, request: ServiceRequest, now: datetime) -> Row:
    """A ServiceReq."""
    created = now - timedelta(hours=2)
    return {
        "RecId": request.rec_id,
        "ServiceReqNumber": request.number,
        "Subject": "Remove an expired credential",
        "Symptom": "",
        "Status": "Active",
        "Status_Valid": valid_id(world, "request-status", "Active"),
        "Urgency": "Medium",
        "ProfileLink": None,
        "ProfileLink_RecID": made_id(world, "profile", request.number),
        "ProfileLink_Category": "Employee",
        "SvcReqTmplLink_RecID": made_id(world, "template"),
        "Price": "0.0000",
        "ReadOnly": False,
        "IsInFinalState": False,
        **_stamps("WorkflowEngine", created, "InternalServices", created),
    }


def parameter_rows(world: World, request: ServiceRequest, now: datetime) -> list[Row]:
    """The answers of a request, one row each; a name that was answered twice has two."""
    created = now - timedelta(hours=2)
    # LEDGER: I-20, parameters are rows of their own and every value is a text
    return [
        {
            "RecId": made_id(world, "parameter", request.rec_id, location),
            "ParameterName": name,
            "ParameterValue": value,
            "ParentLink": None,
            "ParentLink_RecID": request.rec_id,
            "ParentLink_Category": SERVICE_REQUEST,
            "SvcReqTmplParamLink_RecID": made_id(world, "template-parameter", name),
            "ReadOnly": False,
            **_stamps(request.created_by, created, "WorkflowEngine", created),
        }
        for location, (name, value) in enumerate(request.parameters)
    ]


def note_row(world: World, note: Note) -> Row:
    """A Journal#Notes."""
    # LEDGER: I-21, the fields of a note
    return {
        "RecId": note.rec_id,
        "DisplayText": note.subject,
        "Subject": note.subject,
        "NotesBody": note.body,
        "JournalType": "Notes",
        "Category": note.category,
        "Category_Valid": valid_id(world, "note-category", note.category),
        "Source": note.fields.get("Source"),
        "Source_Valid": None,
        "ParentLink": None,
        "ParentLink_RecID": note.parent,
        "ParentLink_Category": note.parent_category or None,
        "PublishToWeb": note.fields.get("PublishToWeb", False),
        "ReadOnly": False,
        "IsUnRead": True,
        **_stamps(note.created_by, note.created, note.created_by, note.created),
    }


def team_row(world: World, team: str, now: datetime) -> Row:
    """A StandardUserTeam, whose name stands in `Team`."""
    return {
        "RecId": made_id(world, "team", team),
        "Team": team,
        "Email": None,
        "IsActive": True,
        **_stamps("Admin", now - timedelta(days=900), "Admin", now - timedelta(days=90)),
    }


def employee_row(world: World, login_id: str, now: datetime) -> Row:
    """An Employee."""
    return {
        "RecId": made_id(world, "employee", login_id.casefold()),
        "LoginID": login_id,
        "DisplayName": login_id,
        "Team": behaviour.team_of(world, login_id),
        "PrimaryEmail": f"{login_id}@example.org",
        "Status": "Active",
        **_stamps("Admin", now - timedelta(days=900), "Admin", now - timedelta(days=90)),
    }
