# SPDX-License-Identifier: Apache-2.0
"""What the modules `credential`, `credential_info` and `task` do.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    CONNECTION,
    NOT_A_UUID,
    Asked,
    Call,
    FaultKind,
    GivenPfx,
    Refusal,
    Refused,
    Secret,
    is_uuid,
    request_of,
)
from ansible_collections.spentkey.entra.plugins.module_utils.request import (
    REQUEST,
    asked_values,
    tenant_meant,
    text_of,
)
from ansible_collections.spentkey.entra.plugins.module_utils.results import (
    WOULD_END,
    in_words,
    of_planned,
    of_result,
    removal_diff,
    ticket_diff,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spentkey.core.rules import ParameterNames
    from spentkey.core.task import TaskRef
    from spentkey.facade import Facade, Standing

CREDENTIAL: dict[str, Any] = {
    **CONNECTION,
    **REQUEST,
    "state": {"type": "str", "choices": ["absent"], "required": True},
    "app_id": {"type": "str"},
    "key_id": {"type": "str", "no_log": False, "aliases": ["credential_id"]},
    "app_display_name": {"type": "str"},
    "kind": {"type": "str", "aliases": ["secret_type"]},
    "task": {"type": "str"},
    "pfx_path": {"type": "path"},
    "pfx_content": {"type": "str", "no_log": True},
    "pfx_password": {"type": "str", "no_log": True},
    "pki_password": {"type": "str", "no_log": True},
}
CREDENTIAL_RULES: dict[str, Any] = {
    "required_one_of": [("app_id", "request"), ("key_id", "request"), ("app_display_name", "request")],
    "mutually_exclusive": [("pfx_path", "pfx_content")],
}
CREDENTIAL_INFO: dict[str, Any] = {
    **CONNECTION,
    **REQUEST,
    "app_id": {"type": "str"},
}
CREDENTIAL_INFO_RULES: dict[str, Any] = {"required_one_of": [("app_id", "request")]}
TASK: dict[str, Any] = {
    **CONNECTION,
    "number": {"type": "str", "required": True, "aliases": ["task"]},
    "fail_on_handover": {"type": "bool", "default": True},
}
LARGEST_PFX = 1_048_576


def remove(call: Call) -> dict[str, Any]:
    """Remove one credential with every guard; what is wrong with the request itself is said before anything is asked."""
    given, facade = call.parameters, call.facade()
    values = asked_values(facade, given)
    request = facade.read_asked(values)
    if isinstance(request, Refused):
        return _refused(call, values, facade.rules().names, request)
    asked, pfx = Asked(request, given["tenant"], _task(facade, given["task"])), _pfx(call)
    if call.check:
        shown = of_planned(facade.dry_run_removal(asked, pfx))
    else:
        written = facade.remove(asked, pfx)
        failed = written.result.outcome not in ("removed", "already-gone")
        shown = of_result(written.result, changed=written.changed, failed=failed)
    if not shown.get("failed"):
        shown["msg"] = in_words(shown, "is to be")
    return {**shown, "diff": removal_diff(shown, removes=shown["changed"])}


def _refused(call: Call, values: Mapping[str, Any], known: ParameterNames, refusal: Refused) -> dict[str, Any]:
    """Guard G1 says no: nothing has been contacted, and nothing is removed."""
    names = ("tenant", "app_id", "key_id", "kind", "attribution", "route", "evidence", "resolution")
    ahead = {"ticket": None, "would": "hand-off", "would_ticket": "handed-off"} if call.check else {}
    name = request_of(values.items()).value(known.app_display_name)
    return {
        **dict.fromkeys(names),
        "task": call.parameters["task"],
        "app_display_name": None if isinstance(name, FaultKind) else name,
        "outcome": "refused",
        "ticket": "handed-off",
        "guard": refusal.guard,
        "reason": str(refusal.reason),
        "reason_code": refusal.reason.code,
        "msg": f"{refusal.reason}; nothing was contacted, and nothing is removed",
        "failed": True,
        "changed": False,
        **ahead,
    }


def _task(facade: Facade, task: str | None) -> TaskRef | None:
    return facade.reference(task) if task is not None else None


def _pfx(call: Call) -> GivenPfx | None:
    """The PFX that the play brought, from a file or as base64."""
    given = call.parameters
    passwords = Secret(given["pfx_password"] or ""), Secret(given["pki_password"] or "")
    if given["pfx_path"]:
        path = Path(given["pfx_path"])
        try:
            with path.open("rb") as stream:
                content = stream.read(LARGEST_PFX)
        except OSError as problem:
            raise Refusal(f"pfx_path: cannot be read ({problem.strerror})") from None
        return GivenPfx(path.name, content, *passwords)
    if given["pfx_content"]:
        try:
            content = base64.b64decode(given["pfx_content"], validate=True)
        except (binascii.Error, ValueError):
            raise Refusal("pfx_content: is not base64") from None
        return GivenPfx("the given PFX", content, *passwords)
    return None


def show(call: Call) -> dict[str, Any]:
    """An application's credentials, each with what the guards say of it now."""
    facade = call.facade()
    values = asked_values(facade, call.parameters)
    tenant = tenant_meant(facade, values, call.parameters["tenant"])
    name = facade.rules().names.app_id
    app_id = (text_of(request_of(values.items()), name) or "").lower()
    if not is_uuid(app_id):
        raise Refusal(f"{name} {NOT_A_UUID}")
    shown = facade.application(app_id, tenant)
    return {
        "changed": False,
        "tenant": shown.tenant,
        "app_id": app_id,
        "exists": shown.name is not None,
        "app_display_name": shown.name,
        "object_id": shown.object_id,
        "credentials": [_credential(one) for one in shown.credentials],
    }


def _credential(one: Standing) -> dict[str, Any]:
    end = one.credential.end
    return {
        "key_id": one.credential.key_id,
        "kind": one.credential.kind.value,
        "holder": one.holder,
        "display_name": one.credential.display_name,
        "end": end.isoformat() if end is not None else None,
        "expired": one.not_expired is None,
        "not_expired_reason": None if one.not_expired is None else str(one.not_expired),
        "protected": one.protected is not None,
        "protected_reason": None if one.protected is None else str(one.protected),
    }


def work(call: Call) -> dict[str, Any]:
    """The whole story of one task."""
    facade = call.facade()
    task = facade.reference(call.parameters["number"])
    if call.check:
        shown = of_planned(facade.dry_run(task))
        handed = shown["would"] == "hand-off"
        shown["changed"] = shown["would"] in WOULD_END
    else:
        written = facade.work_on(task)
        shown = of_result(written.result, changed=written.changed, failed=written.result.exit_code != 0)
        handed = written.result.ticket.value == "handed-off"
    if handed and not call.parameters["fail_on_handover"]:
        shown.pop("failed", None)
    if not shown.get("failed"):
        shown["msg"] = in_words(shown)
    removes = shown["changed"] and (shown["outcome"] == "removed" or shown.get("would") == "remove")
    return {**shown, "diff": [removal_diff(shown, removes=removes), ticket_diff(shown)]}
