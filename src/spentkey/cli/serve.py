"""`spentkey serve`: poller, workers, webhook, API and metrics in one process, until it is stopped."""

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from spentkey.bootstrap.checkpoints import newest_in
from spentkey.bootstrap.context import probes_for
from spentkey.bootstrap.service import observed, prepare_process, service_for, verify_every_day, watch_own_credentials
from spentkey.bootstrap.settings import load_settings, reference_of
from spentkey.cli.attending import attending
from spentkey.cli.stopping import told_to_stop
from spentkey.observe.last_calls import LastKnown
from spentkey.observe.logs import logger
from spentkey.observe.metrics import Metrics
from spentkey.observe.observer import Observers
from spentkey.observe.sparing import SparingLog
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.ports.queue import Engine
from spentkey.ports.runtime import Clock
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.system import SystemClock
from spentkey.web.access import Access, ApiLogin, Failures
from spentkey.web.app import make_app
from spentkey.web.doors import ConnectionLimits, limits_for
from spentkey.web.gate import RequestGate
from spentkey.web.hosts import hosts_of
from spentkey.web.readiness import Readiness, probes_of
from spentkey.web.server import Server, address_of, listen_on, make_server
from spentkey.web.service import WebService

MOST_FAILURES = 20
"""Most wrong keys in a minute from one address."""


async def serve_until_stopped(config: Path, *, as_json: bool) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit code."""
    settings, clock = load_settings(config, os.environ), SystemClock()
    prepare_process()
    metrics, known = Metrics(clock), LastKnown(clock)
    with attending(settings.service, clock, os.environ, metrics, known, as_json=as_json) as observer:
        async with service_for(
            settings,
            observer,
            observed(observer),
            clock=clock,
            meter=observer,
            notified=observer.notified,
            signed=observer,
        ) as made:
            service = service_of(settings, made.engine, made.context, made.tree, clock, metrics, known)
            service = replace(service, export=made.export)
            await _serve(service, settings, observer)
    return 0


def service_of(
    everything: Settings,
    engine: Engine,
    context: Context,
    tree: EvidenceTree,
    clock: Clock,
    metrics: Metrics,
    known: LastKnown,
    most_failures: int = MOST_FAILURES,
) -> WebService:
    """What the routes work with."""
    settings = everything.service
    logins = tuple(ApiLogin.make(name, one.role, one.key) for name, one in settings.login.items())
    return WebService(
        engine=engine,
        context=context,
        metrics=metrics,
        readiness=Readiness(probes_of(context, engine, probes_for(everything, context)), known, clock),
        access=Access(logins, Failures(clock, most_failures)),
        webhook_secret=settings.webhook_secret,
        clock=clock,
        valid=lambda text: reference_of(everything, text),
        started=clock.now(),
        tree=tree,
        last_checkpoint=lambda: newest_in(everything, tree),
    )


def server_for(service: WebService, everything: Settings, bound: socket.socket, limits: ConnectionLimits) -> Server:
    """The server on that socket, not started yet."""
    sparing, settings = SparingLog(service.clock), everything.service

    def turned_away(why: str) -> None:
        service.metrics.turned_away(why)
        sparing.tell(f"connection {why}", "warning", "connection turned away", why=why)

    gate = RequestGate(hosts_of(settings), settings.behind_proxy)
    return make_server(make_app(service, gate, sparing), settings, bound, limits, turned_away)


async def _serve(service: WebService, everything: Settings, observer: Observers) -> None:
    """Run server and engine side by side until a signal, or until one of them ends by a problem."""
    settings, limits = everything.service, limits_for(everything)
    bound = listen_on(settings)
    server = server_for(service, everything, bound, limits)
    logger().info("listening", address=address_of(settings, bound), logins=len(settings.login))
    if not settings.login and settings.webhook_secret is None:
        logger().warning("nobody can ask: neither service.login nor service.webhook_secret is set")
    with told_to_stop() as stop:
        parts: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(server.serve(sockets=[bound])),
            asyncio.ensure_future(service.engine.serve(stop)),
            asyncio.ensure_future(watch_own_credentials(service.context, service.clock, service.metrics.days_left)),
            asyncio.ensure_future(verify_every_day(service.context, service.clock, observer.tell)),
            asyncio.ensure_future(stop.wait()),
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            await _wind_down(server, stop, parts)
        finally:
            for part in parts:
                part.cancel()


async def _wind_down(server: Server, stop: asyncio.Event, parts: list[asyncio.Future[Any]]) -> None:
    """Take no more requests, let the engine reach a safe point, and raise what ended a part early."""
    logger().info("stopping")
    serving, working, figures, verifying, _ = parts
    stop.set()
    server.should_exit = True
    await serving
    await working
    for early in (figures, verifying):
        if early.done():
            await early
    logger().info("stopped")
