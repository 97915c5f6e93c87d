"""What people do in a tenant as time goes by: they make, change and delete applications and their credentials.

Each act leaves its events in the audit log, as those of any client do. The control port takes them at `/life`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import jsonschema

from spentkey_sim import world_entra
from spentkey_sim.clock import wire_time
from spentkey_sim.entra import audit
from spentkey_sim.entra.relations import DELETED_DAYS
from spentkey_sim.entra.state import Target, record_removals, without, write
from spentkey_sim.making import Making, Raw, WorldError
from spentkey_sim.model import Application, Credentials, KeyCredential, PasswordCredential, Tenant, World

_COMMON = frozenset({"do", "tenant", "by", "unlogged"})
_CHANGES = frozenset({"display_name", "owners", "notes", "tags", "service_management_reference", "disabled"})


class LifeError(ValueError):
    """An act that cannot be done; the text is one line."""


@dataclass(frozen=True)
class Act:
    """One act: what is to be done, where, and by whom (an app id, or None for a person)."""

    world: World
    tenant: Tenant
    raw: Raw
    now: datetime
    schema: dict[str, Any]

    @property
    def by(self) -> str | None:
        """The application that acts; None for a person."""
        return self.raw.get("by")

    @property
    def making(self) -> Making:
        """How ids and relative times are made: from the seed, and from what is there."""
        return Making(self.world.seed, self.now)

    def checked(self, name: str, kind: str) -> Raw:
        """A part of the act in the form that the world's schema has for it."""
        given: Any = self.raw.get(name, {})
        validator = cast(
            "Any", jsonschema.Draft202012Validator({**self.schema["$defs"][kind], "$defs": self.schema["$defs"]})
        )
        worst = next(iter(validator.iter_errors(given)), None)
        if worst is not None:
            raise LifeError(f"{name}: {' '.join(str(worst.message).split())[:300]}")
        return cast("Raw", given)

    def application(self, *, deleted: bool = False) -> Application:
        """The application that the act names by its app id."""
        app_id = str(self.raw.get("app_id", "")).lower()
        made = self.tenant.population
        if made is not None:
            made.find("appId", app_id)
        known = [*self.tenant.applications, *(made.held() if made is not None else ())]
        found = next((app for app in known if app.app_id == app_id and app.soft_deleted == deleted), None)
        if found is None:
            raise LifeError(f"there is no {'deleted ' if deleted else ''}application {app_id!r} in {self.tenant.name}")
        return found

    def target(self) -> tuple[Application, Target]:
        """The application, or its service principal where `on` says so."""
        app = self.application()
        if self.raw.get("on", "application") == "application":
            return app, app
        if app.service_principal is None:
            raise LifeError(f"application {app.app_id} has no service principal")
        return app, app.service_principal

    def credential(self, target: Target) -> PasswordCredential | KeyCredential:
        """The credential that the act names by its key id."""
        key_id = str(self.raw.get("key_id", "")).lower()
        found = next((one for one in (*target.passwords, *target.certificates) if one.key_id.lower() == key_id), None)
        if found is None:
            raise LifeError(f"there is no credential {key_id!r}")
        return found

    def change(self, app: Application, target: Target, keep: Credentials) -> None:
        """Give an object other credentials, with the events of it."""
        old = Credentials(target.passwords, target.certificates)
        write(target, keep, self.now)
        logged = not self.raw.get("unlogged", False)
        about = (self.tenant, app, old, keep, "portal", self.now, None)
        record_removals(*about, target=target, caller=self.by, logged=logged)

    def tell(self, app: Application, activity: str, operation: str) -> None:
        """Put an event into the audit log, unless it is lost."""
        if not self.raw.get("unlogged", False):
            audit.tell(self.tenant, app, activity, operation, self.now, self.by)


def _make_application(act: Act) -> dict[str, Any]:
    raw = act.checked("application", "application")
    number = len(act.tenant.applications)
    made = world_entra.application(act.tenant.name, number, raw, act.world.certificates, act.making)
    made.created = wire_time(act.now) if "created" not in raw else made.created
    if _known(act.tenant, made):
        raise LifeError(f"there is an application {made.app_id} already")
    act.tenant.applications.append(made)
    act.tell(made, "Add application", "Add")
    if made.passwords or made.certificates:
        record_removals(act.tenant, made, Credentials(), made, "portal", act.now, None, caller=act.by)
    return {"app_id": made.app_id, "object_id": made.object_id}


def _known(tenant: Tenant, made: Application) -> bool:
    """Whether one of its ids is taken, be it by a deleted application."""
    population = tenant.population
    ids = (("appId", made.app_id), ("id", made.object_id))
    if population is not None and any(population.find(by, value) is not None for by, value in ids):
        return True
    return any(app.app_id == made.app_id or app.object_id == made.object_id for app in tenant.applications)


def _delete_application(act: Act) -> dict[str, Any]:
    app = act.application()
    app.soft_deleted, app.deleted_at = True, act.now
    act.tell(app, "Delete application", "Delete")
    return {"app_id": app.app_id}


def _restore_application(act: Act) -> dict[str, Any]:
    app = act.application(deleted=True)
    if app.deleted_at is not None and act.now - app.deleted_at > timedelta(days=DELETED_DAYS):
        raise LifeError(f"application {app.app_id} was deleted more than {DELETED_DAYS} days ago")
    app.soft_deleted, app.deleted_at = False, None
    act.tell(app, "Restore application", "Restore")
    return {"app_id": app.app_id}


def _change_application(act: Act) -> dict[str, Any]:
    app = act.application()
    for name in _CHANGES & act.raw.keys():
        setattr(app, name, act.raw[name])
    act.tell(app, "Update application", "Update")
    return {"app_id": app.app_id}


def _add_secret(act: Act) -> dict[str, Any]:
    raw, (app, target) = act.checked("secret", "password"), act.target()
    made = world_entra.password(_names(act, target), raw, act.making)
    _require_new(made.key_id, target)
    act.change(app, target, Credentials([*target.passwords, made], target.certificates))
    return {"key_id": made.key_id, "end": made.end}


def _add_certificate(act: Act) -> dict[str, Any]:
    raw, (app, target) = act.checked("certificate", "key_credential"), act.target()
    if "new" in act.raw:
        name = str(raw.get("certificate") or f"made-{len(act.world.certificates)}")
        act.world.certificates |= world_entra.certificates({name: act.checked("new", "certificate")}, act.making)
        raw = {**raw, "certificate": name}
    made = world_entra.certificate(_names(act, target), raw, act.world.certificates, act.making)
    _require_new(made.key_id, target)
    act.change(app, target, Credentials(target.passwords, [*target.certificates, made]))
    return {"key_id": made.key_id, "end": made.end, "certificate": made.certificate}


def _remove_credential(act: Act) -> dict[str, Any]:
    app, target = act.target()
    one = act.credential(target)
    kind = "secret" if isinstance(one, PasswordCredential) else "certificate"
    act.change(app, target, without(target, kind, one.key_id))
    return {"key_id": one.key_id}


def _end_credential(act: Act) -> dict[str, Any]:
    """The same credential with another end, which no client can do, and some data shows."""
    _, target = act.target()
    one = act.credential(target)
    one.end = act.making.wire(act.raw.get("end"))
    return {"key_id": one.key_id, "end": one.end}


def _use_credential(act: Act) -> dict[str, Any]:
    _, target = act.target()
    one = act.credential(target)
    one.last_used = act.making.wire(act.raw.get("at", "-0s"))
    return {"key_id": one.key_id, "last_used": one.last_used}


def _names(act: Act, target: Target) -> tuple[object, ...]:
    """What the id of a new credential is made of: never the same twice on one object."""
    return (act.tenant.name, target.object_id, wire_time(act.now), len(act.tenant.audit), len(target.passwords))


def _require_new(key_id: str, target: Target) -> None:
    if any(one.key_id == key_id for one in (*target.passwords, *target.certificates)):
        raise LifeError(f"there is a credential {key_id} already")


_ACTS: dict[str, tuple[Callable[[Act], dict[str, Any]], frozenset[str]]] = {
    "make-application": (_make_application, frozenset({"application"})),
    "delete-application": (_delete_application, frozenset({"app_id"})),
    "restore-application": (_restore_application, frozenset({"app_id"})),
    "change-application": (_change_application, frozenset({"app_id"}) | _CHANGES),
    "add-secret": (_add_secret, frozenset({"app_id", "on", "secret"})),
    "add-certificate": (_add_certificate, frozenset({"app_id", "on", "certificate", "new"})),
    "remove-credential": (_remove_credential, frozenset({"app_id", "on", "key_id"})),
    "end-credential": (_end_credential, frozenset({"app_id", "on", "key_id", "end"})),
    "use-credential": (_use_credential, frozenset({"app_id", "on", "key_id", "at"})),
}
"""Every act, with the keys that it has."""


def live(world: World, acts: list[Raw], now: datetime, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Do these acts in their order, and give what each of them made. LEDGER: E-89, with their events.

    An act that cannot be done ends it with LifeError; those before it are done.
    """
    return list(_each(world, acts, now, schema))


def _each(world: World, acts: list[Raw], now: datetime, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, raw in enumerate(acts):
        try:
            yield _one(world, raw, now, schema)
        except (LifeError, WorldError) as why:
            raise LifeError(f"acts[{number}]: {why}") from None


def _one(world: World, raw: Raw, now: datetime, schema: dict[str, Any]) -> dict[str, Any]:
    found = _ACTS.get(str(raw.get("do")))
    if found is None:
        raise LifeError(f"there is no act {raw.get('do')!r}; there are {', '.join(_ACTS)}")
    perform, keys = found
    unknown = sorted(raw.keys() - keys - _COMMON)
    if unknown:
        raise LifeError(f"{raw['do']} has no key {unknown[0]!r}; it has {', '.join(sorted(keys | _COMMON))}")
    tenant = next((one for one in world.tenants if raw.get("tenant", world.tenants[0].name) == one.name), None)
    if tenant is None:
        raise LifeError(f"there is no tenant {raw['tenant']!r}")
    return perform(Act(world, tenant, raw, now, schema))
