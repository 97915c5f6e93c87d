"""What login and Graph remember: tokens, latest writes, removals; and the truth about applications."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spentkey_sim.clock import wire_time
from spentkey_sim.entra import audit
from spentkey_sim.entra.proofs import parse_time
from spentkey_sim.entra.quota import Quotas
from spentkey_sim.model import Application, Credentials, Removal, ServicePrincipal, Tenant, World
from spentkey_sim.staleness import Staleness

Target = Application | ServicePrincipal


@dataclass
class Grant:
    """An access token that login has given out."""

    tenant: Tenant
    app_id: str
    roles: tuple[str, ...]
    expires: datetime
    for_graph: bool = True
    """Whether Graph is the audience."""
    proven_by: str = "2"
    """How the client proved who it is, as the claim `appidacr` has it: "1" a secret, "2" a certificate or a token."""


@dataclass
class EntraMemory:
    """What the Entra side keeps for one world."""

    grants: dict[str, Grant] = field(default_factory=dict[str, Grant])
    stale: dict[str, Staleness] = field(default_factory=dict[str, Staleness])
    quotas: Quotas = field(default_factory=lambda: Quotas("L"))
    ids: int = 0


def memory(world: World) -> EntraMemory:
    """The Entra side's memory of this world."""
    return world.memory.setdefault("entra", EntraMemory(quotas=Quotas(world.entra.size)))


def caller_of(world: World, headers: Mapping[str, str]) -> str:
    """The application and tenant behind the token of a request, or "" when there is none."""
    token = headers.get("Authorization", "").partition(" ")[2].strip()
    grant = memory(world).grants.get(token)
    return f"{grant.app_id}@{grant.tenant.tenant_id}" if grant else ""


def fresh_guid(world: World) -> str:
    """The next id for a request, a trace or a token; a world gives the same ones in the same order."""
    stored = memory(world)
    stored.ids += 1
    return str(uuid.UUID(bytes=hashlib.sha256(f"{world.seed} id {stored.ids}".encode()).digest()[:16], version=4))


def find_tenant(world: World, name: str) -> Tenant | None:
    """The tenant of that id or domain."""
    wanted = name.lower()
    return next((tenant for tenant in world.tenants if wanted in (tenant.tenant_id, tenant.domain)), None)


def _by_app_id(app: Application) -> str:
    return "" if app.soft_deleted else app.app_id


def _by_object_id(app: Application) -> str:
    return "" if app.soft_deleted else app.object_id


def find_application(tenant: Tenant, by: str, value: str) -> Application | None:
    """The living application with that object id or app id."""
    if not value:
        return None
    listed = tenant.hints.find(by, tenant.applications, _by_app_id if by == "appId" else _by_object_id, value)
    if listed is not None or tenant.population is None:
        return listed
    made = tenant.population.find(by, value)
    return None if made is None or made.soft_deleted else made


def find_principal(tenant: Tenant, by: str, value: str) -> tuple[Application, ServicePrincipal] | None:
    """The service principal with that object id or app id, and its application."""
    if by == "appId":
        found = find_application(tenant, by, value)
        candidates = [found] if found is not None else [app for app in tenant.foreign if app.app_id == value]
    else:
        candidates = [app for app in (*tenant.foreign, *living(tenant)) if _principal_id(app) == value]
    made = tenant.population.find_holder(value) if tenant.population is not None and not candidates else None
    app = candidates[0] if candidates else made
    if app is None or app.soft_deleted or app.service_principal is None:
        return None
    return app, app.service_principal


def _principal_id(app: Application) -> str:
    return app.service_principal.object_id if app.service_principal is not None else ""


def living(tenant: Tenant) -> list[Application]:
    """The applications of the world's own list that are not soft-deleted. LEDGER: E-48, deleted ones cannot be addressed."""
    return [app for app in tenant.applications if not app.soft_deleted]


def app_id_of(world: World, value: str) -> str:
    """The app id behind any id of an application or service principal, or the id itself when it is unknown."""
    if not value:
        return value
    for tenant in world.tenants:
        if find_application(tenant, "appId", value) is not None:
            return value
        app = find_application(tenant, "id", value)
        if app is not None:
            return app.app_id
    for tenant in world.tenants:
        for app in (*tenant.applications, *tenant.foreign):
            principal = app.service_principal
            if value in (app.object_id, principal.object_id if principal else None):
                return app.app_id
        made = tenant.population.find_holder(value) if tenant.population is not None else None
        if made is not None:
            return made.app_id
    return value


def write(target: Target, keep: Credentials, now: datetime) -> None:
    """Replace the credentials of an object, and keep what was there for stale reads."""
    target.before = Credentials(deepcopy(target.passwords), deepcopy(target.certificates))
    target.passwords, target.certificates = keep.passwords, keep.certificates
    target.last_write = now


def without(target: Credentials, kind: str, key_id: str) -> Credentials:
    """The credentials of an object less one key id, in that list alone. Key ids are compared without case."""
    wanted = key_id.lower()
    if kind == "secret":
        return Credentials([one for one in target.passwords if one.key_id.lower() != wanted], target.certificates)
    return Credentials(target.passwords, [one for one in target.certificates if one.key_id.lower() != wanted])


def record_removals(
    tenant: Tenant,
    app: Application,
    old: Credentials,
    new: Credentials,
    route: str,
    now: datetime,
    request_id: str | None,
    *,
    target: Target | None = None,
    caller: str | None = None,
    logged: bool = True,
) -> None:
    """Write down what a write took away, and let the audit log tell of it; without a caller a person did it."""
    if logged:
        audit.record(tenant, app, target or app, old, new, now, caller)
    for kind, before, after in (
        ("secret", old.passwords, new.passwords),
        ("certificate", old.certificates, new.certificates),
    ):
        left = {one.key_id for one in after}
        for gone in before:
            if gone.key_id not in left:
                end = parse_time(gone.end)
                expired = end is not None and end < now
                removal = Removal(app.app_id, gone.key_id, kind, route, wire_time(now), request_id, expired, caller)
                tenant.removals.append(removal)


def begin_staleness(world: World, object_id: str, params: dict[str, Any], now: datetime) -> None:
    """LEDGER: E-42, from now on so many reads, or reads for so many seconds, show what was there before."""
    memory(world).stale[object_id] = Staleness.of(params, now)


def shown(world: World, target: Target, now: datetime) -> Credentials:
    """The credentials that a read shows now, which are old ones while the object is stale."""
    stale = memory(world).stale.get(target.object_id)
    if stale is None or target.before is None:
        return target
    return target.before if stale.is_old(now) else target


def truth(world: World) -> dict[str, Any]:
    """What is really there, tenant by tenant."""
    return {
        tenant.name: {
            "applications": {app.app_id: application_truth(app) for app in (*tenant.applications, *_held(tenant))},
            "removals": [vars(removal) for removal in tenant.removals],
        }
        for tenant in world.tenants
    }


def population_truth(tenant: Tenant) -> dict[str, Any]:
    """Every application that a tenant has or had, and the service principals whose application is elsewhere."""
    made = tenant.population
    generated = [made.application(at) for at in range(made.applications)] if made is not None else []
    holders = [made.holder(at) for at in range(made.principals)] if made is not None else []
    foreign = [*tenant.foreign, *(app for app in holders if not app.object_id)]
    return {
        "applications": {
            app.app_id: {**application_truth(app), "deleted": app.soft_deleted}
            for app in (*generated, *tenant.applications)
        },
        "foreign": {app.app_id: application_truth(app)["service_principal"] for app in foreign},
    }


def _held(tenant: Tenant) -> Iterable[Application]:
    return tenant.population.held() if tenant.population is not None else ()


def application_truth(app: Application) -> dict[str, Any]:
    """What an application really has."""
    principal = app.service_principal
    return {
        "object_id": app.object_id,
        "display_name": app.display_name,
        **_credentials_truth(app),
        "service_principal": {"object_id": principal.object_id, **_credentials_truth(principal)} if principal else None,
    }


def _credentials_truth(owner: Credentials) -> dict[str, Any]:
    return {
        kind: [{"key_id": one.key_id, "display_name": one.display_name, "end": one.end} for one in credentials]
        for kind, credentials in (("passwords", owner.passwords), ("certificates", owner.certificates))
    }
