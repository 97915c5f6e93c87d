"""The two circles of trust: internal systems, and Microsoft; each with one session that all its clients share."""

import ssl
from asyncio import sslproto
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from spentkey import __version__
from spentkey.http.client import HttpClient, Refused, throttled
from spentkey.http.tls import proxy_for, trust
from spentkey.ports.runtime import Clock, Meter
from spentkey.system import jitter


@dataclass(frozen=True)
class Connections:
    """A session for each CA file, which addresses are internal, and how proxies are found."""

    internal_ca: Path | None
    microsoft_ca: Path | None
    clock: Clock
    is_internal: Callable[[str], bool]
    proxy_of: Callable[[str], str | None]
    meter: Meter
    _until_closed: AsyncExitStack = field(repr=False)
    _sessions: dict[Path | None, aiohttp.ClientSession] = field(
        default_factory=dict[Path | None, aiohttp.ClientSession], repr=False
    )

    def http(self, name: str, url: str, refused_before_effect: Refused = throttled) -> HttpClient:
        """A client for the system at `url`; loopback addresses are internal."""
        proxy = self.proxy_of(url)
        return HttpClient(
            name, url, self.session_for(url), self.clock, jitter, proxy, refused_before_effect, self.meter
        )

    def session_for(self, url: str) -> aiohttp.ClientSession:
        """The session whose authorities are believed for that address."""
        return self.session_with(self.internal_ca if self.is_internal(url) else self.microsoft_ca)

    def session_with(self, ca_file: Path | None) -> aiohttp.ClientSession:
        """The session that believes this file, or the machine's store; made when it is first asked for."""
        if ca_file not in self._sessions:
            self._sessions[ca_file] = open_session(trust(ca_file))
            self._until_closed.push_async_callback(self._sessions[ca_file].close)
        return self._sessions[ca_file]


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
    """Sessions for both circles, closed at the end; raises `Misconfigured` for a file that cannot be used.

    The machine's own store has more than a hundred authorities and takes about 20 ms to read: only who needs it does.
    """
    async with AsyncExitStack() as stack:
        proxy_of = proxy_for if use_proxies else _no_proxy
        connections = Connections(internal_ca, microsoft_ca, clock, is_internal, proxy_of, meter, stack)
        for ca_file in (internal_ca, microsoft_ca):
            if ca_file is not None:
                connections.session_with(ca_file)
        yield connections


def _no_proxy(url: str) -> None:
    del url


MOST_BYTES = 16_000_000
"""Largest answer that is read, in bytes; an application with 600 credentials has about 2,000,000."""


LONGEST_HEADER = 65_536
"""Longest header of an answer, in bytes: a Content-Security-Policy has some 10,000."""


SECONDS = 30
"""How long one try of a request may take."""


BUFFER_BYTES = 65536
"""How much is read from a TLS connection at once; four records of the largest size."""


def use_small_buffers() -> None:
    """For a process of our own that works on many tasks: smaller buffers for every TLS connection that it opens.

    asyncio sets 262,144 bytes aside for each open connection: the largest part of what a busy process held.
    """
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
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        response_class=BoundedResponse,
        headers={"User-Agent": f"spentkey/{__version__}"},
        trust_env=False,
    )
