"""Other people at work in the directory: somebody registers another application of the same name."""

import uuid
from hashlib import sha256

from spentkey_sim.entra.state import Grant, living
from spentkey_sim.fault import Fault
from spentkey_sim.model import Application, Tenant


def meddle(grant: Grant, fault: Fault | None, when: str, name: str) -> None:
    """Do what the fault says if it is due now; `name` is the object of the request."""
    # LEDGER: E-57, names are not unique, and anybody may take one
    if fault is None or fault.when != when:
        return
    if fault.kind == "twins":
        _twin(grant.tenant, name)


def _twin(tenant: Tenant, name: str) -> None:
    """Register another application under the name of the one that was asked for, or of the first one; once each."""
    known = [app for app in living(tenant) if name.casefold() in (app.app_id, app.display_name.casefold())]
    for app in known[:1] or living(tenant)[:1]:
        app_id, object_id = _guid(app.app_id, "twin"), _guid(app.object_id, "twin")
        if all(one.app_id != app_id for one in tenant.applications):
            tenant.applications.append(Application(app_id=app_id, object_id=object_id, display_name=app.display_name))


def _guid(*names: str) -> str:
    return str(uuid.UUID(bytes=sha256("\x1f".join(names).encode()).digest()[:16], version=4))
