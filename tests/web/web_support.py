"""The service on loopback, over TLS, in the event loop of a test; with a real client, real hands and a small engine."""

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import aiohttp
from real_simulator import QuickClock, RealSimulator

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.service import observed
from spentkey.cli.serve import server_for, service_of
from spentkey.core.errors import Outage
from spentkey.core.outcome import Result
from spentkey.core.secret import Secret
from spentkey.core.signature import SIGNATURE, TIMESTAMP, signature_of
from spentkey.core.task import TaskRef
from spentkey.observe.last_calls import LastKnown
from spentkey.observe.metrics import Metrics
from spentkey.observe.observer import Observer, Observers
from spentkey.ports.queue import Queued, Stage
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.story import work_on
from spentkey.system import SystemIds
from spentkey.web.doors import Seat, limits_for
from spentkey.web.middleware import Middleware
from spentkey.web.server import Server, listen_on
from spentkey.web.service import MakeExport, WebService
from spentkey_sim import tls

SECRET = Secret("canary-webhook-secret-of-forty-characters")
OPERATOR_KEY, VIEWER_KEY = "canary-operator-key-of-forty-characters-", "canary-viewer-key-of-forty-characters---"
AUDITOR_KEY = "canary-auditor-key-of-forty-characters--"
AUDITOR = {"Authorization": f"Bearer {AUDITOR_KEY}"}
OPERATOR, VIEWER = {"Authorization": f"Bearer {OPERATOR_KEY}"}, {"Authorization": f"Bearer {VIEWER_KEY}"}
SERVICE = {
    "SPENTKEY_SERVICE__LISTEN": "127.0.0.1:0",
    "SPENTKEY_SERVICE__WEBHOOK_SECRET": SECRET.reveal(),
    "SPENTKEY_SERVICE__LOGIN__OPS__ROLE": "operator",
    "SPENTKEY_SERVICE__LOGIN__OPS__KEY": OPERATOR_KEY,
    "SPENTKEY_SERVICE__LOGIN__EYES__ROLE": "viewer",
    "SPENTKEY_SERVICE__LOGIN__EYES__KEY": VIEWER_KEY,
    "SPENTKEY_SERVICE__LOGIN__AUDIT__ROLE": "auditor",
    "SPENTKEY_SERVICE__LOGIN__AUDIT__KEY": AUDITOR_KEY,
}


@functools.cache
def _certificates() -> tls.Tls:
    return tls.make()


@dataclass
class HeldEngine:
    """An engine that holds what it is offered until a test lets it work."""

    offered: list[TaskRef] = field(default_factory=list[TaskRef])
    away: bool = False

    async def offer(self, task: TaskRef) -> bool:
        """Take it, once."""
        self._see()
        new = task not in self.offered
        self.offered += [task] if new else []
        return new

    async def queued(self) -> Sequence[Queued]:
        """All that was offered."""
        self._see()
        return [Queued(task, Stage.QUEUED) for task in self.offered]

    async def serve(self, stop: asyncio.Event) -> None:
        """Wait to be stopped."""
        await stop.wait()

    def _see(self) -> None:
        if self.away:
            raise Outage("the engine's database does not answer")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any


@dataclass(frozen=True)
class Served:
    """The running service, and a client for it."""

    url: str
    service: WebService
    engine: HeldEngine
    observer: Observers
    clock: QuickClock
    client: aiohttp.ClientSession
    server: Server

    def seats(self) -> Sequence[Seat]:
        """The connections that are held."""
        return list(self.server.doors.seats)

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """One request; what is posted says that it is JSON, unless the headers say otherwise."""
        said = {"Content-Type": "application/json"} if method == "POST" else {}
        async with self.client.request(
            method, self.url + path, headers={**said, **(headers or {})}, **more
        ) as response:
            is_json = response.content_type == "application/json"
            text = await response.text()
            return Answer(response.status, response.headers, text, await response.json() if is_json else None)

    async def get(self, path: str, headers: Mapping[str, str] | None = VIEWER) -> Answer:
        """GET, as a viewer unless said otherwise."""
        return await self.ask("GET", path, headers)

    async def work(self, task: int | str) -> Result:
        """Let the story run once, watched as in the service."""
        return await observed(self.observer)(work_on, TaskRef(str(task)), self.service.context, SystemIds().new())


def settings_of(sim: RealSimulator, **environment: str) -> Settings:
    """The simulator's configuration with two logins and a webhook secret; an empty text takes a setting away."""
    wanted = {name: value for name, value in (SERVICE | environment).items() if value}
    return sim.settings(**wanted)


@contextlib.asynccontextmanager
async def served(
    sim: RealSimulator,
    folder: Path,
    *observers: Observer,
    most_failures: int = 20,
    patience_s: float = 10,
    most_connections: int | None = None,
    valid: Callable[[str], TaskRef] | None = None,
    export: MakeExport | None = None,
    **environment: str,
) -> AsyncGenerator[Served]:
    """The service, over TLS, with this environment; with `valid` the desk's references are such texts."""
    made = _certificates()
    pem, authority = folder / "service.pem", folder / "service-ca.pem"
    pem.write_bytes(made.server)
    pem.chmod(0o600)
    authority.write_bytes(made.ca)
    files = {"SPENTKEY_SERVICE__TLS__CERTIFICATE": str(pem), "SPENTKEY_SERVICE__TLS__KEY": str(pem)}
    settings, clock = settings_of(sim, **(files | environment)), QuickClock()
    metrics, known = Metrics(clock), LastKnown(clock)
    observer = Observers((metrics, known, *observers), clock)
    async with context_for(settings, observer, use_proxies=False, clock=clock, meter=observer) as context:
        engine = HeldEngine()
        tree = SqliteTree(cast("SqliteEvidence", context.evidence))
        service = service_of(settings, engine, context, tree, clock, metrics, known, most_failures)
        service = replace(service, export=export)
        if valid is not None:
            service = replace(service, valid=valid, context=_without_numbers(context))
        listening = _listening(service, settings, patience_s, most_connections)
        async with listening as (server, port), _client(authority) as client:
            yield Served(f"https://127.0.0.1:{port}", service, engine, observer, clock, client, server)


def _without_numbers(context: Context) -> Context:
    rules = context.rules
    return replace(context, rules=replace(rules, desk=replace(rules.desk, numbers=False)))


@contextlib.asynccontextmanager
async def _listening(
    service: WebService, settings: Settings, patience_s: float, most_connections: int | None
) -> AsyncGenerator[tuple[Server, int]]:
    bound = listen_on(settings.service)
    limits = replace(limits_for(settings), head_s=patience_s, unread_s=patience_s)
    limits = replace(limits, total=most_connections or limits.total)
    server = server_for(service, settings, bound, limits)
    server.config.app = replace(cast("Middleware", server.config.app), body_seconds=patience_s)
    server.config.timeout_keep_alive = min(server.config.timeout_keep_alive, patience_s)  # pyright: ignore[reportAttributeAccessIssue]
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        yield server, bound.getsockname()[1]
    finally:
        await _stop(server, serving)


async def _stop(server: Server, serving: asyncio.Future[None]) -> None:
    """At once where nothing is under way; how the service ends in good order is tested on its process."""
    if not server.started or server.server_state.tasks:
        server.should_exit = True
        await serving
        return
    await server.doors.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    server.doors.bound.close()
    for connection in list(server.server_state.connections):
        connection.transport.abort()


@contextlib.asynccontextmanager
async def _client(authority: Path) -> AsyncGenerator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(authority)))
    async with aiohttp.ClientSession(connector=connector) as client:
        yield client


def signed(body: bytes, clock: QuickClock, *, late_s: float = 0, secret: Secret = SECRET) -> dict[str, str]:
    """The headers of the webhook for a body."""
    timestamp = str(int(clock.now().timestamp() - late_s))
    return {TIMESTAMP: timestamp, SIGNATURE: signature_of(secret, timestamp, body)}
