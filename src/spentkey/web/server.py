"""uvicorn, bounded: connections, sizes, times, TLS, and no word about what serves."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from spentkey.core.errors import Misconfigured
from spentkey.settings.schema import ServiceSettings
from spentkey.web.doors import ConnectionLimits, Doors, Seat, TurnedAway
from spentkey.web.heads import StrictConnection
from spentkey.web.middleware import Middleware
from spentkey.web.models import Problem

HEADER_BYTES = 16 * 1024
GRACE_S = 10
"""How long requests under way are waited for at the end, in seconds."""


class Impatient(H11Protocol):
    """A connection that is given up when it takes too long to say what it asks, or to read what it is answered."""

    head_s: float = ConnectionLimits.head_s
    seat: Seat | None = None
    turned_away: TurnedAway | None = None
    _head: asyncio.TimerHandle | None = None
    _unread_since: float | None = None
    _closing_since: float | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn = StrictConnection(h11.SERVER, HEADER_BYTES)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        if self.seat is not None:
            self.seat.protocol = self
        self._head = self.loop.call_later(self.head_s, self._no_head)

    def data_received(self, data: bytes) -> None:
        """Stop the clock when a head is whole; start it when only a part of one came."""
        if self.transport.is_closing():
            return  # what comes behind a request that was refused is nobody's
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._head is None:
            self._head = self.loop.call_later(self.head_s, self._no_head)

    def send_400_response(self, msg: str) -> None:
        """End the connection; with an answer where none has begun. What was wrong is not repeated."""
        del msg
        self._tell("malformed")
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE) or self.transport.is_closing():
            self.give_up()
            return
        content = Problem(detail="this is no HTTP request that can be read in one way alone").model_dump_json().encode()
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(content))),
            ("connection", "close"),
        ]
        events = (h11.Response(status_code=400, headers=headers), h11.Data(data=content), h11.EndOfMessage())
        if self.cycle:
            self.cycle.disconnected = True  # who waits for the rest of a body gets none
            self.cycle.message_event.set()
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def pause_writing(self) -> None:
        """The client does not read; from now on that is timed."""
        super().pause_writing()
        self._unread_since = self.loop.time()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        self._unread_since = None

    def is_waiting(self) -> bool:
        """Whether no request is under way; one whose body is not here yet is none."""
        return not self.cycle or self.cycle.response_complete or self.cycle.more_body

    def is_asking(self) -> bool:
        """Whether a head is here, and nothing is answered yet."""
        return bool(self.cycle) and not self.cycle.response_complete

    def is_stuck(self, now: float, seconds: float) -> bool:
        """Whether the client has not read for so long, or the connection has been closing for so long."""
        if self.transport.is_closing() and self._closing_since is None:
            self._closing_since = now
        began = [one for one in (self._unread_since, self._closing_since) if one is not None]
        return bool(began) and now - min(began) >= seconds

    def give_up(self) -> None:
        """End the connection now, whatever is still to be sent."""
        self.transport.abort()

    def _no_head(self) -> None:
        if not self.transport.is_closing():
            self._tell("head")
            self.give_up()

    def _tell(self, why: str) -> None:
        if self.turned_away is not None:
            self.turned_away(why)

    def _stop(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock, and leave the place to another."""
        self._stop()
        if self.seat is not None:
            self.seat.leave(self.seat)
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """A server with a door of its own, that leaves signals to the process that started it."""

    doors: Doors

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door in place of uvicorn's listener, which counts no connections before their first request."""
        del sockets
        await super().startup(sockets=[])
        self.doors.open()

    async def on_tick(self, counter: int) -> bool:
        """See that the door is still open."""
        self.doors.check()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door first, and wait for no body that is not here yet."""
        await self.doors.close()
        for seat in list(self.doors.seats):
            if seat.protocol is not None and seat.protocol.is_asking() and seat.is_waiting():
                seat.give_up()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


class _NotEachTime(logging.Filter):
    """Leaves out uvicorn's line for each request that it cannot read: the door counts them, and tells of them sparingly."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep everything that is not about one request."""
        return not str(record.msg).startswith(("Invalid HTTP request", "Unsupported upgrade", "No supported WebSocket"))


_NOT_EACH_TIME = _NotEachTime()


def listen_on(service: ServiceSettings) -> socket.socket:
    """The socket; raises `Misconfigured` when the address cannot be used."""
    host = "127.0.0.1" if service.host == "localhost" else service.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, service.port))
        made.listen(128)
    except OSError as problem:
        made.close()
        raise Misconfigured(f"service.listen: {service.listen} cannot be used ({problem.strerror})") from None
    return made


def make_server(
    middleware: Middleware,
    service: ServiceSettings,
    bound: socket.socket,
    limits: ConnectionLimits,
    turned_away: TurnedAway,
) -> Server:
    """The server, not started yet. Start it by `serve(sockets=[bound])`."""
    logging.getLogger("uvicorn.error").addFilter(_NOT_EACH_TIME)
    server = Server(
        uvicorn.Config(
            middleware,
            http=Impatient,
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=GRACE_S,
        )
    )

    def made(seat: Seat) -> asyncio.Protocol:
        protocol = Impatient(config=server.config, server_state=server.server_state, app_state={})
        protocol.seat, protocol.turned_away, protocol.head_s = seat, turned_away, limits.head_s
        return protocol

    context = _context(service) if service.tls is not None else None
    server.doors = Doors(bound, limits, context, made, turned_away, middleware.service.clock)
    return server


def _context(service: ServiceSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if service.tls is not None:
        try:
            context.load_cert_chain(service.tls.certificate, service.tls.key, password=lambda: "")
        except (OSError, ssl.SSLError, ValueError):
            raise Misconfigured("service.tls: certificate and key cannot be used together") from None
    return context


def address_of(service: ServiceSettings, bound: socket.socket) -> str:
    """Where the service can be asked."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if service.tls is not None else 'http'}://{shown}:{port}"
