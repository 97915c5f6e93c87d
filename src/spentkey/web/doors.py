"""The listening socket: how many connections are held at once, in all and for each address, and for how long.

What a connection costs is a descriptor, and the work needs descriptors too. So each one counts from the moment that it is
accepted, before its handshake, and some are kept back for the work.
"""

import asyncio
import errno
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from spentkey.core.errors import Misconfigured
from spentkey.ports.runtime import Clock
from spentkey.settings.schema import Settings
from spentkey.web.hosts import network_of

MOST_CONNECTIONS = 512
FEWEST_CONNECTIONS = 16
"""With room for fewer the service does not start."""
KEPT_FOR_WORK = 128
"""Descriptors that are always kept back: files, the database, the log, and connections of the queue's reads."""
KEPT_FOR_TASK = 4
"""Descriptors of one task under way: two locks, a connection, and one on the way."""
OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
BROKEN = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK})
"""What is wrong with the listening socket itself; every other problem is one connection's."""
PAUSE_S = 1.0
"""How long nothing is accepted after the machine had no descriptor left, in seconds."""


@dataclass(frozen=True)
class ConnectionLimits:
    """How many, and how long in seconds."""

    total: int = MOST_CONNECTIONS
    per_address: int | None = 64
    """None behind a proxy, whose address all callers have."""
    head_s: float = 10.0
    """For a handshake, and again for the head of a request."""
    unread_s: float = 30.0
    """For a client to read what it was sent, and for a connection to close."""


def limits_for(settings: Settings) -> ConnectionLimits:
    """What this process can afford; raises `Misconfigured` where its limit of open files leaves no room."""
    most_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept = KEPT_FOR_WORK + KEPT_FOR_TASK * settings.engine.concurrency * len(settings.tenants)
    room = MOST_CONNECTIONS
    if most_files != resource.RLIM_INFINITY:
        room = min(most_files - kept, most_files // 2)
    if room < FEWEST_CONNECTIONS:
        raise Misconfigured(
            f"service: this process may open {most_files} files, and the work needs {kept}: raise the limit "
            f"(LimitNOFILE in systemd, ulimits in Compose) to {2 * (kept + FEWEST_CONNECTIONS)} or more"
        )
    per_address = None if settings.service.behind_proxy else settings.service.max_per_address
    return replace(ConnectionLimits(), total=min(MOST_CONNECTIONS, room), per_address=per_address)


class HeldConnection(Protocol):
    """What the door asks of the protocol of a connection."""

    def is_waiting(self) -> bool:
        """Whether no request is under way; one whose body is not here yet is none."""
        ...

    def is_asking(self) -> bool:
        """Whether a head is here, and nothing is answered yet."""
        ...

    def is_stuck(self, now: float, seconds: float) -> bool:
        """Whether it has been closing, or waiting for its client to read, for so long."""
        ...

    def give_up(self) -> None:
        """End it now, whatever is still to be sent."""
        ...


@dataclass(eq=False)
class Seat:
    """One connection, from accept on."""

    address: str
    leave: Callable[["Seat"], None]
    opening: "asyncio.Task[None] | None" = None
    protocol: HeldConnection | None = None

    def is_waiting(self) -> bool:
        """Whether it may be given to another: a handshake that is not done, or no request under way."""
        return self.protocol is None or self.protocol.is_waiting()

    def give_up(self) -> None:
        """End it now; it is free for others at once."""
        self.leave(self)
        if self.protocol is not None:
            self.protocol.give_up()
        elif self.opening is not None:
            self.opening.cancel()


Made = Callable[[Seat], asyncio.Protocol]
TurnedAway = Callable[[str], None]
"""Hears why a connection was not kept: `address`, `total`, `handshake`, `head`, `unread`, `malformed`, `descriptors`."""


@dataclass(eq=False)
class Doors:
    """Accepts connections on one socket."""

    bound: socket.socket
    limits: ConnectionLimits
    tls: ssl.SSLContext | None
    make: Made
    turned_away: TurnedAway
    clock: Clock
    seats: dict[Seat, None] = field(default_factory=dict[Seat, None])
    """The connections that are held, in the order in which they came."""
    _by_address: Counter[str] = field(default_factory=Counter[str])
    _accepting: "asyncio.Task[None] | None" = None
    _sweep: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to accept."""
        self.bound.setblocking(False)
        self._accepting = asyncio.ensure_future(self._accept())
        self._look_around()

    def check(self) -> None:
        """Raise what has ended the accepting, for a service that nobody can reach must not go on as if it served."""
        if self._accepting is not None and self._accepting.done() and not self._accepting.cancelled():
            self._accepting.result()

    async def close(self) -> None:
        """Accept no more, and leave what is not open yet."""
        if self._sweep is not None:
            self._sweep.cancel()
        opening = [seat.opening for seat in self.seats if seat.protocol is None and seat.opening is not None]
        tasks = [*opening, *([self._accepting] if self._accepting is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(OSError, ValueError):
            asyncio.get_running_loop().remove_reader(self.bound)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        turn = asyncio.Event()
        while True:
            try:
                connection, address = await loop.sock_accept(self.bound)
                self._admit(connection, network_of(str(address[0])))
            except OSError as problem:
                if problem.errno in BROKEN:
                    raise
                if problem.errno in OUT_OF_DESCRIPTORS:
                    self.turned_away("descriptors")
                    await self.clock.sleep(PAUSE_S)
            turn.clear()  # who knocks without end must not keep all others from their turn
            loop.call_soon(turn.set)
            await turn.wait()

    def _admit(self, connection: socket.socket, address: str) -> None:
        most = self.limits.per_address
        if most is not None and self._by_address[address] >= most:
            why = "address"
        elif len(self.seats) >= self.limits.total and not self._make_room():
            why = "total"
        else:
            seat = Seat(address, self._leave)
            self.seats[seat] = None
            self._by_address[address] += 1
            seat.opening = asyncio.ensure_future(self._open(connection, seat))
            seat.opening.add_done_callback(lambda _: connection.close() if seat.protocol is None else None)
            return
        connection.close()
        self.turned_away(why)

    def _make_room(self) -> bool:
        """End the oldest connection of the busiest address that waits with no request under way; False where none waits."""
        waiting = [seat for seat in self.seats if seat.is_waiting()]
        if not waiting:
            return False
        max(waiting, key=lambda seat: self._by_address[seat.address]).give_up()  # of equals, the one that came first
        self.turned_away("total")
        return True

    async def _open(self, connection: socket.socket, seat: Seat) -> None:
        loop, tls = asyncio.get_running_loop(), self.tls
        patience = {} if tls is None else {"ssl_handshake_timeout": self.limits.head_s, "ssl_shutdown_timeout": 5.0}
        try:
            await loop.connect_accepted_socket(lambda: self.make(seat), connection, ssl=tls, **patience)
        except OSError:  # a handshake that fails, or does not come
            self._leave(seat)
            self.turned_away("handshake")
        except asyncio.CancelledError:
            self._leave(seat)
            raise

    def _leave(self, seat: Seat) -> None:
        if seat in self.seats:
            del self.seats[seat]
            self._by_address[seat.address] -= 1
            if not self._by_address[seat.address]:
                del self._by_address[seat.address]

    def _look_around(self) -> None:
        """Now and then, end what is stuck."""
        loop = asyncio.get_running_loop()
        for seat in list(self.seats):
            if seat.protocol is not None and seat.protocol.is_stuck(loop.time(), self.limits.unread_s):
                seat.give_up()
                self.turned_away("unread")
        self._sweep = loop.call_later(min(1.0, self.limits.unread_s / 4), self._look_around)
