# SPDX-License-Identifier: Apache-2.0
"""Outcomes as Ansible shows them: the object of Spentkey's contract, and what it means for the play.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.spentkey.entra.plugins.module_utils.facade import resolution_text

if TYPE_CHECKING:
    from spentkey.core.outcome import Result
    from spentkey.core.planned import Planned

DONE = ("removed", "already-gone")
WOULD_END = ("remove", "close-as-gone", "hand-off")
"""What a run would do that ends the task."""
TOLD = {"closed": "closed", "handed-off": "handed over", "open": "left open", "untouched": "left as it is"}


def of_result(result: Result, *, changed: bool, failed: bool) -> dict[str, Any]:
    """The object of the contract, whether something changed, and the text of a failure."""
    shown: dict[str, Any] = {**result.as_json(), "changed": changed, "app_display_name": result.app_name}
    shown["task"] = shown["task"] if shown["task"] != "0" else None
    shown["resolution"] = _resolution(result, result.outcome)
    shown["desk_warnings"] = list(shown["warnings"])  # Ansible shows `warnings`, and leaves an empty list out
    if failed:
        shown.update(failed=True, msg=str(result.reason or f"the outcome is {result.outcome}"))
    return shown


def of_planned(planned: Planned) -> dict[str, Any]:
    """The same for a check: `would` says what a run would do, and `changed` whether it would remove something."""
    action = planned.action.value
    failed = not planned.closed_earlier and action not in ("remove", "close-as-gone")
    shown = of_result(planned.result, changed=action == "remove", failed=failed)
    shown.update({"attribution": None, "evidence": None, "would": action, "would_ticket": planned.ticket.value})
    shown["resolution"] = _resolution(planned.result, planned.outcome)
    if action in WOULD_END:
        # Neither has happened. A refusal stays: it is so already.
        shown.update(ticket=None, outcome=None if action != "hand-off" else planned.outcome)
    else:
        shown.update(ticket=planned.ticket.value, outcome=planned.outcome)
    if not failed:
        shown.update(reason=None, reason_code=None)
    return shown


def only_foreseen(shown: dict[str, Any]) -> dict[str, Any]:
    """The result of a check that would change a task: what would become of it, apart from what it is now."""
    ticket = shown["ticket"]
    return {**shown, "ticket": None if shown["changed"] else ticket, "would_ticket": ticket}


def _resolution(result: Result, outcome: str) -> str | None:
    """The resolution with which such a task is closed, in Spentkey's own words."""
    if outcome not in DONE:
        return None
    text: str = resolution_text(result.app_name, result.key_id, removed=outcome == "removed")
    return text


def in_words(shown: Mapping[str, Any], ended: str = "is") -> str:
    """One line for people: what became of the credential and of the task, or what would; `ended` is the verb for it."""
    task, action = shown["task"], shown.get("would")
    foreseen = action in WOULD_END
    end = TOLD[shown["would_ticket"] if foreseen else shown["ticket"]]
    ticket = f"; the task {task} {'would be' if foreseen else ended} {end}" if task is not None else ""
    return _what(shown, action) + ticket


def _what(shown: Mapping[str, Any], action: str | None) -> str:
    named = f"the {shown['kind']} {shown['key_id']} of {shown['app_display_name']}"
    if shown["reason"]:
        return str(shown["reason"])
    if action == "remove":
        return f"would remove {named}"
    if not shown["changed"] and (action == "pass" or (action is None and shown["outcome"] == "removed")):
        return f"nothing was done this time: the outcome on record is {shown['outcome']}"
    if shown["outcome"] == "removed":
        return f"removed {named}"
    return f"{named} is gone already"


def ticket_diff(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What `--diff` shows of the task: what it is, and what becomes of it; the same twice where nothing does."""
    after = shown.get("would_ticket") or shown["ticket"]
    before = "open" if shown["changed"] and after in ("closed", "handed-off") else after
    return {
        "before": f"task {shown['task']}: {before}\n",
        "after": f"task {shown['task']}: {after}\n",
        "before_header": "service desk",
        "after_header": "service desk",
    }


def removal_diff(shown: Mapping[str, Any], *, removes: bool) -> dict[str, Any]:
    """What `--diff` shows of a removal: one credential that is there, and then is not."""
    line = f"{shown['kind']} {shown['key_id']}\n" if shown["key_id"] else ""
    return {
        "before": line if removes else "",
        "after": "",
        "before_header": f"application {shown['app_id']}",
        "after_header": f"application {shown['app_id']}",
    }
