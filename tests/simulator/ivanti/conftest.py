"""Fixtures for Ivanti: a world, and a client of it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from ivanti_support import Desk, Equipment

from spentkey_sim.ivanti.routes import app


@pytest.fixture
def equipment() -> Equipment:
    """A fresh world, clock, journal and faults."""
    return Equipment()


@pytest.fixture
async def desk(equipment: Equipment) -> AsyncIterator[Desk]:
    """Ivanti, running."""
    server = app(equipment.holder, equipment.journal, equipment.faults, equipment.clock, 0.0)
    async with TestClient(TestServer(server)) as client:
        yield Desk(client)
