"""Around every request: the gate, bounds on size and time, headers that close what browsers leave open, a log line, a count."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders

from spentkey.observe.logs import logger
from spentkey.observe.sparing import SparingLog
from spentkey.web.gate import NotTaken, RequestGate
from spentkey.web.models import Problem
from spentkey.web.service import WebService

LARGEST_BODY = 64 * 1024
BODY_SECONDS = 10.0
"""How long a body may take to come, in seconds."""
CLIENT_LEFT = 499
"""The status in log and metrics of a request whose client left before its body was whole."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
READ = "spentkey.read"
"""Where a route leaves what of the evidence was read, for the log line of the request."""
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ClientLeft(Exception):
    """The client has left in the middle of its body: what came of it is not acted on, and there is nobody to answer."""


@dataclass(frozen=True)
class Middleware:
    """The whole service as one ASGI application."""

    app: FastAPI
    service: WebService
    gate: RequestGate
    sparing: SparingLog
    body_seconds: float = BODY_SECONDS

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; there is nothing but HTTP here."""
        if scope["type"] != "http":
            raise TypeError(f"no {scope['type']} here")
        request_id = self.service.context.ids.new()
        began, response = self.service.clock.monotonic(), [500]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                response[0] = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in (HEADERS | (OVER_TLS if scope["scheme"] == "https" else {})).items():
                    headers[name] = value
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                self.gate.check(scope, self.app.routes)
                await self.app(scope, await _whole(receive, self.body_seconds), sending)
            except NotTaken as problem:
                await _refuse(sending, problem)
            except ClientLeft:
                response[0] = CLIENT_LEFT
            except Exception:  # noqa: BLE001, S110  # answered and logged by the application's own handler
                pass
            self._tell(scope, response[0], self.service.clock.monotonic() - began)

    def _tell(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in ("GET", "POST") else "other"
        self.service.metrics.requested(method, route, status)
        who = scope.get("spentkey.who")
        facts = {"method": method, "route": route, "status": status, "seconds": round(seconds, 3), "who": who}
        facts |= scope.get(READ, {})
        if who is None:  # anybody can make these lines
            self.sparing.tell(f"request {method} {route} {status}", "info", "request", **facts)
        else:
            logger().info("request", **facts)


async def _whole(receive: Receive, seconds: float) -> Receive:
    """Read the body, bounded in size and time, and give it on in one piece."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientLeft
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    raise NotTaken(413, f"the body is larger than {LARGEST_BODY} bytes")
                if not message.get("more_body"):
                    break
    except TimeoutError:
        raise NotTaken(408, f"the body did not come within {seconds:g} s") from None
    pieces: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def whole() -> Message:
        return pieces.pop() if pieces else await receive()

    return whole


async def _refuse(send: Send, problem: NotTaken) -> None:
    content = Problem(detail=str(problem)).model_dump_json().encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
