"""What a stranger can do to an open port: connections that say nothing, or say it slowly, from one or many addresses."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Generator
from pathlib import Path

from web_support import Served

from spentkey.web.doors import Doors

LOOPBACK = "127.0.0.1"


def port_of(url: str) -> int:
    """Where the service listens."""
    return int(url.rpartition(":")[2])


@contextlib.contextmanager
def idle(port: int, count: int, addresses: int = 1) -> Generator[list[socket.socket]]:
    """So many connections that say nothing, spread over so many loopback addresses."""
    with contextlib.ExitStack() as stack:
        made: list[socket.socket] = []
        for number in range(count):
            mine = f"127.0.1.{number % addresses + 1}"
            try:
                one = socket.create_connection((LOOPBACK, port), 5, source_address=(mine, 0))
            except OSError:
                continue  # nobody took it
            stack.enter_context(contextlib.closing(one))
            made.append(one)
        yield made


def is_open(one: socket.socket) -> bool:
    """Whether the other side still holds the connection."""
    one.setblocking(False)
    try:
        return one.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


async def settled(connections: list[socket.socket], count: int) -> int:
    """How many stay open, as soon as no more than `count` do; fails the test by time where that never comes."""
    async with asyncio.timeout(20):
        while (still := sum(map(is_open, connections))) > count:
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.02)
    return still


async def connected(
    one: Served, folder: Path, limit: int = 2**16, mine: str = LOOPBACK
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over TLS; after twice `limit` bytes that nobody reads, no more are taken from it."""
    context = ssl.create_default_context(cafile=str(folder / "service-ca.pem"))
    return await asyncio.open_connection(LOOPBACK, port_of(one.url), ssl=context, limit=limit, local_addr=(mine, 0))


async def ask_without_end(writer: asyncio.StreamWriter, request: bytes) -> None:
    """Send it again and again, until the connection ends."""
    while True:
        writer.write(request)
        await writer.drain()
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.005)


async def checked_without_end(doors: Doors) -> None:
    """Look at the door again and again, until that raises what has ended it."""
    while True:
        doors.check()
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.01)


async def raw(one: Served, folder: Path, content: bytes, *, finish: bool = False) -> bytes:
    """Bytes as they come, and what is said before the connection ends; with `finish` we end our side first."""
    reader, writer = await connected(one, folder)
    writer.write(content)
    await writer.drain()
    if finish:
        writer.close()
    message = b""
    with contextlib.suppress(OSError):
        message = await reader.read()
    writer.close()
    return message


def status_of(message: bytes) -> int:
    """The status of the first answer; 0 where there was none."""
    return int(message.split(b" ")[1]) if message.startswith(b"HTTP/1.1 ") else 0
