"""What a write asks before every try: the first one too, and each repeat after a wait."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support_core import ManualClock

from spentkey.core.errors import Outage
from spentkey.http.client import HttpClient, Redirected, ReplyLost
from spentkey.http.retry import TRIES


class Server:
    """Answers with these statuses, the last one again and again, and counts what it was asked."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.asked = list(statuses), 0

    async def answer(self, request: web.Request) -> web.Response:
        """The next status."""
        del request
        self.asked += 1
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers={"Location": "/elsewhere", "Retry-After": "12"})

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[HttpClient]:
        """A client of it."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        async with TestServer(app) as server, aiohttp.ClientSession() as session:
            yield HttpClient("the system", str(server.make_url("")), session, ManualClock(), lambda: 0.5)


class Enough(Exception):
    """Nothing more is to be sent."""


class Question:
    """Lets so many tries pass."""

    def __init__(self, most: int = 99) -> None:
        self.most, self.times = most, 0

    async def __call__(self) -> None:
        """Count, and say no after the last one."""
        if self.times == self.most:
            raise Enough
        self.times += 1


async def test_every_try_is_asked_for() -> None:
    """One question for each request."""
    server, question = Server(429, 429, 200), Question()
    async with server.client() as client:
        await client.write("POST", "/x", {}, dict, before_try=question)
    assert (server.asked, question.times) == (3, 3)


@pytest.mark.parametrize("most", [0, 1, 2])
async def test_a_no_ends_the_write_without_that_try(most: int) -> None:
    """What was raised comes out, and nothing more is sent."""
    server = Server(429)
    async with server.client() as client:
        with pytest.raises(Enough):
            await client.write("POST", "/x", {}, dict, before_try=Question(most))
    assert server.asked == most


async def test_a_write_that_is_sent_once_asks_too() -> None:
    """Such as a list that replaces what is there."""
    server = Server(204)
    async with server.client() as client:
        await client.write_once("PATCH", "/x", {}, dict, Question(1))
        with pytest.raises(Enough):
            await client.write_once("PATCH", "/x", {}, dict, Question(0))
    assert server.asked == 1


async def test_refused_each_time_is_an_outage_and_no_lost_reply() -> None:
    """The system said each time that it did nothing."""
    server, question = Server(429), Question()
    async with server.client() as client:
        with pytest.raises(Outage):
            await client.write("POST", "/x", {}, dict, before_try=question)
    assert (server.asked, question.times) == (TRIES, TRIES)


@pytest.mark.parametrize(("status", "problem"), [(500, ReplyLost), (504, ReplyLost), (302, Redirected)])
async def test_an_answer_that_does_not_say_is_told_apart(status: int, problem: type[Exception]) -> None:
    """Whether it was applied is not known, and it is not repeated."""
    server = Server(status)
    async with server.client() as client:
        with pytest.raises(problem):
            await client.write("POST", "/x", {}, dict, before_try=Question())
    assert server.asked == 1
