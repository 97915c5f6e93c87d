"""What Graph refuses, before anything changes. Each rule raises GraphError or returns what it has checked."""

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from spentkey_sim.entra import errors, proofs
from spentkey_sim.entra.state import Grant, Target
from spentkey_sim.model import Application, World

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TYPE = "@odata.type"
AUDITOR = "AuditLog.Read.All"
_READERS = frozenset({"Application.Read.All", "Directory.Read.All"})
_USER_READERS = frozenset(
    {"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
)
_WRITERS = frozenset({"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.ReadWrite.All"})


def require_reader(grant: Grant) -> None:
    """LEDGER: E-21, learn.microsoft.com/graph/api/application-get asks for a reading permission at least."""
    if not set(grant.roles) & (_READERS | _WRITERS):
        raise errors.denied()


def require_auditor(grant: Grant) -> None:
    """LEDGER: E-49, the audit log has a permission of its own, which no other one includes."""
    if AUDITOR not in grant.roles:
        raise errors.no_audit_permission(AUDITOR)


def require_report(grant: Grant, world: World) -> None:
    """LEDGER: E-86, the reports of use have the permission of the audit log, and need a licence."""
    if AUDITOR not in grant.roles:
        raise errors.no_audit_permission(AUDITOR)
    if world.entra.use_report == "no-licence":
        raise errors.no_premium()


def may_read_users(grant: Grant) -> bool:
    """LEDGER: E-85, whether the caller sees more of a user than the id."""
    return bool(set(grant.roles) & _USER_READERS)


def require_writer(grant: Grant, app: Application) -> None:
    """LEDGER: E-21, E-23, a writing permission, and ownership where an application wants it."""
    if app.owners_only or not set(grant.roles) & _WRITERS:
        raise errors.denied()


def require_key_roller(grant: Grant, app: Application) -> None:
    """LEDGER: E-29, an application needs no permission to roll its own keys; anybody else needs the usual one."""
    if grant.app_id != app.app_id:
        require_writer(grant, app)


def guid(value: str) -> str:
    """LEDGER: E-22, an object id that is no GUID is refused before it is looked up."""
    if not _GUID.fullmatch(value):
        raise errors.bad_request(f"Invalid object identifier '{value}'.")
    return value


def body_of(raw: bytes, known: Iterable[str], required: Iterable[str]) -> dict[str, Any]:
    """LEDGER: E-24, E-25, a JSON object with known properties only, and with every required one."""
    try:
        body: Any = json.loads(raw)
    except ValueError:
        raise errors.bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set."
        ) from None
    if not isinstance(body, dict):
        raise errors.bad_request("The request body is not a JSON object.")
    fields = cast("dict[str, Any]", body)
    allowed = set(known)
    for name in fields:
        if name not in allowed:
            raise errors.bad_request(f"Invalid property '{name}'.")
    for name in required:
        if fields.get(name) in (None, ""):
            raise errors.bad_request(f"A value is required for property '{name}' of the request.")
    return fields


def untyped(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """LEDGER: E-50, the object without the name of its type, which typed clients send along; a wrong one is refused."""
    named = body.get(TYPE, f"#microsoft.graph.{kind}")
    if named != f"#microsoft.graph.{kind}":
        raise errors.bad_request(f"The type '{named}' is not a microsoft.graph.{kind}.")
    return {name: value for name, value in body.items() if name != TYPE}


def key_id(body: dict[str, Any]) -> str:
    """LEDGER: E-24, the one credential that a removal names; anything but a GUID removes nothing."""
    value = body["keyId"]
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise errors.bad_request("Cannot convert the value of property 'keyId' to the expected type 'Edm.Guid'.")
    return value.lower()


def require_proof(body: dict[str, Any], world: World, app: Application, target: Target, now: datetime) -> None:
    """LEDGER: E-28, E-30, the proof of possession is verified; one that is missing is a matter of privileges."""
    proof = body.get("proof")
    if proof in (None, ""):
        raise errors.denied()
    issuers = {target.object_id} | ({app.app_id} if world.entra.proof_iss == "either" else set[str]())
    proofs.check_proof(str(proof), world, target, frozenset(issuers), now)


def require_space(world: World, target: Target, now: datetime) -> None:
    """LEDGER: E-31, two writes to one application within the world's spacing collide."""
    spacing = timedelta(seconds=world.entra.write_spacing_s)
    if spacing and target.last_write is not None and now - target.last_write < spacing:
        raise errors.concurrent()
