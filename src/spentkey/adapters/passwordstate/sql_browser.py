r"""SQL Server Browser: which port an instance has, asked by UDP before `HOST\INSTANCE` is looked at.

The driver asks it by itself; this is for the probes, which need the port and no driver. An answer is believed as far as
a port: what listens there still has to show its certificate. Layouts: [MC-SQLR] 2.2
(learn.microsoft.com/openspecs/windows_protocols/mc-sqlr).
"""

import asyncio
from collections.abc import Iterator

from spentkey.adapters.passwordstate.reasons import NO_INSTANCE
from spentkey.core.errors import Outage

PORT = 1434
SECONDS, TRIES = 1.0, 3
"""How long one question waits for its answer, and how often it is asked: a datagram may be lost."""
_ONE_INSTANCE, _ANSWER = b"\x04", 5
_HEAD = 3
_LONGEST = 1024


async def port_of(host: str, instance: str) -> int:
    """The TCP port of that instance; raises `Outage` when nobody tells it."""
    loop = asyncio.get_running_loop()
    reply: asyncio.Future[bytes] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Asking(reply), remote_addr=(host, PORT))
    except OSError:
        raise Outage(NO_INSTANCE(server=rf"{host}\{instance}")) from None
    try:
        answer = await _ask(transport, reply, _ONE_INSTANCE + instance.encode("utf-8") + b"\0")
    finally:
        transport.close()
    port = _port_in(answer, instance)
    if port is None:
        raise Outage(NO_INSTANCE(server=rf"{host}\{instance}"))
    return port


async def _ask(transport: asyncio.DatagramTransport, reply: asyncio.Future[bytes], question: bytes) -> bytes:
    for _ in range(TRIES):
        transport.sendto(question)
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.shield(reply)
        except TimeoutError:
            continue
        except OSError:  # nobody listens there
            break
    return b""


class _Asking(asyncio.DatagramProtocol):
    """Waits for the first datagram; only those of the host that was asked come this far."""

    def __init__(self, reply: "asyncio.Future[bytes]") -> None:
        self._reply = reply

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002  (asyncio passes it)
        if not self._reply.done():
            self._reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._reply.done():
            self._reply.set_exception(exc)


def _port_in(answer: bytes, instance: str) -> int | None:
    """The port in an answer about that instance; None for anything else that may have come."""
    size = int.from_bytes(answer[1:_HEAD], "little")
    if not answer or answer[0] != _ANSWER or not 0 < size <= _LONGEST or len(answer) < _HEAD + size:
        return None
    told = dict(_pairs(answer[_HEAD : _HEAD + size].decode("utf-8", "replace").split(";")))
    port = told.get("tcp", "")
    if told.get("instancename", "").casefold() != instance.casefold() or not (port.isascii() and port.isdigit()):
        return None
    return int(port) if 0 < int(port) < 1 << 16 else None


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    for at in range(0, len(words) - 1, 2):
        yield words[at].casefold(), words[at + 1]
