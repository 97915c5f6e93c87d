"""Stands between the product and one system of the simulator, and spoils the answers on the wire, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import aiohttp
from real_simulator import RealSimulator
from tls_material import server_context

from spentkey_sim.listeners import bind

HOP_BY_HOP = ("content-length", "transfer-encoding", "connection", "content-encoding")


@dataclass(frozen=True)
class Real:
    """What the system really answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def head(self, *more: str, length: int | None = -1, status: int | None = None) -> bytes:
        """The status line and the headers; without a length where that is None, with the body's where it is -1."""
        lines = [f"HTTP/1.1 {status or self.status} X", *(f"{name}: {value}" for name, value in self.headers), *more]
        if length is not None:
            lines.append(f"Content-Length: {len(self.body) if length == -1 else length}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


Mangle = Callable[[Real], AsyncIterator[bytes]]
"""Turns an answer into what is sent; the connection ends after it."""


@dataclass
class Mangler:
    """The server, and what was asked of it."""

    target: str
    ca_file: Path
    mangle: Mangle
    spoils: Callable[[str], bool] = lambda _: True
    """Which paths are spoilt; the others are answered as the system does."""
    keep_alive: bool = False
    keep_host: bool = False
    """Whether the system hears the address of this server as its own, so that what a client signs for it fits."""
    heard: Callable[[str, str, bytes, Real], None] | None = None
    """Hears each request, by method, path and body, and what the system really answered."""
    port: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def url(self) -> str:
        """Its address, in place of the system's."""
        return f"https://localhost:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection, until the peer has enough of it."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(reader, writer) and self.keep_alive:
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = [(name, value.strip()) for line in head[1:] if line for name, _, value in [line.partition(":")]]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        asked = quote(self.url, safe="").encode(), quote(self.target, safe="").encode()
        body = await reader.readexactly(length)
        body = body if self.keep_host else body.replace(*asked)  # the scope of a token names the address of Graph
        self.seen.append((method, path))
        really = await self._really(method, path, headers, body)
        if self.heard is not None:
            self.heard(method, path, body, really)
        async for part in self.mangle(really) if self.spoils(path) else _as_it_is(really):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)  # noqa: TID251  # draining alone lets nobody else have a turn
            if writer.is_closing():
                return False
        return True

    async def _really(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Real:
        dropped = (*HOP_BY_HOP, "accept-encoding", *([] if self.keep_host else ["host"]))
        kept = [one for one in headers if one[0].lower() not in dropped]
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), trust_env=False) as session,
            session.request(method, self.target + path, headers=kept, data=body, allow_redirects=False) as answer,
        ):
            ends = [] if self.keep_alive else [("Connection", "close")]
            shown = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
            return Real(answer.status, shown + ends, await answer.read())


async def _as_it_is(real: Real) -> AsyncIterator[bytes]:
    yield real.head() + real.body


@asynccontextmanager
async def mangling(
    sim: RealSimulator,
    folder: Path,
    target: str,
    mangle: Mangle,
    spoils: Callable[[str], bool] = lambda _: True,
    *,
    keep_alive: bool = False,
) -> AsyncGenerator[Mangler]:
    """Serve as long as it lasts; `target` is the scheme, host and port of the system."""
    context, authority = server_context()
    ca_file = folder / "both.pem"
    ca_file.write_bytes((sim.config.parent / "ca.pem").read_bytes() + authority)
    mangler = Mangler(target, ca_file, mangle, spoils, keep_alive)
    sockets = bind(0)
    mangler.port = int(sockets[0].getsockname()[1])
    servers = [await asyncio.start_server(mangler.serve, sock=one, ssl=context) for one in sockets]
    try:
        yield mangler
    finally:
        for server in servers:
            server.close()
