"""uvicorn, bounded: sizes, times, TLS, and no word about what serves."""

import asyncio
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
from spentkey.web.middleware import Middleware

HEADER_BYTES = 16 * 1024
HEADER_SECONDS = 10.0
"""How long a new connection may take to send the head of its first request, in seconds."""
MOST_CONNECTIONS = 200
GRACE_S = 10
"""How long requests under way are waited for at the end, in seconds."""


class Impatient(H11Protocol):
    """A connection that is given up when it takes too long to say what it asks."""

    head_seconds = HEADER_SECONDS
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._head = self.loop.call_later(self.head_seconds, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Stop the clock when a head is whole; start it when only a part of one came."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._head is None:
            self._head = self.loop.call_later(self.head_seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()

    def _stop(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """A server that leaves signals to the process that started it."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


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


def make_server(middleware: Middleware, service: ServiceSettings, protocol: type[Impatient] = Impatient) -> Server:
    """The server, not started yet."""
    options: dict[str, Any] = {}
    if service.tls is not None:
        context = _context(service)

        def made(*_: object) -> ssl.SSLContext:
            return context

        options["ssl_context_factory"] = made
    return Server(
        uvicorn.Config(
            middleware,
            http=protocol,
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=GRACE_S,
            **options,
        )
    )


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
