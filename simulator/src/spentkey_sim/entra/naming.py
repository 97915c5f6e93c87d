"""The names under which faults and journal know a request to login or Graph."""

from collections.abc import Mapping
from urllib.parse import unquote

from aiohttp import web

from spentkey_sim.clock import SimClock, wire_time
from spentkey_sim.entra import audit, errors, paths, query, responses, state
from spentkey_sim.entra.login import form_of
from spentkey_sim.entra.paths import Operation
from spentkey_sim.model import Holder
from spentkey_sim.wire import System, call

_PREFIX = "/v1.0"


def graph_path(path: str) -> str | None:
    """The path after `/v1.0`, the whole of one under `/beta`, or None when the path is not Graph's."""
    tidied = paths.tidy(path)
    if tidied.startswith(paths.BETA):
        return tidied
    return tidied.removeprefix(_PREFIX) or "/" if f"{tidied}/".startswith(f"{_PREFIX}/") else None


def object_of(holder: Holder, operation: Operation, path: str, options: Mapping[str, str]) -> str:
    """The app id that an operation is about; for a list the value that it filters for; else the path."""
    if operation.by:
        return state.app_id_of(holder.world, operation.value)
    if operation.collection == paths.AUDITS:
        return state.app_id_of(holder.world, audit.target_of(options))
    if operation.collection in (paths.CREDENTIAL_USE, paths.PRINCIPAL_USE, paths.DELETED):
        return ""
    if operation.collection:
        field, value = query.filtered_value(options)
        return value if field == "displayName" else state.app_id_of(holder.world, value.lower())
    return "" if operation.route == "batch" else unquote(path).strip("/").split("/")[0]


class Entra(System):
    """Login and Graph as the wire names them."""

    name = "graph"

    def __init__(self, holder: Holder, clock: SimClock) -> None:
        self.holder = holder
        self.clock = clock

    def system_of(self, request: web.Request) -> str:
        """Everything under /v1.0 is Graph, the rest is login."""
        return "login" if graph_path(request.path) is None else "graph"

    def caller(self, request: web.Request) -> str:
        """LEDGER: E-55, Graph throttles an application in a tenant, whichever of its tokens it shows."""
        return state.caller_of(self.holder.world, request.headers) if self.system_of(request) == "graph" else ""

    def identify(self, request: web.Request) -> tuple[str, str, bool]:
        """Operations on an object go by its app id, whichever way the path says it; logins by client id."""
        path = graph_path(request.path)
        if path is None:
            return _login_name(request)
        operation = paths.understand(request.method, path)
        return operation.route, object_of(self.holder, operation, path, request.query), operation.write

    def refusal(self, request: web.Request, status: int) -> web.Response:
        """An injected status in the words of the system that was asked."""
        fault = call(request).fault
        params = fault.params if fault is not None else {}
        if self.system_of(request) == "login":
            refusal = errors.injected_login(int(params.get("aadsts", 90033)), status)
            description = {"error": refusal.error, "error_description": str(refusal)}
            return web.json_response(description | {"error_codes": [refusal.number]}, status=status)
        now = wire_time(self.clock.now())
        injected = errors.injected(status, str(params.get("code", "")))
        answer = responses.refusal(self.holder.world, injected, request.headers, now)
        return responses.respond(self.holder.world, answer, request.headers)


def _login_name(request: web.Request) -> tuple[str, str, bool]:
    parts = paths.tidy(request.path).strip("/").split("/")
    if parts[1:] == ["oauth2", "v2.0", "token"]:
        return "token", form_of(request).get("client_id", "").lower(), False
    if parts[1:] == ["v2.0", ".well-known", "openid-configuration"]:
        return "openid-configuration", parts[0], False
    if parts[1:] == ["discovery", "v2.0", "keys"]:
        return "keys", parts[0], False
    if parts == ["common", "discovery", "instance"]:
        return "instance-discovery", "", False
    return "other", "", False
