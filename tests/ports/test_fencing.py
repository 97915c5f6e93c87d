"""No write without a permit: it is asked right before each try, and never for a read."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support_core import ManualClock

from spentkey.core.errors import Busy
from spentkey.http.client import HttpClient
from spentkey.ports.fencing import fencing_tokens, holding


class Desk:
    """A server that says 429 so many times, and remembers what it was asked."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.asked = refusals, list[str]()

    async def answer(self, request: web.Request) -> web.Response:
        """Say 429, then 200."""
        self.asked.append(request.method)
        return web.Response(status=429 if len(self.asked) <= self.refusals else 200)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[HttpClient]:
        """A client of it."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        async with TestServer(app) as server, aiohttp.ClientSession() as session:
            yield HttpClient("the desk", str(server.make_url("")), session, ManualClock(), lambda: 0.5)


class FenceChecks:
    """Lets so many writes pass, and then no more."""

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, 0

    async def ask(self) -> None:
        """Refuse when there are none left."""
        self.asked += 1
        if self.asked > self.most:
            raise Busy("another worker has taken over")


async def test_each_try_of_a_write_asks() -> None:
    """Also after a wait that the server asked for."""
    desk, fence = Desk(refusals=2), FenceChecks(9)
    async with desk.client() as client:
        with holding(1, fence.ask):
            await client.write("POST", "/x", {}, dict)
    assert (desk.asked, fence.asked) == (["POST"] * 3, 3)


async def test_a_write_without_a_permit_is_not_sent() -> None:
    """Taken over before it began."""
    desk = Desk(refusals=0)
    async with desk.client() as client:
        with holding(1, FenceChecks(0).ask), pytest.raises(Busy):
            await client.write("POST", "/x", {}, dict)
        with holding(1, FenceChecks(0).ask), pytest.raises(Busy):
            await client.write_once("PATCH", "/x", {}, dict)
    assert desk.asked == []


async def test_a_repeat_without_a_permit_is_not_sent() -> None:
    """Taken over while it waited for the next try."""
    desk = Desk(refusals=1)
    async with desk.client() as client:
        with holding(1, FenceChecks(1).ask), pytest.raises(Busy):
            await client.write("POST", "/x", {}, dict)
    assert desk.asked == ["POST"]


async def test_a_read_asks_nobody() -> None:
    """It changes nothing, whoever works on the task."""
    desk, fence = Desk(refusals=0), FenceChecks(0)
    async with desk.client() as client:
        with holding(1, fence.ask):
            await client.read("/x")
            await client.read_try("POST", "/x", None, {}, dict)
    assert (desk.asked, fence.asked) == (["GET", "POST"], 0)


async def test_without_claims_writes_go_out() -> None:
    """On one machine the kernel keeps the turns."""
    desk = Desk(refusals=0)
    async with desk.client() as client:
        assert (await client.write_once("PATCH", "/x", {}, dict)).status == 200
    assert fencing_tokens() == ()
