"""Starts every listener, says where each is, and stops them all again."""

import asyncio
import contextlib
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from spentkey_sim import config_out, control, listeners, proxy, tls
from spentkey_sim.addresses import Addresses
from spentkey_sim.clock import SimClock
from spentkey_sim.entra import routes as entra_routes
from spentkey_sim.entra.state import truth as entra_truth
from spentkey_sim.faults import Faults
from spentkey_sim.ivanti import routes as ivanti_routes
from spentkey_sim.ivanti.state import truth as ivanti_truth
from spentkey_sim.journal import Journal
from spentkey_sim.listeners import PortError
from spentkey_sim.passwordstate import routes as passwordstate_routes
from spentkey_sim.passwordstate.state import truth as passwordstate_truth
from spentkey_sim.passwordstate.tds import TdsServer
from spentkey_sim.storm import Storm
from spentkey_sim.world import Holder, World, load

_SHUTDOWN_SECONDS = 0.2


@dataclass(frozen=True)
class ServeOptions:
    """How to serve. Ports that are 0 are ephemeral; `proxy_port`, `config_out` and `storm` of None mean none.

    `storm` is the part of all requests that a storm befalls.
    """

    world: dict[str, Any]
    seed: int
    calm: bool = False
    control_port: int = 0
    proxy_port: int | None = None
    config_out: Path | None = None
    desk: str = "ivanti"
    """The service desk of the configuration that is written: `ivanti`, or `files` for two folders."""
    latency: float = 0.0
    entra_port: int = 0
    ivanti_port: int = 0
    passwordstate_port: int = 0
    sql_port: int = 0
    sql_address: str = ""
    """A loopback address for the database alone, with a SQL Server Browser; empty: 127.0.0.1, and none."""
    storm: float | None = None


def truth(world: World) -> dict[str, Any]:
    """What is really there, system by system."""
    return {
        "tenants": entra_truth(world),
        "ivanti": ivanti_truth(world),
        "passwordstate": passwordstate_truth(world),
    }


class Simulator:
    """The whole simulator in one event loop, but for the database listener, which has threads of its own."""

    def __init__(self, options: ServeOptions) -> None:
        self.options = options
        self.clock = SimClock()
        self.journal = Journal()
        self.faults = Faults(options.seed, options.calm, None if options.storm is None else Storm(options.storm))
        self.start_world = {"seed": options.seed, **options.world}
        self.holder = Holder(load(self.start_world, self.clock))
        self.tls = tls.make(proxy.NAMES if options.proxy_port is not None else ())
        self._stops: list[Callable[[], Any]] = []

    async def start(self) -> Addresses:
        """Open every port; the configuration is written last, when each of them answers."""
        options = self.options
        context, sql_port = self._secured()
        entra = await self._serve(self._app(entra_routes.app), options.entra_port, context)
        where = Addresses(
            control=await self._serve(self._control(), options.control_port, None),
            entra=entra,
            ivanti=await self._serve(self._app(ivanti_routes.app), options.ivanti_port, context),
            passwordstate=await self._serve(self._app(passwordstate_routes.app), options.passwordstate_port, context),
            sql=sql_port,
            ivanti_base=self.holder.world.ivanti.base,
            proxy=await self._serve_proxy(entra),
            sql_address=options.sql_address,
            sql_instance=self.holder.world.passwordstate.database.instance,
        )
        for port in where.ports():
            await _wait_until_listening(port)
        if options.sql_address:
            await _wait_until_listening(where.sql, options.sql_address)
        if options.config_out is not None:
            config_out.write(options.config_out, self.holder.world, where, self.tls.ca, files=options.desk == "files")
        return where

    async def stop(self) -> None:
        """Close every port."""
        while self._stops:
            result = self._stops.pop()()
            if asyncio.iscoroutine(result):
                await result

    def _app(self, make: Callable[..., web.Application]) -> web.Application:
        return make(self.holder, self.journal, self.faults, self.clock, self.options.latency)

    def _control(self) -> web.Application:
        made = control.Control(self.holder, self.journal, self.faults, self.clock, self.start_world, truth)
        return control.app(made)

    def _secured(self) -> tuple[ssl.SSLContext, int]:
        """The TLS context, and the database's port. Both read the key from a file, which is gone again afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            pem = Path(folder, "server.pem")
            pem.touch(0o600)
            pem.write_bytes(self.tls.server)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            return context, self._serve_database(pem)

    def _serve_database(self, pem: Path) -> int:
        port, own = self.options.sql_port, self.options.sql_address
        address = own or "127.0.0.1"
        server = TdsServer(self.holder, self.journal, self.faults, self.clock, pem, address, port)
        try:
            number = server.start(browser=bool(own))
        except OSError as why:
            raise PortError(f"port {port} on {address}: {why.strerror}") from None
        self._stops.append(server.stop)
        return number

    async def _serve(self, app: web.Application, port: int, context: ssl.SSLContext | None) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        self._stops.append(runner.cleanup)
        sockets = listeners.bind(port)
        for one in sockets:
            await web.SockSite(runner, one, ssl_context=context).start()
        return _port(sockets)

    async def _serve_proxy(self, entra_port: int) -> int | None:
        if self.options.proxy_port is None:
            return None
        server = proxy.Proxy(entra_port)
        sockets = listeners.bind(self.options.proxy_port)
        await server.start(sockets)
        self._stops.append(server.stop)
        return _port(sockets)


async def run(options: ServeOptions, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT."""
    simulator = Simulator(options)
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    say(f"seed {options.seed}")
    try:
        where = await simulator.start()
        for line in where.lines():
            say(line)
        if options.config_out is not None:
            say(f"config {options.config_out}")
        say("ready")
        await done.wait()
    finally:
        await simulator.stop()


def _port(sockets: list[socket.socket]) -> int:
    return int(sockets[0].getsockname()[1])


async def _wait_until_listening(port: int, address: str = "127.0.0.1") -> None:
    """Wait until somebody takes connections there."""
    _, writer = await asyncio.open_connection(address, port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
