"""PATCH of keyCredentials: the collection that is sent replaces the one that is there.

learn.microsoft.com/graph/api/application-update. A retained entry is found by its key id and must come back as it was
read, but for `key`, which may be left out; anything else of it that differs is refused. Times are compared as moments.
"""

import base64
import binascii
from datetime import datetime
from typing import Any, cast

from cryptography.hazmat.primitives.serialization import Encoding

from spentkey_sim import material
from spentkey_sim.clock import wire_time
from spentkey_sim.entra import errors, rules, shapes
from spentkey_sim.entra.proofs import parse_time
from spentkey_sim.entra.state import fresh_guid
from spentkey_sim.model import Application, KeyCredential, World

_USAGES = {"AsymmetricX509Cert": "Verify", "X509CertAndPassword": "Sign"}
_KEPT = ("customKeyIdentifier", "displayName", "startDateTime", "endDateTime", "type", "usage")
_TIMES = frozenset({"startDateTime", "endDateTime"})
_KNOWN = frozenset({*_KEPT, "keyId", "key"})


def replaced(world: World, app: Application, sent: Any) -> list[KeyCredential]:
    """LEDGER: E-32, the collection as it will be; raises GraphError when an entry cannot be taken."""
    if not isinstance(sent, list):
        raise errors.bad_request("Invalid value specified for property 'keyCredentials' of resource 'Application'.")
    entries = [_entry(one) for one in cast("list[Any]", sent)]
    named = [str(one["keyId"]).lower() for one in entries if one.get("keyId")]
    if len(set(named)) != len(named):
        raise errors.bad_request("Property keyCredentials.keyId value is duplicated.")
    present = {one.key_id.lower(): one for one in app.certificates}
    return [_taken(world, one, present.get(str(one.get("keyId", "")).lower())) for one in entries]


def _entry(value: Any) -> dict[str, Any]:
    """LEDGER: E-35, one entry: known properties only, and a usage that goes with its type."""
    if not isinstance(value, dict):
        raise errors.bad_request("Invalid value specified for property 'keyCredentials' of resource 'Application'.")
    entry = rules.untyped(cast("dict[str, Any]", value), "keyCredential")
    for name in entry:
        if name not in _KNOWN:
            raise errors.bad_request(f"Invalid property '{name}'.")
    if entry.get("usage") is None or _USAGES.get(str(entry.get("type"))) != entry["usage"]:
        raise errors.bad_usage()
    return entry


def _taken(world: World, entry: dict[str, Any], present: KeyCredential | None) -> KeyCredential:
    return _added(world, entry) if present is None else _retained(world, entry, present)


def _retained(world: World, entry: dict[str, Any], present: KeyCredential) -> KeyCredential:
    """LEDGER: E-33, an entry that stays must be what it was; leaving a property out would change it to null."""
    shape = shapes.key_credential(world, present, with_key=True)
    changed = any(not _same(name, entry.get(name), shape[name]) for name in _KEPT)
    if changed or entry.get("key") not in (None, shape["key"]):
        raise errors.key_not_updatable(present.key_id)
    return present


def _same(name: str, sent: Any, there: Any) -> bool:
    """LEDGER: E-51, a time may come back in another notation, as typed clients write `+00:00` where Graph wrote `Z`."""
    if sent == there or name not in _TIMES or not isinstance(sent, str):
        return bool(sent == there)
    try:
        moment = datetime.fromisoformat(sent)
    except ValueError:
        return False
    return moment.tzinfo is not None and moment == parse_time(there)


def _added(world: World, entry: dict[str, Any]) -> KeyCredential:
    """A new entry needs its certificate; one that the world does not know is no certificate here."""
    try:
        der = base64.b64decode(str(entry.get("key") or ""), validate=True)
    except binascii.Error:
        raise errors.bad_certificate() from None
    for name in world.certificates:
        if material.certificate(world, name).public_bytes(Encoding.DER) == der:
            return _registered(world, name, entry)
    raise errors.bad_certificate()


def _registered(world: World, name: str, entry: dict[str, Any]) -> KeyCredential:
    spec = world.certificates[name]
    dates = (wire_time(spec.not_before), wire_time(spec.not_after))
    return KeyCredential(
        key_id=str(entry.get("keyId") or fresh_guid(world)),
        display_name=entry.get("displayName"),
        certificate=name,
        type=entry["type"],
        usage=entry["usage"],
        start=entry.get("startDateTime") or dates[0],
        end=entry.get("endDateTime") or dates[1],
    )
