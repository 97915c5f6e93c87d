"""Peers of the service that mean no good: they hold connections, send heads slowly, send garbage, and guess keys."""

import random
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

Address = tuple[str, int]
IDLE = 300
"""Connections that are held; more than one address may have."""
GUESSES = (
    b"POST /api/v1/pause HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer guessed-key-of-forty-characters--------\r\n"
    b"Content-Type: application/json\r\nContent-Length: 13\r\n\r\n" + b'{"why": "me"}',
    b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nX-Signature: 00\r\n\r\n{}",
    b"POST /api/v1/resume HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"\x16\x03\x01" + b"\x00" * 200,
    b"GET / HTTP/9.9\r\n" + b"A: " + b"x" * 100_000 + b"\r\n\r\n",
)


@contextmanager
def peers(url: str, rng: random.Random) -> Generator[list[str]]:
    """Some of them at work until the block ends; gives what they do."""
    parts = urlsplit(url)
    address, done = (parts.hostname or "127.0.0.1", parts.port or 80), threading.Event()
    chosen = rng.sample(list(PEERS), rng.randint(1, len(PEERS)))
    threads = [threading.Thread(target=PEERS[one], args=(address, done), daemon=True) for one in chosen]
    for one in threads:
        one.start()
    try:
        yield chosen
    finally:
        done.set()
        for one in threads:
            one.join(10)


def _idle(address: Address, done: threading.Event) -> None:
    """Connect and say nothing, and connect again whenever one is closed."""
    held: list[socket.socket] = []
    while not done.wait(0.05):
        while len(held) < IDLE:
            with suppress(OSError):
                held.append(_connected(address))
                continue
            break
        held = [one for one in held if not _closed(one)]
    for one in held:
        one.close()


def _slowly(address: Address, done: threading.Event) -> None:
    """A byte of a head now and then, on many connections."""
    head, at = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000, 0
    held: list[socket.socket] = []
    while not done.wait(0.2):
        with suppress(OSError):
            held += [_connected(address) for _ in range(40 - len(held))]
        alive: list[socket.socket] = []
        for one in held:
            with suppress(OSError):
                one.send(head[at : at + 1])
                alive.append(one)
        held, at = alive, at + 1
    for one in held:
        one.close()


def _guessing(address: Address, done: threading.Event) -> None:
    """Wrong keys, wrong signatures, lengths that contradict, and what is no HTTP, one after the other."""
    at = 0
    while not done.wait(0.01):
        with suppress(OSError), _connected(address) as one:
            one.sendall(GUESSES[at % len(GUESSES)])
            one.recv(1_000)
        at += 1


def _connected(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=2)


def _closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


PEERS: Mapping[str, Callable[[Address, threading.Event], None]] = {
    "idle connections": _idle,
    "slow heads": _slowly,
    "guessed keys": _guessing,
}
