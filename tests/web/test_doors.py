"""The door: how many connections are held, for how long, and that the work goes on whoever knocks."""

import asyncio
import json
import resource
import signal
import socket
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import BIN, QUICK, ended, environment
from door_attacks import (
    LOOPBACK,
    ask_without_end,
    checked_without_end,
    connected,
    idle,
    port_of,
    raw,
    settled,
    status_of,
)
from fault_rules import fault
from real_simulator import RealSimulator
from serve_process import serving
from web_support import OPERATOR, SERVICE, served
from worlds import EXPIRED_SECRET, TASK, world

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HIDDEN_TASK: dict[str, Any] = {"owner_team": "Servicedesk"}


def test_812_idle_connections_do_not_stop_the_work(sim: RealSimulator, tmp_path: Path) -> None:
    """With 512 descriptors: the task that comes meanwhile is done, and the log stays short."""
    sim.reset(world(task=HIDDEN_TASK))
    with serving(sim, tmp_path, most_files=512, SPENTKEY_ENGINE__POLL_S="0.5") as service:
        with idle(port_of(service.url), 812, addresses=13):
            sim.reset(world())
            assert service.until("result", task=str(TASK))["outcome"] == "removed"
        assert service.end(signal.SIGTERM) == 0
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert len(service.log) < 200


@pytest.fixture
def many_files() -> Generator[None]:
    """Room for both ends of many connections in one process, whatever the shell allows at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
async def test_600_connections_of_one_address_are_64(sim: RealSimulator, tmp_path: Path) -> None:
    """The others are closed at once, and another address is answered meanwhile."""
    async with served(sim, tmp_path, patience_s=60) as one:
        connections = await asyncio.to_thread(_hold, port_of(one.url), 600)
        try:
            assert await settled(connections, 64) == 64
            assert (await one.get("/healthz", {})).status == 200
        finally:
            for each in connections:
                each.close()


def _hold(port: int, count: int) -> list[Any]:
    with idle(port, count) as made:
        return [one.dup() for one in made]


async def test_a_handshake_that_does_not_come_is_given_up(sim: RealSimulator, tmp_path: Path) -> None:
    """TCP is open, and of TLS comes nothing, or the beginning."""
    async with served(sim, tmp_path, patience_s=0.3) as one:
        with idle(port_of(one.url), 4) as connections:
            connections[0].send(b"\x16\x03\x01")
            assert await settled(connections, 0) == 0


async def test_a_head_in_drops_is_given_up(sim: RealSimulator, tmp_path: Path) -> None:
    """Each byte comes in time, and the head does not."""
    async with served(sim, tmp_path, patience_s=0.4) as one:
        reader, writer = await connected(one, tmp_path)
        ended = asyncio.ensure_future(reader.read())
        async with asyncio.timeout(20):
            while not ended.done():
                writer.write(b"x")
                await asyncio.wait([ended], timeout=0.02)
        assert ended.exception() is not None or ended.result() == b""


async def test_who_does_not_read_the_answers_is_let_go(sim: RealSimulator, tmp_path: Path) -> None:
    """Request after request, and no answer is read: the connection ends, whatever is still to be sent."""
    request = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {Authorization}\r\n\r\n"
    async with served(sim, tmp_path, patience_s=0.4) as one:
        _, writer = await connected(one, tmp_path, limit=1)
        with pytest.raises(OSError, match=r".*"):
            async with asyncio.timeout(20):
                await ask_without_end(writer, request.format(**OPERATOR).encode())


async def test_where_all_places_are_taken_an_idle_one_gives_way(sim: RealSimulator, tmp_path: Path) -> None:
    """From many addresses, none of them over its share: who asks at once is still answered, each time."""
    async with served(sim, tmp_path, patience_s=60, most_connections=20) as one:
        with idle(port_of(one.url), 60, addresses=30) as connections:
            assert await settled(connections, 20) == 20
            for _ in range(30):
                assert (await one.ask("GET", "/healthz", {"Connection": "close"})).status == 200
        turned_away = one.service.metrics.registry.get_sample_value
        assert (turned_away("spentkey_http_turned_away_total", {"why": "total"}) or 0) >= 40


async def test_bodies_that_do_not_come_give_way_too(sim: RealSimulator, tmp_path: Path) -> None:
    """Heads of many addresses that promise a body: who asks at once is still answered, each time."""
    head = (
        b"POST /api/v1/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    async with served(sim, tmp_path, patience_s=60, most_connections=20) as one:
        held = [await connected(one, tmp_path, mine=f"127.0.1.{number + 1}") for number in range(20)]
        for _, writer in held:
            writer.write(head)
        while not all(seat.protocol is not None and seat.protocol.is_asking() for seat in one.seats()):
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.01)
        for _ in range(30):
            assert (await one.ask("GET", "/healthz", {"Connection": "close"})).status == 200


async def test_a_request_under_way_does_not_give_way(sim: RealSimulator, tmp_path: Path) -> None:
    """Where every place has one, the next connection is closed; those under way are answered."""
    sim.faults(fault("ivanti", "task-query", "hang", params={"seconds": 3}))
    request = "GET /api/v1/tasks/{}/plan HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {}\r\nConnection: close\r\n\r\n"
    async with served(sim, tmp_path, patience_s=20, most_connections=2) as one:
        under_way = [await connected(one, tmp_path) for _ in range(2)]
        for _, writer in under_way:
            writer.write(request.format(TASK, OPERATOR["Authorization"]).encode())
        while sum(not seat.is_waiting() for seat in one.seats()) < 2:
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.01)
        with pytest.raises(OSError, match=r".*"):
            await connected(one, tmp_path)
        for reader, _ in under_way:
            assert status_of(await reader.read()) == 200


async def test_behind_a_proxy_one_address_may_have_all(sim: RealSimulator, tmp_path: Path) -> None:
    """All callers have the proxy's."""
    hosts = '["spentkey.example.org"]'
    async with served(
        sim, tmp_path, patience_s=60, SPENTKEY_SERVICE__BEHIND_PROXY="true", SPENTKEY_SERVICE__HOSTS=hosts
    ) as one:
        with idle(port_of(one.url), 100) as connections:
            assert (await one.get("/healthz", {})).status == 200
            assert await settled(connections, 100) == 100


def test_requests_that_nobody_can_read_are_one_line_a_minute(sim: RealSimulator, tmp_path: Path) -> None:
    """As are wrong keys and names that are not ours; the metrics count them all."""
    bad = [b"nonsense\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"]
    bad += [b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n"]
    sim.reset(world(task=HIDDEN_TASK))
    with serving(sim, tmp_path) as service:
        for content in bad * 100:
            with socket.create_connection((LOOPBACK, port_of(service.url)), 20) as one:
                one.sendall(content)
                while one.recv(4096):
                    pass
        assert service.end(signal.SIGTERM) == 0
    assert len(service.log) < 15


@pytest.mark.parametrize(("files", "why"), [(160, "the work needs 256"), (270, "raise the limit")])
def test_without_descriptors_for_the_work_it_does_not_start(
    sim: RealSimulator, tmp_path: Path, files: int, why: str
) -> None:
    """Exit 2 and one line that says how many there must be."""
    command = [str(BIN / "spentkey"), "serve", "--config", str(sim.config)]
    limited = ["/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    over = ended(limited, tmp_path, environment(tmp_path, **(QUICK | SERVICE)))
    assert (over.code, why in over.err, "Traceback" in over.err) == (2, True, False)


SMUGGLED = b"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SHAPES = {
    "two lengths that differ": POST + b"Content-Length: 0\r\nContent-Length: 50\r\n\r\n",
    "two lengths that agree": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "two lengths in one line": POST + b"Content-Length: 0, 0\r\n\r\n",
    "a length and chunks": POST + b"Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 50\r\n\r\n0\r\n\r\n",
    "chunks twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
    "a blank before the colon": POST + b"Content-Length : 0\r\n\r\n",
    "a folded line": POST + b"X: 1\r\n Content-Length: 50\r\n\r\n",
    "lines that end in LF alone": b"POST /healthz HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n",
    "one line that ends in LF alone": POST + b"X: 1\nContent-Length: 0\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n",
    "a chunk with a wrong end": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxyz0\r\n\r\n",
    "two hosts": b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("scenario", SHAPES)
async def test_a_request_of_two_meanings_ends_the_connection(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """400 once, and what comes behind it on the same connection is nobody's request."""
    async with served(sim, tmp_path) as one:
        message = await raw(one, tmp_path, SHAPES[scenario] + SMUGGLED)
        assert (status_of(message), message.count(b"HTTP/1.1 ")) == (400, 1)
        assert b"application/json" in message


async def test_two_plain_requests_in_one_piece_are_two(sim: RealSimulator, tmp_path: Path) -> None:
    """Pipelining is allowed where lengths are plain."""
    async with served(sim, tmp_path) as one:
        whole = HEALTH.replace(b"Connection: close\r\n", b"Content-Length: 0\r\n")
        assert (await raw(one, tmp_path, whole + HEALTH)).count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("length", [b"Content-Length: 200", b"Transfer-Encoding: chunked"])
async def test_a_body_that_is_cut_off_sets_nothing_going(sim: RealSimulator, tmp_path: Path, length: bytes) -> None:
    """A part of a body may read as a whole one; nothing is on record for it."""
    why = json.dumps({"why": "x"}).encode()
    body = b"%x\r\n%s\r\n" % (len(why), why) if b"chunked" in length else why
    head = f"POST /api/v1/pause HTTP/1.1\r\nHost: {LOOPBACK}\r\nAuthorization: {OPERATOR['Authorization']}\r\n"
    async with served(sim, tmp_path) as one:
        content = head.encode() + b"Content-Type: application/json\r\n" + length + b"\r\n\r\n" + body
        await raw(one, tmp_path, content, finish=True)
        assert (await one.get("/api/v1/status")).json["stopped"] is None
        assert sim.evidence() == []


async def test_a_broken_socket_is_told(sim: RealSimulator, tmp_path: Path) -> None:
    """A service that nobody can reach does not go on as if it served."""
    async with served(sim, tmp_path) as one:
        taken = socket.socket()
        taken.setblocking(False)
        doors = replace(one.server.doors, bound=taken, seats={})
        doors.open()
        with taken, pytest.raises(OSError, match="Invalid argument"):
            await checked_without_end(doors)
        await doors.close()
