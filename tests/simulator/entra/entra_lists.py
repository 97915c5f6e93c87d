"""A desk over a world, and whole lists of it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from entra_desk import AUTOMATION, Desk, Reply

from spentkey_sim.entra.routes import app
from spentkey_sim.world import load

EVENTUAL = {"ConsistencyLevel": "eventual"}
SELECT = "id,appId,displayName,passwordCredentials,keyCredentials"
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


def world(*, roles: tuple[str, ...] = ("Application.Read.All",), entra: Any = None, **tenant: Any) -> dict[str, Any]:
    """A world of one tenant and one client with these roles."""
    client = {"app_id": AUTOMATION, "secret": "automation's secret", "roles": list(roles)}
    made = {"name": "production", "domain": "gentplus.onmicrosoft.com", "clients": [client], **tenant}
    return {"seed": 7, "tenants": [made], "entra": entra or {}}


@asynccontextmanager
async def served(raw: dict[str, Any]) -> AsyncGenerator[Desk]:
    """Login and Graph over that world."""
    made = Desk()
    made.holder.world = load(raw, made.clock)
    async with TestClient(TestServer(app(made.holder, made.journal, made.faults, made.clock, 0.0))) as client:
        made.client = client
        yield made


async def pages(desk: Desk, path: str, token: str = "", most: int = 50) -> list[Reply]:
    """Every page from this one on, each by the link of the one before."""
    token, found = token or await desk.token(), list[Reply]()
    while path and len(found) < most:
        found.append(await desk.ask("GET", path, token=token))
        link = found[-1].body.get("@odata.nextLink", "") if found[-1].status == 200 else ""
        path = link.removeprefix(f"{desk.base}/v1.0")
    return found


async def listed(desk: Desk, path: str) -> list[Any]:
    """Every object of a list."""
    return [one for page in await pages(desk, path) for one in page.body["value"]]
