"""The whole simulator in this process, for tests that need real TLS and every port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sim_served import WORLD, Served

from spentkey_sim.serve import ServeOptions, Simulator


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """Every port open, without chaos, with a proxy."""
    config = tmp_path / "generated" / "spentkey.toml"
    simulator = Simulator(ServeOptions(WORLD, 7, calm=True, proxy_port=0, config_out=config))
    where = await simulator.start()
    yield Served(simulator, where, config)
    await simulator.stop()
