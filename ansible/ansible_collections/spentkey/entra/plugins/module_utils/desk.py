# SPDX-License-Identifier: Apache-2.0
"""What the modules `ivanti_task_info`, `ivanti_note` and `ivanti_task` do.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    CONNECTION,
    Call,
    Refusal,
    Remark,
    folded_name,
)
from ansible_collections.spentkey.entra.plugins.module_utils.request import ONDERWIJS
from ansible_collections.spentkey.entra.plugins.module_utils.results import of_result, only_foreseen

if TYPE_CHECKING:
    from spentkey.adapters.ivanti.settings import IvantiSettings
    from spentkey.adapters.ivanti.wire import IvantiTask
    from spentkey.core.rules import RequestRules
    from spentkey.core.task import Request, Task, TaskRef
    from spentkey.facade import Facade
    from spentkey.step_by_step import Written

TASK_INFO: dict[str, Any] = {**CONNECTION, "number": {"type": "str", "required": True, "aliases": ["task"]}}
NOTE: dict[str, Any] = {
    **CONNECTION,
    "number": {"type": "str", "required": True, "aliases": ["task"]},
    "subject": {"type": "str", "default": ""},
    "body": {"type": "str", "default": ""},
    "purpose": {"type": "str", "choices": ["hand-over", "remark"], "default": "remark"},
    "category": {"type": "str"},
}
TASK: dict[str, Any] = {
    **CONNECTION,
    "number": {"type": "str", "required": True, "aliases": ["task"]},
    "state": {"type": "str", "choices": ["closed", "reassigned"], "required": True},
    "resolution": {"type": "str"},
    "team": {"type": "str"},
    "minutes": {"type": "int"},
}


def tell(call: Call) -> dict[str, Any]:
    """The task in the shape that the original roles give it: servicereq_params, AssignmentID, RecId."""
    facade = call.facade()
    ref = _of_ivanti(call, facade)[0]
    ticket = facade.ticket(ref)
    if ticket is None:
        raise Refusal(f"no task has the number {ref}")
    task = _own(ticket.task)
    return {
        "changed": False,
        "ours": ticket.not_ours is None,
        "not_ours_reason": _plain(ticket.not_ours),
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
            "minutes": _minutes(task.minutes),
            "servicereq_params": _parameters(ticket.request, facade.rules()),
        },
    }


def _plain(text: str | None) -> str | None:
    """A reason as the plain text that Ansible passes on."""
    return None if text is None else str(text)


def _parameters(request: Request, rules: RequestRules) -> dict[str, str | None]:
    """By name; those that Spentkey reads in their own spelling. One that cannot be read has no value."""
    spelt = {folded_name(name): name for name in (*rules.when, *rules.names.in_order(), ONDERWIJS)}
    found = {**request.values, **{fault.name: None for fault in request.faults}}
    return {spelt.get(folded_name(name), name): value for name, value in found.items()}


def note(call: Call) -> dict[str, Any]:
    """Write a note once for each assignment of the task; the note of a hand-over is Spentkey's own where it can be."""
    given = call.parameters
    hands_over = given["purpose"] == "hand-over"
    if not hands_over and not (given["subject"].strip() and given["body"].strip()):
        raise Refusal("subject and body: must not be empty")
    facade = call.facade()
    ref = _of_ivanti(call, facade)[0]
    facade = facade.with_desk(note_category=given["category"])
    written = facade.note(ref, Remark(given["subject"], given["body"], hands_over))
    if written.text is None:
        return _of_written(call, written, failed=True)
    shown = _of_written(call, written, failed=False) if hands_over else {"changed": written.changed}
    after = f"{written.text.subject}\n\n{written.text.body}\n"
    diff = {"before": "" if written.changed else after, "after": after}
    return {**shown, "subject": written.text.subject, "body": written.text.body, "diff": diff}


def end(call: Call) -> dict[str, Any]:
    """Close a task whose removal is proven, or hand it over to a team."""
    given, facade = call.parameters, call.facade()
    ref, ivanti = _of_ivanti(call, facade)
    if given["state"] == "closed":
        if given["team"] is not None:
            raise Refusal("team: only with state=reassigned")
        return _close(call, facade, ref, ivanti)
    if given["resolution"] is not None:
        raise Refusal("resolution: only with state=closed")
    written = facade.reassign(ref, given["team"], given["minutes"])
    shown = _of_written(call, written, failed=written.result.ticket.value != "handed-off")
    status, team = ivanti.status.handed_off, given["team"] or ivanti.escalation_team
    return {**shown, "diff": _diff(ivanti, written.before, status, "", team, given["minutes"])}


def _close(call: Call, facade: Facade, ref: TaskRef, ivanti: IvantiSettings) -> dict[str, Any]:
    given = call.parameters
    if call.check and (ahead := facade.dry_run(ref)).action.value in ("remove", "close-as-gone"):
        # The removal itself is only being checked too, so there can be no proof of it yet.
        return {
            **of_result(ahead.result, changed=True, failed=False),
            "ticket": None,
            "would_ticket": "closed",
            "outcome": None,
            "reason": None,
            "reason_code": None,
        }
    written = facade.close(ref, given["resolution"], given["minutes"])
    shown = _of_written(call, written, failed=written.result.ticket.value != "closed")
    status, owner = ivanti.status.completed, ivanti.login_id
    return {**shown, "diff": _diff(ivanti, written.before, status, owner, None, given["minutes"])}


def _of_written(call: Call, written: Written, *, failed: bool) -> dict[str, Any]:
    shown = of_result(written.result, changed=written.changed, failed=failed)
    return only_foreseen(shown) if call.check else shown


def _minutes(booked: Decimal | None) -> float | None:
    """None where the desk shows something that is no number: then none are booked."""
    return None if booked is None else float(booked)


def _diff(
    ivanti: IvantiSettings, read: Task | None, status: str, owner: str, team: str | None, minutes: int | None
) -> dict[str, Any]:
    """What `--diff` shows of a task; nothing where nothing is written."""
    if read is None:
        return {"before": "", "after": ""}
    before, more = _own(read), ivanti.minutes if minutes is None else minutes
    booked = _minutes(before.minutes)
    now = (before.status, before.owner, before.owner_team, booked)
    then = (status, owner, team or before.owner_team, None if booked is None else booked + more)
    names = ("Status", "Owner", "OwnerTeam", "minutes")
    return {
        "before": dict(zip(names, now, strict=True)),
        "after": dict(zip(names, then, strict=True)),
    }


def _of_ivanti(call: Call, facade: Facade) -> tuple[TaskRef, IvantiSettings]:
    """The task that is meant, and the settings of Ivanti; another service desk is refused by its name."""
    from spentkey.adapters.ivanti.settings import IvantiSettings  # noqa: PLC0415  # only who needs it loads it

    chosen = facade.settings.desk
    section = chosen.section if chosen is not None else None
    if not isinstance(section, IvantiSettings):
        name = (
            f"the configured service desk is [{chosen.name}]" if chosen is not None else "no service desk is configured"
        )
        raise Refusal(f"{name}, and this module works with [ivanti] alone")
    return facade.reference(call.parameters["number"]), section


def _own(task: Task) -> IvantiTask:
    """The task as Ivanti has it; `_of_ivanti` has made sure that it is one."""
    return cast("IvantiTask", task.own)
