"""The endpoint of a managed identity: where it may be, what it answers, and what is not believed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from lying_server import token
from real_simulator import QuickClock

from spentkey.adapters.entra.managed_identity import (
    METADATA_ENDPOINT,
    IdentityEndpoint,
    IdentityRequest,
    ManagedIdentity,
    identity_endpoint,
)
from spentkey.core.errors import AccessRefused, Misconfigured, Outage
from spentkey.http.client import HttpClient
from spentkey.http.retry import with_retries

HEADER = "canary-identity-header-3Jp"
GOOD = {"access_token": token(), "expires_on": "4102444800", "token_type": "Bearer"}
Answer = Callable[[web.Request], web.Response]


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:41000/msi/token", "http://localhost:12356/msi/token", "http://169.254.129.2:8081/msi/token/"],
)
def test_an_endpoint_on_this_machine_is_taken(address: str) -> None:
    """Loopback and link-local, as the platforms have it."""
    found = identity_endpoint({"IDENTITY_ENDPOINT": address, "IDENTITY_HEADER": HEADER})
    assert (found.base + found.path, found.header, found.version) == (address, "X-IDENTITY-HEADER", "2019-08-01")


def test_without_the_variable_it_is_the_metadata_address() -> None:
    """Whose address is fixed, and whose header is no secret."""
    found = identity_endpoint({"IDENTITY_HEADER": HEADER})
    assert (found.base, found.header, found.value.reveal()) == ("http://169.254.169.254", "Metadata", "true")


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/msi/token",
        "https://evil.example/msi/token",
        "http://10.0.0.1/msi/token",
        "http://127.0.0.1@evil.example/msi/token",
        "http://127.0.0.1:41000/msi/token?to=evil",
        "http://127.0.0.1.evil.example/",
        "http://[::ffff:10.0.0.1]/",
        "ftp://127.0.0.1/",
        "127.0.0.1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/a b",
    ],
)
def test_an_endpoint_elsewhere_is_refused(address: str) -> None:
    """The header would go there in the clear, and what comes back is a token; neither is repeated."""
    with pytest.raises(Misconfigured) as refused:
        identity_endpoint({"IDENTITY_ENDPOINT": address, "IDENTITY_HEADER": HEADER})
    assert str(refused.value).startswith("IDENTITY_ENDPOINT: must be an address of this machine")
    assert HEADER not in str(refused.value)


@pytest.mark.parametrize("header", ["", "a b", "a\r\nHost: evil", "é"])
def test_a_header_that_is_none_is_refused(header: str) -> None:
    """By the name of its variable."""
    with pytest.raises(Misconfigured, match="IDENTITY_HEADER: is not set or is no header"):
        identity_endpoint({"IDENTITY_ENDPOINT": "http://127.0.0.1:1/", "IDENTITY_HEADER": header})


@asynccontextmanager
async def served(answer: Answer, endpoint: IdentityEndpoint) -> AsyncGenerator[IdentityRequest]:
    """A request to an endpoint on loopback that answers so."""

    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", handle)
    clock = QuickClock()
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        base = str(server.make_url("/")).rstrip("/")
        http = HttpClient("managed identity", base, session, clock, lambda: 0.5)
        identity = ManagedIdentity(replace(endpoint, base=base), http, "me", "https://graph.example")
        yield IdentityRequest(identity, clock)


APP_SERVICE = identity_endpoint({"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi/token", "IDENTITY_HEADER": HEADER})


@pytest.mark.parametrize(
    ("endpoint", "path", "header", "version"),
    [
        (APP_SERVICE, "/msi/token", ("X-IDENTITY-HEADER", HEADER), "2019-08-01"),
        (METADATA_ENDPOINT, "/metadata/identity/oauth2/token", ("Metadata", "true"), "2018-02-01"),
    ],
)
async def test_a_request_is_the_documented_one(
    endpoint: IdentityEndpoint, path: str, header: tuple[str, str], version: str
) -> None:
    """A GET with the version, the resource and the client id."""
    seen: list[tuple[str, str, dict[str, str], str | None]] = []

    def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, dict(request.query), request.headers.get(header[0])))
        return web.json_response(GOOD)

    async with served(answer, endpoint) as request:
        found, end = await request.send()
    asked = {"api-version": version, "resource": "https://graph.example", "client_id": "me"}
    assert seen == [("GET", path, asked, header[1])]
    assert (found.reveal(), end) == (GOOD["access_token"], 4102444800)


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "two words"},
        {"access_token": "a\r\nHost: evil"},
        {"access_token": ["a"]},
        {"expires_on": "tomorrow"},
        {"expires_on": "nan"},
        {"expires_on": -5},
        {"expires_on": "1e300"},
        {"expires_on": None},
        {"expires_on": [1]},
    ],
)
async def test_an_answer_that_is_no_token_is_an_outage(changes: dict[str, Any]) -> None:
    """The task stays open; nothing of the answer is repeated."""
    async with served(lambda _: web.json_response({**GOOD, **changes}), APP_SERVICE) as request:
        with pytest.raises(Outage) as refused:
            await request.send()
    assert str(refused.value) == "the managed identity's endpoint answered something that is not a token"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_for_the_operator(status: int) -> None:
    """Waiting does not help."""
    async with served(lambda _: web.json_response({"message": "canary"}, status=status), APP_SERVICE) as request:
        with pytest.raises(AccessRefused, match=f"gets no token \\({status}\\)"):
            await request.send()


@pytest.mark.parametrize(
    ("endpoint", "status"), [(APP_SERVICE, 503), (METADATA_ENDPOINT, 410), (METADATA_ENDPOINT, 404)]
)
async def test_an_endpoint_that_is_away_is_asked_again(endpoint: IdentityEndpoint, status: int) -> None:
    """The metadata address says 404 and 410 while it is updated."""
    answers = iter([web.json_response({}, status=status), web.json_response(GOOD)])
    async with served(lambda _: next(answers), endpoint) as request:
        found, _ = await with_retries(request.send, QuickClock(), lambda: 0.5)
    assert found.reveal() == GOOD["access_token"]


async def test_a_redirect_is_not_followed() -> None:
    """It would take the header elsewhere."""
    seen: list[str] = []

    def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with served(answer, APP_SERVICE) as request:
        with pytest.raises(Outage):
            await request.send()
    assert seen == ["/msi/token"]
