"""HTTP sessions whose answers are bounded, whoever reads them."""

import ssl
from asyncio import sslproto

import aiohttp

from spentkey import __version__

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
