"""Other people at work in the directory: they register, delete and rename applications, or change certificates."""

import uuid
from datetime import datetime, timedelta
from hashlib import sha256

from spentkey_sim.clock import wire_time
from spentkey_sim.entra import audit, positions
from spentkey_sim.entra.state import Grant, find_application, living, record_removals, without, write
from spentkey_sim.fault import BETWEEN, Fault
from spentkey_sim.model import Application, Credentials, KeyCredential, PasswordCredential, Tenant, World

_YEAR = timedelta(days=365)


def meddle(world: World, grant: Grant, fault: Fault | None, when: str, name: str, now: datetime) -> None:
    """Do what the fault says if it is due now; `name` is the object of the request."""
    # LEDGER: E-57, names are not unique, and anybody may take one
    if fault is None or fault.when != when:
        return
    if fault.kind == "twins":
        _twin(grant.tenant, name)
    elif fault.kind in ("add-certificate", "drop-certificate"):
        _change(world, grant.tenant, name, fault, now)
    elif fault.kind in BETWEEN:
        _move(grant.tenant, fault, now)


def _move(tenant: Tenant, fault: Fault, now: datetime) -> None:
    """LEDGER: E-90, somebody makes, deletes or renames an application while others read the list."""
    if fault.kind == "make-application":
        number = len(tenant.applications)
        ids = [_guid(tenant.tenant_id, kind, str(number)) for kind in ("app", "object", "secret")]
        secret = PasswordCredential(ids[2], "made", "mad", wire_time(now - _YEAR), wire_time(now - _YEAR / 2))
        made = Application([secret], app_id=ids[0], object_id=ids[1], display_name=f"Made {number}")
        tenant.applications.append(made)
        audit.tell(tenant, made, "Add application", "Add", now, None)
        return
    app = _chosen(tenant, fault)
    if app is None:
        return
    if fault.kind == "delete-application":
        app.soft_deleted, app.deleted_at = True, now
        audit.tell(tenant, app, "Delete application", "Delete", now, None)
    else:
        app.display_name = str(fault.params.get("name", f"{app.display_name} (renamed)"))
        audit.tell(tenant, app, "Update application", "Update", now, None)


def _chosen(tenant: Tenant, fault: Fault) -> Application | None:
    """The application that the fault names by its app id or its position; else the last living one."""
    if "app_id" in fault.params:
        return find_application(tenant, "appId", str(fault.params["app_id"]).lower())
    last = positions.end(tenant, positions.APPLICATIONS)
    wanted = [int(fault.params["at"])] if "at" in fault.params else range(last - 1, -1, -1)
    found = (positions.holder(tenant, positions.APPLICATIONS, at) for at in wanted if at < last)
    app = next((one for one in found if one is not None), None)
    return find_application(tenant, "appId", app.app_id) if app is not None else None


def _change(world: World, tenant: Tenant, name: str, fault: Fault, now: datetime) -> None:
    """LEDGER: E-71, a person changes the certificates of the application between a read and a write of others."""
    app, key_id = find_application(tenant, "appId", name), str(fault.params.get("key_id", ""))
    if app is None:
        return
    keep = without(app, "certificate", key_id)
    if fault.kind == "add-certificate":
        keep = Credentials(app.passwords, [*keep.certificates, _certificate(world, fault, key_id)])
    old = Credentials(app.passwords, app.certificates)
    write(app, keep, now)
    record_removals(tenant, app, old, keep, "portal", now, None)


def _certificate(world: World, fault: Fault, key_id: str) -> KeyCredential:
    name = str(fault.params["certificate"])
    spec = world.certificates[name]
    dates = (wire_time(spec.not_before), wire_time(spec.not_after))
    return KeyCredential(key_id, spec.subject, name, "AsymmetricX509Cert", "Verify", *dates)


def _twin(tenant: Tenant, name: str) -> None:
    """Register another application under the name of the one that was asked for, or of the first one; once each."""
    known = [app for app in living(tenant) if name.casefold() in (app.app_id, app.display_name.casefold())]
    for app in known[:1] or living(tenant)[:1]:
        app_id, object_id = _guid(app.app_id, "twin"), _guid(app.object_id, "twin")
        if all(one.app_id != app_id for one in tenant.applications):
            tenant.applications.append(Application(app_id=app_id, object_id=object_id, display_name=app.display_name))


def _guid(*names: str) -> str:
    return str(uuid.UUID(bytes=sha256("\x1f".join(names).encode()).digest()[:16], version=4))
