"""The trees of one machine and of several, and the one in memory that tests use, pass the suite that ships."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from real_postgres import RealPostgres
from tree_rig import InMemory, InPostgres, InSqlite
from workers_role import initialised

from spentkey.testing.evidence_tree import TreeContract, TreeRig


class TestMemoryTree(TreeContract):
    """The fake."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[TreeRig]:
        yield InMemory()


class TestSqliteTree(TreeContract):
    """SQLite."""

    folder: Path

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        self.folder = tmp_path

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[TreeRig]:
        yield InSqlite(self.folder)


class TestPostgresTree(TreeContract):
    """PostgreSQL, by the role of the workers, which owns nothing."""

    postgres: RealPostgres

    @pytest.fixture(autouse=True)
    def _server(self, postgres: RealPostgres) -> None:
        self.postgres = postgres

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[TreeRig]:
        database = self.postgres.database()
        async with AsyncExitStack() as stack:
            yield InPostgres(self.postgres, database, await initialised(database), stack)
