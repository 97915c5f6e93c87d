"""Login and Graph, served for one test."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from entra_desk import Desk

from spentkey_sim.entra.routes import app


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Login and Graph, served, with a client for them."""
    made = Desk()
    server = TestServer(app(made.holder, made.journal, made.faults, made.clock, 0.0))
    async with TestClient(server) as client:
        made.client = client
        yield made
