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
    GivenPfx,
    Refusal,
    Refused,
    Secret,
    is_uuid,
    read_asked,
)
from ansible_collections.spentkey.entra.plugins.module_utils.results import of_planned, of_result, removal_diff

if TYPE_CHECKING:
    from spentkey.facade import Facade, Standing

CREDENTIAL: dict[str, Any] = {
    **CONNECTION,
    "state": {"type": "str", "choices": ["absent"], "required": True},
    "app_id": {"type": "str", "required": True},
    "key_id": {"type": "str", "required": True, "no_log": False, "aliases": ["credential_id"]},
    "app_display_name": {"type": "str", "required": True},
    "kind": {"type": "str", "default": "Secret", "aliases": ["secret_type"]},
    "onderwijs": {"type": "str"},
    "tenant": {"type": "str"},
    "task": {"type": "int"},
    "pfx_path": {"type": "path"},
    "pfx_content": {"type": "str", "no_log": True},
    "pfx_password": {"type": "str", "no_log": True},
    "pki_password": {"type": "str", "no_log": True},
}
CREDENTIAL_RULES: dict[str, Any] = {
    "required_one_of": [("onderwijs", "tenant")],
    "mutually_exclusive": [("pfx_path", "pfx_content")],
}
CREDENTIAL_INFO: dict[str, Any] = {
    **CONNECTION,
    "app_id": {"type": "str", "required": True},
    "onderwijs": {"type": "str"},
    "tenant": {"type": "str"},
}
CREDENTIAL_INFO_RULES: dict[str, Any] = {"required_one_of": [("onderwijs", "tenant")]}
TASK: dict[str, Any] = {
    **CONNECTION,
    "number": {"type": "int", "required": True, "aliases": ["task"]},
    "fail_on_handover": {"type": "bool", "default": True},
}
KINDS = {"certificate": "Certificaat"}
"""Spellings of SecretType that Ivanti does not have."""
LARGEST_PFX = 1_048_576


def remove(call: Call) -> dict[str, Any]:
    """Remove one credential with every guard; what is wrong with the request itself is said before anything is asked."""
    given = call.parameters
    values = {"AppDisplayName": given["app_display_name"], "AppID": given["app_id"], "SecretID": given["key_id"]}
    kind = given["kind"]
    values["SecretType"] = KINDS.get(kind.strip().lower(), kind) if isinstance(kind, str) else kind
    first = read_asked({**values, "Onderwijs": given["onderwijs"] if given["onderwijs"] is not None else "No"})
    if isinstance(first, Refused):
        return _refused(call, first)
    facade, number = call.facade(), _number(given["task"])
    if given["onderwijs"] is None:
        values["Onderwijs"] = facade.onderwijs_of(given["tenant"])
        first = read_asked(values)
        if isinstance(first, Refused):
            return _refused(call, first)
    asked, pfx = Asked(first, given["tenant"], number), _pfx(call)
    if call.check:
        shown = of_planned(facade.dry_run_removal(asked, pfx))
    else:
        written = facade.remove(asked, pfx)
        failed = written.result.outcome not in ("removed", "already-gone")
        shown = of_result(written.result, changed=written.changed, failed=failed)
    return {**shown, "diff": removal_diff(shown)}


def _refused(call: Call, refusal: Refused) -> dict[str, Any]:
    """Guard G1 says no: nothing has been contacted, and nothing is removed."""
    names = ("tenant", "app_id", "key_id", "kind", "attribution", "route", "evidence", "resolution")
    task = call.parameters["task"]
    return {
        **dict.fromkeys(names),
        "task": str(task) if task is not None else None,
        "app_display_name": call.parameters["app_display_name"],
        "outcome": "refused",
        "ticket": "handed-off",
        "guard": refusal.guard,
        "reason": refusal.reason,
        "msg": f"{refusal.reason}; nothing was contacted, and nothing is removed",
        "failed": True,
        "changed": False,
    }


def _number(task: int | None) -> int | None:
    if task is not None and task < 1:
        raise Refusal("task: must be an AssignmentID, a whole number above 0")
    return task


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
    name = _tenant_name(facade, call)
    app_id = call.parameters["app_id"].strip().lower()
    if not is_uuid(app_id):
        raise Refusal(f"app_id: {NOT_A_UUID}")
    shown = facade.application(app_id, name)
    return {
        "changed": False,
        "tenant": shown.tenant,
        "app_id": app_id,
        "exists": shown.name is not None,
        "app_display_name": shown.name,
        "object_id": shown.object_id,
        "credentials": [_credential(one) for one in shown.credentials],
    }


def _tenant_name(facade: Facade, call: Call) -> str:
    """The tenant by its name, or by what Onderwijs says."""
    tenant, message = call.parameters["tenant"], call.parameters["onderwijs"]
    if tenant is not None:
        return str(tenant)
    for name in facade.settings.tenants:
        when = {key.casefold(): value for key, value in facade.settings.tenants[name].when.items()}
        if when.get("onderwijs", "").casefold() == str(message).strip().casefold():
            return str(name)
    raise Refusal(f"onderwijs: no tenant is meant by {message!r}")


def _credential(one: Standing) -> dict[str, Any]:
    end = one.credential.end
    return {
        "key_id": one.credential.key_id,
        "kind": one.credential.kind.value,
        "holder": one.holder,
        "display_name": one.credential.display_name,
        "end": end.isoformat() if end is not None else None,
        "expired": one.not_expired is None,
        "not_expired_reason": one.not_expired,
        "protected": one.protected is not None,
        "protected_reason": one.protected,
    }


def work(call: Call) -> dict[str, Any]:
    """The whole story of one task."""
    number, facade = _number(call.parameters["number"]), call.facade()
    if number is None:
        raise Refusal("number: is missing")
    if call.check:
        shown = of_planned(facade.dry_run(number))
        handed = shown["would"] == "hand-off"
        shown["changed"] = shown["would"] in ("remove", "close-as-gone", "hand-off")
    else:
        written = facade.work_on(number)
        shown = of_result(written.result, changed=written.changed, failed=written.result.exit_code != 0)
        handed = written.result.ticket.value == "handed-off"
    if handed and not call.parameters["fail_on_handover"]:
        shown.pop("failed", None)
    return shown
