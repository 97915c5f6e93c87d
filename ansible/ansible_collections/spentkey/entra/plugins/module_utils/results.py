# SPDX-License-Identifier: Apache-2.0
"""Outcomes as Ansible shows them: the object of Spentkey's contract, and what it means for the play.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spentkey.core.outcome import Result
    from spentkey.core.planned import Planned

TICKET_FOR = {
    "remove": "closed",
    "close-as-gone": "closed",
    "hand-off": "handed-off",
    "leave": "open",
    "pass": "untouched",
}
"""What would become of the ticket, by what a run would do."""
DONE = ("removed", "already-gone")


def of_result(result: Result, *, changed: bool, failed: bool) -> dict[str, Any]:
    """The object of the contract, whether something changed, and the text of a failure."""
    shown: dict[str, Any] = {**result.as_json(), "changed": changed, "app_display_name": result.app_name}
    shown["task"] = shown["task"] if shown["task"] != "0" else None
    shown["resolution"] = resolution_of(shown) if result.outcome in DONE else None
    if failed:
        shown.update(failed=True, msg=result.reason or f"the outcome is {result.outcome}")
    return shown


def of_foresight(planned: Planned) -> dict[str, Any]:
    """The same for a check: `would` says what a run would do, and `changed` whether it would remove something."""
    result, action = planned.result, planned.action.value
    again = action == "pass" and result.outcome in DONE  # closed by an earlier run
    shown = of_result(
        result, changed=action == "remove", failed=not again and action not in ("remove", "close-as-gone")
    )
    outcome = {"remove": "removed", "close-as-gone": "already-gone"}.get(action, result.outcome)
    shown.update(outcome=outcome, attribution=None, evidence=None, action=action)
    shown["ticket"] = "closed" if again else TICKET_FOR[action]
    shown["resolution"] = resolution_of(shown) if outcome in DONE else None
    if not shown.get("failed"):
        shown["reason"] = None
    return shown


def resolution_of(shown: Mapping[str, Any]) -> str:
    """The resolution with which such a task is closed."""
    name = shown["app_display_name"] or ""
    if shown["outcome"] == "removed":
        return f"Expired secret for {name} removed"
    return f"Credential {shown['key_id']} was not present on {name}; nothing removed"


def removal_diff(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What `--diff` shows of a removal: one credential that is there, and then is not."""
    line = f"{shown['kind']} {shown['key_id']}\n"
    after = "" if shown["changed"] else line
    return {
        "before": line if shown["changed"] else after,
        "after": after,
        "before_header": f"application {shown['app_id']}",
        "after_header": f"application {shown['app_id']}",
    }
