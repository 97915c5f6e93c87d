"""An empty database with our tables."""

from collections.abc import AsyncGenerator

import pytest

from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.schema import prepare


@pytest.fixture
async def connections(database: str) -> AsyncGenerator[Postgres]:
    """Connections to an empty database, with the tables made."""
    async with opened(Secret(database)) as connections:
        await prepare(connections)
        yield connections
