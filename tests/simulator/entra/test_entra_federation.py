"""Federated tokens at the token endpoint, and the endpoint of managed identities on the control port."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from entra_desk import SALES, Desk

from spentkey_sim import control
from spentkey_sim.entra import federation
from spentkey_sim.model import FederatedCredential, ManagedIdentity

TRUSTED = FederatedCredential("https://cluster.example", "system:serviceaccount:a:b", "api://AzureADTokenExchange")
CLAIMS = {"iss": TRUSTED.issuer, "sub": TRUSTED.subject, "aud": TRUSTED.audience}


def token(desk: Desk, seconds: int = 600, **changes: str) -> str:
    """A token of the issuer."""
    claims = {**CLAIMS, **changes}
    return federation.token(desk.holder.world, claims, desk.clock.now(), timedelta(seconds=seconds))


async def test_a_token_of_the_trusted_issuer_signs_in(desk: Desk) -> None:
    """Without a certificate of the application."""
    desk.sales.federated.append(TRUSTED)
    status, body = await desk.login_by_certificate(token(desk))
    assert (status, jwt.decode(body["access_token"], options={"verify_signature": False})["appid"]) == (200, SALES)


@pytest.mark.parametrize(
    ("changes", "seconds", "code"),
    [
        ({"iss": "https://cluster.example/"}, 600, 700211),
        ({"aud": "api://azureadtokenexchange"}, 600, 700212),
        ({"sub": "system:serviceaccount:a:B"}, 600, 700213),
        ({}, -1, 700024),
    ],
)
async def test_a_token_that_does_not_fit_is_refused(
    desk: Desk, changes: dict[str, str], seconds: int, code: int
) -> None:
    """Case counts in each part."""
    desk.sales.federated.append(TRUSTED)
    status, body = await desk.login_by_certificate(token(desk, seconds, **changes))
    assert (status, body["error"], body["error_codes"]) == (401, "invalid_client", [code])


async def test_a_token_of_an_issuer_whom_nobody_trusts_is_refused(desk: Desk) -> None:
    """The application has no federated credential at all."""
    status, body = await desk.login_by_certificate(token(desk))
    assert (status, body["error_codes"]) == (401, [70025])


async def test_a_token_that_somebody_else_signed_is_refused(desk: Desk) -> None:
    """Its claims alone are nothing."""
    desk.sales.federated.append(TRUSTED)
    status, body = await desk.login_by_certificate(desk.signed("sales-2025", {**CLAIMS, "exp": 99999999999}))
    assert (status, body["error_codes"]) == (401, [700027])


@pytest.fixture
async def machine(desk: Desk) -> AsyncGenerator[TestClient[web.Request, web.Application]]:
    """The control port of a world with one managed identity."""
    desk.tenant.managed_identities.append(ManagedIdentity("me", "header", ("Application.Read.All",)))
    made = control.Control(desk.holder, desk.journal, desk.faults, desk.clock, {}, lambda _: {})
    async with TestClient(TestServer(control.app(made))) as client:
        yield client


GOOD = {"api-version": "2019-08-01", "resource": "https://graph.microsoft.com"}


async def test_an_identity_gets_a_token_whose_end_is_a_text(
    desk: Desk, machine: TestClient[web.Request, web.Application]
) -> None:
    """With its own permissions."""
    async with machine.get("/msi/token", params=GOOD, headers={"X-IDENTITY-HEADER": "header"}) as answer:
        status, body = answer.status, await answer.json()
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (status, body["client_id"], claims["appid"], claims["roles"]) == (200, "me", "me", ["Application.Read.All"])
    assert abs(int(body["expires_on"]) - desk.clock.now().timestamp() - 3599) < 5


@pytest.mark.parametrize(
    ("changes", "header", "status"),
    [
        ({}, "", 401),
        ({}, "another", 401),
        ({"api-version": "2017-09-01"}, "header", 400),
        ({"resource": "https://vault.azure.net"}, "header", 400),
        ({"client_id": "somebody"}, "header", 400),
    ],
)
async def test_who_is_not_that_machine_gets_none(
    machine: TestClient[web.Request, web.Application], changes: dict[str, Any], header: str, status: int
) -> None:
    """Nor for another version, resource or identity."""
    async with machine.get("/msi/token", params=GOOD | changes, headers={"X-IDENTITY-HEADER": header}) as answer:
        assert (answer.status, "access_token" in await answer.json()) == (status, False)
