# SPDX-License-Identifier: Apache-2.0
"""What the modules `ivanti_task_info`, `ivanti_note` and `ivanti_task` do.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    CONNECTION,
    Call,
    Refusal,
    Remark,
    canonical_name,
)
from ansible_collections.spentkey.entra.plugins.module_utils.results import of_result

if TYPE_CHECKING:
    from spentkey.core.task import Parameter, Task
    from spentkey.facade import Facade
    from spentkey.step_by_step import Written

TASK_INFO: dict[str, Any] = {**CONNECTION, "number": {"type": "int", "required": True, "aliases": ["task"]}}
NOTE: dict[str, Any] = {
    **CONNECTION,
    "number": {"type": "int", "required": True, "aliases": ["task"]},
    "subject": {"type": "str", "default": ""},
    "body": {"type": "str", "default": ""},
    "purpose": {"type": "str", "choices": ["hand-over", "remark"], "default": "remark"},
    "category": {"type": "str"},
}
TASK: dict[str, Any] = {
    **CONNECTION,
    "number": {"type": "int", "required": True, "aliases": ["task"]},
    "state": {"type": "str", "choices": ["closed", "reassigned"], "required": True},
    "resolution": {"type": "str"},
    "team": {"type": "str"},
    "minutes": {"type": "int"},
}


def tell(call: Call) -> dict[str, Any]:
    """The task in the shape that the original roles give it: servicereq_params, AssignmentID, RecId."""
    number = _number(call)
    ticket = call.facade().ticket(number)
    if ticket is None:
        raise Refusal(f"no task has the number {number}")
    task = ticket.task
    return {
        "changed": False,
        "ours": ticket.not_ours is None,
        "not_ours_reason": ticket.not_ours,
        "task_info": {
            "AssignmentID": task.number,
            "RecId": task.rec_id,
            "Subject": task.subject,
            "Status": task.status,
            "Owner": task.owner,
            "OwnerTeam": task.owner_team,
            "ReadOnly": task.read_only,
            "ParentLink_RecID": task.parent_rec_id,
            "ParentLink_Category": task.parent_category,
            "minutes": float(task.minutes),
            "servicereq_params": _parameters(ticket.parameters),
        },
    }


def _parameters(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """By name; the five in their own spelling. One that is given twice has no value that could be meant."""
    found: dict[str, Any] = {}
    for one in parameters:
        name = canonical_name(one.name)
        found[name] = None if name in found else one.value
    return found


def note(call: Call) -> dict[str, Any]:
    """Write a note once for each assignment of the task; the note of a hand-over is Spentkey's own where it can be."""
    given = call.parameters
    hands_over = given["purpose"] == "hand-over"
    if not hands_over and not (given["subject"].strip() and given["body"].strip()):
        raise Refusal("subject and body: must not be empty")
    facade = call.facade()
    if given["category"] is not None:
        facade = facade.with_category(given["category"])
    written = facade.note(_number(call), Remark(given["subject"], given["body"], hands_over))
    if written.text is None:
        return _of_written(written, failed=True)
    shown = _of_written(written, failed=False) if hands_over else {"changed": written.changed}
    after = f"{written.text.subject}\n\n{written.text.body}\n"
    diff = {"before": "" if written.changed else after, "after": after}
    return {**shown, "subject": written.text.subject, "body": written.text.body, "diff": diff}


def end(call: Call) -> dict[str, Any]:
    """Close a task whose removal is proven, or hand it over to a team."""
    given, number, facade = call.parameters, _number(call), call.facade()
    if given["state"] == "closed":
        if given["team"] is not None:
            raise Refusal("team: only with state=reassigned")
        return _close(call, facade, number)
    if given["resolution"] is not None:
        raise Refusal("resolution: only with state=closed")
    written = facade.reassign(number, given["team"], given["minutes"])
    shown = _of_written(written, failed=written.result.ticket.value != "handed-off")
    status, team = facade.settings.ivanti.status.handed_off, given["team"] or facade.settings.ivanti.escalation_team
    return {**shown, "diff": _diff(facade, written.before, status, "", team, given["minutes"])}


def _close(call: Call, facade: Facade, number: int) -> dict[str, Any]:
    given = call.parameters
    if call.check and (ahead := facade.dry_run(number)).action.value in ("remove", "close-as-gone"):
        # The removal itself is only being checked too, so there can be no proof of it yet.
        return {
            **of_result(ahead.result, changed=True, failed=False),
            "ticket": "closed",
            "outcome": None,
            "reason": None,
        }
    written = facade.close(number, given["resolution"], given["minutes"])
    shown = _of_written(written, failed=written.result.ticket.value != "closed")
    ivanti = facade.settings.ivanti
    return {
        **shown,
        "diff": _diff(facade, written.before, ivanti.status.completed, ivanti.login_id, None, given["minutes"]),
    }


def _of_written(written: Written, *, failed: bool) -> dict[str, Any]:
    return of_result(written.result, changed=written.changed, failed=failed)


def _diff(
    facade: Facade, before: Task | None, status: str, owner: str, team: str | None, minutes: int | None
) -> dict[str, Any]:
    """What `--diff` shows of a task; nothing where nothing is written."""
    if before is None:
        return {"before": "", "after": ""}
    more = facade.settings.ivanti.minutes if minutes is None else minutes
    now = (before.status, before.owner, before.owner_team, float(before.minutes))
    then = (status, owner, team or before.owner_team, float(before.minutes) + more)
    names = ("Status", "Owner", "OwnerTeam", "minutes")
    return {
        "before": dict(zip(names, now, strict=True)),
        "after": dict(zip(names, then, strict=True)),
    }


def _number(call: Call) -> int:
    number = call.parameters["number"]
    if not isinstance(number, int) or number < 1:
        raise Refusal("number: must be an AssignmentID, a whole number above 0")
    return number
