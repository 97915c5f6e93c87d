"""The certificate that the SQL Server shows, looked at before any log-in: for `spentkey check`, which prints it.

The look shakes hands and hangs up: what was not verified gets nothing from us, and the driver verifies for itself. TDS 7
has the handshake inside PRELOGIN packets, TDS 8 around everything ([MS-TDS] 2.2.6.5 and 3.2.5.1,
learn.microsoft.com/openspecs/windows_protocols/ms-tds).
"""

import asyncio
import ssl
import struct
from dataclasses import dataclass

from spentkey.adapters.passwordstate.sql_browser import port_of
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.http.tls import trust

SECONDS = 15
"""How long one look may take."""
_PRELOGIN, _LAST = 0x12, 0x01
_HEADER = struct.Struct(">BBHHBB")
_ENCRYPTION = 1
_NO_TLS = 2
_MOST = 1 << 16


class NoHandshakeError(Exception):
    """The server ended the conversation, or offers no TLS of this kind."""


@dataclass(frozen=True)
class Look:
    """What was shown, and why it is not believed: OpenSSL's code and words, or 0 and nothing where it is."""

    der: bytes
    code: int = 0
    why: str = ""


async def look(database: Database, *, strict: bool) -> Look:
    """The certificate and the verdict on it. Raises `NoHandshakeError`, `OSError`, or `Outage` where no port is told."""
    async with asyncio.timeout(SECONDS):
        port = database.known_port or await port_of(database.host, database.instance)
        if database.pin is not None:
            return Look(await _shown(database, port, _looking(), strict=strict))
        try:
            return Look(await _shown(database, port, trust(database.ca_file), strict=strict))
        except ssl.SSLCertVerificationError as refusal:
            code, why = refusal.verify_code, refusal.verify_message
        return Look(await _shown(database, port, _looking(), strict=strict), code, why)


def _looking() -> ssl.SSLContext:
    """Takes any certificate, because it is only looked at; a pinned one is compared afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _shown(database: Database, port: int, context: ssl.SSLContext, *, strict: bool) -> bytes:
    """The certificate, in DER, once the handshake is done."""
    if strict:
        context.set_alpn_protocols(["tds/8.0"])
    else:
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # packets of TDS 7 cannot carry a handshake of TLS 1.3
    reader, writer = await asyncio.open_connection(database.host, port)
    try:
        hands = _Handshake(reader, writer, inside=not strict)
        return await hands.shake(context, database.expected_name)
    except ssl.SSLCertVerificationError:
        raise
    except (ssl.SSLError, asyncio.IncompleteReadError, ConnectionError, struct.error) as problem:
        raise NoHandshakeError(type(problem).__name__) from None
    finally:
        writer.close()


class _Handshake:
    """One TLS handshake, whose bytes travel bare or inside PRELOGIN packets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, inside: bool) -> None:
        self._reader, self._writer, self._inside = reader, writer, inside

    async def shake(self, context: ssl.SSLContext, name: str) -> bytes:
        """Shake hands; the certificate that was shown."""
        if self._inside:
            await self._agree()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
        finished = False
        while not finished:
            try:
                tls.do_handshake()
                finished = True
            except ssl.SSLWantReadError:
                pass
            if outgoing.pending:
                await self._send(outgoing.read())
            if not finished:
                incoming.write(await self._receive())
        return tls.getpeercert(binary_form=True) or b""

    async def _agree(self) -> None:
        """PRELOGIN: our version, and that we want encryption."""
        head = struct.pack(">BHHBHHB", 0, 11, 6, _ENCRYPTION, 17, 1, 0xFF)
        await self._send(head + bytes(6) + b"\x01")
        if _encryption_in(await self._receive()) == _NO_TLS:
            raise NoHandshakeError("no TLS")

    async def _send(self, data: bytes) -> None:
        head = _HEADER.pack(_PRELOGIN, _LAST, len(data) + _HEADER.size, 0, 1, 0) if self._inside else b""
        self._writer.write(head + data)
        await self._writer.drain()

    async def _receive(self) -> bytes:
        if not self._inside:
            received = await self._reader.read(_MOST)
            if not received:
                raise NoHandshakeError("it hung up")
            return received
        body = b""
        while True:
            _, status, length, *_ = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
            body += await self._reader.readexactly(max(0, length - _HEADER.size))
            if status & _LAST or len(body) > _MOST:
                return body


def _encryption_in(answer: bytes) -> int:
    """What the server says about encryption; as without TLS where it says nothing that can be read."""
    at = 0
    while at + 5 <= len(answer) and answer[at] != 0xFF:
        kind, start, length = struct.unpack_from(">BHH", answer, at)
        if kind == _ENCRYPTION and length and start < len(answer):
            return answer[start]
        at += 5
    return _NO_TLS
