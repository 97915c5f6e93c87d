"""Makers of engines of both kinds."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from engine_rig import Maker
from evidence_rig import Shelf
from real_postgres import RealPostgres


@pytest.fixture(params=["local", "distributed"])
async def maker(request: pytest.FixtureRequest, tmp_path: Path, postgres: RealPostgres) -> AsyncGenerator[Maker]:
    """Makes engines of one kind."""
    kind = str(request.param)
    async with AsyncExitStack() as stack:
        yield Maker(kind, tmp_path, postgres.database() if kind == "distributed" else "", stack)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path, postgres: RealPostgres) -> AsyncGenerator[Shelf]:
    """Evidence of one kind."""
    async with AsyncExitStack() as stack:
        database = postgres.database() if request.param == "PostgreSQL" else ""
        yield Shelf(tmp_path, postgres, stack, database)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def fresh_shelf(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: RealPostgres
) -> Callable[[], AbstractAsyncContextManager[Shelf]]:
    """Evidence of one kind, anew for each example of a property."""

    @asynccontextmanager
    async def made() -> AsyncGenerator[Shelf]:
        async with AsyncExitStack() as stack:
            database = postgres.database() if request.param == "PostgreSQL" else ""
            yield Shelf(tmp_path_factory.mktemp("shelf"), postgres, stack, database)

    return made
