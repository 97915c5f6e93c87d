"""The two circles of trust: systems of the house, and Microsoft; each with one session that all lines share."""

import ssl
from asyncio import sslproto
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from spentkey import __version__
from spentkey.http.client import HttpClient
from spentkey.http.tls import proxy_for, trust
from spentkey.ports.runtime import Clock, Meter
from spentkey.system import jitter


@dataclass(frozen=True)
class Connections:
    """The sessions of both circles, which addresses belong to the house, and how proxies are found."""

    internal: aiohttp.ClientSession
    microsoft: aiohttp.ClientSession
    clock: Clock
    is_internal: Callable[[str], bool]
    proxy_of: Callable[[str], str | None]
    meter: Meter

    def http(self, name: str, url: str, refused_before_effect: frozenset[int] = frozenset({429})) -> HttpClient:
        """A line to the system at `url`; loopback addresses belong to the house."""
        proxy = self.proxy_of(url)
        return HttpClient(
            name, url, self.session_for(url), self.clock, jitter, proxy, refused_before_effect, self.meter
        )

    def session_for(self, url: str) -> aiohttp.ClientSession:
        """The session whose authorities are believed for that address."""
        return self.internal if self.is_internal(url) else self.microsoft


@asynccontextmanager
async def connected(
    internal_ca: Path | None,
    microsoft_ca: Path | None,
    clock: Clock,
    is_internal: Callable[[str], bool],
    *,
    use_proxies: bool,
    meter: Meter,
) -> AsyncGenerator[Connections]:
    """Open both sessions, which connect when they are first used, and close them at the end."""
    async with AsyncExitStack() as stack:
        internal = await stack.enter_async_context(open_session(trust(internal_ca)))
        microsoft = await stack.enter_async_context(open_session(trust(microsoft_ca)))
        yield Connections(internal, microsoft, clock, is_internal, proxy_for if use_proxies else lambda _: None, meter)


MOST_BYTES = 16_000_000
"""Largest answer that is read, in bytes; an application with 600 credentials has about 2,000,000."""


SECONDS = 30
"""How long one try of a request may take."""


BUFFER_BYTES = 65536
"""How much is read from a TLS connection at once; four records of the largest size."""


# asyncio sets 262,144 bytes aside for each connection that is open: the largest part of what a busy process held.
sslproto.SSLProtocol.max_size = BUFFER_BYTES


class BoundedResponse(aiohttp.ClientResponse):
    """A response whose body is read up to `MOST_BYTES`, then given up."""

    async def read(self) -> bytes:
        """Read the whole body once, at most `MOST_BYTES` of it."""
        if self._body is None:
            chunks, size = list[bytes](), 0
            async for chunk in self.content.iter_chunked(65536):
                size += len(chunk)
                if size > MOST_BYTES:
                    self.close()
                    raise aiohttp.ClientPayloadError(f"the answer is larger than {MOST_BYTES} bytes")
                chunks.append(chunk)
            self._body = b"".join(chunks)
            self.release()
        return self._body


def open_session(context: ssl.SSLContext, connections: int = 256) -> aiohttp.ClientSession:
    """A session that reuses its connections, keeps no cookies, and reads no environment."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        response_class=BoundedResponse,
        headers={"User-Agent": f"spentkey/{__version__}"},
        trust_env=False,
    )
