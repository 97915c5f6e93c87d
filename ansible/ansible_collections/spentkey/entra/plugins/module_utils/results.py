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
    shown.update({"outcome": planned.outcome, "attribution": None, "evidence": None, "would": action})
    shown.update(ticket=planned.ticket.value, resolution=_resolution(planned.result, planned.outcome))
    if not failed:
        shown.update(reason=None, reason_code=None)
    return shown


def _resolution(result: Result, outcome: str) -> str | None:
    """The resolution with which such a task is closed, in Spentkey's own words."""
    if outcome not in DONE:
        return None
    text: str = resolution_text(result.app_name, result.key_id, removed=outcome == "removed")
    return text


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
