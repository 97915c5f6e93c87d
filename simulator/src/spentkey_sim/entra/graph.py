"""What Graph does with a request that it has understood: reads, removals and the replacement of key credentials.

Nothing here knows HTTP: a request comes as an `Ask` and leaves as an `Answer`, so that a request inside a batch goes
the very same way. Lists are in `lists.py`, what hangs on an object or a log in `relations.py`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from spentkey_sim.clock import SimClock
from spentkey_sim.entra import errors, query, quota, replace, rules, shapes, state
from spentkey_sim.entra.asks import Answer, Ask
from spentkey_sim.entra.lists import Lists
from spentkey_sim.entra.paths import LOGS
from spentkey_sim.entra.relations import Relations
from spentkey_sim.entra.state import Grant, Target
from spentkey_sim.model import Application, Credentials, Holder, World

NO_CONTENT = 204
_WITH_KEYS = frozenset({"applications", "servicePrincipals"})


class Graph:
    """The operations of Graph v1.0 on applications and their service principals."""

    def __init__(self, holder: Holder, clock: SimClock) -> None:
        self.holder = holder
        self.clock = clock
        lists, relations = Lists(holder, clock, self.shape), Relations(holder, clock, self.find)
        self._table: dict[str, Callable[[Ask], Answer]] = {
            "list-applications": lists.page,
            "list-service-principals": lists.page,
            "count-applications": lists.count,
            "count-service-principals": lists.count,
            "read-application": self._read,
            "read-service-principal": self._read,
            "removePassword": self._remove_password,
            "sp-removePassword": self._remove_password,
            "removeKey": self._remove_key,
            "sp-removeKey": self._remove_key,
            "patch": self._patch,
            **relations.table,
        }

    @property
    def world(self) -> World:
        """The present world."""
        return self.holder.world

    def serve(self, ask: Ask) -> Answer:
        """Do what is asked, or raise GraphError. LEDGER: E-45, paths and methods that are not there are refused."""
        if ask.operation.route == "wrong-method":
            raise errors.wrong_method()
        handler = self._table.get(ask.operation.route)
        if handler is None:
            raise errors.no_segment(ask.call.object)
        taken = self._take_quota(ask)
        headers = taken.headers(ask.grant.app_id, ask.grant.tenant.tenant_id)
        try:
            if taken.refused is not None:
                raise errors.keys_throttled(taken.refused.wait) if taken.refused.limit.what else errors.throttled()
            answer = handler(ask)
        except errors.GraphError as refusal:
            refusal.headers |= headers
            raise
        answer.headers |= headers
        return answer

    def _take_quota(self, ask: Ask) -> quota.Taken:
        operation, tenant = ask.operation, ask.grant.tenant
        app = state.find_application(tenant, operation.by, operation.value) if operation.by else None
        spending = quota.Spending(
            tenant_id=tenant.tenant_id,
            app_id=ask.grant.app_id,
            units=quota.units(ask.method, dict(ask.query), applications=operation.collection == "applications"),
            write=ask.method != "GET",
            audience=app.sign_in_audience if app is not None and operation.collection == "applications" else "",
            reports=operation.collection in LOGS,
            keys=self._keys_bucket(ask),
        )
        return state.memory(self.world).quotas.take(spending, self.clock.now())

    def _keys_bucket(self, ask: Ask) -> str:
        collection = ask.operation.collection if ask.operation.collection in _WITH_KEYS else ""
        return quota.keys_bucket(self.world.entra.keys_quota, ask.method, dict(ask.query), collection)

    def _read(self, ask: Ask) -> Answer:
        """LEDGER: E-36, one object, with the keys of its certificates when they are asked for."""
        rules.require_reader(ask.grant)
        options = query.for_one(ask.query)
        app, target = self.find(ask)
        record = self.shape(ask, app, target, with_keys=options.keys_asked)
        collection = ask.operation.collection
        body = options.narrow(record, collection.removesuffix("s"), target.omits)
        return Answer(200, {"@odata.context": f"{ask.base}/v1.0/$metadata#{collection}/$entity"} | body)

    def shape(self, ask: Ask, app: Application, target: Target, *, with_keys: bool) -> dict[str, Any]:
        """An object as this read shows it, which may be an old state."""
        fault, now = ask.call.fault, self.clock.now()
        stale = fault is not None and fault.kind == "stale" and target.before is not None
        if fault is not None and stale and fault.when == "before":
            state.begin_staleness(self.world, target.object_id, fault.params, now)
        shown = state.shown(self.world, target, now)
        if fault is not None and stale and fault.when == "after":
            state.begin_staleness(self.world, target.object_id, fault.params, now)
        if isinstance(target, Application):
            return shapes.application(self.world, target, shown, with_keys=with_keys)
        return shapes.service_principal(self.world, ask.grant.tenant.tenant_id, app, target, shown, with_keys=with_keys)

    def find(self, ask: Ask) -> tuple[Application, Target]:
        """LEDGER: E-22, the object that the path names, in the tenant of the token."""
        operation, tenant = ask.operation, ask.grant.tenant
        value = rules.guid(operation.value)
        if operation.collection == "applications":
            app = state.find_application(tenant, operation.by, value)
            if app is not None:
                return app, app
        else:
            found = state.find_principal(tenant, operation.by, value)
            if found is not None:
                return found
        raise errors.not_found(value)

    def _remove_password(self, ask: Ask) -> Answer:
        """LEDGER: E-26, E-47, learn.microsoft.com/graph/api/application-removepassword; 204, and no way back."""
        key_id = rules.key_id(rules.body_of(ask.call.body, ("keyId",), ("keyId",)))
        app, target = self.find(ask)
        rules.require_writer(ask.grant, app)
        if any(one.key_id.lower() == key_id and one.usage == "Sign" for one in target.certificates):
            raise errors.signing_password()
        if not any(one.key_id.lower() == key_id for one in target.passwords):
            raise errors.no_password(key_id, target.object_id)
        return self._write(ask, app, target, state.without(target, "secret", key_id))

    def _remove_key(self, ask: Ask) -> Answer:
        """LEDGER: E-27, E-28, E-29, learn.microsoft.com/graph/api/application-removekey; the proof is really verified."""
        body = rules.body_of(ask.call.body, ("keyId", "proof"), ("keyId",))
        key_id = rules.key_id(body)
        app, target = self.find(ask)
        rules.require_key_roller(ask.grant, app)
        rules.require_proof(body, self.world, app, target, self.clock.now())
        if not any(one.key_id.lower() == key_id for one in target.certificates):
            raise errors.no_credentials()
        return self._write(ask, app, target, state.without(target, "certificate", key_id))

    def _patch(self, ask: Ask) -> Answer:
        """LEDGER: E-32, E-34, learn.microsoft.com/graph/api/application-update, for keyCredentials alone."""
        sent = rules.body_of(ask.call.body, ("keyCredentials", "passwordCredentials", rules.TYPE), ())
        body = rules.untyped(sent, "application")
        app, target = self.find(ask)
        rules.require_writer(ask.grant, app)
        if "passwordCredentials" in body:
            raise errors.passwords_need_actions()
        if "keyCredentials" not in body:
            raise errors.bad_request("The request body has no property to update.")
        certificates = replace.replaced(self.world, app, body["keyCredentials"])
        return self._write(ask, app, target, Credentials(app.passwords, certificates))

    def _write(self, ask: Ask, app: Application, target: Target, keep: Credentials) -> Answer:
        """Apply a write, unless a fault says that it is answered but not done."""
        now = self.clock.now()
        rules.require_space(self.world, target, now)
        if ask.call.fault_is("noop"):
            return Answer(NO_CONTENT)
        request_id = ask.headers.get("client-request-id")
        old = Credentials(target.passwords, target.certificates)
        state.write(target, keep, now)
        tenant, route, caller = ask.grant.tenant, ask.operation.route, ask.grant.app_id
        logged = not ask.call.fault_is("unlogged")  # LEDGER: E-72, events are lost at times
        about = (tenant, app, old, keep, route, now, request_id)
        state.record_removals(*about, target=target, caller=caller, logged=logged)
        ask.call.applied = True
        if ask.call.fault is not None and ask.call.fault.kind == "stale":
            state.begin_staleness(self.world, target.object_id, ask.call.fault.params, now)
        return Answer(NO_CONTENT)


def bearer(world: World, authorization: str | None, now: datetime, *, expire: bool) -> Grant:
    """LEDGER: E-20, the grant behind an Authorization header; Graph takes live tokens of its own login only."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.invalid_token("Access token is empty.")
    grant = state.memory(world).grants.get(token.strip())
    if grant is None or not grant.for_graph:
        raise errors.invalid_token("Access token validation failure. Invalid audience.")
    if expire:
        grant.expires = now
    if grant.expires <= now:
        raise errors.invalid_token("Lifetime validation failed, the token is expired.")
    return grant
