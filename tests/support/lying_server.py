"""A server over TLS that answers whatever a test wants, in place of one real system."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from real_simulator import RealSimulator
from tls_material import server_context
from worlds import AUTOMATION, TENANT

from spentkey_sim.listeners import bind

Answer = tuple[int, Any, Mapping[str, str]]


def token(**claims: Any) -> str:
    """An access token as far as a client can see: three parts, whose claims are these; None leaves one out."""
    told = {"tid": TENANT, "appid": AUTOMATION, **claims}
    return jwt.encode({name: value for name, value in told.items() if value is not None}, "k" * 32, "HS256")


def token_reply(access_token: str) -> Answer:
    """The answer of a token endpoint."""
    return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": access_token}, {}


@dataclass
class Liar:
    """What it answers, by the end of the path; and what it was asked. A body that is not bytes is sent as JSON."""

    responses: dict[str, Answer]
    ca_file: Path
    port: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://localhost:{self.port}"

    def environment(self, *settings: str) -> dict[str, Any]:
        """Points these settings at the liar, and believes its authority as well as the simulator's."""
        return {"SPENTKEY_TLS__CA_FILE": str(self.ca_file)} | dict.fromkeys(settings, self.url)

    @property
    def writes(self) -> list[str]:
        """The paths that were sent to with another method than GET, but for tokens and batches of reads."""
        return [path for method, path in self.seen if method != "GET" and not path.endswith(("/token", "/$batch"))]

    async def answer(self, request: web.Request) -> web.Response:
        """The first answer whose name ends the path; a redirect where none does."""
        self.seen.append((request.method, request.path))
        named = (answer for name, answer in self.responses.items() if request.path.endswith(name))
        status, body, headers = next(named, (302, b"", {"Location": f"{self.url}/elsewhere"}))
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=raw, headers={"Content-Type": "application/json", **headers})


@asynccontextmanager
async def lying(sim: RealSimulator, folder: Path, responses: dict[str, Answer] | None = None) -> AsyncGenerator[Liar]:
    """Serve lies as long as it lasts."""
    context, authority = server_context()
    ca_file = folder / "both.pem"
    ca_file.write_bytes((sim.config.parent / "ca.pem").read_bytes() + authority)
    liar = Liar(responses or {}, ca_file)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", liar.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        sockets = bind(0)
        for one in sockets:
            await web.SockSite(runner, one, ssl_context=context).start()
        liar.port = int(sockets[0].getsockname()[1])
        yield liar
    finally:
        await runner.cleanup()
