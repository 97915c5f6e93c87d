"""The wire of login and Graph: one listener for every tenant, as Microsoft's two hosts are for theirs."""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from spentkey_sim.clock import SimClock, wire_time
from spentkey_sim.entra import batch, errors, hosts, paths, responses, state
from spentkey_sim.entra.asks import Answer, Ask
from spentkey_sim.entra.graph import Graph, bearer
from spentkey_sim.entra.login import LoginHandlers
from spentkey_sim.entra.meddling import meddle
from spentkey_sim.entra.naming import Entra, graph_path, object_of
from spentkey_sim.faults import Fault, Faults
from spentkey_sim.journal import Journal
from spentkey_sim.model import Holder
from spentkey_sim.waits import Key, RetryAfter
from spentkey_sim.wire import Call, call, make_app, write_down

_UNAVAILABLE = 503
_WHOLE_ANSWER = frozenset({"reset", "hang", "truncate", "html", "empty", "garbage", "down"})


class GraphRoutes:
    """Everything under /v1.0."""

    def __init__(self, holder: Holder, journal: Journal, faults: Faults, clock: SimClock) -> None:
        self.holder = holder
        self.journal = journal
        self.faults = faults
        self.clock = clock
        self.graph = Graph(holder, clock)

    async def handle(self, request: web.Request) -> web.Response:
        """One request, or the envelope of a batch."""
        now = call(request)
        path = graph_path(request.path) or "/"
        try:
            if now.route == "batch":
                answer = self._batch(request, now)
            else:
                answer = self._ask(request.method, path, request.query, request.headers, now, hosts.here(request))
        except errors.GraphError as refusal:
            answer = self._refused(refusal, request.headers)
        return responses.respond(self.holder.world, answer, request.headers)

    def _ask(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], now: Call, base: str
    ) -> Answer:
        grant = self._grant(headers, now)
        meddle(self.holder.world, grant, now.fault, "before", now.object, self.clock.now())
        try:
            return self.graph.serve(Ask(method, paths.understand(method, path), query, headers, now, grant, base))
        finally:
            meddle(self.holder.world, grant, now.fault, "after", now.object, self.clock.now())
            self._expire(grant, now)

    def _grant(self, headers: Mapping[str, str], now: Call) -> state.Grant:
        expire = now.fault is not None and (now.fault.kind, now.fault.when) == ("expire-token", "before")
        return bearer(self.holder.world, headers.get("Authorization"), self.clock.now(), expire=expire)

    def _expire(self, grant: state.Grant, now: Call) -> None:
        """The token was good for this request, and is for no other."""
        if now.fault is not None and (now.fault.kind, now.fault.when) == ("expire-token", "after"):
            grant.expires = self.clock.now()

    def _refused(self, refusal: errors.GraphError, headers: Mapping[str, str]) -> Answer:
        return responses.refusal(self.holder.world, refusal, headers, wire_time(self.clock.now()))

    def _batch(self, request: web.Request, envelope: Call) -> Answer:
        """LEDGER: E-41, the envelope needs a token as much as what is in it."""
        grant = self._grant(request.headers, envelope)
        known = self.faults.waiting()

        def one(method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
            merged = request.headers.copy()
            merged.update(headers)
            operation = paths.understand(method, path)
            name, obj = f"batch:{operation.route}", object_of(self.holder, operation, path, query)
            now = Call("graph", name, obj, operation.write, body, self._fault(name, obj, merged, known))
            answer = self._one(method, path, query, merged, now, hosts.here(request))
            envelope.applied = envelope.applied or now.applied
            where = f"{path}?{urlencode(query)}" if query else path
            sent = (method, f"/v1.0{where}", headers.get("client-request-id"))
            write_down(self.journal, self.clock, now, answer.status, sent)
            return answer

        answer = batch.serve(envelope.body, one)
        self._expire(grant, envelope)
        return answer

    def _fault(self, name: str, obj: str, headers: Mapping[str, str], known: frozenset[Key]) -> Fault | None:
        """The requests of one envelope cannot know of one another's refusals."""
        caller = state.caller_of(self.holder.world, headers)
        return self.faults.decide_for(caller, ("graph", name, obj), self.clock.now(), known=known)

    def _one(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], now: Call, base: str
    ) -> Answer:
        """One request of a batch with its own fault, as far as a request in an envelope can have it."""
        injected = _injected(now.fault)
        if injected is None or (now.fault is not None and now.fault.when == "after"):
            try:
                answer = self._ask(method, path, query, headers, now, base)
            except errors.GraphError as refusal:
                answer = self._refused(refusal, headers)
            if injected is None:
                return answer
        answer = self._refused(injected, headers)
        given = now.fault.params.get("retry_after") if now.fault is not None else None
        if given is not None:
            answer.headers["Retry-After"] = RetryAfter.of(given, self.clock.now()).header
        return answer


def _injected(fault: Fault | None) -> errors.GraphError | None:
    """The refusal behind a fault; what can only befall a whole answer becomes a 503 inside a batch."""
    if fault is None:
        return None
    if fault.kind in _WHOLE_ANSWER:
        return errors.injected(_UNAVAILABLE)
    code = str(fault.params.get("code", ""))
    return errors.injected(int(fault.kind), code) if fault.kind.isdigit() else None


async def _nothing_here(request: web.Request) -> web.Response:
    """A path that belongs to neither system."""
    del request
    return web.Response(status=404, text="<html><body>Not found</body></html>", content_type="text/html")


def app(holder: Holder, journal: Journal, faults: Faults, clock: SimClock, latency: float) -> web.Application:
    """The listener for login and Graph. `latency` is in seconds."""
    login = LoginHandlers(holder, clock)
    graph = GraphRoutes(holder, journal, faults, clock)

    async def anything(request: web.Request) -> web.Response:
        handler = _nothing_here if graph_path(request.path) is None else graph.handle
        return await handler(request)

    routes = [
        web.get("/common/discovery/instance", login.instance_discovery),
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", login.openid_configuration),
        web.get("/{tenant}/discovery/v2.0/keys", login.keys),
        web.post("/{tenant}/oauth2/v2.0/token", login.token),
        web.route("*", "/{anything:.*}", anything),
    ]
    return make_app(Entra(holder, clock), routes, journal, faults, clock, latency)
