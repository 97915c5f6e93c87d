"""The way every HTTP request goes, whichever system it is for: body, name, latency, fault, handler, journal.

A system gives each request a name (`System.identify`); faults and the journal know requests by that name alone.
Faults that any server can show (a status, a dropped connection, HTML in place of JSON) are made here. Faults that
need to know the system ("noop", "stale", "edit-task" and the like) are left to its handlers, which find them in
`call(request).fault`.
"""

import json
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from spentkey_sim.clock import SimClock, wait_real_time, wire_time
from spentkey_sim.faults import Fault, Faults
from spentkey_sim.journal import Journal
from spentkey_sim.waits import RetryAfter

BODY_BYTES = 4 * 1024 * 1024
"""The largest request body that is read."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DROPS = frozenset({"reset", "down", "hang"})
_ANSWERS = frozenset({"html", "empty", "garbage"})
_HTML = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in to continue</form></body></html>"


@dataclass
class Call:
    """One request on its way. Handlers set `applied` when state has changed, and may read `fault`."""

    system: str
    route: str
    object: str
    write: bool
    body: bytes
    fault: Fault | None = None
    applied: bool = False

    def fault_is(self, kind: str) -> bool:
        """Whether this request has a fault of that kind."""
        return self.fault is not None and self.fault.kind == kind

    def json(self) -> Any:
        """The body as JSON; ValueError when it is not."""
        return json.loads(self.body)


BODY = web.RequestKey("body", bytes)
CALL = web.RequestKey("call", Call)


def body_of(request: web.Request) -> bytes:
    """The body of a request, which is read before the request gets its name."""
    return request[BODY]


def call(request: web.Request) -> Call:
    """The `Call` that belongs to this request."""
    return request[CALL]


class System:
    """One simulated system, as the wire sees it. Subclass it; `identify` is all that must be written."""

    name: str = ""

    def identify(self, request: web.Request) -> tuple[str, str, bool]:
        """The route, the object ("" for none) and whether the request is a write; `body_of` works here already."""
        raise NotImplementedError

    def system_of(self, request: web.Request) -> str:
        """The system's name in the journal, for a listener that serves more than one."""
        del request
        return self.name

    def caller(self, request: web.Request) -> str:
        """Who asks, for a system that remembers whom it told to wait; "" for nobody that is known."""
        del request
        return ""

    def refusal(self, request: web.Request, status: int) -> web.Response:
        """The body that the real system gives with an injected status."""
        del request
        return web.json_response({"error": HTTPStatus(status).phrase}, status=status)


@dataclass(frozen=True)
class _Listener:
    """One listener's equipment."""

    system: System
    journal: Journal
    faults: Faults
    clock: SimClock
    latency: float

    async def carry(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = request[BODY] = await request.read()
        route, obj, write = self.system.identify(request)
        name = self.system.system_of(request)
        fault = self.faults.decide_for(self.system.caller(request), (name, route, obj), self.clock.now())
        now = request[CALL] = Call(name, route, obj, write, body, fault)
        await wait_real_time(self.latency)
        try:
            response = await self._answer(request, handler, now)
        except Exception:
            self._write_down(request, now, 500)
            raise
        if response is None:
            return await self._drop(request, now)
        response.headers["Date"] = self.clock.http_date()
        self._write_down(request, now, response.status)
        return response

    async def _answer(self, request: web.Request, handler: Handler, now: Call) -> web.StreamResponse | None:
        """The response, or None when the connection is to be dropped."""
        fault = now.fault
        if fault is None or fault.when == "after" or fault.kind == "truncate":
            response = await _handled(request, handler)
        elif fault.kind in _DROPS:
            return None
        else:
            response = self._made(request, fault) or await _handled(request, handler)
        if fault is not None and fault.when == "after":
            response = None if fault.kind in _DROPS else self._made(request, fault) or response
        if fault is not None and fault.kind == "truncate":
            return await self._truncated(request, response)
        if fault is not None and fault.kind == "cut" and isinstance(response, web.Response):
            return _cut(response)
        return response

    def _made(self, request: web.Request, fault: Fault) -> web.Response | None:
        """The answer that the fault itself gives, or None for a fault that is the handler's business."""
        if fault.kind in _ANSWERS:
            return _wrong_answer(fault.kind)
        if not (fault.kind.isdigit() and 400 <= int(fault.kind) < 600):
            return None
        response = _status_answer(fault) or self.system.refusal(request, int(fault.kind))
        after = fault.params.get("retry_after")
        if after is not None:
            response.headers["Retry-After"] = RetryAfter.of(after, self.clock.now()).header
        return response

    async def _truncated(self, request: web.Request, response: web.StreamResponse | None) -> web.StreamResponse | None:
        """Announce the whole body, send half of it, and let the connection be dropped."""
        body = response.body if isinstance(response, web.Response) else None
        if response is None or not isinstance(body, bytes) or len(body) < 2:
            return None
        half = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
        half.content_length = len(body)
        half.headers["Date"] = self.clock.http_date()
        await half.prepare(request)
        await half.write(body[: len(body) // 2])
        return None

    async def _drop(self, request: web.Request, now: Call) -> web.StreamResponse:
        """Drop the connection, after the wait that a hang asks for. The journal does not wait for the hang to end."""
        self._write_down(request, now, 0)
        if now.fault_is("hang") and now.fault is not None:
            await wait_real_time(float(now.fault.params.get("seconds", 60)))
        abort(request)
        return web.Response(status=503)

    def _write_down(self, request: web.Request, now: Call, status: int) -> None:
        request_id = request.headers.get("client-request-id")
        write_down(self.journal, self.clock, now, status, (request.method, request.path_qs, request_id))


def write_down(journal: Journal, clock: SimClock, now: Call, status: int, sent: tuple[str, str, str | None]) -> None:
    """Enter one call in the journal; `sent` is its method, its path with query, and its client-request-id."""
    journal.add(
        at=wire_time(clock.now()),
        system=now.system,
        route=now.route,
        object=now.object,
        method=sent[0],
        path=sent[1],
        status=status,
        write=now.write,
        applied=now.applied,
        client_request_id=sent[2],
        fault=f"{now.fault.kind} {now.fault.when}" if now.fault else None,
        body=now.body.decode("utf-8", "replace"),
    )


def abort(request: web.Request) -> None:
    """Drop the TCP connection with a reset, so that the client cannot mistake it for an orderly end."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Run the handler; an HTTP exception of aiohttp is an answer like any other."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        return web.Response(status=answer.status, text=answer.text, headers={"Content-Type": answer.content_type})


def _cut(response: web.Response) -> web.Response:
    """An answer in good order, of which half the body was written: what a proxy makes of an upstream that died."""
    body = response.body if isinstance(response.body, bytes) else b""
    response.body = body[: len(body) // 2]
    return response


def _wrong_answer(kind: str) -> web.Response:
    """Status 200 with a body that is no answer."""
    if kind == "html":
        return web.Response(text=_HTML, content_type="text/html")
    return web.Response(text="" if kind == "empty" else '{"value": [{"id": ', content_type="application/json")


def _status_answer(fault: Fault) -> web.Response | None:
    """The answer of a status fault whose body the rule prescribes."""
    status, body = int(fault.kind), fault.params.get("body")
    if fault.params.get("html"):
        return web.Response(status=status, text=_HTML, content_type="text/html")
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="application/json")
    return None if body is None else web.json_response(body, status=status)


def make_app(
    system: System,
    routes: Iterable[web.AbstractRouteDef],
    journal: Journal,
    faults: Faults,
    clock: SimClock,
    latency: float,
) -> web.Application:
    """An application in which every request goes through faults and journal. `latency` is in seconds."""
    line = _Listener(system, journal, faults, clock, latency)

    @web.middleware
    async def carry(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await line.carry(request, handler)

    app = web.Application(middlewares=[carry], client_max_size=BODY_BYTES)
    app.add_routes(routes)
    return app
