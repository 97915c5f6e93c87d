"""One log, and its exports, for all tests of a file."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from export_world import BEGAN, exported, sealed, stored, told, unzipped

from spentkey.ports.evidence_tree import Filters

PERIOD = Filters(since=BEGAN + timedelta(minutes=13), until=BEGAN + timedelta(minutes=53))
FILTERED = Filters(task="40022")


@pytest.fixture(scope="session")
def lines() -> list[str]:
    """Eight removals, and a ninth that is under way."""
    return sealed(list(told(67)))


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> Path:
    """A folder with the exports of all, of a period, of one task, and of all without a signature."""
    folder = tmp_path_factory.mktemp("exports")
    tree = stored(folder / "state", lines)

    async def make() -> None:
        await exported(tree, folder / "all.zip")
        await exported(tree, folder / "period.zip", PERIOD)
        await exported(tree, folder / "filtered.zip", FILTERED)
        await exported(tree, folder / "unsigned.zip", seed=None)

    asyncio.run(make())
    return folder


@pytest.fixture
def whole(exports: Path) -> dict[str, bytes]:
    """The files of the export of all records."""
    return unzipped(exports / "all.zip")


@pytest.fixture
def period(exports: Path) -> dict[str, bytes]:
    """The files of the export of a period."""
    return unzipped(exports / "period.zip")


@pytest.fixture
def filtered(exports: Path) -> dict[str, bytes]:
    """The files of the export of one task."""
    return unzipped(exports / "filtered.zip")
