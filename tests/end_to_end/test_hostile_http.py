"""Answers that are spoilt on the wire: framing, coding, size and time, for every system that is spoken to over HTTP."""

import asyncio
import contextlib
import functools
import resource
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import pytest
from fault_rules import assert_nothing_unmeant
from mangling_server import Mangle, Mangler, Real, mangling
from pairing import each_once
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import EXPIRED_SECRET, REF, TASK

from spentkey.bootstrap.context import context_for
from spentkey.core.outcome import Result
from spentkey.story import work_on

SETTINGS = {
    "Ivanti": "SPENTKEY_IVANTI__URL",
    "Passwordstate": "SPENTKEY_PASSWORDSTATE__URL",
    "sign-in": "SPENTKEY_TENANTS__production__AUTHORITY",
    "Graph": "SPENTKEY_TENANTS__production__GRAPH_URL",
}
AWAY, DONE = ("failed", "open", 4), ("removed", "closed", 0)
SHORT_S = 0.2
"""How long one try may take here; the product gives it 30 seconds."""
LONGEST_S, MOST_KILOBYTES = 45.0, 400_000
BOMB_BYTES = 200_000_000


@functools.cache
def bomb() -> bytes:
    """A few kilobytes that unpack to far more than any answer may have."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(BOMB_BYTES // 1_000_000)) + packer.flush()


async def _bomb(real: Real) -> AsyncIterator[bytes]:
    yield real.head("Content-Encoding: gzip", "Content-Type: application/json", length=len(bomb()), status=200) + bomb()


def whole(*more: str, before: bytes = b"", after: bytes = b"", length: int | None = -1) -> Mangle:
    """The real answer with more headers, or with bytes before and after its body, or with another length."""

    async def mangle(real: Real) -> AsyncIterator[bytes]:
        body = before + real.body + after if real.body else b""
        size = len(body) if length == -1 else length
        yield real.head(*more, length=size) + body

    return mangle


def instead(body: bytes, *more: str) -> Mangle:
    """Another body in place of the real one, whatever the status was."""

    async def mangle(real: Real) -> AsyncIterator[bytes]:
        yield real.head(*more, length=len(body), status=200) + body

    return mangle


def replaced(old: bytes, new: bytes) -> Mangle:
    """The real answer with some of its JSON written otherwise."""

    async def mangle(real: Real) -> AsyncIterator[bytes]:
        body = real.body.replace(old, new) if real.body.lstrip()[:1] in (b"{", b"[") else real.body
        yield real.head(length=len(body)) + body

    return mangle


async def _moment() -> None:
    """Less time than any limit."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SHORT_S / 8):
            await asyncio.get_running_loop().create_future()


async def _a_byte_at_a_time(real: Real) -> AsyncIterator[bytes]:
    yield real.head(length=1_000_000)
    while True:
        yield b" "
        await _moment()


async def _headers_a_byte_at_a_time(real: Real) -> AsyncIterator[bytes]:
    del real
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while True:
        yield b"a"
        await _moment()


async def _silence(real: Real) -> AsyncIterator[bytes]:
    del real
    for _ in range(60):
        await _moment()
    yield b""


async def _no_end(real: Real) -> AsyncIterator[bytes]:
    yield real.head("Transfer-Encoding: chunked", length=None)
    while True:
        yield b"10000\r\n" + b" " * 65536 + b"\r\n"


async def _no_end_of_headers(real: Real) -> AsyncIterator[bytes]:
    del real
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-More: " + b"a" * 100 + b"\r\n"


async def _many_headers(real: Real) -> AsyncIterator[bytes]:
    yield real.head(*(f"X-{number}: a" for number in range(100_000)))
    yield real.body


async def _only_promises(real: Real) -> AsyncIterator[bytes]:
    del real
    while True:
        yield b"HTTP/1.1 102 Processing\r\n\r\n"
        await _moment()


async def _broken_chunks(real: Real) -> AsyncIterator[bytes]:
    yield real.head("Transfer-Encoding: chunked", length=None) + b"ffffffffffffffff\r\n" + real.body


async def _both_lengths(real: Real) -> AsyncIterator[bytes]:
    yield real.head("Content-Length: 5", length=7) + real.body


async def _no_http(real: Real) -> AsyncIterator[bytes]:
    del real
    yield b"SSH-2.0-OpenSSH_9.0\r\n"


DOUBTFUL: dict[str, Mangle] = {
    "a byte at a time": _a_byte_at_a_time,
    "headers a byte at a time": _headers_a_byte_at_a_time,
    "silence": _silence,
    "no end": _no_end,
    "no end of headers": _no_end_of_headers,
    "a hundred thousand headers": _many_headers,
    "only promises": _only_promises,
    "a header of a megabyte": whole("X-Long: " + "a" * 1_000_000),
    "a length that is longer": whole(length=1_000_000),
    "a length that is shorter": whole(length=3),
    "a length that is negative": whole(length=-7),
    "two lengths": _both_lengths,
    "broken chunks": _broken_chunks,
    "not HTTP": _no_http,
    "a bomb": _bomb,
    "gzip that is none": whole("Content-Encoding: gzip"),
    "too deep": instead(b"[" * 200_000 + b"]" * 200_000, "Content-Type: application/json"),
    "invalid UTF-8": replaced(b"{", b'{"Surprise": "\xff\xfe", '),
    "NaN for a number": replaced(b"{", b'{"Surprise": NaN, '),
    "a number without end": replaced(b"{", b'{"Surprise": -Infinity, '),
    "every name twice": replaced(b'":', b'":null,"x":1,"x":'),
    "a name twice": replaced(b"{", b'{"Twice": 1, "Twice": 2, '),
    "in UTF-7": replaced(b"{", b"+AHs-"),
}
HARMLESS: dict[str, Mangle] = {
    "untouched": whole(),
    "a byte order mark": whole(before=b"\xef\xbb\xbf"),
    "blanks around it": whole(before=b" \r\n\t", after=b"\n\n"),
    "a charset that lies": whole("Content-Type: application/json; charset=utf-16"),
    "a charset that nobody knows": whole("Content-Type: application/json; charset=x-none"),
    "a coding that nobody knows": whole("Content-Encoding: secret-sauce"),
    "headers twice": whole("X-Twice: 1", "X-Twice: 2", "Set-Cookie: a=1", "Set-Cookie: a=2"),
}


async def run(sim: RealSimulator, system: str, mangler: Mangler) -> Result:
    """The task, with one system behind the mangler, and short limits of time."""
    names = [SETTINGS[system]] if system != "Graph" else [SETTINGS["Graph"], SETTINGS["sign-in"]]
    given: dict[str, Any] = dict.fromkeys(names, mangler.url + urlsplit(address_of(sim, system)).path)
    settings = sim.settings(SPENTKEY_TLS__CA_FILE=str(mangler.ca_file), **given)
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
        session = cast("Any", context.directories).session_for(mangler.url)
        session._timeout = aiohttp.ClientTimeout(total=SHORT_S if mangler.mangle in _SLOW else 10)
        return await work_on(REF, context)


_SLOW = [
    *(DOUBTFUL[name] for name in ("a byte at a time", "headers a byte at a time", "silence")),
    *(DOUBTFUL[name] for name in ("no end of headers", "only promises")),
]


def address_of(sim: RealSimulator, system: str) -> str:
    """Where that system really is."""
    settings = sim.settings()
    tenant = settings.tenants["production"]
    slots = {"Ivanti": sim.url_of("desk"), "Passwordstate": sim.url_of("vault")}
    return str({**slots, "sign-in": tenant.authority, "Graph": tenant.graph_url}[system])


def behind(
    sim: RealSimulator, folder: Path, system: str, mangle: Mangle, *, keep_alive: bool = False
) -> AbstractAsyncContextManager[Mangler]:
    """The mangler in front of that system; sign-in and Graph share an address, and only one of them is spoilt."""
    address = urlsplit(address_of(sim, system))

    def spoils(path: str) -> bool:
        return system != "Graph" or not path.endswith("/token")

    return mangling(sim, folder, f"{address.scheme}://{address.netloc}", mangle, spoils, keep_alive=keep_alive)


def peak() -> int:
    """The most memory that this process ever had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


LENIENT = ("NaN for a number", "a number without end", "a name twice")
"""What Microsoft's own library takes in a token reply; who the token is for is read from the token (guard G2)."""


@pytest.mark.parametrize(
    ("system", "scenario"), each_once(SETTINGS, DOUBTFUL, {("sign-in", scenario) for scenario in LENIENT})
)
async def test_a_doubtful_answer_removes_nothing(
    sim: RealSimulator, tmp_path: Path, system: str, scenario: str
) -> None:
    """The task is left open after bounded time and memory; nothing is written anywhere; a later run ends it."""
    began, memory = time.monotonic(), peak()
    async with behind(sim, tmp_path, system, DOUBTFUL[scenario]) as mangler:
        result = await run(sim, system, mangler)
    assert time.monotonic() - began < LONGEST_S
    assert peak() - memory < MOST_KILOBYTES
    assert (result.outcome, result.ticket.value, result.exit_code) == AWAY, result.reason
    assert mangler.seen
    assert sim.writes() == []
    assert "\n" not in (result.reason or "")
    again = await sim.run(TASK)
    assert (again.outcome, again.ticket.value, again.exit_code) == DONE, again.reason
    assert_nothing_unmeant(sim, EXPIRED_SECRET)


@pytest.mark.parametrize(("system", "scenario"), each_once(SETTINGS, HARMLESS))
async def test_a_harmless_oddity_changes_nothing(
    sim: RealSimulator, tmp_path: Path, system: str, scenario: str
) -> None:
    """JSON is UTF-8 whatever its label says, and a mark before it is no part of it."""
    async with behind(sim, tmp_path, system, HARMLESS[scenario]) as mangler:
        result = await run(sim, system, mangler)
    assert (result.outcome, result.ticket.value, result.exit_code) == DONE, result.reason
    assert_nothing_unmeant(sim, EXPIRED_SECRET)


async def test_an_answer_behind_the_answer_is_not_believed(sim: RealSimulator, tmp_path: Path) -> None:
    """What a server sends unasked on a kept connection is no answer to the next request: 204 to a removal, say."""
    forged = b"HTTP/1.1 204 No Content\r\n\r\n" * 3

    async def twice(real: Real) -> AsyncIterator[bytes]:
        yield real.head() + real.body + forged

    async with behind(sim, tmp_path, "Graph", twice, keep_alive=True) as mangler:
        result = await run(sim, "Graph", mangler)
    assert (result.outcome, result.ticket.value, result.exit_code) == DONE, result.reason
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert "removePassword" in [path.rsplit("/", 1)[-1] for _, path in mangler.seen]
