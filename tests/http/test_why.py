"""Why there is no answer, in words: real sockets, real names, real certificates."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from azure.core.exceptions import ServiceRequestError
from real_simulator import RealSimulator

from spentkey.http.why import why_no_answer


async def why(url: str, context: ssl.SSLContext | None = None, name: str | None = None) -> str:
    """Why a request to that address has no answer."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError) as raised:
            await session.get(url, ssl=context or ssl.create_default_context(), server_hostname=name)
    told, by_the_library = (
        str(why_no_answer(one)) for one in (raised.value, ServiceRequestError("x", error=raised.value))
    )
    assert told == by_the_library
    return told


@asynccontextmanager
async def listening(first: bytes) -> AsyncGenerator[int]:
    """A server that says that, whatever it hears, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read(1)
            writer.write(first)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_name_that_dns_does_not_know() -> None:
    """The name is said; `.invalid` never resolves (RFC 6761)."""
    assert await why("https://no.such.host.invalid/") == "DNS gives no address for no.such.host.invalid"


async def test_a_port_on_which_nothing_listens() -> None:
    """Host and port are said."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, and not listened on: nobody else gets it meanwhile
        port = held.getsockname()[1]
        assert await why(f"https://127.0.0.1:{port}/") == f"nothing listens on 127.0.0.1, port {port}"


async def test_a_server_without_tls() -> None:
    """What it says instead is not repeated."""
    async with listening(b"HTTP/1.1 200 OK\r\n\r\nsecret-4Tz") as port:
        told = await why(f"https://127.0.0.1:{port}/")
    assert told.startswith(f"no TLS connection could be agreed on with 127.0.0.1, port {port}")


async def test_a_server_that_hangs_up() -> None:
    """In plain HTTP, so that it is the answer that is cut off."""
    async with listening(b"") as port:
        assert await why(f"http://127.0.0.1:{port}/") == "the connection was closed before the whole answer came"


async def test_an_authority_that_is_not_trusted_names_the_setting(sim: RealSimulator) -> None:
    """The machine's own store does not know the simulator's."""
    url = sim.url_of("desk")
    told = await why(url)
    assert told == (
        "no authority that is trusted here signed the certificate of localhost; tls.ca_file names the file of another one"
    )


async def test_a_certificate_for_another_name(sim: RealSimulator) -> None:
    """OpenSSL's own words for it, which hold nothing that was sent."""
    context = ssl.create_default_context(cafile=str(sim.config.parent / "ca.pem"))
    told = await why(sim.url_of("desk"), context, "other.example.org")
    assert told.startswith("the certificate of localhost does not serve: ")


@pytest.mark.parametrize(
    ("problem", "told"),
    [(TimeoutError(), "time-out"), (ValueError("a-secret-7Hb"), "ValueError"), (OSError("a-secret-7Hb"), "OSError")],
)
def test_of_what_nobody_thought_of_only_the_kind_is_said(problem: Exception, told: str) -> None:
    """Its text may quote what was sent."""
    assert str(why_no_answer(problem)) == told
