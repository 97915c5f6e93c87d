"""The simulator and the product in one process and one event loop, without sockets and threads: the same every time.

Requests still go through the real client and the real server of aiohttp, with their parsers; only TCP and TLS between
them are left out (the database keeps its sockets: its driver is not ours). Threads run on the spot, time moves only
when somebody sleeps, and who goes first among several is decided by a seed. So a case is fast, and it can be replayed.
"""

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
from aiohttp import web
from aiohttp.client_proto import ResponseHandler
from campaign_folder import campaign_folder
from real_simulator import Steps
from stores import Store, store_chosen

from spentkey import system
from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey_sim import config_out, tls
from spentkey_sim.addresses import Addresses
from spentkey_sim.clock import SimClock
from spentkey_sim.entra import routes as entra_routes
from spentkey_sim.faults import Faults
from spentkey_sim.ivanti import routes as ivanti_routes
from spentkey_sim.journal import Journal
from spentkey_sim.passwordstate import routes as passwordstate_routes
from spentkey_sim.passwordstate.tds import TdsServer
from spentkey_sim.serve import truth
from spentkey_sim.world import Holder, load

TAKE_OVER_S = 100.0
"""Of the time that only seems to pass: more than what others sleep while one waits for the database, three times, and
less than a run is patient with a lease of the dead."""
PORTS = {"entra": 1, "ivanti": 2, "passwordstate": 3}


class StillClock(SimClock):
    """One clock for everybody that moves only when somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0
        self.stepped: Callable[[float], None] | None = None
        self.begin()

    def begin(self, now: datetime | None = None) -> None:
        """Start anew at that time, or at the present second."""
        self._moment = now or datetime.now(UTC).replace(microsecond=0)  # noqa: TID251

    def now(self) -> datetime:
        return self._moment

    def step(self, seconds: float) -> None:
        self.slept += max(0.0, seconds)
        self._moment += timedelta(seconds=seconds)
        if self.stepped is not None:
            self.stepped(seconds)

    def monotonic(self) -> float:
        return self.slept

    async def sleep(self, seconds: float) -> None:
        self.step(seconds)
        await asyncio.sleep(0)  # noqa: TID251


@dataclass
class WrongClock:
    """The clock of a machine that is some seconds off; time passes on it as for everybody."""

    right: StillClock
    apart: float

    def now(self) -> datetime:
        return self.right.now() + timedelta(seconds=self.apart)

    def monotonic(self) -> float:
        return self.right.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.right.sleep(seconds)


class OnTheSpot(ThreadPoolExecutor):
    """Does what belongs into a thread at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001  # whatever it is, it belongs to whoever waits
            done.set_exception(problem)
        return done


class Pipe(asyncio.Transport):
    """One end of a connection; what is written here arrives at the other end in the next turn of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, mine: asyncio.BaseProtocol, port: int) -> None:
        super().__init__({"peername": ("127.0.0.1", port), "sslcontext": ssl.create_default_context})
        self._loop, self._mine, self._closing = loop, cast("asyncio.Protocol", mine), False
        self.other: Pipe | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        other = self.other
        if not self._closing and other is not None:
            self._loop.call_soon(other.arrive, bytes(data))

    def arrive(self, data: bytes) -> None:
        """Take what the other end wrote."""
        if not self._closing:
            self._mine.data_received(data)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._close(None)

    def abort(self) -> None:
        self._close(ConnectionResetError("reset"))

    def _close(self, why: Exception | None) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._mine.connection_lost, why)
            if self.other is not None:
                self._loop.call_soon(self.other.lose, why)

    def lose(self, why: Exception | None) -> None:
        """Hear that the other end is gone."""
        if not self._closing:
            self._closing = True
            self._mine.connection_lost(why)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def is_reading(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._mine

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._mine = cast("asyncio.Protocol", protocol)


class MemoryConnector(aiohttp.BaseConnector):
    """Connects to the server of a port in the same event loop."""

    allowed_protocol_schema_set = frozenset({"https"})

    def __init__(self, servers: dict[int, web.Server]) -> None:
        super().__init__(limit=100, force_close=True)  # a kept connection would answer sooner than a new one
        self._servers = servers

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: Any,
        timeout: Any,  # noqa: ASYNC109
    ) -> ResponseHandler:
        del traces, timeout
        port = req.url.port or 0
        client, server = ResponseHandler(self._loop), self._servers[port]()
        here, there = Pipe(self._loop, client, port), Pipe(self._loop, server, port)
        here.other, there.other = there, here
        server.connection_made(there)
        client.connection_made(here)
        return client


@dataclass
class Event:
    """Something that happens at the `nth` request from now, before or after that has taken effect.

    `does` changes the world as other people do; without it, the process that sent the request dies.
    """

    nth: int
    before: bool
    does: Callable[[], None] | None = None


class Died(Exception):
    """The simulated process has died; nothing of it goes on."""


@dataclass
class InMemory:
    """A simulator in this event loop, and what it takes to work against it."""

    folder: Path
    clock: StillClock
    holder: Holder
    journal: Journal
    faults: Faults
    servers: dict[int, web.Server]
    store: Store
    order: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    events: list[Event] = field(default_factory=list[Event])
    """Set by a case; each is used up when it happens."""
    workers: list["asyncio.Task[Any]"] = field(default_factory=list["asyncio.Task[Any]"])
    crashes: int = 0
    died: datetime | None = None
    """When the process of the present workers died, by the machine's own time."""

    def truth(self) -> dict[str, Any]:
        """What is really there."""
        return truth(self.holder.world)

    def reset(self, world: dict[str, Any], seed: int, now: datetime | None = None) -> None:
        """Another world, with its clock, journal and faults as at the start, and nothing stored."""
        self.clock.begin(now)
        self.clock.slept = 0.0
        self.holder.world = load(world, self.clock)
        self.journal.clear()
        self.faults.clear()
        self.faults.seed, self.faults.calm, self.faults.storm = seed, True, None
        self.order = random.Random(seed)  # noqa: S311
        system._random.seed(seed)  # pyright: ignore[reportPrivateUsage]  # what spreads retries decides when they come
        self.crashes = 0
        self.events.clear()
        self.workers.clear()
        self.store.clear()

    def settings(self, **environment: str) -> Settings:
        """The configuration that points here."""
        return load_settings(self.folder / "spentkey.toml", {**self.store.environment, **environment})

    @contextlib.asynccontextmanager
    async def context(self, settings: Settings, apart: float = 0.0) -> AsyncGenerator[Context]:
        """A process of its own, as far as memory goes: every adapter is new. Its clock may be some seconds off."""
        clock = WrongClock(self.clock, apart) if apart else self.clock
        async with context_for(settings, Steps(), use_proxies=False, clock=clock) as context:
            session = cast("Any", context.directories).session_for(f"https://localhost:{PORTS['entra']}")
            spare, session._connector = session._connector, MemoryConnector(self.servers)
            await spare.close()
            yield context

    async def arrive(self) -> None:
        """A request arrives: others may go first, or the process that sent it dies."""
        for _ in range(self.order.randrange(6) if len(self.workers) > 1 else 0):
            await asyncio.sleep(0)  # noqa: TID251
        for event in self.events:
            event.nth -= 1
        if self._happen(before=True):
            raise Died

    def leave(self) -> None:
        """A request has taken effect; the process that sent it may die before it hears so."""
        self._happen(before=False)

    def _happen(self, *, before: bool) -> bool:
        """Let happen what is due, and say whether the process died of it."""
        due = [event for event in self.events if event.nth <= 0 and event.before == before]
        self.events = [event for event in self.events if event not in due]
        for event in due:
            if event.does is not None:
                event.does()
        died = any(event.does is None for event in due)
        if died:
            self.crashes += 1
            self.died = self.died or datetime.now(UTC)  # noqa: TID251
        for worker in self.workers if died else ():
            worker.cancel()
        return died

    async def all_of(self, works: list[Awaitable[Any]]) -> list[Any]:
        """The results of all; None for those whose process died."""
        self.workers[:] = [asyncio.ensure_future(work) for work in works]
        ended = await asyncio.gather(*self.workers, return_exceptions=True)
        self.workers.clear()
        if self.died is not None:
            self.store.leave_locks(self.died)
            self.died = None
        for end in ended:
            if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
                raise end
        return [None if isinstance(end, BaseException) else end for end in ended]


@contextlib.asynccontextmanager
async def in_memory(world: dict[str, Any]) -> AsyncGenerator[InMemory]:
    """The simulator, served in this event loop."""
    with (
        campaign_folder(fast=True) as folder,
        store_chosen(folder / "state", take_over_s=TAKE_OVER_S) as store,
    ):
        asyncio.get_running_loop().set_default_executor(OnTheSpot())
        clock, journal, faults = StillClock(), Journal(), Faults(0, calm=True)
        clock.stepped = store.passes
        holder, made = Holder(load(world, clock)), tls.make(())
        sim = InMemory(folder, clock, holder, journal, faults, {}, store)
        database = _database(sim, made.server)
        sql_port = database.start()
        runners = [
            await _serve(sim, name, make)
            for name, make in (
                ("entra", entra_routes.app),
                ("ivanti", ivanti_routes.app),
                ("passwordstate", passwordstate_routes.app),
            )
        ]
        where = Addresses(0, PORTS["entra"], PORTS["ivanti"], PORTS["passwordstate"], sql_port, "/HEAT")
        config_out.write(folder / "spentkey.toml", holder.world, where, made.ca)
        try:
            yield sim
        finally:
            for runner in runners:
                await runner.cleanup()
            database.stop()


def _database(sim: InMemory, server: bytes) -> TdsServer:
    """The database, which reads its key from a file that is gone again afterwards."""
    pem = sim.folder / "server.pem"
    pem.write_bytes(server)
    made = TdsServer(sim.holder, sim.journal, sim.faults, sim.clock, pem, "127.0.0.1", 0)
    pem.unlink()
    return made


async def _serve(sim: InMemory, name: str, make: Callable[..., web.Application]) -> web.AppRunner:
    app = make(sim.holder, sim.journal, sim.faults, sim.clock, 0.0)

    @web.middleware
    async def around(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> web.StreamResponse:
        try:
            await sim.arrive()
        except Died:
            cast("Any", request.transport).abort()
            return web.Response(status=503)
        try:
            return await handler(request)
        finally:
            sim.leave()

    app.middlewares.insert(0, around)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    assert runner.server is not None
    sim.servers[PORTS[name]] = runner.server
    return runner
