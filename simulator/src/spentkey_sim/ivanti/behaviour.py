"""What tenants make of what is written to them: the switches of a world, each alone or together.

A tenant computes minutes, moves a status on, asks for a field, shows an owner by another name. The default is an Ivanti
that keeps what it is told.
"""

from copy import deepcopy
from datetime import datetime
from typing import Any

from spentkey_sim.ivanti.errors import bad_request, unresolved
from spentkey_sim.model import Behaviour, Note, Task, World

DISPLAY_NAME = "{login}, a person by name"
PROMPT = "DataLayer.PromptException: a prompt must be answered before the status can change"
QUARTER = 15


def owner_shown(world: World, login: str) -> str:
    """The owner as records show it."""
    # LEDGER: I-39, some tenants show an owner by the display name
    named = world.ivanti.behaviour.owner_shown == "name" and login
    return DISPLAY_NAME.format(login=login) if named else login


def spelt(world: World, row: dict[str, Any]) -> dict[str, Any]:
    """A task's row with its words in another case."""
    # LEDGER: I-40, words and record ids come in another case
    if world.ivanti.behaviour.words == "as-is":
        return row
    upper = {name: row[name].upper() for name in ("Status", "OwnerTeam", "ParentLink_Category", "Owner") if row[name]}
    lower = {name: row[name].lower() for name in ("RecId", "ParentLink_RecID") if row[name]}
    return {**row, **upper, **lower}


def check_write(world: World, task: Task, body: dict[str, Any], changes: dict[str, Any]) -> None:
    """Refuse a write that a rule of the tenant forbids."""
    rules, closing = world.ivanti.behaviour, changes.get("status") in world.ivanti.final_statuses
    if "Owner" in body and body["Owner"] == "" and rules.empty_owner == "refused":
        raise unresolved()  # LEDGER: I-41, an empty text is no owner, null is
    owner = changes.get("owner")
    if owner and rules.owner_must_be_member and owner not in members(world):
        raise unresolved()  # LEDGER: I-42, an owner who is not in the team is no value of the list
    if "ActualEffort" in body and rules.minutes == "refused":
        raise bad_request("Role SpentkeyAutomation does not have rights to update following fields ActualEffort.")
    if closing and rules.prompt_to_close:
        raise bad_request(PROMPT)  # LEDGER: I-43, a transition behind a prompt cannot be made over the API
    name = rules.required_to_close
    if closing and name and not {**task.fields, **changes}.get(name):
        # LEDGER: I-44, a tenant's own field that a close must fill
        raise bad_request(f"Required field Task.{name} value must be provided.")


def stored(world: World, task: Task, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What the tenant's rules make of a write that was taken."""
    rules, made = world.ivanti.behaviour, deepcopy(changes)
    # LEDGER: I-45, minutes are computed, rounded, read-only or in hours
    match rules.minutes:
        case "computed":
            made["minutes"] = float((now - task.created).total_seconds() // 60)
        case "read-only":
            made.pop("minutes", None)
        case "rounded" if "minutes" in made:
            made["minutes"] = float(-(-made["minutes"] // QUARTER) * QUARTER)
        case "hours" if "minutes" in made:
            made["minutes"] = round(made["minutes"] / 60, 2)
        case _:
            pass
    return made


def moved_on(world: World, after: Task) -> Task:
    """The task as a workflow leaves it a moment after the write."""
    # LEDGER: I-46, a workflow moves a status on
    after.status = world.ivanti.behaviour.moves_on.get(after.status, after.status)
    return after


def kept_note(world: World, note: Note) -> Note:
    """The note as the tenant keeps it."""
    # LEDGER: I-47, the text of a note is cut, or its category is another one
    rules = world.ivanti.behaviour
    note.body = note.body[: rules.note_cut] if rules.note_cut else note.body
    note.category = rules.note_category or note.category
    return note


def members(world: World) -> list[str]:
    """Who is in the first team: the account of the key, unless the world says who."""
    rules = world.ivanti.behaviour
    return rules.members if rules.members or rules.owner_must_be_member else [world.ivanti.login_id]


def team_of(world: World, login: str) -> str | None:
    """The team that stands in an employee's record."""
    # LEDGER: I-48, an employee has a team of its own, and a team has a relation with its members
    return world.ivanti.teams[0] if login in members(world) else None


def behaviour(raw: dict[str, Any]) -> Behaviour:
    """The switches of a world, or of a request to the control port."""
    return Behaviour(
        minutes=raw.get("minutes", "written"),
        owner_shown=raw.get("owner_shown", "login"),
        owner_must_be_member=raw.get("owner_must_be_member", False),
        members=list(raw.get("members", ())),
        moves_on=dict(raw.get("moves_on", {})),
        required_to_close=raw.get("required_to_close", ""),
        prompt_to_close=raw.get("prompt_to_close", False),
        empty_owner=raw.get("empty_owner", "accepted"),
        note_cut=raw.get("note_cut", 0),
        note_category=raw.get("note_category", ""),
        words=raw.get("words", "as-is"),
    )
