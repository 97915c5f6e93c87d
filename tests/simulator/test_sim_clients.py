"""Microsoft's own client libraries, unchanged, against the listener with TLS."""

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential as SyncCertificateCredential
from azure.identity import ClientSecretCredential as SyncClientSecretCredential
from azure.identity.aio import CertificateCredential, ClientSecretCredential
from sim_served import Served

from spentkey_sim import material


def options(served: Served) -> dict[str, Any]:
    """What a client needs to know of this authority."""
    return {"authority": served.where.entra_url, "connection_verify": served.ca, "disable_instance_discovery": True}


def scope(served: Served) -> str:
    """Graph's default scope here."""
    return f"{served.where.entra_url}/.default"


def pfx(served: Served, name: str) -> dict[str, Any]:
    """A certificate as the libraries take it."""
    return {"certificate_data": material.pfx_bytes(served.simulator.holder.world, name, "pfx"), "password": "pfx"}


async def test_the_asynchronous_library_logs_in_with_a_secret_and_reads(served: Served) -> None:
    """azure.identity.aio goes straight to the token endpoint."""
    tenant = served.simulator.holder.world.tenants[0]
    client = tenant.clients[0]
    async with ClientSecretCredential(tenant.tenant_id, client.app_id, client.secret, **options(served)) as credential:
        token = (await credential.get_token(scope(served))).token
    context = ssl.create_default_context(cafile=served.ca)
    url = f"{served.where.entra_url}/v1.0/applications"
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers, ssl=context) as answer:
        assert [one["displayName"] for one in (await answer.json())["value"]] == ["Sales"]


async def test_the_asynchronous_library_logs_in_with_a_certificate(served: Served) -> None:
    """It signs with PS256 and pads its segments."""
    tenant = served.simulator.holder.world.tenants[0]
    app_id = tenant.applications[0].app_id
    made = CertificateCredential(tenant.tenant_id, app_id, **pfx(served, "sales-2025"), **options(served))
    async with made as credential:
        assert (await credential.get_token(scope(served))).token


async def test_the_synchronous_library_logs_in_with_a_secret(served: Served) -> None:
    """azure.identity reads the discovery document first."""
    tenant = served.simulator.holder.world.tenants[0]
    client = tenant.clients[0]
    with SyncClientSecretCredential(tenant.tenant_id, client.app_id, client.secret, **options(served)) as credential:
        assert (await asyncio.to_thread(credential.get_token, scope(served))).token
    assert [entry.route for entry in served.simulator.journal.entries] == ["openid-configuration", "token"]


async def test_the_synchronous_library_logs_in_with_a_certificate(served: Served) -> None:
    """It signs with RS256, pads its thumbprint and sends times with fractions."""
    tenant = served.simulator.holder.world.tenants[0]
    app_id = tenant.applications[0].app_id
    made = SyncCertificateCredential(tenant.tenant_id, app_id, **pfx(served, "sales-2025"), **options(served))
    with made as credential:
        assert (await asyncio.to_thread(credential.get_token, scope(served))).token


async def test_a_wrong_secret_reaches_the_caller_as_its_number(served: Served) -> None:
    """The library passes the AADSTS text on."""
    tenant = served.simulator.holder.world.tenants[0]
    client = tenant.clients[0]
    async with ClientSecretCredential(tenant.tenant_id, client.app_id, "wrong", **options(served)) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            await credential.get_token(scope(served))


async def test_an_expired_certificate_is_refused_by_the_server(served: Served) -> None:
    """The library itself does not look at the dates."""
    tenant = served.simulator.holder.world.tenants[0]
    app_id = tenant.applications[0].app_id
    made = CertificateCredential(tenant.tenant_id, app_id, **pfx(served, "sales-2024"), **options(served))
    async with made as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
            await credential.get_token(scope(served))


async def test_the_proxy_leads_microsofts_names_here(served: Served) -> None:
    """The public authority and the public Graph, TLS verified end to end."""
    tenant = served.simulator.holder.world.tenants[0]
    client = tenant.clients[0]
    context = ssl.create_default_context(cafile=served.ca)
    proxy = f"http://127.0.0.1:{served.where.proxy}"
    form = {
        "client_id": client.app_id,
        "client_secret": client.secret,
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
    }
    login = f"https://login.microsoftonline.com/{tenant.tenant_id}/oauth2/v2.0/token"
    graph = "https://graph.microsoft.com/v1.0/applications"
    async with aiohttp.ClientSession() as session:
        async with session.post(login, data=form, ssl=context, proxy=proxy) as answer:
            token = (await answer.json())["access_token"]
        async with session.get(graph, headers={"Authorization": f"Bearer {token}"}, ssl=context, proxy=proxy) as answer:
            assert answer.status == 200


async def test_the_public_cloud_has_its_names(served: Served) -> None:
    """Libraries ask which names mean one authority, to find in their caches what they got under another of them."""
    context = ssl.create_default_context(cafile=served.ca)
    url = "https://login.microsoftonline.com/common/discovery/instance"
    params = {"authorization_endpoint": "https://login.microsoftonline.com/common/oauth2/authorize"}
    proxy = f"http://127.0.0.1:{served.where.proxy}"
    async with aiohttp.ClientSession() as session:
        async with session.get(url, params=params, ssl=context, proxy=proxy) as answer:
            (names,) = (await answer.json())["metadata"]
        params = {"authorization_endpoint": f"{served.where.entra_url}/common/oauth2/authorize"}
        async with session.get(
            f"{served.where.entra_url}/common/discovery/instance", params=params, ssl=context
        ) as own:
            assert (await own.json())["metadata"] == []
    assert names["aliases"][:2] == [names["preferred_network"], names["preferred_cache"]]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("CONNECT example.org:443 HTTP/1.1", b"403"),
        ("CONNECT graph.microsoft.com:80 HTTP/1.1", b"403"),
        ("CONNECT localhost:443 HTTP/1.1", b"403"),
        ("GET http://graph.microsoft.com/ HTTP/1.1", b"405"),
        ("nonsense", b"405"),
    ],
)
async def test_the_proxy_leads_nowhere_else(served: Served, request_line: str, status: bytes) -> None:
    """Other hosts, other ports and other methods are refused."""
    assert served.where.proxy is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", served.where.proxy)
    writer.write(f"{request_line}\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == status
    writer.close()
    await writer.wait_closed()


async def test_a_client_that_does_not_trust_the_authority_is_not_served(served: Served) -> None:
    """The certificate is of a throw-away authority that nobody else knows."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{served.where.entra_url}/v1.0/applications")
