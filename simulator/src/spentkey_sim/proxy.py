"""A forward proxy that leads Microsoft's two names to the Entra listener and nothing else anywhere.

Only CONNECT is spoken (RFC 9110, section 9.3.6), so TLS stays end to end, as with a company's outbound proxy.
"""

import asyncio
import contextlib
import socket

from spentkey_sim.entra.hosts import GRAPH_HOST, LOGIN_HOST

NAMES = (LOGIN_HOST, GRAPH_HOST)
_PORT = "443"
_HEAD_BYTES = 16 * 1024
_HEAD_SECONDS = 10
_CHUNK = 64 * 1024


class Proxy:
    """Listens on sockets that are bound already; `target_port` is the Entra listener's."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._servers: list[asyncio.Server] = []
        self._tunnels: set[asyncio.Task[None]] = set()

    async def start(self, sockets: list[socket.socket]) -> None:
        """Begin to listen."""
        self._servers = [await asyncio.start_server(self._serve, sock=one, limit=_HEAD_BYTES) for one in sockets]

    async def stop(self) -> None:
        """Close the listeners and every tunnel."""
        for server in self._servers:
            server.close()
        for tunnel in list(self._tunnels):
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tunnels.add(task)
            task.add_done_callback(self._tunnels.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            await self._tunnel(reader, writer)
        writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        refusal = _refusal(head)
        if refusal is not None:
            writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        finally:
            there_writer.close()


def _refusal(head: bytes) -> str | None:
    """The status of a request that is not tunnelled, or None."""
    method, _, rest = head.decode("latin-1").partition(" ")
    host, _, port = rest.partition(" ")[0].rpartition(":")
    if method != "CONNECT":
        return "405 Method Not Allowed"
    return None if host.lower() in NAMES and port == _PORT else "403 Forbidden"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until one side ends, then let the other side know."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
