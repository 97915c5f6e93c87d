"""Packets of the Tabular Data Stream, in the clear or inside TLS.

A message is cut into packets with an eight byte header; during log-in the TLS handshake itself travels inside PRELOGIN
packets ([MS-TDS] 2.2.3.1 and 2.2.6.5, learn.microsoft.com/openspecs/windows_protocols/ms-tds).
"""

import enum
import socket
import ssl
import struct
from typing import Protocol

HEADER = struct.Struct(">BBHHBB")
LARGEST_MESSAGE = 1 << 20
FIRST_PACKET_SIZE = 4096
PACKET_SIZES = range(512, 32768)
END_OF_MESSAGE = 1


class Packet(enum.IntEnum):
    """The message types that a client may send, and the one type of every answer."""

    BATCH = 1
    RPC = 3
    REPLY = 4
    ATTENTION = 6
    TRANSACTION = 14
    LOGIN7 = 16
    PRELOGIN = 18


KNOWN_PACKETS = frozenset(map(int, Packet))


class Transport(Protocol):
    """Bytes to and from the client, whatever lies between."""

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, or EOFError."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        ...


class SocketTransport:
    """A plain socket, or one that has been wrapped in TLS as a whole (TDS 8.0)."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, or EOFError."""
        received = bytearray()
        while len(received) < size:
            chunk = self.sock.recv(size - len(received))
            if not chunk:
                raise EOFError("the client hung up")
            received += chunk
        return bytes(received)

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        self.sock.sendall(data)


class TunnelledTransport:
    """TLS through a pair of memory buffers: what TDS 7 needs, as its handshake is wrapped in packets."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def handshake_step(self) -> bool:
        """Advance the handshake with what has arrived; true once it is finished."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def read(self, size: int) -> bytes:
        """Exactly `size` decrypted bytes, or EOFError."""
        received = bytearray()
        while len(received) < size:
            try:
                chunk = self.tls.read(size - len(received))
            except ssl.SSLWantReadError:
                self._more()
                continue
            if not chunk:
                raise EOFError("the client ended TLS")
            received += chunk
        return bytes(received)

    def write(self, data: bytes) -> None:
        """Encrypt and send all of `data`."""
        self.tls.write(data)
        self.sock.sendall(self.outgoing.read())

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the client hung up")
        self.incoming.write(data)


class Channel:
    """Messages, whole, over one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.transport: Transport = SocketTransport(sock)
        self.packet_size = FIRST_PACKET_SIZE

    def read(self) -> tuple[int, bytes]:
        """The next message: its type and its body, joined from its packets."""
        body = bytearray()
        while True:
            kind, status, length, *_ = HEADER.unpack(self.transport.read(HEADER.size))
            if kind not in KNOWN_PACKETS:
                raise EOFError("this is no TDS")
            if length < HEADER.size or len(body) + length > LARGEST_MESSAGE:
                raise EOFError("a packet of an impossible length")
            body += self.transport.read(length - HEADER.size)
            if status & END_OF_MESSAGE:
                return kind, bytes(body)

    def send(self, body: bytes, kind: int = Packet.REPLY) -> None:
        """Send `body` as one message, in packets of the agreed size."""
        step = self.packet_size - HEADER.size
        starts = range(0, max(len(body), 1), step)
        for number, start in enumerate(starts, start=1):
            chunk = body[start : start + step]
            last = int(start + step >= len(body))
            self.transport.write(HEADER.pack(kind, last, len(chunk) + HEADER.size, 0, number & 255, 0) + chunk)

    def encrypt_inside(self, context: ssl.SSLContext) -> None:
        """Shake hands inside PRELOGIN packets; everything after that is encrypted."""
        tunnel = TunnelledTransport(self.sock, context)
        finished = False
        while not finished:
            finished = tunnel.handshake_step()
            if tunnel.outgoing.pending:
                self.send(tunnel.outgoing.read(), Packet.PRELOGIN)
            if not finished:
                kind, flight = self.read()
                if kind != Packet.PRELOGIN:
                    raise EOFError("the client answered the demand for TLS in the clear")
                tunnel.incoming.write(flight)
        self.transport = tunnel

    def encrypt_outside(self, context: ssl.SSLContext) -> None:
        """TDS 8.0: TLS first, the whole conversation inside it."""
        secured = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        self.sock, self.transport = secured, SocketTransport(secured)  # before the handshake, so that a stop can end it
        secured.do_handshake()
