"""The trees of one machine and of several, and the one in memory that tests use, pass the suite that ships."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tree_rig import InMemory, InSqlite

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
